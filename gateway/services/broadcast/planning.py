"""What would happen if it were sent: to how many, at what cost, until when. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gateway.core import consent
from gateway.errors import GatewayError
from gateway.services.access import Permission
from gateway.services.broadcast import content
from gateway.store import audience

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.broadcast.draft import Draft
    from gateway.services.context import Gateway

MEMBERS_COUNTED = 20_000  # in one statement
LEFT_OUT: Mapping[str, str] = {
    "stopped": "texted STOP",
    "no-phone": "no phone",
    "no-consent": "no consent",
    "no-text": "nothing in her language",
    "no-mobile": "no phone that takes texts",
    "on-list": "on a list that is left out",
    "told-lately": "told something in the days before",
    "shared-phone": "shares a phone with somebody who gets it",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Those who hear it in one language. `units` are segments of one text, or begun minutes of one call; `price` is paisa in all."""

    language: str
    recipients: int
    units: int
    price: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen. `begins` and `ends` keep to the quiet hours; `left_out` counts those who get nothing, by reason."""

    medium: str
    parts: tuple[Part, ...]
    left_out: Mapping[str, int]
    begins: datetime
    ends: datetime

    @property
    def recipients(self) -> int:
        return sum(part.recipients for part in self.parts)

    @property
    def price(self) -> int:
        return sum(part.price for part in self.parts)


def plan(gateway: Gateway, actor: Actor, draft: Draft) -> Plan:
    """Look who would get it, what it costs and how long it takes; nothing is written. GatewayError `broadcast:*` where it cannot be."""
    actor.require(Permission.PLAN_BROADCASTS)
    units = content.units(gateway, draft)
    with gateway.database.read() as db:
        channel = content.sending_channel(gateway, db, actor)
        languages = tuple(sorted(units))
        told = audience.Told(texts=languages) if draft.sent_by == "sms" else audience.Told(spoken=languages)
        target = audience.Target(channel.organisation_id, draft.audience, told, gateway.clock())
        counted = audience.count(db, target, MEMBERS_COUNTED)
    price = content.price(channel, draft.sent_by)
    numbers = Counter[str]()
    for (_, language, _), number in counted.reached.items():
        numbers[language] += number
    parts = tuple(Part(language, number, units[language], number * units[language] * price) for language, number in sorted(numbers.items()))
    if not parts:
        why = ", ".join(f"{number} {LEFT_OUT[reason]}" for reason, number in sorted(counted.left_out.items()))
        raise GatewayError("broadcast:no-recipients", left_out=why or "no active member fits")
    pace = channel.messages_per_second if draft.sent_by == "sms" else channel.calls_per_second
    seconds = sum(counted.reached.values()) / pace
    now = gateway.clock()
    if draft.life_safety_by:
        return Plan(draft.sent_by, parts, counted.left_out, now, now + timedelta(seconds=seconds))
    begins = consent.opens_at(now)
    return Plan(draft.sent_by, parts, counted.left_out, begins, _ends(begins, seconds))


def _ends(begins: datetime, seconds: float) -> datetime:
    """When so many seconds of sending are over, if nothing is sent in quiet hours."""
    while True:
        closes = datetime.combine(begins.date(), consent.CLOSES, begins.tzinfo)
        room = (closes - begins).total_seconds()
        if seconds <= room:
            return begins + timedelta(seconds=seconds)
        seconds -= room
        begins = consent.opens_at(closes)
