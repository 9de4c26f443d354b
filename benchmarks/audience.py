"""A broadcast to very many: how long until it is planned, until the first messages may leave, and until all deliveries are written.

python -m benchmarks.audience 1000000 [postgresql://...]
"""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from typing import NamedTuple

import click
from sqlalchemy import text

from benchmarks import installation
from gateway.services import broadcast
from gateway.services.access import terminal
from gateway.services.broadcast import Draft
from gateway.services.context import Gateway

MAIN = terminal("main")
DRAFT = Draft("meeting", {"ne": "भोलि बैठक छ।", "en": "Meeting tomorrow."})

# Of ten phones one has two members, and one has none.
FILL = (
    """CREATE TEMPORARY TABLE crowd AS
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :size) SELECT i, RANDOM_ID AS id FROM n""",
    """INSERT INTO phones (id, blind_index, sealed, operator, created_at)
       SELECT i + 1000, INDEX_OF_I, INDEX_OF_I, CASE i % 3 WHEN 0 THEN 'ntc' WHEN 1 THEN 'ncell' END, '2020-01-01' FROM crowd""",
    """INSERT INTO members (id, organisation_id, number, language, state, private, trade, place, preferred_medium, consented_at, created_at,
                            reminders, version)
       SELECT id, 'main', 'x' || i, CASE i % 5 WHEN 0 THEN 'en' ELSE 'ne' END, 'active', FALSE, CASE i % 4 WHEN 0 THEN 'craft' END,
              '3-27-06-05', 'voice', '2020-01-01', '2020-01-01', FALSE, 1 FROM crowd""",
    "INSERT INTO member_phones (member_id, phone_id) SELECT id, CASE i % 10 WHEN 0 THEN i + 999 ELSE i + 1000 END FROM crowd",
)
WORDS = {
    "sqlite": {"RANDOM_ID": "lower(hex(randomblob(16)))", "INDEX_OF_I": "CAST('x' || i AS BLOB)"},
    "postgresql": {"RANDOM_ID": "md5(random()::text)", "INDEX_OF_I": "convert_to('x' || i, 'UTF8')"},
}


class Measured(NamedTuple):
    """Seconds: to plan, from the approval to the first bell, to write all; the longest transaction; growth of this process in MB."""

    planned: float
    first: float
    written: float
    longest: float
    growth: float
    rows: int


def fill(gateway: Gateway, size: int) -> None:
    """Write so many members, each tenth of whom shares a phone."""
    with gateway.database.write() as db:
        words = WORDS[db.dialect.name]
        if db.dialect.name == "postgresql":
            db.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in FILL:
            written = reduce(lambda sql, word: sql.replace(*word), words.items(), statement)
            db.execute(text(written), {"size": size} if ":size" in written else {})
    with gateway.database.read() as db:
        db.execute(text("SET statement_timeout = 0" if db.dialect.name == "postgresql" else "SELECT 1"))
        db.execute(text("ANALYZE"))


def measure(gateway: Gateway) -> Measured:
    """Plan, approve and expand a broadcast to everybody."""
    before = _memory()
    began = time.perf_counter()
    broadcast.plan(gateway, MAIN, DRAFT)
    planned = time.perf_counter() - began
    broadcast_id = broadcast.create(gateway, MAIN, DRAFT)
    bells: list[float] = []
    listening = replace(gateway, enqueue=lambda _: bells.append(time.perf_counter()))
    turns: list[float] = []

    def turn() -> bool:
        turns.append(time.perf_counter())
        return False

    began = time.perf_counter()
    broadcast.approve(gateway, MAIN, broadcast_id)
    broadcast.expand(listening, broadcast_id, stop=turn)
    written = time.perf_counter() - began
    longest = max(later - earlier for earlier, later in pairwise(turns))
    rows = broadcast.status(gateway, MAIN, broadcast_id).counts.total
    return Measured(planned, bells[0] - began, written, longest, _memory() - before, rows)


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@click.command()
@click.argument("members", type=int)
@click.argument("database_url", required=False)
def main(members: int, database_url: str | None) -> None:
    """Measure with so many MEMBERS, on a SQLite file of its own or on this empty database."""
    with installation.prepared(database_url, 1) as place:
        opened = place.open()
        fill(opened, members)
        for name, value in measure(opened)._asdict().items():
            click.echo(f"{name:>8} {value:10.2f}")


if __name__ == "__main__":
    main()
