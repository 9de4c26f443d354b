"""What is due from a member of a scheme, and how far her payments reach: a payment fills the oldest due that is open.

A month has one due, a week each Saturday; a season's due falls into its month and, where the rate is a share, is for all months since
the season before. A skipped month adds nothing. Pure: `standing` looks at nothing but what it is given, in whatever order.

>>> rates = [Rate("2083-04", amount=300_00)]
>>> now = standing(Enrolment("2083-05"), rates, frozenset({"2083-06"}), [Payment(500_00)], date(2026, 11, 21))
>>> now.months_paid, now.months_open, now.next_due.month, now.next_due.amount, now.balance
(('2083-05',), ('2083-07',), '2083-07', 10000, -10000)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gateway.core import calendar
from gateway.core.schemes import Rate, month_after, rate_of
from gateway.errors import GatewayError

SATURDAY = 5  # the weekly holiday, on which groups meet; Monday is 0
FARTHEST_AHEAD = 60  # months that a payment in advance may fill; what is left then stays with her as credit


@dataclass(frozen=True, slots=True)
class Enrolment:
    """That a member pays into a scheme, from a month to another or on and on. `instalment`: her own, paisa at each due date."""

    from_month: str
    until_month: str | None = None
    schedule: str = "monthly"
    seasons: tuple[int, ...] = ()
    instalment: int | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came: paisa, 0 or more (a reversed payment is none)."""

    amount: int
    payer: str = "member"


@dataclass(frozen=True, slots=True)
class Due:
    """One instalment: of `month`, on a day where it is a week's. `government` is what the government owes once the month is paid."""

    month: str
    amount: int
    on: date | None = None
    government: int = 0

    def is_past(self, today: date, this_month: str) -> bool:
        """Whether it should have been paid by now: its week or month is over."""
        return self.on < today if self.on else self.month < this_month


@dataclass(frozen=True, slots=True)
class Standing:
    """How far she has come. `paid` is `allocated` to dues and `credit` beyond them; `balance` less than 0 is what is overdue.

    `months_paid` and `months_open` are months as texts; `next_due` is the oldest due with what is still missing of it.
    `government_shares` is what the government owes for each month that is paid, whatever of it came already.
    """

    paid: int
    allocated: int
    credit: int
    balance: int
    months_paid: tuple[str, ...]
    months_open: tuple[str, ...]
    next_due: Due | None
    government_awaited: int
    government_shares: tuple[tuple[str, int], ...] = ()


def standing(enrolment: Enrolment, rates: Sequence[Rate], skips: Collection[str], payments: Iterable[Payment], today: date) -> Standing:
    """How far the payments reach on a day."""
    came = list(payments)
    paid = sum(payment.amount for payment in came if payment.payer == "member")
    matched = sum(payment.amount for payment in came if payment.payer == "government")
    this_month = _month_of(today)
    left, owed, next_due = paid, 0, None
    shares: dict[str, int] = {}
    covered: dict[str, bool] = {}
    open_months: dict[str, None] = {}
    for due in dues(enrolment, rates, skips, month_after(this_month, FARTHEST_AHEAD)):
        past = due.is_past(today, this_month)
        owed += due.amount if past else 0
        if left == 0 and next_due is not None and not past:
            break
        filled = min(left, due.amount)
        left -= filled
        whole = filled == due.amount
        covered[due.month] = covered.get(due.month, True) and whole
        if due.government and covered[due.month]:
            shares[due.month] = shares.get(due.month, 0) + due.government
        if not whole:
            next_due = next_due or replace(due, amount=due.amount - filled)
            if past:
                open_months[due.month] = None
    return Standing(
        paid=paid,
        allocated=paid - left,
        credit=left,
        balance=paid - owed,
        months_paid=tuple(month for month, whole in covered.items() if whole),
        months_open=tuple(open_months),
        next_due=next_due,
        government_awaited=max(0, sum(shares.values()) - matched),
        government_shares=tuple(shares.items()),
    )


def dues(enrolment: Enrolment, rates: Sequence[Rate], skips: Collection[str], last: str) -> Iterator[Due]:
    """Her dues in their order, to the month `last` or to where she, or our calendar, ends."""
    month = enrolment.from_month
    end = min(last, enrolment.until_month or last)
    saved: list[tuple[int, int]] = []  # of the months since the season before: the member's share, the government's
    while month <= end:
        rate = None if month in skips else rate_of(rates, month)
        if enrolment.schedule == "weekly":
            days = _saturdays(month)
            if days is None:
                return
            yield from _of_weeks(month, days, enrolment.instalment, rate)
        else:
            saved += [(rate.of_member, rate.of_government)] if rate else []
            if enrolment.schedule == "monthly" or int(month[5:]) in enrolment.seasons:
                yield from _of_month(month, enrolment, rate, saved)
                saved.clear()
        month = month_after(month)


def _of_month(month: str, enrolment: Enrolment, rate: Rate | None, saved: Sequence[tuple[int, int]]) -> Iterator[Due]:
    """The due of a month or a season: her own instalment, the fixed one, or the shares of all months since the due before."""
    fixed = enrolment.instalment if enrolment.instalment is not None else rate.amount if rate else None
    shares = sum(of_member for of_member, _ in saved)
    amount = (fixed if rate else 0) if fixed is not None else shares
    if amount:
        yield Due(month, amount, government=sum(of_government for _, of_government in saved))


def _of_weeks(month: str, days: Sequence[date], instalment: int | None, rate: Rate | None) -> Iterator[Due]:
    """A due for each Saturday; a month's share is spread over them, the first ones a paisa more where it does not divide evenly."""
    if rate is None:
        return
    fixed = instalment if instalment is not None else rate.amount
    each, more = divmod(rate.of_member, len(days))
    for place, day in enumerate(days):
        amount = fixed if fixed is not None else each + (place < more)
        last = place == len(days) - 1
        if amount:
            yield Due(month, amount, day, rate.of_government if last else 0)


def _saturdays(month: str) -> list[date] | None:
    """The Saturdays of a Bikram Sambat month; None where the calendar does not reach."""
    try:
        first = calendar.from_bs(calendar.BsDate(int(month[:4]), int(month[5:]), 1))
    except GatewayError:
        return None
    length = calendar.MONTH_LENGTHS[int(month[:4]) - calendar.FIRST_YEAR][int(month[5:]) - 1]
    days = [first + timedelta(days=day) for day in range(length)]
    return [day for day in days if day.weekday() == SATURDAY]


def _month_of(today: date) -> str:
    there = calendar.to_bs(today)
    return f"{there.year}-{there.month:02}"
