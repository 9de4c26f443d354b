"""What a call of a broadcast says first, clip by clip: to listen to before anybody is rung."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.audio.catalogue import ClipCatalogue, open_clips
from gateway.core.events import clip_path
from gateway.engine import wording
from gateway.engine.definition import Prompt
from gateway.services import notice_words, sayings
from gateway.services.access import Permission
from gateway.store import notices

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.broadcast.draft import Draft
    from gateway.services.context import Gateway
    from gateway.store.notices import NoticeRow

CALL, GREETING = "broadcast", "greeting"  # the flow that says who calls, and its step


class Said(NamedTuple):
    """One clip: its words, and where it lies below `/audio/`, without the ending."""

    text: str
    clip: str


def hear(gateway: Gateway, actor: Actor, draft: Draft) -> dict[str, tuple[Said, ...]]:
    """By language, the greeting and what follows it: words of the organisation's own, a phrase, or a flow as far as its first question.

    Empty where nothing is said by voice, or not in that language. What is said of one person is passed over.
    GatewayError `saying:unknown`.
    """
    actor.require(Permission.SEE_BROADCASTS)
    if not draft.spoken:
        return {}
    recorded = sayings.show(gateway, actor, draft.saying_id) if draft.saying_id else None
    languages = recorded.clips if recorded else gateway.catalogue.languages
    found = {language: _clips(gateway, actor, draft, language) for language in languages if language in gateway.catalogue.languages}
    return {language: said for language, said in found.items() if said}


def _clips(gateway: Gateway, actor: Actor, draft: Draft, language: str) -> tuple[Said, ...]:
    catalogue = gateway.catalogue
    values: dict[str, object] = {
        "organisation.name": wording.phrase_of(actor.organisation_id, catalogue.phrases),
        "broadcast.about": "a_reminder" if draft.purpose == "reminder" else "a_message",
    }
    said = _spoken(gateway, next(catalogue.flows[CALL].steps[GREETING].prompts()), language, values)
    known = open_clips(gateway.settings.audio_dir)
    if draft.saying_id:
        clip, _, text = (sayings.value(gateway, draft.saying_id, language) or "").partition(" ")
        return (*said, Said(text, clip_path(language, clip)))
    if draft.phrase:
        return (*said, *_named(known, language, f"phrase/{draft.phrase}"))
    notice = _notice(gateway, actor, draft)
    if notice is not None:
        values |= notice_words.values(gateway, notice, language)
    for prompt in notice_words.prompts(gateway, notice) if notice else _until_a_question(gateway, draft.flow or ""):
        said += _spoken(gateway, prompt, language, values)
    return said


def _notice(gateway: Gateway, actor: Actor, draft: Draft) -> NoticeRow | None:
    """The notice that a call tells; None where it tells something else, or what another organisation told."""
    if draft.notice_id is None or draft.flow != notice_words.FLOW:
        return None
    with gateway.database.read() as db:
        found = notices.get(db, draft.notice_id)
    return found if found and found.organisation_id == actor.organisation_id else None


def _until_a_question(gateway: Gateway, name: str) -> list[Prompt]:
    """The prompts of a flow from its start to where it first waits for an answer; of several ways the last, which asks for nothing."""
    flow = gateway.catalogue.flows.get(name)
    said: list[Prompt] = []
    step, passed = flow.start if flow else "", set[str]()
    while flow and step in flow.steps and step not in passed:
        passed.add(step)
        here = flow.steps[step]
        said += list(here.prompts())[:1]
        ways = [] if here.listens else list(here.ways())
        step = ways[-1].target if ways else ""
    return said


def _spoken(gateway: Gateway, prompt: Prompt, language: str, values: dict[str, object]) -> tuple[Said, ...]:
    clips, _ = wording.speak(prompt, language, values.get, gateway.catalogue.phrases)
    known = open_clips(gateway.settings.audio_dir)
    own = dict(str(value).split(" ", 1) for value in values.values() if str(value).startswith(f"/{sayings.FOLDER}/"))
    return tuple(
        said
        for clip in gateway.catalogue.intoned(language, clips)
        for said in ((Said(own[clip], clip_path(language, clip)),) if clip in own else _named(known, language, clip))
    )


def _named(known: ClipCatalogue, language: str, clip: str) -> tuple[Said, ...]:
    """The clip, where it is there; a silence says nothing."""
    try:
        path = clip_path(language, clip)
        folder, _, name = path.partition("/")
        return (Said(known.manifests[folder][name].text, path),)
    except KeyError:
        return ()
