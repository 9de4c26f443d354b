"""Surveys: flows whose answers are kept. Which there are, what came of one, and all of it as a table.

A count that would describe fewer than five people is withheld. A row of the table has a membership number only where she agreed that we
keep it and did not ask for privacy; her answers stand there in any case.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from gateway.core import disclosure
from gateway.engine.steps.ask import Ask
from gateway.engine.steps.menu import Menu
from gateway.engine.steps.record import Record
from gateway.errors import GatewayError
from gateway.services.access import Permission
from gateway.services.exports import PAGE, Pages, Rows
from gateway.store import surveys
from gateway.store.surveys import Wanted

if TYPE_CHECKING:
    from gateway.engine.definition import Step, Texts
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

COUNTED = frozenset({"choice", "number"})  # kinds of `ask` whose answers are counted; others are somebody's own words


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey, how many answered it, and when the last did (None: nobody yet)."""

    flow: str
    title: Texts
    listeners: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Question:
    """A step: how many answered it, and how often each answer was given; None is withheld. Of her own words `answers` has none."""

    step: str
    answered: int | None
    answers: Mapping[str, int | None]


def list_all(gateway: Gateway, actor: Actor) -> list[Survey]:
    """The surveys that there are, and those that were, as far as somebody answered them."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        answered = {row.flow: row for row in surveys.answered(db, actor.organisation_id)}
    titles = {flow.name: flow.title for flow in gateway.catalogue.flows.values() if flow.survey}
    found = []
    for name in sorted({*titles, *answered}):
        row = answered.get(name)
        found.append(Survey(name, titles.get(name, {}), row.listeners if row else 0, row.last_at if row else None))
    return found


def show(gateway: Gateway, actor: Actor, flow: str, broadcast_id: str | None = None) -> list[Question]:
    """What was answered, step by step, small counts withheld; GatewayError `survey:unknown`."""
    _check(gateway, actor, flow)
    steps = _steps(gateway, flow)
    given: dict[str, Counter[str]] = {}
    for _, by_step in _listeners(gateway, Wanted(actor.organisation_id, flow, broadcast_id)):
        for step, value in by_step.items():
            given.setdefault(step, Counter())[value] += 1
    return [_question(step, steps.get(step), given[step]) for step in (*steps, *sorted(given.keys() - steps.keys())) if step in given]


def sheet(gateway: Gateway, actor: Actor, flow: str, broadcast_id: str | None = None) -> Rows:
    """A row for each listener and a column for each step, for `exports.write_rows`; GatewayError `survey:unknown`."""
    actor.require(Permission.SEE_MEMBERS)
    _check(gateway, actor, flow)
    wanted = Wanted(actor.organisation_id, flow, broadcast_id)
    steps = dict.fromkeys(_steps(gateway, flow))
    steps |= dict.fromkeys(step for _, by_step in _listeners(gateway, wanted) for step in sorted(by_step))
    return Rows(("row", "number", *steps), _pages(gateway, wanted))


def _check(gateway: Gateway, actor: Actor, flow: str) -> None:
    known = [survey.flow for survey in list_all(gateway, actor)]
    if flow not in known:
        near = difflib.get_close_matches(flow, known, 1)
        raise GatewayError("survey:unknown", flow=flow, hint=f" Did you mean {near[0]!r}?" if near else "")


def _steps(gateway: Gateway, flow: str) -> dict[str, Step]:
    """The steps of a survey that ask, in the order of the file."""
    found = gateway.catalogue.flows.get(flow)
    return {name: step for name, step in found.steps.items() if isinstance(step, Ask | Menu | Record)} if found else {}


def _question(step: str, asks: Step | None, given: Counter[str]) -> Question:
    if not (isinstance(asks, Menu) or (isinstance(asks, Ask) and asks.answers in COUNTED)):
        return Question(step, given.total() if given.total() >= disclosure.LEAST else None, {})
    values = sorted(given)
    table = disclosure.with_totals([[given[value] for value in values]])
    holes = disclosure.withheld(table)
    shown = [None if hole else count for count, hole in zip(table[0], holes[0], strict=True)]
    return Question(step, shown[-1], dict(zip(values, shown, strict=False)))


def _listeners(gateway: Gateway, wanted: Wanted) -> Iterator[tuple[str | None, dict[str, str]]]:
    """Each listener: her number where it may be shown, and her last answer to each step."""
    after = ""
    while True:
        with gateway.database.read() as db:
            of = surveys.listeners(db, wanted, after, PAGE)
            answers = surveys.answers(db, gateway.seal, wanted, of) if of else []
        if not of:
            return
        found: dict[str, tuple[str | None, dict[str, str]]] = {listener: (None, {}) for listener in of}
        for answer in answers:
            by_step = found[answer.listener][1]
            by_step[answer.step] = answer.value if answer.value is not None else f"recording {answer.recording_id or ''}".strip()
            found[answer.listener] = (answer.number, by_step)
        yield from found.values()
        after = of[-1]


def _pages(gateway: Gateway, wanted: Wanted) -> Pages:
    for row, (number, by_step) in enumerate(_listeners(gateway, wanted), 1):
        yield 1, ({"row": row, "number": number, **by_step},)
