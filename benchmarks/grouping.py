"""Statistics over very many members: seconds of a grouped count, against a plain count of the same rows."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from gateway.core import places
from gateway.store import models, statistics
from gateway.store.database import Connection, Database, upgrade
from gateway.store.scope import Scope

BATCH = 20_000
SCOPE = Scope("bench")
TRADES = ("sewing", "craft", "food", "other_work", "weaving", None)


@dataclass(slots=True)
class Measured:
    """Seconds of each round."""

    floor: list[float] = field(default_factory=list)
    one: list[float] = field(default_factory=list)
    two: list[float] = field(default_factory=list)


def measure(rounds: int, members: int) -> Measured:
    """Count so many members: all, by trade, and by trade and district, in turn."""
    measured = Measured()
    with tempfile.TemporaryDirectory(prefix="aawaj-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'members.sqlite3'}"
        upgrade(url)
        database = Database(url)
        _fill(database, members)
        narrow = statistics.Narrow(2026)
        with database.read() as db:
            for turn in range(rounds + 1):
                taken = (
                    _seconds(lambda: _plain(db)),
                    _seconds(lambda: statistics.count_members(db, SCOPE, ["trade"], narrow)),
                    _seconds(lambda: statistics.count_members(db, SCOPE, ["trade", "district"], narrow)),
                )
                for seconds, kept in zip(taken, (measured.floor, measured.one, measured.two), strict=True):
                    if turn:
                        kept.append(seconds)
        database.close()
    return measured


def _plain(db: Connection) -> int:
    here = models.members.c.state.in_(("pending", "active"))
    return db.execute(select(func.count()).where(models.members.c.organisation_id == SCOPE.organisation_id, here)).scalar_one()


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _fill(database: Database, members: int) -> None:
    with database.write() as db:
        db.execute(insert(models.organisations), {"id": SCOPE.organisation_id, "name": "bench"})
    rows = _rows(members)
    for _ in range(0, members, BATCH):
        with database.write() as db:
            db.execute(insert(models.members), [row for row, _ in zip(rows, range(BATCH), strict=False)])


def _rows(members: int) -> Iterator[dict[str, object]]:
    """Members as real ones are: sealed names and villages make up most of a row."""
    dice = random.Random(1)  # noqa: S311  # the same members every time
    wards = [f"{place.code}-{ward:02}" for place in places.everywhere() for ward in range(1, place.wards + 1)]
    now = datetime(2026, 11, 21, tzinfo=UTC)
    for index in range(members):
        yield {
            "id": f"{dice.getrandbits(128):032x}",
            "organisation_id": SCOPE.organisation_id,
            "number": f"{index:08}",
            "sealed_name": dice.randbytes(48),
            "sealed_village": dice.randbytes(48),
            "language": "ne",
            "state": "active",
            "private": False,
            "trade": dice.choice(TRADES),
            "place": dice.choice(wards),
            "sex": "female",
            "birth_year": dice.randrange(1950, 2010),
            "household_role": "head",
            "preferred_medium": "voice",
            "consented_at": now,
            "created_at": now - timedelta(days=dice.randrange(700)),
        }
