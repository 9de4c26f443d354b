"""Where callers leave a flow: how often each of its steps was reached in a conversation that is over, and what became of it there.

A caller who reaches a step goes on, hangs up (or writes no more), or is sent on because no answer of hers was understood (`gave_up`). The
three add up to those who reached it. The numbers are of conversations and name nobody, yet a step may say what was chosen (a kind of
claim, STOP): where fewer than five conversations came to a flow, nothing is told of its steps.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from gateway.core.calendar import NEPAL
from gateway.core.disclosure import LEAST
from gateway.core.events import Medium
from gateway.services.access import Permission
from gateway.store import step_counts
from gateway.store.step_counts import WHOLE, Count, Event

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

BATCH = 500  # conversations of a transaction
MOST_BATCHES = 20  # of one sweep; the next one goes on
MEDIA: tuple[Medium, ...] = ("voice", "sms")
PERIODS = (7, 30, 90)  # days


@dataclass(frozen=True, slots=True)
class Numbers:
    """How often something was reached, and what became of it."""

    reached: int = 0
    silent: int = 0
    wrong: int = 0
    hung_up: int = 0
    gave_up: int = 0

    @property
    def went_on(self) -> int:
        """Of a flow: came to its end, or on into another one."""
        return self.reached - self.hung_up - self.gave_up

    @property
    def lost(self) -> int:
        return self.hung_up + self.gave_up


@dataclass(frozen=True, slots=True)
class Passage:
    """A flow in one medium: conversations that came to it, and its steps; `steps` None where the conversations were too few to tell."""

    whole: Numbers
    steps: Mapping[str, Numbers] | None


def count_finished(gateway: Gateway, batches: int = MOST_BATCHES) -> None:
    """Count the conversations that are over and were not counted yet: a chore of the sweep, and a little of it before somebody looks."""
    for _ in range(batches):
        with gateway.database.read() as db:
            found = step_counts.over(db, BATCH)
        if not found:
            return
        with gateway.database.write() as db:
            taken = step_counts.take(db, [one.id for one in found])
            if not taken:
                return  # another process counts them
            whose = {one.id: one for one in found if one.id in taken}
            sums: dict[str, Counter[Key]] = defaultdict(Counter)
            for session_id, happened in groupby(step_counts.events(db, taken), lambda event: event.session_id):
                one = whose[session_id]
                sums[one.organisation_id].update(passed(happened, one.medium))
            for organisation_id, counted in sorted(sums.items()):
                step_counts.add(db, organisation_id, _rows(counted))


def of_flow(gateway: Gateway, actor: Actor, flow: str, days: int) -> Mapping[Medium, Passage]:
    """How callers got through a flow in the last days, by call and by SMS. Needs MANAGE_PROMPTS."""
    actor.require(Permission.MANAGE_PROMPTS)
    count_finished(gateway, 1)
    with gateway.database.read() as db:
        rows = step_counts.of_flow(db, actor.scope, flow, _first_day(gateway.clock(), days))
    return {medium: _passage([row for row in rows if row.medium == medium]) for medium in MEDIA}


def of_all(gateway: Gateway, actor: Actor, days: int) -> Mapping[str, Numbers]:
    """How often each flow was begun and finished in the last days, by whatever medium. Needs MANAGE_PROMPTS."""
    actor.require(Permission.MANAGE_PROMPTS)
    count_finished(gateway, 1)
    with gateway.database.read() as db:
        rows = step_counts.of_all(db, actor.scope, _first_day(gateway.clock(), days))
    return {flow: _added(row for row in rows if row.flow == flow) for flow in {row.flow for row in rows}}


def _first_day(now: datetime, days: int) -> str:
    return str(now.astimezone(NEPAL).date() - timedelta(days=days - 1))


def _passage(rows: Sequence[Count]) -> Passage:
    whole = _added(row for row in rows if row.step == WHOLE)
    steps = {row.step: _added([row]) for row in rows if row.step != WHOLE}
    return Passage(whole, steps if whole.reached >= LEAST or not whole.reached else None)


def _added(rows: Iterable[Count]) -> Numbers:
    listed = list(rows)
    return Numbers(*(sum(getattr(row, name) for row in listed) for name in step_counts.NUMBERS))


# --- one conversation ----------------------------------------------------------------------------------------------------------------

Key = tuple[str, str, str, str, str]  # flow, step, medium, day, and which of the numbers


@dataclass(slots=True)
class _Walk:
    """A conversation as it is read through. `here` is the step at which she is, `day` when she came to it."""

    medium: str
    counted: Counter[Key] = field(default_factory=Counter)
    here: tuple[str, str] | None = None
    day: str = ""
    missed_in: int = 0  # the sprint in which an answer was missed last
    came: dict[str, str] = field(default_factory=dict)  # flow -> the day on which she came to it
    outcome: dict[str, str] = field(default_factory=dict)  # flow -> how she left it the last time

    def note(self, number: str) -> None:
        if self.here is not None:
            self.counted[*self.here, self.medium, self.day, number] += 1

    def leave(self, sprint: int | None) -> None:
        """She leaves the step in this sprint; None: she hung up. Whoever goes on in the sprint of a miss was sent on."""
        if self.here is None:
            return
        how = "hung_up" if sprint is None else "gave_up" if self.missed_in == sprint else ""
        if how:
            self.note(how)
        self.outcome[self.here[0]] = how
        self.here, self.missed_in = None, 0

    def enter(self, event: Event) -> None:
        self.here, self.day = (event.flow or "", event.step or ""), str(event.at.astimezone(NEPAL).date())
        self.came.setdefault(self.here[0], self.day)
        self.note("reached")


def passed(happened: Iterable[Event], medium: str) -> Counter[Key]:
    """The counts of one conversation that is over, from its log."""
    walk = _Walk(medium)
    for event in happened:
        if event.kind == "AnswerMissed":
            walk.note("silent" if json.loads(event.detail or "{}").get("reason") == "silence" else "wrong")
            walk.missed_in = event.version
            continue
        walk.leave(event.version)
        if event.kind == "StepEntered":
            walk.enter(event)
    walk.leave(None)
    for flow, day in walk.came.items():
        walk.counted[flow, WHOLE, medium, day, "reached"] += 1
        if walk.outcome[flow]:
            walk.counted[flow, WHOLE, medium, day, walk.outcome[flow]] += 1
    return walk.counted


def _rows(counted: Mapping[Key, int]) -> Iterator[Count]:
    for flow, step, medium, day in {where[:4] for where in counted}:
        numbers = [counted.get((flow, step, medium, day, name), 0) for name in step_counts.NUMBERS]
        yield Count(flow, step, medium, day, *numbers)
