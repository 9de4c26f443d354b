"""What would happen if it were sent: to whom, by which way, at what cost, from when until when, and what stands against it. Nothing is
written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway.core import people
from gateway.core.calendar import NEPAL, month_of
from gateway.core.money import rupees
from gateway.errors import GatewayError
from gateway.services.access import Permission
from gateway.services.broadcast import content, timing, whom
from gateway.services.broadcast.content import Plainer
from gateway.services.statistics.words import VALUES, pick
from gateway.services.tariff import Spread, Tariff, tariff
from gateway.store import audience, broadcasts, organisations

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.broadcast.content import Lengths
    from gateway.services.broadcast.draft import Draft
    from gateway.services.context import Gateway
    from gateway.store.database import Connection
    from gateway.store.organisations import Sending

MEMBERS_COUNTED = 20_000  # in one statement
MOST_TRIES = 5
GRACE = timedelta(minutes=1)  # for who writes down this very minute
LONGEST_TITLE = 200  # characters
MOST_GAP = 30 * 24  # hours
LEFT_OUT: Mapping[str, str] = {reason: pick(both, "en") for reason, both in VALUES["left_out"].items()}


@dataclass(frozen=True, slots=True)
class Part:
    """Those who get it one way. `units` are segments of one text, or begun minutes of one call; `price` is paisa in all."""

    medium: str
    language: str
    operator: str
    recipients: int
    units: int
    price: int


@dataclass(frozen=True, slots=True)
class Over:
    """How many people get it over one of our numbers, by a medium, and what that costs; paisa."""

    medium: str
    number: str
    recipients: int
    price: int


@dataclass(frozen=True, slots=True)
class Dear:
    """A text that is Unicode, and paisa that it would cost less in plain letters."""

    text: Plainer
    saves: int


@dataclass(frozen=True, slots=True)
class Month:
    """The budget of a month, Bikram Sambat; paisa. `planned` is what other broadcasts cost that begin in it."""

    month: str
    budget: int
    planned: int

    @property
    def left(self) -> int:
        return self.budget - self.planned


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen.

    `left_out` counts by reason those who get nothing; `later`, at most, those who were told of another broadcast just now and get it
    after the gap. `begins` and `ends` keep to quiet hours and rest days; calls that nobody picks up are tried again after `ends`.
    `missed` would not get it before it expires. `over` are our numbers by which it goes, and `days` those on which texts of it do: more
    than one where a number may only send so many a day. To `nowhere` people none of our ways leads. `heads_up` is what the texts before the
    calls cost, in `price` too. `texts` are as they go out, `personal` the languages in which they differ from member to member, so that
    segments are those of the longest likely names. `persons` must approve it; `blocks` is why it cannot be approved.
    """

    medium: str
    parts: tuple[Part, ...]
    left_out: Mapping[str, int]
    later: int
    texts: Mapping[str, str]
    personal: tuple[str, ...]
    dear: tuple[Dear, ...]
    paces: Mapping[str, float]
    begins: datetime
    ends: datetime
    missed: int
    over: tuple[Over, ...]
    days: int
    nowhere: int
    heads_up: int
    persons: int
    month: Month | None
    blocks: tuple[GatewayError, ...]

    @property
    def recipients(self) -> int:
        return sum(part.recipients for part in self.parts)

    @property
    def price(self) -> int:
        return sum(part.price for part in self.parts) + self.heads_up

    def as_json(self) -> dict[str, Any]:
        """What is kept of it with the broadcast: its sums, when it runs, and the month in whose budget it counts."""
        return {
            "recipients": self.recipients,
            "price": self.price,
            "begins": self.begins.isoformat(),
            "ends": self.ends.isoformat(),
            "month": budget_month(self.begins),
            "left_out": dict(self.left_out),
        }


def plan(gateway: Gateway, actor: Actor, draft: Draft, *, kept: bool = False) -> Plan:
    """Look who would get it, what it costs and how long it takes; nothing is written. GatewayError `broadcast:*` where it cannot be.

    `kept` is a draft that was written down: its time to start may have come while it waited for approval.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    now = gateway.clock()
    check(replace(draft, starts_at=None) if kept and draft.starts_at and draft.starts_at < now else draft, now)
    with gateway.database.read() as db:
        whom.check(gateway, db, actor, draft.audience)
        channel = content.sending_channel(gateway, db, actor)
        sending = organisations.sending(db, actor.organisation_id)
        long = content.measure(gateway, db, actor.organisation_id, draft)
        counted = audience.count(db, audience.Target(actor.organisation_id, draft.audience, long.told, now), MEMBERS_COUNTED)
        known = tariff(gateway, db, channel, content.first_day(draft, now))
        days = timing.days_of(db, actor.organisation_id, draft)
        waves = timing.waves(draft, counted, known, days, now)
        if not waves:
            why = ", ".join(f"{number} {LEFT_OUT[reason]}" for reason, number in sorted(counted.left_out.items()))
            raise GatewayError("broadcast:no-recipients", left_out=why or "no active member fits")
        begins = waves[0].begins
        _check_expiry(draft, begins)
        gap = timedelta(hours=sending.gap_hours if draft.gap_hours is None else draft.gap_hours)
        told, last_told = broadcasts.told_since(db, actor.organisation_id, begins - gap)
        month = month_left(db, actor.organisation_id, sending, begins)
    spread = timing.spread(draft, counted, known, days, now)
    parts, over = parts_of(counted, long, known, spread)
    heads_up = heads_up_price(parts, known) if draft.heads_up else 0
    price, recipients = sum(part.price for part in parts) + heads_up, sum(part.recipients for part in parts)
    return Plan(
        medium=draft.sent_by,
        parts=parts,
        left_out=counted.left_out,
        later=min(told, recipients),
        texts=long.texts,
        personal=tuple(language for language, text in long.texts.items() if content.is_personal(text)),
        dear=dear_of(long, parts),
        paces={wave.medium: known.pace(wave.medium, spread) for wave in waves},
        begins=begins,
        ends=max(*(wave.ends for wave in waves), days.open_at(last_told + gap) if last_told else begins),
        missed=sum(wave.missed for wave in waves),
        over=over,
        days=len([texts for texts in spread.texts if texts]),
        nowhere=spread.nowhere,
        heads_up=heads_up,
        persons=persons_needed(sending, recipients),
        month=month,
        blocks=tuple(blocks(price, draft.budget, month)),
    )


def check(draft: Draft, now: datetime) -> None:
    """Refuse titles, times and numbers that make no sense. GatewayErrors `broadcast:when`, `broadcast:past`, `broadcast:too-late`,
    `broadcast:heads-up`, `broadcast:nobody-answers`."""
    if draft.starts_at is not None and draft.starts_at < now - GRACE:
        raise GatewayError("broadcast:past", begins=_said(draft.starts_at), now=_said(now))
    wrong = (
        (not draft.title.strip() or len(draft.title) > LONGEST_TITLE, f"A title has 1 to {LONGEST_TITLE} characters."),
        (any(map(people.has_controls, (draft.title, *draft.texts.values()))), "There is a control character in the title or a text."),
        (not 1 <= draft.tries <= MOST_TRIES, f"Somebody is called 1 to {MOST_TRIES} times."),
        (draft.gap_hours is not None and not 0 <= draft.gap_hours <= MOST_GAP, f"The gap between two broadcasts is 0 to {MOST_GAP} hours."),
        (draft.budget is not None and draft.budget < 0, "A budget is an amount of rupees."),
    )
    for fault in (sentence for is_wrong, sentence in wrong if is_wrong):
        raise GatewayError("broadcast:when", fault=fault)
    if draft.heads_up and draft.sent_by == "sms":
        raise GatewayError("broadcast:heads-up")
    if draft.life_safety_by is not None and not draft.life_safety_by.strip():
        raise GatewayError("broadcast:nobody-answers")
    _check_expiry(draft, max(now, draft.starts_at or now))


def _check_expiry(draft: Draft, begins: datetime) -> None:
    if draft.expires_at is not None and draft.expires_at <= begins:
        raise GatewayError("broadcast:too-late", begins=_said(begins), expires=_said(draft.expires_at))


# --- who and how much --------------------------------------------------------------------------------------------------------------


def parts_of(counted: audience.Counted, long: Lengths, known: Tariff, spread: Spread) -> tuple[tuple[Part, ...], tuple[Over, ...]]:
    """Those who get it, by way, language and operator, and over which of our numbers, and what it costs."""
    waiting = {whom: Counter(over) for whom, over in spread.over.items()}
    parts, recipients, prices = [], Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for (medium, language, operator), number in sorted(counted.reached.items()):
        units, left, price = long.of(medium)[language], number, 0
        for channel_id, room in waiting[medium, operator].items():
            taken = min(left, room)
            paisa = taken * units * known.over(channel_id, medium, operator)
            waiting[medium, operator][channel_id] -= taken
            recipients[medium, channel_id] += taken
            prices[medium, channel_id] += paisa
            left, price = left - taken, price + paisa
        parts.append(Part(medium, language, operator, number, units, price))
    over = [
        Over(medium, known.address(name), people, prices[medium, name]) for (medium, name), people in sorted(recipients.items()) if people
    ]
    return tuple(parts), tuple(over)


def dear_of(long: Lengths, parts: tuple[Part, ...]) -> tuple[Dear, ...]:
    """The texts that are Unicode, and what plain letters would save."""
    return tuple(_dear(text, parts) for text in content.plainer(long))


def heads_up_price(parts: tuple[Part, ...], known: Tariff) -> int:
    """What a text of one segment before each call costs."""
    return sum(part.recipients * known.of("sms", part.operator) for part in parts if part.medium == "voice")


def _dear(text: Plainer, parts: tuple[Part, ...]) -> Dear:
    concerned = sum(part.price for part in parts if (part.medium, part.language) == ("sms", text.language))
    return Dear(text, concerned - concerned * text.plain // text.segments)


def persons_needed(sending: Sending, recipients: int) -> int:
    """How many must approve it."""
    return 2 if sending.two_persons_above is not None and recipients > sending.two_persons_above else 1


def budget_month(instant: datetime) -> str:
    """The month in whose budget a broadcast counts: Bikram Sambat, or our year and month where the calendar's table ends."""
    try:
        return month_of(instant)
    except GatewayError:
        return f"{instant.astimezone(NEPAL):%Y-%m}"


def month_left(db: Connection, organisation_id: str, sending: Sending, begins: datetime) -> Month | None:
    """What the organisation's budget of the month has left, None where it has none."""
    if sending.monthly_budget is None:
        return None
    month = budget_month(begins)
    return Month(month, sending.monthly_budget, broadcasts.planned_in(db, organisation_id, month))


def blocks(price: int, budget: int | None, month: Month | None) -> list[GatewayError]:
    """Which budgets it would exceed, by how much and what helps."""
    found = []
    if budget is not None and price > budget:
        amounts = {"price": rupees(price), "missing": rupees(price - budget), "budget": rupees(budget)}
        found.append(GatewayError("broadcast:over-budget", **amounts))
    if month is not None and price > month.left:
        amounts = {"price": rupees(price), "missing": rupees(price - month.left), "left": rupees(max(0, month.left))}
        found.append(GatewayError("broadcast:over-month", month=month.month, **amounts))
    return found


def _said(instant: datetime) -> str:
    return f"{instant.astimezone(NEPAL):%Y-%m-%d %H:%M}"
