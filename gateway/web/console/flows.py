"""`/flows`: every conversation as a picture, where callers leave it, what is wrong with it, how it changed, how it sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from flask import Response
from markupsafe import Markup

from gateway.core.roles import Permission
from gateway.engine import diagram
from gateway.engine.diagram import Mark, Outline
from gateway.engine.loader import LESSONS
from gateway.errors import GatewayError
from gateway.services import drop_off, flow_review
from gateway.services.drop_off import MEDIA, PERIODS, Numbers
from gateway.transcripts import grammar, reading
from gateway.web.console import files
from gateway.web.console.menu import N_
from gateway.web.console.paging import number_in
from gateway.web.console.routes import Page, Routes, Visit
from gateway.web.console.showing import number
from gateway.web.console.words import gettext

routes = Routes("flows")

USUAL_PERIOD = 30  # days
MOST_NAMED = 3  # of the steps at which callers leave
# What the picture says in our own words: the kinds of steps, and ways that have no key.
WORDS = {
    "say": N_("says"),
    "menu": N_("menu"),
    "ask": N_("asks"),
    "confirm": N_("asks yes or no"),
    "record": N_("records"),
    "whose": N_("asks who"),
    "do": N_("looks up"),
    "branch": N_("chooses the way"),
    "go": N_("goes to"),
    "transfer": N_("puts through"),
    "end": N_("end"),
    "no answer": N_("no answer"),
    "answer": N_("answer"),
    "says it again": N_("says it again"),
}


@routes.page("/flows", Permission.MANAGE_PROMPTS)
def page(visit: Visit) -> Page:
    """All flows: how often each was begun and finished, how long it lasts, what is wrong with it."""
    catalogue = visit.gateway.catalogue
    review = flow_review.review(visit.gateway, visit.actor)
    numbers = drop_off.of_all(visit.gateway, visit.actor, USUAL_PERIOD)
    flows = sorted(catalogue.flows.values(), key=lambda flow: (flow.name in catalogue.lessons, _title(visit, flow.name).casefold()))
    rows = [(flow.name, _title(visit, flow.name), numbers.get(flow.name, Numbers()), len(review.of(flow.name))) for flow in flows]
    elsewhere = [problem for problem in review.problems if problem.flow not in catalogue.flows]
    return Page("flows.html", rows=rows, review=review, days=USUAL_PERIOD, elsewhere=elsewhere, state=visit.gateway.flows.state)


@routes.page("/flows/<flow>", Permission.MANAGE_PROMPTS)
def flow(visit: Visit, flow: str) -> Page:
    """One flow as a picture and a list of steps, with what became of callers at each."""
    catalogue = visit.gateway.catalogue
    known = flow_review.flow_of(catalogue, flow)
    days = number_in(visit.query, "days", USUAL_PERIOD)
    days = days if days in PERIODS else USUAL_PERIOD
    medium = next((each for each in MEDIA if each == visit.query.get("medium")), MEDIA[0])
    passages = drop_off.of_flow(visit.gateway, visit.actor, flow, days)
    steps = passages[medium].steps or {}
    language = visit.language if visit.language in catalogue.languages else catalogue.languages[0]
    # What draw gives is escaped there, and holds no script.
    drawn = Markup(diagram.draw(known, language, catalogue.defaults, _marks(steps), _said))  # noqa: S704
    outline = diagram.outline(known, language, catalogue.defaults, _said)
    review = flow_review.review(visit.gateway, visit.actor)
    return Page(
        "flow.html",
        flow=known,
        title=_title(visit, flow),
        drawn=drawn,
        outline=outline,
        worst=_worst(outline, steps),
        spoken=language,
        passages=passages,
        passage=passages[medium],
        gone=[name for name in steps if name not in known.steps],
        medium=medium,
        media=MEDIA,
        days=days,
        periods=PERIODS,
        problems=review.of(flow),
        clips=review.clips.get(flow, 0),
        seconds=review.seconds.get(flow, 0.0),
        versions=flow_review.versions(visit.gateway, visit.actor, flow),
        opened_by=list(known.keywords),
    )


@routes.page("/flows/<flow>/picture.svg", Permission.MANAGE_PROMPTS)
def picture(visit: Visit, flow: str) -> Response:
    """The picture alone, to look at as a whole and to print."""
    catalogue = visit.gateway.catalogue
    language = visit.language if visit.language in catalogue.languages else catalogue.languages[0]
    drawn = diagram.draw(flow_review.flow_of(catalogue, flow), language, catalogue.defaults, said=_said)
    return Response(drawn, mimetype="image/svg+xml")


@routes.page("/flows/<flow>/talks", Permission.MANAGE_PROMPTS)
def talks(visit: Visit, flow: str) -> Page:
    """The conversations that are written down for a flow, to read and to listen to."""
    catalogue = visit.gateway.catalogue
    flow_review.flow_of(catalogue, flow)
    name = LESSONS if flow in catalogue.lessons else flow
    file = visit.gateway.settings.flows_dir / "transcripts" / f"{name}.yaml"
    language = catalogue.languages[0]
    read = _read(file) if file.is_file() else []
    return Page(
        "flow_talks.html",
        flow=flow,
        title=_title(visit, flow),
        talks=[(talk.title, reading.as_talk(talk, catalogue, language)) for talk in read],
        spoken=language,
    )


@routes.page("/flows/<flow>/source", Permission.MANAGE_PROMPTS)
def source(visit: Visit, flow: str) -> Page:
    """The file of a flow, to read."""
    return Page("flow_source.html", flow=flow, title=_title(visit, flow), text=flow_review.source(visit.gateway, visit.actor, flow))


@routes.page("/flows/<flow>/source.yaml", Permission.MANAGE_PROMPTS)
def download(visit: Visit, flow: str) -> Response:
    """The same as a file."""
    text = flow_review.source(visit.gateway, visit.actor, flow)
    return files.attached(text, "application/yaml", f"{flow}.yaml")


def _title(visit: Visit, flow: str) -> str:
    titles = flow_review.flow_of(visit.gateway.catalogue, flow).title
    return titles.get(visit.language) or next(iter(titles.values()), flow)


def _worst(outline: Sequence[Outline], steps: Mapping[str, Numbers]) -> list[tuple[Outline, Numbers]]:
    """The steps at which most callers left, the worst first."""
    lost = [(step, steps[step.name]) for step in outline if step.name in steps and steps[step.name].lost]
    return sorted(lost, key=lambda pair: -pair[1].lost)[:MOST_NAMED]


def _said(words: str) -> str:
    return gettext(WORDS.get(words, words))


def _marks(steps: Mapping[str, Numbers]) -> dict[str, Mark]:
    """A bar for each step, as long as it was reached often, with the part that went no further."""
    most = max((each.reached for each in steps.values()), default=0)
    return {
        name: Mark(
            share=each.reached / most,
            lost=each.lost / each.reached,
            words=gettext("%(reached)s came, %(lost)s left here") % {"reached": number(each.reached), "lost": number(each.lost)},
        )
        for name, each in steps.items()
        if each.reached
    }


def _read(file: Path) -> list[grammar.Transcript]:
    try:
        return grammar.read_file(file)
    except ExceptionGroup as faults:
        raise next((fault for fault in faults.exceptions if isinstance(fault, GatewayError)), faults) from None
