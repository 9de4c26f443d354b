"""What is said of a notice: the values by which flows tell it, and its texts for a broadcast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core import sms
from gateway.engine import wording
from gateway.language import speech
from gateway.services.sayings import FOLDER
from gateway.store import notices

if TYPE_CHECKING:
    from gateway.engine.definition import Prompt
    from gateway.services.context import Gateway
    from gateway.store.notices import NoticeRow

FLOW = "notice_told"  # in which she hears it and answers; its steps hold the texts of broadcasts, too
INVITED, MOVED, CANCELLED, TOMORROW, NEWS = "invited", "moved", "cancelled", "tomorrow", "news"  # steps of it
SAID, DETAILS = "say_it", "say_details"  # steps that by voice come before INVITED


def values(gateway: Gateway, notice: NoticeRow, language: str, *, romanised: bool = False) -> dict[str, object]:
    """What a flow may say of a notice, by the names of its slots; place and details are values of the format `saying`."""
    found = {
        "notice.id": notice.id,
        "notice.kind_phrase": f"{notice.kind}_word",
        "notice.date": notice.starts_at.isoformat() if notice.starts_at else None,
        "notice.place": words(gateway, notice.place, notice.place_saying_id, language, romanised=romanised),
        "notice.details": words(gateway, notice.phrase, notice.saying_id, language, romanised=romanised),
    }
    return {name: value for name, value in found.items() if value is not None}


def prompts(gateway: Gateway, notice: NoticeRow) -> list[Prompt]:
    """What a call of ours says of a notice, up to the question whether she will come."""
    names = [SAID, *((DETAILS,) if notice.phrase or notice.saying_id else ()), INVITED] if notice.starts_at else [NEWS]
    steps = gateway.catalogue.flows[FLOW].steps
    return [next(steps[name].prompts()) for name in names]


def words(gateway: Gateway, phrase: str | None, saying_id: str | None, language: str, *, romanised: bool) -> str | None:
    """A phrase or an organisation's own words as a value of the format `saying`: the clip, a blank, the text.

    Words that are not recorded in her language are heard in another one in which they are: better than silence.
    """
    if phrase is not None and phrase in gateway.catalogue.phrases:
        return f"phrase/{phrase} {gateway.catalogue.phrase(phrase, language, romanised=romanised)}"
    if saying_id is None:
        return None
    with gateway.database.read() as db:
        texts, clips = notices.said(db, saying_id)
    clip = clips.get(language) or next(iter(clips.values()), None)
    text = texts.get(speech.in_script(language, romanised=romanised)) or texts.get(language) or next(iter(texts.values()), "")
    return f"/{FOLDER}/{clip} {text}" if clip else f" {text}"


def texts(gateway: Gateway, notice: NoticeRow, step: str) -> dict[str, str]:
    """The text of a step of `FLOW` about this notice, in each language and script; details where there is room for them in one SMS."""
    catalogue = gateway.catalogue
    prompt = next(prompt for prompt in catalogue.flows[FLOW].steps[step].prompts() if prompt.name == f"{FLOW}/{step}")
    found = {}
    for language in catalogue.languages:
        scripts = sorted(script for script in speech.SCRIPTS if script != language and speech.plain_language(script) == language)
        for script in (language, *scripts):
            known = values(gateway, notice, language, romanised=script != language)
            text = wording.write(prompt, script, known.get, catalogue.phrases)
            details = str(known.get("notice.details", "")).partition(" ")[2]
            longer = f"{text} {details}" if details and step != NEWS else text
            found[script] = longer if sms.segments(longer).count == 1 else text
    return {script: text for script, text in found.items() if text}
