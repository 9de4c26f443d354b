"""The installation's keys: which rows rest on which, and sealing everything anew with the one of today.

All may run while the gateway runs: what is not sealed anew yet opens with the keys of GATEWAY_PREVIOUS_SECRET_KEYS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.services import audit
from gateway.store import sealed

if TYPE_CHECKING:
    from gateway.services.context import Gateway

BATCH = 300  # rows of a transaction
MOST_LOOKS = 20  # at one table: each finds what was written with an earlier key during the one before


@dataclass(frozen=True, slots=True)
class Resting:
    """How many sealed values of a table rest on the key of today, on earlier ones that we have, and on keys that nobody gave us."""

    table: str
    current: int
    earlier: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Progress:
    """So many rows of a table were sealed anew."""

    table: str
    rows: int


def status(gateway: Gateway) -> list[Resting]:
    """What rests on which key, table by table."""
    current, *earlier = gateway.seal.names
    found = []
    with gateway.database.read() as db:
        for table in sealed.TABLES:
            counts = sealed.counts(db, table)
            on_earlier = sum(counts.get(name, 0) for name in earlier)
            unknown = sum(counts.values()) - counts.get(current, 0) - on_earlier
            found.append(Resting(table, counts.get(current, 0), on_earlier, unknown))
    return found


def rotate(gateway: Gateway) -> Iterator[Progress]:
    """Seal everything anew with the key of today, some hundred rows at a time; broken off, it goes on where it was.

    Rows that cannot be opened, or stand there twice, keep their key: `status` shows them afterwards.
    """
    for table in sealed.TABLES:
        for _ in range(MOST_LOOKS):
            rows = 0
            for done in _look(gateway, table):
                rows += done
                yield Progress(table, done)
            if not rows:
                break
    audit.note_rotation(gateway)


def _look(gateway: Gateway, table: str) -> Iterator[int]:
    """One walk through a table; how many rows each batch sealed anew."""
    after: sealed.Key | None = None
    while True:
        with gateway.database.read() as db:
            rows = sealed.stale(db, gateway.seal, table, after, BATCH)
        if not rows:
            return
        after = rows[-1].key
        yield _seal_anew(gateway, table, rows)


def _seal_anew(gateway: Gateway, table: str, rows: list[sealed.Stale]) -> int:
    changes = [change for row in rows if (change := sealed.anew(gateway.seal, table, row)) is not None]
    with gateway.database.write() as db:
        return sum(sealed.replace(db, table, change) for change in changes)
