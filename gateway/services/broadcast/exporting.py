"""What became of each recipient, as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.services import exports
from gateway.services.access import Permission
from gateway.services.broadcast.results import FAILED, why
from gateway.services.broadcast.running import own
from gateway.store import channels, results

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.results import Recipient

COLUMNS = (
    *(
        "number",
        "phone",
        "medium",
        "our_number",
        "language",
        "state",
        "why",
        "reached",
        "perhaps_twice",
        "rounds",
        "answered_by",
        "seconds_heard",
    ),
    *("answered", "rsvp", "cost", "charged", "charged_in", "changed_on"),
)
MILLIONTHS = 1_000_000


def export(gateway: Gateway, actor: Actor, broadcast_id: str, path: Path) -> int:
    """Write a row for each recipient of a broadcast to a file, CSV or XLSX by its name; how many there are. GatewayError
    `broadcast:unknown`.

    `our_number` is the one by which her latest try went, `cost` rupees of all her tries as planned, `charged` what the provider reports.
    Phones are there for whoever may see members.
    """
    actor.require(Permission.SEE_BROADCASTS)
    actor.require(Permission.EXPORT)
    with gateway.database.read() as db:
        own(db, actor, broadcast_id)
        numbers = {channel.id: channel.address for channel in channels.of_organisation(db, actor.organisation_id)}
    columns = COLUMNS if actor.may(Permission.SEE_MEMBERS) else tuple(name for name in COLUMNS if name != "phone")
    rows = exports.Rows(columns, _pages(gateway, broadcast_id, numbers, phones="phone" in columns))
    return exports.write_rows(gateway, actor, f"broadcast:{broadcast_id}", path, rows)


def _pages(gateway: Gateway, broadcast_id: str, numbers: Mapping[str, str], *, phones: bool) -> exports.Pages:
    for page in _recipients(gateway, broadcast_id, phones=phones):
        yield len(page), (_shown(row, numbers) for row in page)


def _recipients(gateway: Gateway, broadcast_id: str, *, phones: bool) -> Iterator[list[Recipient]]:
    after = ""
    while True:
        with gateway.database.read() as db:
            page = results.recipients(db, gateway.seal if phones else None, broadcast_id, after, exports.PAGE)
        if not page:
            return
        yield page
        after = page[-1].member_id


def _shown(row: Recipient, numbers: Mapping[str, str]) -> dict[str, Any]:
    ended = row.state in {*FAILED, "suppressed", "unknown"}
    return row._asdict() | {
        "why": why(row.error)[1] if ended else None,
        "perhaps_twice": row.flagged,
        "rounds": row.tries,
        "our_number": numbers.get(row.channel_id or ""),
        "seconds_heard": row.seconds,
        "answered": row.answered_at is not None,
        "cost": exports.in_rupees(row.price),
        "charged": None if row.charged is None else f"{row.charged / MILLIONTHS:f}",
        "changed_on": row.updated_at,
    }
