"""What comes after a try that did not reach her: another call at another hour, a text after the calls, a call after a text, or nothing.

A call is tried again that nobody answered, that a machine answered, or that was over within `HEARD_AFTER` seconds: by then she has heard
who we are, and not what it is about. A number that is wrong is not tried again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from gateway.core import tries
from gateway.core.calendar import NEPAL
from gateway.providers.faults import SendFault
from gateway.services.broadcast import Draft, content
from gateway.services.tariff import tariff
from gateway.store import broadcasts, channels, rest_days, rounds
from gateway.store.rounds import Missed, NextTry

if TYPE_CHECKING:
    from gateway.core.events import Medium
    from gateway.services.context import Gateway
    from gateway.store.broadcasts import Broadcast
    from gateway.store.channels import Channel
    from gateway.store.database import Connection

AT_ONCE = 500  # tries in one transaction
MANY = 5_000  # rows of a statement that only changes their state
LONGEST = 3.0  # seconds of one sweep; the next one goes on
BUSY_TWICE = 2  # a phone that is busy again is tried at another hour


def follow(gateway: Gateway) -> None:
    """Decide what comes after each try that ended and did not reach somebody; give up what is pointless by now."""
    until = time.monotonic() + LONGEST
    _until_done(gateway, until, lambda db: rounds.expire(db, gateway.clock(), MANY))
    _until_done(gateway, until, lambda db: rounds.settle_cancelled(db, MANY))
    _until_done(gateway, until, lambda db: rounds.release(db, gateway.clock(), AT_ONCE))
    with gateway.database.read() as db:
        waiting = rounds.with_missed(db)
    for broadcast_id in waiting:
        ids: list[int] | None = None
        while (ids is None or len(ids) == AT_ONCE) and time.monotonic() < until:
            with gateway.database.read() as db:
                ids = rounds.missed_ids(db, broadcast_id, AT_ONCE)
            _decide(gateway, broadcast_id, ids)


def follow_one(gateway: Gateway, delivery_id: int) -> None:
    """The same for one delivery, of which something was reported."""
    with gateway.database.read() as db:
        broadcast_id = rounds.of_missed(db, delivery_id)
    if broadcast_id is not None:
        _decide(gateway, broadcast_id, [delivery_id])


def _until_done(gateway: Gateway, until: float, work: Callable[[Connection], int]) -> None:
    done = 1
    while done and time.monotonic() < until:
        with gateway.database.write() as db:
            done = work(db)


class Offer(NamedTuple):
    """In which languages a broadcast can be heard, and what a try costs in paisa by medium, language and operator."""

    spoken: Collection[str]
    prices: Mapping[tuple[str, str, str], int]


@dataclass(frozen=True, slots=True)
class Course:
    """A broadcast, and what decides how it goes on. `offer` is measured when it is asked first, for who may be told by the other way:
    to walk through a flow takes longer than all else that a missed call takes."""

    broadcast: Broadcast
    rest_days: frozenset[date]
    offer: Callable[[], Offer]

    def hours(self, missed: Missed) -> tries.Hours:
        return tries.Hours(missed.best_hour, self.rest_days, life_safety=self.broadcast.life_safety_by is not None)

    def in_time(self, at: datetime) -> bool:
        return self.broadcast.expires_at is None or at < self.broadcast.expires_at


def _decide(gateway: Gateway, broadcast_id: str, ids: list[int]) -> None:
    if not ids:
        return
    now = gateway.clock()
    with gateway.database.read() as db:
        course = _course(gateway, db, broadcast_id)
        tried = rounds.missed(db, broadcast_id, ids)
    decided = {missed.id: _next(course, missed, now) for missed in tried}
    with gateway.database.write() as db:
        rounds.write(db, broadcast_id, decided, now)


def _course(gateway: Gateway, db: Connection, broadcast_id: str) -> Course:
    broadcast = broadcasts.load(db, broadcast_id)
    channel = channels.get(db, broadcast.channel_id) if broadcast else None
    if broadcast is None or channel is None:
        raise LookupError(broadcast_id)
    return Course(broadcast, rest_days.load(db, broadcast.organisation_id), cache(partial(_offer, gateway, broadcast, channel)))


def _offer(gateway: Gateway, broadcast: Broadcast, channel: Channel) -> Offer:
    with gateway.database.read() as db:
        long = content.measure(gateway, db, broadcast.organisation_id, Draft.of(broadcast))
        prices = content.price_list(tariff(gateway, db, channel, gateway.clock().astimezone(NEPAL).date()), long)
    return Offer(long.told.spoken, prices)


def _next(course: Course, missed: Missed, now: datetime) -> NextTry | None:
    """What comes after a try; None: nothing."""
    error = missed.error or ""
    if not missed.reachable or error.startswith(SendFault.BAD_NUMBER.value):
        return None
    refused = missed.state == "failed" and error.startswith("send:")  # it would be refused again; by the other way, perhaps not
    again = None if refused else _another_call(course, missed, now)
    return again or _other_way(course, missed, now)


def _another_call(course: Course, missed: Missed, now: datetime) -> NextTry | None:
    if missed.medium != "voice" or len(missed.calls) >= course.broadcast.tries:
        return None
    at = tries.again(missed.calls, now, course.hours(missed), soon=0 < missed.busy < BUSY_TWICE)
    return NextTry(missed, "voice", missed.language, at, missed.price) if course.in_time(at) else None


def _other_way(course: Course, missed: Missed, now: datetime) -> NextTry | None:
    """By text what was not to be had by voice, and the other way round: once, so that it comes to an end."""
    if course.broadcast.medium != "preferred":
        return None
    by_voice = missed.medium == "sms"
    medium: Medium = "voice" if by_voice else "sms"
    language = _language(course, missed, medium)
    tried = missed.calls if by_voice else missed.texted
    at = (tries.first if by_voice else tries.text)(now, course.hours(missed))
    if tried or language is None or not course.in_time(at):
        return None
    return NextTry(missed, medium, language, at, _price(course, missed, medium, language))


def _language(course: Course, missed: Missed, medium: Medium) -> str | None:
    """In which language she hears it, or under which key of the texts she reads it; None: there is nothing for her."""
    spoken = missed.language.partition("_")[0]
    if medium == "voice":
        return spoken if spoken in course.offer().spoken else None
    if not missed.takes_texts:
        return None
    written = (f"{spoken}_latn", spoken) if missed.romanised else (spoken,)
    return next((language for language in written if language in course.broadcast.texts), None)


def _price(course: Course, missed: Missed, medium: Medium, language: str) -> int:
    prices = course.offer().prices
    own = prices.get((medium, language, missed.operator))
    return prices[medium, language, ""] if own is None else own
