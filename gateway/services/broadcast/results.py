"""What came of a broadcast: where each person's row is and why, who heard how much of it, what it cost, and how it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from gateway.errors import GatewayError
from gateway.services.access import Permission
from gateway.services.broadcast import content, timing
from gateway.services.broadcast.draft import Draft
from gateway.services.broadcast.running import agreement, own
from gateway.services.statistics.words import VALUES, pick
from gateway.services.tariff import day_room
from gateway.store import channels, results
from gateway.store.broadcasts import Broadcast
from gateway.store.deliveries import CLOSED, UNRESOLVED
from gateway.store.results import Group

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.services.tariff import DayRoom
    from gateway.store.database import Connection

Key = TypeVar("Key")

BEFORE_MESSAGE = 6  # seconds of a call in which we say who we are
LATELY = timedelta(minutes=1)
BEING_SENT = ("approved", "sending")
FAILED = ("undelivered", "failed")

# Why it did not go out or arrive, for an organiser: the first word of a delivery's error. A code of the provider's that nobody has put
# into words here stands for itself.
WHY: Mapping[str, str] = {code: pick(both, "en") for code, both in VALUES["why"].items()}


@dataclass(frozen=True, slots=True)
class Why:
    """How many rows ended so: `code` is the first word of their error, `sentence` says it to an organiser."""

    code: str
    sentence: str
    number: int


@dataclass(frozen=True, slots=True)
class Heard:
    """`people` were reached: a text arrived, she answered, or a person listened to a call for a while (`gateway.store.heard`).

    Of the calls, `calls` were picked up by a person, who listened for `seconds` in all; in `half` of them to half of what is said at
    least, in `whole` to all of it. None: nobody knows how long it is.
    """

    people: int
    calls: int
    seconds: int
    half: int | None
    whole: int | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Messages that may or may not have gone out: being `asked` of the provider, `held` for a person, `closed` by one."""

    asked: int
    held: int
    closed: int


@dataclass(frozen=True, slots=True)
class Charge:
    """What the provider reports to have charged for `priced` messages: `amount` in millionths of `currency`."""

    currency: str
    amount: int
    priced: int


@dataclass(frozen=True, slots=True)
class Over:
    """What went over one of our numbers by a medium: `sent` messages, `reached` people, what `failed`, paisa, what the provider reports."""

    number: str
    medium: str
    sent: int
    reached: int
    failed: int
    price: int
    charged: tuple[Charge, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """Paisa as `planned` (None: it never was) and, by the same prices, of all that went out `so_far`, `sent` messages; and what the
    provider reports."""

    planned: int | None
    so_far: int
    sent: int
    charged: tuple[Charge, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """A broadcast and what came of it until now. People are counted by their latest try, messages and money by all.

    `agreed` are who approved it, `missing` how many more must. `rounds` counts people by the number of their tries that went out.
    `a_minute` are the messages of the last minute; `through_at` is when all of it is sent if it goes on so, None where nothing goes out.
    `over` are our numbers that something went over, `passed_on` messages of it since another one had refused them; `tomorrow` texts wait
    since the numbers may send no more today. `flagged` people can have got it twice; the `silent` have not heard it and may have, since
    no report of theirs has come. `replies` are texts that answered it, `answers` those to its notice, by answer.
    """

    broadcast: Broadcast
    agreed: tuple[str, ...]
    missing: int
    states: Mapping[str, int]
    heard: Heard
    answered: int
    failed: tuple[Why, ...]
    suppressed: tuple[Why, ...]
    unknown: Unknown
    flagged: int
    silent: int
    rounds: Mapping[int, int]
    a_minute: int
    through_at: datetime | None
    over: tuple[Over, ...]
    passed_on: int
    tomorrow: int
    cost: Cost
    replies: int
    answers: Mapping[str, int]

    @property
    def people(self) -> int:
        """All whom it is for."""
        return sum(self.states.values())

    @property
    def open(self) -> int:
        """Those on whose message we still work."""
        return self.states.get("queued", 0) + self.states.get("sending", 0) + self.unknown.asked


def progress(gateway: Gateway, actor: Actor, broadcast_id: str) -> Progress:
    """What came of a broadcast until now. GatewayError `broadcast:unknown`."""
    actor.require(Permission.SEE_BROADCASTS)
    now = gateway.clock()
    with gateway.database.read() as db:
        found = own(db, actor, broadcast_id)
        draft = Draft.of(found)
        long = _long(gateway, db, found, draft)
        groups = results.tally(db, broadcast_id, long, now - LATELY)
        agreed, missing = agreement(db, found)
        days = timing.days_of(db, found.organisation_id, draft)
        replies, answers = results.replies(db, broadcast_id), results.answers(db, broadcast_id)
        room = day_room(gateway, db, found.organisation_id)
        numbers = {channel.id: channel.address for channel in channels.of_organisation(db, found.organisation_id)}
    latest = [group for group in groups if group.latest]
    a_minute = sum(group.lately for group in groups)
    return Progress(
        broadcast=found,
        agreed=agreed,
        missing=missing,
        states=_by(latest, lambda group: group.state),
        heard=Heard(
            people=sum(group.reached for group in latest),
            calls=sum(group.calls for group in latest),
            seconds=sum(group.seconds for group in latest),
            half=sum(group.half for group in latest) if long else None,
            whole=sum(group.whole for group in latest) if long else None,
        ),
        answered=sum(group.answered for group in latest),
        failed=_why(group for group in latest if group.state in FAILED),
        suppressed=_why(group for group in latest if group.state == "suppressed"),
        unknown=_unknown([group for group in latest if group.state == "unknown"]),
        flagged=sum(group.flagged for group in latest),
        silent=sum(group.rows - group.reached for group in latest if group.state in {"accepted", "sent"}),
        rounds=_rounds(latest),
        a_minute=a_minute,
        through_at=_through_at(found, groups, a_minute, days, now, room) if found.state in BEING_SENT else None,
        over=tuple(_over(groups, numbers)),
        passed_on=sum(group.passed_on for group in groups),
        tomorrow=max(0, _waiting(groups, "sms") - room.today) if room and found.state in BEING_SENT else 0,
        cost=_cost(found, groups),
        replies=replies,
        answers=answers,
    )


def _long(gateway: Gateway, db: Connection, found: Broadcast, draft: Draft) -> dict[str, tuple[float, float]]:
    """By language, after how many seconds of a call half of what is said is heard, and all of it; empty where that is not known."""
    if found.medium == "sms":
        return {}
    try:
        seconds = content.seconds(gateway, db, found.organisation_id, draft)
    except GatewayError:  # its phrase or flow is there no more
        return {}
    return {language: (BEFORE_MESSAGE + lasts / 2, BEFORE_MESSAGE + lasts) for language, lasts in seconds.items()}


def _by(groups: Iterable[Group], key: Callable[[Group], Key]) -> dict[Key, int]:
    counted: Counter[Key] = Counter()
    for group in groups:
        counted[key(group)] += group.rows
    return dict(counted)


def _rounds(latest: Iterable[Group]) -> dict[int, int]:
    """How many people were tried how often: a latest try that did not go out is none, all before it did."""
    people: Counter[int] = Counter()
    for group in latest:
        people[group.round] += group.sent
        people[group.round - 1] += group.rows - group.sent
    return {tries: number for tries, number in sorted(people.items()) if tries and number}


def why(error: str | None) -> tuple[str, str]:
    """A delivery's error as its code and a sentence.

    >>> why("send:bad-number 21211")
    ('send:bad-number', 'the number takes none: wrong, given up, or not made for it')
    >>> why("30010")
    ('30010', 'the provider says 30010')
    """
    code = (error or "").partition(" ")[0]
    return code, WHY.get(code, f"the provider says {code}")


def _why(groups: Iterable[Group]) -> tuple[Why, ...]:
    """The reasons, the most frequent first."""
    counted = _by(groups, lambda group: why(group.error))
    return tuple(Why(*reason, number) for reason, number in sorted(counted.items(), key=lambda each: (-each[1], each[0])))


def _unknown(groups: list[Group]) -> Unknown:
    held, closed = (sum(group.rows for group in groups if group.error == error) for error in (UNRESOLVED, CLOSED))
    return Unknown(sum(group.rows for group in groups) - held - closed, held, closed)


def _waiting(groups: list[Group], *media: str) -> int:
    """How many rows wait, by these media or any."""
    return sum(group.rows for group in groups if group.state in {"queued", "sending"} and (not media or group.medium in media))


def _through_at(  # noqa: PLR0913, PLR0917  # all that is known of how it goes on
    found: Broadcast, groups: list[Group], a_minute: int, days: timing.Days, now: datetime, room: DayRoom | None
) -> datetime:
    waiting = _waiting(groups)
    if not found.expanded:
        settled = sum(group.rows for group in groups if group.latest) - waiting
        waiting = max(waiting, (found.planned or {}).get("recipients", 0) - settled)
    begins = max(now, found.starts_at or now)
    pace = a_minute / LATELY.total_seconds() or found.pace
    through = days.after(begins, waiting / pace)
    if room and (later := _waiting(groups, "sms") - room.today) > 0:
        full_days, rest = divmod(later - 1, room.a_day)
        through = max(through, days.after(days.nth(begins, full_days + 1), (rest + 1) / pace))
    last_due = max((group.last_due for group in groups if group.state == "queued" and group.last_due), default=through)
    return max(through, days.open_at(last_due))


def _cost(found: Broadcast, groups: list[Group]) -> Cost:
    return Cost(
        planned=(found.planned or {}).get("price"),
        so_far=sum(group.price for group in groups),
        sent=sum(group.sent for group in groups),
        charged=_charged(groups),
    )


def _over(groups: list[Group], numbers: Mapping[str, str]) -> Iterator[Over]:
    """By number and medium, what went over it: a row that did not go out was over none."""
    by_number: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        by_number.setdefault((group.channel_id, group.medium), []).append(group)
    for (channel_id, medium), rows in sorted(by_number.items()):
        if sent := sum(group.sent for group in rows):
            reached = sum(group.reached for group in rows if group.latest)
            failed = sum(group.sent for group in rows if group.state in FAILED)
            yield Over(numbers.get(channel_id, ""), medium, sent, reached, failed, sum(group.price for group in rows), _charged(rows))


def _charged(groups: list[Group]) -> tuple[Charge, ...]:
    amounts, priced = Counter[str](), Counter[str]()
    for group in groups:
        if group.charged_in:
            amounts[group.charged_in] += group.charged
            priced[group.charged_in] += group.priced
    return tuple(Charge(currency, amounts[currency], priced[currency]) for currency in sorted(amounts))
