"""`/prompts`: what callers hear, how much of it a person has recorded, and recording it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from flask import Response, send_file, url_for

from gateway.audio.script import NUMBERS, PHRASES
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import prompts
from gateway.services.prompts import Prompt, Recording, Wanted
from gateway.web.console.paging import Pager, number_in
from gateway.web.console.routes import RECORDING, Done, Page, Routes, Visit
from gateway.web.console.words import _

routes = Routes("prompts")

ROWS = 25  # with a player each
MANAGE = Permission.MANAGE_PROMPTS


@routes.page("/prompts", MANAGE)
def page(visit: Visit) -> Page:
    """How far each language has come, what waits for a decision, and the prompts of one language to choose from."""
    languages = prompts.languages(visit.gateway, visit.actor)
    codes = [language.code for language in languages]
    asked = visit.query.get("language")
    chosen = languages[codes.index(asked) if asked in codes else 0]
    wanted = _wanted(visit)
    found = prompts.page(visit.gateway, visit.actor, chosen.code, wanted) if wanted else []
    start = number_in(visit.query, "after")
    words = _words(visit)
    return Page(
        "prompts.html",
        progress=languages,
        chosen=chosen,
        wanted=wanted,
        found=found[start : start + ROWS],
        count=len(found),
        pager=Pager(str(start + ROWS) if start + ROWS < len(found) else None),
        waiting=prompts.waiting(visit.gateway, visit.actor),
        flows=[(part.group, words.titles[part.group]) for part in chosen.parts],
        choices=[(prompts.TO_RECORD, _("to be recorded")), (prompts.WAITING, _("waits for a listener")), *words.states.items()],
        words=words,
    )


@routes.page("/prompts/script", MANAGE)
def script(visit: Visit) -> Page:
    """What is to be read, on paper."""
    language = visit.query.get("language", visit.language)
    found = prompts.page(visit.gateway, visit.actor, language, _wanted(visit))
    parts = [(group, list(inside)) for group, inside in groupby(found, lambda prompt: prompt.line.group)]
    return Page("prompts_script.html", language=language, parts=parts, count=len(found), minutes=_minutes(found), words=_words(visit))


@routes.page("/prompts/<language>/<path:clip>", MANAGE)
def prompt(visit: Visit, language: str, clip: str) -> Page:
    """One prompt: read it aloud, listen, keep it, and on to the next."""
    return Page("prompts_prompt.html", sheet=prompts.show(visit.gateway, visit.actor, language, clip), words=_words(visit))


@routes.form("/prompts/<language>/<path:clip>", MANAGE, back=prompt, most=RECORDING)
def record(visit: Visit, language: str, clip: str) -> Done:
    """Take a recording in and go on to the next prompt."""
    following = prompts.show(visit.gateway, visit.actor, language, clip).following
    with visit.file("recording") as path:
        if path is None:
            raise GatewayError("prompt:no-recording", where="recording")
        recording = Recording(language, clip, path, visit.form.get("seen", ""), at_once=visit.form.get("then") != "wait")
        try:
            became = prompts.record(visit.gateway, visit.actor, recording)
        except GatewayError as error:
            error.where = "recording"
            raise
    said = {
        "used": _("Kept. Callers hear your recording within an hour."),
        "waiting": _("Kept. Your recording waits until somebody has listened to it."),
        "overtaken": _("Somebody changed this meanwhile. Your recording is kept: listen to both, and choose one."),
    }[became]
    address = _address(language, clip if became == "overtaken" else following)
    return Done(address, said)


@routes.form("/prompts/takes/<take_id>/use", MANAGE)
def use(visit: Visit, take_id: str) -> Done:
    """Let callers hear this recording."""
    take = prompts.use(visit.gateway, visit.actor, take_id)
    return Done(_back_to(visit, take.language, take.clip), _("Callers hear this recording within an hour."))


@routes.form("/prompts/takes/<take_id>/reject", MANAGE)
def reject(visit: Visit, take_id: str) -> Done:
    """Throw this recording away."""
    take = prompts.reject(visit.gateway, visit.actor, take_id)
    return Done(_back_to(visit, take.language, take.clip), _("The recording is thrown away. Callers hear what they heard before."))


@routes.page("/prompts/sounds/<language>/<path:clip>", MANAGE)
def sound(visit: Visit, language: str, clip: str) -> Response:
    """What callers hear now."""
    return _played(prompts.clip_file_of(visit.gateway, visit.actor, language, clip))


@routes.page("/prompts/takes/<take_id>", MANAGE)
def take_sound(visit: Visit, take_id: str) -> Response:
    """A recording to listen to."""
    return _played(prompts.take_file(visit.gateway, visit.actor, take_id))


def _played(path: Path) -> Response:
    return send_file(path, mimetype="audio/wav", conditional=True)


def _wanted(visit: Visit) -> Wanted:
    return Wanted(visit.query.get("flow", ""), visit.query.get("state", ""), visit.query.get("words", ""))


def _address(language: str, clip: str | None) -> str:
    return url_for("prompts.prompt", language=language, clip=clip) if clip else url_for("prompts.page", language=language)


def _back_to(visit: Visit, language: str, clip: str) -> str:
    """From the list of what waits she goes back to it, from the page of a prompt to that."""
    return url_for("prompts.page", _anchor="waiting") if visit.form.get("from") == "list" else _address(language, clip)


def _minutes(found: list[Prompt]) -> int:
    return max(1, round(sum(prompt.line.seconds for prompt in found) / 60))


class Words(NamedTuple):
    """How flows and states are called, and the tone of a state's badge."""

    titles: Mapping[str, str]
    states: Mapping[str, str]
    tones: Mapping[str, str]


def _words(visit: Visit) -> Words:
    flows = {name: flow.title.get(visit.language) or name for name, flow in visit.gateway.catalogue.flows.items()}
    own = {"defaults": _("Everywhere"), PHRASES: _("Phrases"), NUMBERS: _("Numbers and words")}
    states = {
        "missing": _("missing"),
        "placeholder": _("a machine speaks"),
        "stale": _("the text has changed"),
        "loud": _("too loud"),
        "quiet": _("too quiet"),
        "pause": _("a long silence in it"),
        "damaged": _("the file is damaged"),
        "recorded": _("recorded"),
    }
    tones = dict.fromkeys(states, "warn") | {"placeholder": "", "missing": "bad", "damaged": "bad", "recorded": "good"}
    return Words({**flows, **own}, states, tones)
