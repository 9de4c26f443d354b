"""Calling back whoever rang and hung up, as a person would: how soon again, and how often at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=10)  # rings within it are one,
AFTER = timedelta(minutes=1)  # or until so long after a call that she picked up: whoever goes on ringing has been called
LATEST = timedelta(days=1)  # a ring of which we hear later, or that could not be answered for so long, is not called back
BREATH = timedelta(seconds=5)  # until she has put the phone down: a call at once would find her line busy
AGAIN = (timedelta(minutes=2), timedelta(minutes=15))  # after a call that nobody answered, from when it rang,
BUSY = (timedelta(seconds=30), timedelta(minutes=2))  # and where her line was busy: first perhaps because she still let us ring


@dataclass(frozen=True, slots=True)
class Caps:
    """How many are called back at most: nothing proves who rings, and each call costs. `per_prefix` counts the numbers that begin with
    the same seven digits; `countries` are those to which it may call."""

    per_number: int = 5  # a day
    per_prefix: int = 300  # an hour
    per_day: int = 1000  # for one of our numbers
    countries: frozenset[str] = frozenset({"NP"})


def prefix(e164: str) -> str:
    """What a block of numbers begins with, by which a flood of made-up callers shows.

    >>> prefix("+9779841234567")
    '9779841'
    """
    return e164[1:8]


def again(tries: int, rang_at: datetime, *, busy: bool) -> datetime | None:
    """When she is rung again after so many tries, of which the last began to ring at `rang_at`; None: no more.

    >>> noon = datetime(2026, 11, 21, 12)
    >>> [again(tries, noon, busy=False) and str(again(tries, noon, busy=False) - noon) for tries in (1, 2, 3)]
    ['0:02:00', '0:15:00', None]
    """
    if tries > len(AGAIN):
        return None
    return rang_at + (BUSY if busy else AGAIN)[tries - 1]
