"""Reminders of open instalments: who may get one, and that she got it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, exists, func, insert, literal, or_, select

from gateway.store.database import Connection
from gateway.store.members import IS_HERE
from gateway.store.models import audit, channels, deliveries, enrolments, member_phones, members, organisations, phones, reminders


class Addressee(NamedTuple):
    """A member who may be reminded, and the phone that is hers alone. `script` is the one she chose, else that of her last text."""

    member_id: str
    phone_id: int
    language: str
    script: str | None
    best_hour: int | None


class Batch(NamedTuple):
    """Some members of an organisation, behind the id `after`; `not_since`: nobody who was to be reminded after that."""

    organisation_id: str
    month: str
    not_since: datetime
    after: str
    most: int


_link, _other, _beside = member_phones.alias("link"), members.alias("other"), member_phones.alias("beside")
_SHARED = exists(
    select(literal(1))
    .select_from(_beside.join(_other, _other.c.id == _beside.c.member_id))
    .where(
        _beside.c.phone_id == _link.c.phone_id,
        _beside.c.stale_at.is_(None),
        _beside.c.member_id != _link.c.member_id,
        _other.c.state != "left",
        _other.c.state != "erased",
    )
    .correlate(_link)
)
_HER_PHONE = (
    select(func.min(_link.c.phone_id))
    .select_from(_link.join(phones, phones.c.id == _link.c.phone_id))
    .where(_link.c.member_id == members.c.id, _link.c.stale_at.is_(None), phones.c.stopped_at.is_(None), ~_SHARED)
    .correlate(members)
    .scalar_subquery()
)
_PAYS = exists(
    select(literal(1)).where(
        enrolments.c.member_id == members.c.id, or_(enrolments.c.until_month.is_(None), enrolments.c.until_month >= bindparam("month"))
    )
)
_REMINDED = exists(
    select(literal(1))
    .select_from(reminders.join(deliveries, deliveries.c.id == reminders.c.delivery_id))
    .where(
        reminders.c.member_id == members.c.id,
        or_(reminders.c.month == bindparam("month"), deliveries.c.not_before > bindparam("not_since")),
    )
    .correlate(members)
)
_MAY_BE = (
    select(members.c.id, _HER_PHONE.label("phone_id"), members.c.language, members.c.script, members.c.best_hour)
    .where(
        members.c.organisation_id == bindparam("organisation_id"),
        members.c.id > bindparam("after"),
        members.c.reminders,
        members.c.consented_at.is_not(None),
        members.c.state == "active",
        IS_HERE,
        ~members.c.private,
        members.c.preferred_medium == "sms",
        _PAYS,
        ~_REMINDED,
    )
    .order_by(members.c.id)
    .limit(bindparam("most"))
    .subquery()
)
_ADDRESSEES = (
    select(
        _MAY_BE.c.id,
        _MAY_BE.c.phone_id,
        _MAY_BE.c.language,
        func.coalesce(_MAY_BE.c.script, phones.c.script),
        _MAY_BE.c.best_hour,
    )
    .outerjoin(phones, phones.c.id == _MAY_BE.c.phone_id)
    .order_by(_MAY_BE.c.id)
)
_THIS_MONTH = select(reminders.c.member_id).where(reminders.c.member_id == bindparam("member_id"), reminders.c.month == bindparam("month"))
_KEEP = insert(reminders)
_NOT_YET = (
    select(organisations.c.id)
    .where(~exists(select(literal(1)).where(audit.c.organisation_id == organisations.c.id, audit.c.subject == bindparam("subject"))))
    .order_by(organisations.c.id)
)
_CHANNEL = select(func.min(channels.c.id)).where(channels.c.organisation_id == bindparam("organisation_id"))


def not_yet(db: Connection, subject: str) -> list[str]:
    """The organisations whose audit log says nothing of this subject yet."""
    return list(db.execute(_NOT_YET, {"subject": subject}).scalars())


def channel_of(db: Connection, organisation_id: str) -> str | None:
    """The number of ours from which an organisation writes."""
    return db.execute(_CHANNEL, {"organisation_id": organisation_id}).scalar()


def addressees(db: Connection, batch: Batch) -> list[tuple[str, Addressee | None]]:
    """Members who agreed to be reminded, with the phone at which it can be done; None where others read each of hers, or she stopped us."""
    return [(row[0], Addressee(*row) if row[1] is not None else None) for row in db.execute(_ADDRESSEES, batch._asdict())]


def is_reminded(db: Connection, member_id: str, month: str) -> bool:
    """Whether she was reminded in this month."""
    return db.execute(_THIS_MONTH, {"member_id": member_id, "month": month}).first() is not None


def keep(db: Connection, member_id: str, month: str, delivery_id: int) -> None:
    """Write down that she is reminded. Conflict where she was in this month."""
    db.execute(_KEEP, {"member_id": member_id, "month": month, "delivery_id": delivery_id})
