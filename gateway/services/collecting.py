"""A collector reports for her group: which of her lines can be noted, and why the others cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core import reference
from gateway.core.calendar import month_of
from gateway.core.money import PLAUSIBLE
from gateway.services.contributions import SAME_REPORT_WINDOW
from gateway.store import collecting, contributions

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.store.database import Connection

MOST_LINES = 20  # of one text


@dataclass(frozen=True, slots=True)
class Line:
    """What can be noted: this amount in paisa for this member."""

    number: str
    member_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """What cannot, and why: a phrase of flows/phrases.yaml."""

    number: str
    why: str


def sort_out(db: Connection, user_id: str, pairs: Sequence[tuple[str, int | None]], now: datetime) -> tuple[list[Line], list[Refusal]]:
    """Of membership numbers with amounts those that can be noted, and those that cannot.

    Not in her group and not there at all are the same to her. What was noted within a day is not noted again, so that a text that is
    sent twice changes nothing; the second line about a member is no slip that anybody could read, and is left out too.
    """
    group = collecting.of_group(db, user_id, {number for number, _ in pairs})
    lines: dict[str, Line] = {}
    refused: list[Refusal] = []
    for place, (number, amount) in enumerate(pairs):
        why = refusal(db, group.get(number), number, amount, now) or ("named_twice" if number in lines else None)
        if place >= MOST_LINES:
            why = "too_many"
        if why is None and amount is not None:
            lines[number] = Line(number, group[number], amount)
        else:
            refused.append(Refusal(number, why or "no_amount"))
    return list(lines.values()), refused


def refusal(db: Connection, member_id: str | None, number: str, amount: int | None, now: datetime) -> str | None:
    """Why this cannot be noted; None where it can."""
    if not reference.is_valid(number):
        return "wrong_number"
    if member_id is None:
        return "not_in_group"
    if amount is None or not PLAUSIBLE[0] <= amount <= PLAUSIBLE[1]:
        return "no_amount"
    if contributions.recent_same(db, member_id, amount, month_of(now), now - SAME_REPORT_WINDOW):
        return "noted_before"
    return None
