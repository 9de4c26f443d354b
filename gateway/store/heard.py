"""Whether a delivery did what it was for: the one place that says what `heard` means."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, case, or_, select

from gateway.store.models import HEARD_AFTER, deliveries, member_phones
from gateway.store.questions import answered

SHARED = "send:shared-phone"  # the error of a row that did not go out, since somebody else's went to the same phone


def reached(row: FromClause) -> ColumnElement[bool]:
    """Whether a row of `deliveries` (or of an alias of it) reached her: she answered, the text arrived, or a person listened.

    A member who shares the phone of somebody who gets it was reached where that one was.
    """
    link, other = member_phones.alias("reached_by"), deliveries.alias("in_her_stead")
    theirs = and_(other.c.broadcast_id == row.c.broadcast_id, other.c.member_id == link.c.member_id, other.c.latest)
    told = select(other.c.id).where(theirs, other.c.phone_id == row.c.phone_id, _arrived(other)).correlate(row, link)
    in_her_stead = answered(select(link.c.member_id).where(link.c.phone_id == row.c.phone_id, answered(told)).correlate(row))
    return case((_arrived(row), True), (row.c.error == SHARED, in_her_stead), else_=False)  # the question only where it must be asked


def _arrived(row: FromClause) -> ColumnElement[bool]:
    listened = and_(row.c.medium == "voice", picked_up(row), row.c.seconds >= HEARD_AFTER)
    return or_(row.c.answered_at.is_not(None), and_(row.c.state.in_(("delivered", "read")), or_(row.c.medium == "sms", listened)))


def picked_up(row: FromClause) -> ColumnElement[bool]:
    """Whether a person picked up the call of a row, as far as the provider tells, and not a machine. Only calls have seconds."""
    return and_(row.c.answered_by.is_distinct_from("machine"), row.c.seconds > 0)
