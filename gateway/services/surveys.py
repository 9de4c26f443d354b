"""Surveys: flows whose answers are kept. Which there are, what came of one, and all of it as a table.

A count that would describe fewer than five people is withheld, and with it whatever would tell it: a step that so few answered is withheld
as a whole, and where one count of a step is withheld nobody learns which answers were never given either. A row of the table has a
membership number only where she agreed that we keep it and did not ask for privacy; her answers stand there in any case.
"""

from __future__ import annotations

import difflib
import re
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
from gateway.services import access
from gateway.services.access import Permission
from gateway.services.broadcast.running import own
from gateway.services.exports import PAGE, Pages, Rows
from gateway.store import surveys
from gateway.store.surveys import Wanted

if TYPE_CHECKING:
    from gateway.engine.definition import Prompt, Step, Texts
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

GONE = ""  # what she said was erased; that she answered is counted


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey, how many answered it (None is withheld), and when the last did (None: nobody yet)."""

    flow: str
    title: Texts
    listeners: int | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Question:
    """A step: how many answered it, and how often each answer was given that can be chosen there; None is withheld.

    Of numbers and of her own words `answers` has none.
    """

    step: str
    answered: int | None
    answers: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """How a step asks, by language; and how its choices are called there, by language, where the written question names them."""

    texts: Texts
    options: Mapping[str, Texts]


def list_all(gateway: Gateway, actor: Actor) -> list[Survey]:
    """The surveys that there are, and those that were, as far as somebody answered them."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        answered = {row.flow: row for row in surveys.answered(db, actor.organisation_id)}
    titles = _titles(gateway)
    found = []
    for name in sorted({*titles, *answered}):
        row = answered.get(name)
        listeners = row.listeners if row else 0
        shown = None if 0 < listeners < disclosure.LEAST else listeners
        found.append(Survey(name, titles.get(name, {}), shown, row.last_at if row else None))
    with gateway.database.write() as db:
        access.note(gateway, db, actor, "view_surveys", "surveys")
    return found


def show(gateway: Gateway, actor: Actor, flow: str, broadcast_id: str | None = None) -> list[Question]:
    """What was answered, step by step, small counts withheld. GatewayErrors `survey:unknown`, `broadcast:unknown`. The view is audited."""
    actor.require(Permission.SEE_BROADCASTS)
    wanted = _wanted(gateway, actor, flow, broadcast_id)
    steps = _steps(gateway, flow)
    given: dict[str, Counter[str]] = {step: Counter() for step in steps}
    for _, by_step in _listeners(gateway, wanted):
        for step, value in by_step.items():
            given.setdefault(step, Counter())[value] += 1
    with gateway.database.write() as db:
        access.note(gateway, db, actor, "view_surveys", f"survey:{flow}", broadcast=broadcast_id)
    return [_question(step, steps.get(step), given[step]) for step in (*steps, *sorted(given.keys() - steps.keys()))]


def asked(gateway: Gateway, flow: str) -> dict[str, Asked]:
    """How each step of a survey asks, in the order of the file; nothing for a survey that is no more."""
    return {name: _asked(gateway, step) for name, step in _steps(gateway, flow).items()}


def _asked(gateway: Gateway, step: Step) -> Asked:
    prompt = next(step.prompts())
    texts = {language: _written(prompt, language) for language in gateway.catalogue.languages}
    choices = step.limits.choices if isinstance(step, Ask) else {}
    return Asked(texts, {value: {of: _choice(text, key) for of, text in texts.items()} for key, value in choices.items()})


def _written(prompt: Prompt, language: str) -> str:
    return "".join(piece for piece in prompt.sms.get(language, ()) if isinstance(piece, str)).strip()


def _choice(written: str, key: str) -> str:
    """What a written question says behind a key, up to the next one.

    >>> _choice("Who buys it? 1 a contractor, by the piece, 2 a shop.", "1")
    'a contractor, by the piece'
    """
    found = re.search(rf"(?<![0-9]){key} (.+?)(?=,? [0-9] |$)", written)
    return found[1].rstrip(" .,।") if found else ""


def sheet(gateway: Gateway, actor: Actor, flow: str, broadcast_id: str | None = None) -> Rows:
    """A row for each listener and a column for each step, for `exports.write_rows`; errors as of `show`."""
    actor.require(Permission.SEE_MEMBERS)
    wanted = _wanted(gateway, actor, flow, broadcast_id)
    steps = dict.fromkeys(_steps(gateway, flow))
    steps |= dict.fromkeys(step for _, by_step in _listeners(gateway, wanted) for step in sorted(by_step))
    return Rows(("row", "number", *steps), _pages(gateway, wanted))


def _titles(gateway: Gateway) -> dict[str, Texts]:
    return {flow.name: flow.title for flow in gateway.catalogue.flows.values() if flow.survey}


def _wanted(gateway: Gateway, actor: Actor, flow: str, broadcast_id: str | None) -> Wanted:
    with gateway.database.read() as db:
        known = sorted({*_titles(gateway), *(row.flow for row in surveys.answered(db, actor.organisation_id))})
        if flow not in known:
            near = difflib.get_close_matches(flow, known, 1)
            raise GatewayError("survey:unknown", flow=flow, hint=f" Did you mean {near[0]!r}?" if near else "")
        if broadcast_id is not None:
            own(db, actor, broadcast_id)
    return Wanted(actor.organisation_id, flow, broadcast_id)


def _steps(gateway: Gateway, flow: str) -> dict[str, Step]:
    """The steps of a survey that ask, in the order of the file."""
    found = gateway.catalogue.flows.get(flow)
    return {name: step for name, step in found.steps.items() if isinstance(step, Ask | Menu | Record)} if found else {}


def _options(asks: Step | None) -> list[str]:
    """What can be chosen at a step."""
    if isinstance(asks, Menu):
        return list(asks.keys)
    return list(asks.limits.choices.values()) if isinstance(asks, Ask) else []


def _question(step: str, asks: Step | None, given: Counter[str]) -> Question:
    options = _options(asks)
    if given.total() < disclosure.LEAST:
        return Question(step, None, dict.fromkeys(options))
    counts = [given[option] for option in options]
    shown = disclosure.shown([*counts, given.total() - sum(counts)])  # the last are answers that are gone, or no options any more
    return Question(step, shown[-1], dict(zip(options, shown, strict=False)))


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
            words = GONE if answer.recording_id is None else f"recording {answer.recording_id}"
            by_step[answer.step] = words if answer.value is None else answer.value
            found[answer.listener] = (answer.number, by_step)
        yield from found.values()
        after = of[-1]


def _pages(gateway: Gateway, wanted: Wanted) -> Pages:
    for row, (number, by_step) in enumerate(_listeners(gateway, wanted), 1):
        yield 1, ({"row": row, "number": number, **by_step},)
