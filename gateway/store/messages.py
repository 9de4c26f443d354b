"""Texts that came in, and those that went out as the answer to the same request. What is sent later is a delivery."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, insert, select

from gateway.store.database import Connection
from gateway.store.models import messages
from gateway.store.models.columns import storable
from gateway.store.rows import values

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One text. `direction` is `in` or `out`; `phone_id` None where the sender cannot be a phone; `body` is sealed at rest.

    `delivery_id` is the delivery of a broadcast that it answers.
    """

    channel_id: str
    phone_id: int | None
    direction: str
    body: str
    external_id: str | None
    at: datetime
    delivery_id: int | None = None


_LOG = insert(messages)
_COUNT_OUT = (
    select(func.count())
    .select_from(messages)
    .where(messages.c.phone_id == bindparam("phone_id"), messages.c.direction == "out", messages.c.at >= bindparam("since"))
)
_OF_PHONE = (
    select(messages.c.at, messages.c.sealed_body)
    .where(messages.c.phone_id == bindparam("phone_id"), messages.c.direction == bindparam("way"))
    .order_by(messages.c.at, messages.c.id)
)

_BLANK = (
    select(func.count())
    .select_from(messages)
    .where(
        messages.c.phone_id == bindparam("phone_id"),
        messages.c.direction == "in",
        messages.c.sealed_body.is_(None),
        messages.c.at >= bindparam("since"),
    )
)


def log(db: Connection, seal: Seal, rows: Sequence[MessageRow]) -> None:
    """Keep texts, all in one statement; at least one."""
    db.execute(_LOG, [_sealed(seal, row) for row in rows])


def _sealed(seal: Seal, row: MessageRow) -> dict[str, object]:
    found = values(row)
    body = found.pop("body")
    return {**found, "sealed_body": seal.seal(storable(body)) if body else None}


def count_out(db: Connection, phone_id: int, since: datetime) -> int:
    """How many answers a phone has got since then."""
    return db.execute(_COUNT_OUT, {"phone_id": phone_id, "since": since}).scalar_one()


def had_blank(db: Connection, phone_id: int, since: datetime) -> bool:
    """Whether a text without any words came from a phone since then."""
    return db.execute(_BLANK, {"phone_id": phone_id, "since": since}).scalar_one() > 0


def written_by(db: Connection, seal: Seal, phone_ids: Collection[int], since: datetime, most: int) -> list[tuple[int, datetime, str]]:
    """What came from these phones since then with words in it, the newest first: phone, instant, words."""
    words = (
        select(messages.c.phone_id, messages.c.at, messages.c.sealed_body)
        .where(
            messages.c.phone_id.in_(phone_ids), messages.c.direction == "in", messages.c.at >= since, messages.c.sealed_body.is_not(None)
        )
        .order_by(messages.c.at.desc(), messages.c.id.desc())
        .limit(most)
    )
    return [(phone_id, at, seal.open(body)) for phone_id, at, body in db.execute(words)]


def sent_to(db: Connection, seal: Seal, phone_id: int) -> list[tuple[datetime, str]]:
    """The answers that a phone has got with their instants, the oldest first."""
    return _of_phone(db, seal, phone_id, "out")


def sent_from(db: Connection, seal: Seal, phone_id: int) -> list[tuple[datetime, str]]:
    """The texts that came from a phone with their instants, the oldest first."""
    return _of_phone(db, seal, phone_id, "in")


def _of_phone(db: Connection, seal: Seal, phone_id: int, way: str) -> list[tuple[datetime, str]]:
    return [(at, seal.open(body) if body else "") for at, body in db.execute(_OF_PHONE, {"phone_id": phone_id, "way": way})]
