"""Instants are UTC, whatever zone they come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from fakes.rows import ORGANISATION, World
from sqlalchemy import DateTime
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from gateway.store import models, notices

NEPAL = timezone(timedelta(hours=5, minutes=45))


def publish(world: World, starts_at: datetime) -> None:
    row = notices.NoticeRow("n", ORGANISATION, "meeting", None, "hall", starts_at, world.now, None)
    with world.database.write() as db:
        notices.publish(db, row)


def test_an_instant_comes_back_in_utc_to_the_microsecond(world: World):
    publish(world, datetime(2026, 11, 22, 9, 0, 0, 123456, tzinfo=NEPAL))
    with world.database.read() as db:
        notice = notices.next_after(db, notices.Asking(ORGANISATION, world.now))
    assert notice is not None
    assert notice.starts_at == datetime(2026, 11, 22, 3, 15, 0, 123456, tzinfo=UTC)
    assert notice.starts_at.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused(world: World):
    with pytest.raises(StatementError, match="needs a time zone"):
        publish(world, datetime(2026, 11, 22, 9, 0))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("microsecond", [0, 7, 123456])
@pytest.mark.parametrize("zone", [UTC, NEPAL])
def test_sqlite_is_given_the_text_that_sqlalchemy_would_write_and_it_is_read_again(microsecond, zone):
    moment = datetime(2026, 11, 22, 3, 15, 0, microsecond, tzinfo=zone)
    dialect = sqlite.dialect()
    ours, usual = (kind.dialect_impl(dialect).bind_processor(dialect) for kind in (models.Instant(), DateTime()))
    assert ours
    assert usual
    written = ours(moment)
    assert written == usual(moment.astimezone(UTC))
    assert ours(None) is None
    read = models.Instant().dialect_impl(dialect).result_processor(dialect, None)
    assert read
    assert (read(written), read(written).tzinfo, read(None)) == (moment, UTC, None)
