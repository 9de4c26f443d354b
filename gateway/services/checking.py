"""Checking a day's noted contributions: collector by collector, against the money that each of them brought."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from gateway.core.calendar import NEPAL
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import access, contributions, staff
from gateway.store import checking
from gateway.store.checking import Noted, Span

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

__all__ = ["Day", "Group", "Noted", "confirm", "day_of"]

TAKEN_BACK = "reversed"


@dataclass(frozen=True, slots=True)
class Group:
    """What was noted on a day for the members of one collector; `name` is None for members of no group. Sums are paisa.

    `total` is all that counts, and should be the money that she brought; `waiting` is what of it is still to be checked.
    """

    name: str | None
    entries: tuple[Noted, ...]

    @property
    def total(self) -> int:
        return sum(entry.amount for entry in self.entries if entry.state != TAKEN_BACK)

    @property
    def waiting(self) -> int:
        return sum(entry.amount for entry in self.entries if entry.state == "noted")


@dataclass(frozen=True, slots=True)
class Day:
    """A day's entries by group. `before` and `after` are the nearest days on which something still waits, None where there is none."""

    day: date
    groups: tuple[Group, ...]
    before: date | None
    after: date | None

    @property
    def total(self) -> int:
        return sum(group.total for group in self.groups)

    @property
    def waiting(self) -> int:
        return sum(group.waiting for group in self.groups)


def day_of(gateway: Gateway, actor: Actor, day: date | None = None) -> Day:
    """What was noted on a day in Nepal; without one, on the latest on which something waits to be checked, or today."""
    actor.require(Permission.SEE_CONTRIBUTIONS)
    today = gateway.clock().astimezone(NEPAL).date()
    with gateway.database.read() as db:
        if day is None:
            latest, _ = checking.nearest_waiting(db, actor.scope, _span(today + timedelta(days=1)))
            day = _there(latest) or today
        found = checking.of_day(db, gateway.seal, actor.scope, _span(day))
        before, after = checking.nearest_waiting(db, actor.scope, _span(day))
    with gateway.database.write() as db:
        access.note(gateway, db, actor, Permission.SEE_CONTRIBUTIONS, "contributions", entries=len(found), day=day.isoformat())
    return Day(day, tuple(_groups(staff.names(gateway, actor), found)), _there(before), _there(after))


def _groups(names: Mapping[str, str], found: Iterable[Noted]) -> list[Group]:
    """By the collectors' names, those of no group at the end."""
    by: dict[str | None, list[Noted]] = {}
    for entry in found:
        by.setdefault(entry.collector_id, []).append(entry)
    groups = [Group(names.get(f"user:{collector}", collector) if collector else None, tuple(entries)) for collector, entries in by.items()]
    return sorted(groups, key=lambda group: (group.name is None, group.name or ""))


def confirm(gateway: Gateway, actor: Actor, contribution_ids: Collection[str]) -> tuple[int, int]:
    """Make these entries final: how many were, and how many somebody else had decided about meanwhile."""
    actor.require(Permission.CHECK_CONTRIBUTIONS)
    done = 0
    wanted = list(dict.fromkeys(contribution_ids))[: checking.MOST]
    for contribution_id in wanted:
        try:
            contributions.confirm(gateway, actor, contribution_id)
        except GatewayError as error:
            if error.code != "contribution:changed":
                raise
        else:
            done += 1
    return done, len(wanted) - done


def _span(day: date) -> Span:
    since = datetime.combine(day, time(0), NEPAL)
    return Span(since, since + timedelta(days=1))


def _there(moment: datetime | None) -> date | None:
    return moment.astimezone(NEPAL).date() if moment else None
