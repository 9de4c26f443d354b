"""What a broadcast tells one phone: by the call that is picked up, by the text that is answered, by the call that was missed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, case, false, func, or_, select, update

from gateway.store.models import HEARD_AFTER, broadcasts, deliveries


@dataclass(frozen=True, slots=True)
class CallContent:
    """What a broadcast tells one phone: a phrase, a saying, a flow, or what a notice says; `language` is hers.

    `purpose` is that of the broadcast; `machine`: an answering machine picked up; `answered`: she pressed a key, or wrote back; `at` is
    when we last heard of the delivery.
    """

    broadcast_id: str
    delivery_id: int
    phrase: str | None
    saying_id: str | None
    flow: str | None
    notice_id: str | None
    language: str
    purpose: str
    machine: bool
    answered: bool
    at: datetime


_CONTENT = select(
    deliveries.c.broadcast_id,
    deliveries.c.id,
    broadcasts.c.phrase,
    broadcasts.c.saying_id,
    broadcasts.c.flow,
    broadcasts.c.notice_id,
    deliveries.c.language,
    broadcasts.c.purpose,
    func.coalesce(deliveries.c.answered_by == "machine", false()),
    deliveries.c.answered_at.is_not(None),
    deliveries.c.updated_at,
).join(broadcasts, broadcasts.c.id == deliveries.c.broadcast_id)
_CONTENT_OF_CALL = _CONTENT.where(deliveries.c.id == bindparam("row"), deliveries.c.medium == "voice")
_LATELY_TOLD = (
    _CONTENT.where(
        deliveries.c.phone_id == bindparam("phone"),
        broadcasts.c.organisation_id == bindparam("organisation"),
        deliveries.c.updated_at >= bindparam("since"),
    )
    .order_by(deliveries.c.id.desc())
    .limit(1)
)
_TEXTED = _LATELY_TOLD.where(deliveries.c.medium == "sms", deliveries.c.state.in_(("accepted", "sent", "delivered", "read", "unknown")))
_UNHEARD = or_(  # `queued` again: she will be rung once more
    deliveries.c.state.in_(("undelivered", "failed")),
    and_(deliveries.c.state == "queued", deliveries.c.round > 1),
    and_(deliveries.c.state == "delivered", or_(deliveries.c.answered_by == "machine", deliveries.c.seconds < HEARD_AFTER)),
)
_RUNG = _LATELY_TOLD.with_only_columns(*_CONTENT.selected_columns, _UNHEARD.label("unheard")).where(
    deliveries.c.medium == "voice",
    deliveries.c.latest,
    deliveries.c.state != "suppressed",
    broadcasts.c.state != "cancelled",
    or_(broadcasts.c.expires_at.is_(None), broadcasts.c.expires_at > bindparam("now")),
)


def content_of_call(db: Connection, delivery_id: int) -> CallContent | None:
    """What to say when the call of this delivery is picked up; None where the delivery is no call of a broadcast."""
    row = db.execute(_CONTENT_OF_CALL, {"row": delivery_id}).first()
    return CallContent(*row) if row else None


@dataclass(frozen=True, slots=True)
class Of:
    """A phone, and the organisation of which it was told something since then."""

    phone_id: int
    organisation_id: str
    since: datetime

    def parameters(self) -> dict[str, object]:
        return {"phone": self.phone_id, "organisation": self.organisation_id, "since": self.since}


def last_texted(db: Connection, of: Of) -> CallContent | None:
    """What the latest broadcast by text told this phone."""
    row = db.execute(_TEXTED, of.parameters()).first()
    return CallContent(*row) if row else None


def missed_call(db: Connection, of: Of, now: datetime) -> CallContent | None:
    """What the latest call of a broadcast would have told this phone, where nobody has heard or answered it."""
    row = db.execute(_RUNG, of.parameters() | {"now": now}).first()
    if row is None or not row.unheard:
        return None
    content = CallContent(*row[:-1])
    return None if content.answered else content


_ANSWERED = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"), deliveries.c.answered_at.is_(None))
    .values(
        answered_at=bindparam("now"),
        state=case((deliveries.c.state == "queued", "delivered"), else_=deliveries.c.state),
        price=case((deliveries.c.state == "queued", 0), else_=deliveries.c.price),
    )
)


def answered(db: Connection, delivery_id: int, now: datetime) -> None:
    """She answered. Who calls back before she is rung again has heard it, and is not rung: that try costs nothing."""
    db.execute(_ANSWERED, {"row": delivery_id, "now": now})
