"""What is said: whether it can be, how long it is, and what makes it dear."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from gateway.audio.catalogue import open_clips
from gateway.core import phone, sms
from gateway.core.calendar import NEPAL
from gateway.core.events import MEDIA
from gateway.engine import wording
from gateway.errors import GatewayError
from gateway.language.speech import SCRIPTS
from gateway.services import lengths, sayings
from gateway.services.broadcast import slots
from gateway.services.broadcast.slots import Person, is_personal
from gateway.services.broadcast.slots import fill as text
from gateway.services.tariff import Tariff
from gateway.store import channels, notices, whom
from gateway.store import sayings as stored_sayings
from gateway.store.audience import Told

if TYPE_CHECKING:
    from datetime import date, datetime

    from gateway.services.access import Actor
    from gateway.services.broadcast.draft import Draft
    from gateway.services.context import Gateway
    from gateway.store.broadcasts import Broadcast
    from gateway.store.channels import Channel
    from gateway.store.database import Connection
    from gateway.store.notices import NoticeRow

__all__ = [
    "Lengths",
    "Person",
    "Plainer",
    "channel_of",
    "first_day",
    "in_one_sms",
    "is_personal",
    "measure",
    "plainer",
    "price_list",
    "seconds",
    "sending_channel",
    "strange_characters",
    "text",
    "written_in",
]

MOST_SEGMENTS = 10
AROUND_MESSAGE = 15  # seconds of a call besides the message itself: the greeting, and what can be pressed after it
ROMANISED = 1.2  # letters for one of Devanagari: the phrases of flows/phrases.yaml that have both forms come to 1.16
FEW = 10  # a text of which so many times fewer characters are outside the GSM alphabet could do without them


@dataclass(frozen=True, slots=True)
class Lengths:
    """By language: the texts with what is the same for everybody written in, their segments with the longest likely name and number, and
    begun minutes of a call; empty where there is none."""

    texts: Mapping[str, str]
    segments: Mapping[str, int]
    minutes: Mapping[str, int]

    def of(self, medium: str) -> Mapping[str, int]:
        """Segments or minutes."""
        return self.segments if medium == "sms" else self.minutes

    @property
    def told(self) -> Told:
        """In which languages there is something to read, and to hear."""
        return Told(tuple(sorted(self.segments)), tuple(sorted(self.minutes)))


@dataclass(frozen=True, slots=True)
class Plainer:
    """A text that could be had for less. `strange` are the characters outside the GSM alphabet with their places, counted from 1, where
    they are few; `segments` as it is, `plain` in plain letters (`estimated`, where nobody has written it so)."""

    language: str
    strange: tuple[tuple[str, int], ...]
    segments: int
    plain: int
    estimated: bool


# --- what is said ------------------------------------------------------------------------------------------------------------------


def measure(gateway: Gateway, db: Connection, organisation_id: str, draft: Draft) -> Lengths:
    """How long each text and call is. GatewayError `broadcast:*` where there is nothing fit to send."""
    _check_named(db, organisation_id, draft)
    if not (draft.texts or draft.spoken) or not all(written.strip() for written in draft.texts.values()):
        raise GatewayError("broadcast:empty")
    if draft.sent_by != "voice" and not draft.texts:
        raise GatewayError("broadcast:needs-text")
    if draft.sent_by != "sms" and not draft.spoken:
        raise GatewayError("broadcast:needs-voice")
    texts = written_in(gateway, db, organisation_id, draft) if draft.sent_by != "voice" else {}
    return Lengths(
        texts,
        {language: segments(gateway, language, written) for language, written in texts.items()},
        _minutes(gateway, db, organisation_id, draft) if draft.sent_by != "sms" else {},
    )


def _check_named(db: Connection, organisation_id: str, draft: Draft) -> None:
    """That what a draft names by its id is there."""
    for what, named, code in (
        ("broadcast", draft.again_of, "broadcast:unknown"),
        ("notice", draft.notice_id, "broadcast:unknown-notice"),
        ("saying", draft.saying_id, "broadcast:unknown-saying"),
    ):
        if named is not None and not whom.there(db, organisation_id, what, (named,)):
            raise GatewayError(code, id=named)


def written_in(gateway: Gateway, db: Connection, organisation_id: str, draft: Draft) -> dict[str, str]:
    """The texts with what is the same for everybody written in; `{name}` and `{number}` stay."""
    languages = gateway.catalogue.languages
    for language in draft.texts:
        if language not in {*languages, *SCRIPTS}:
            raise GatewayError("broadcast:unknown-language", language=language, known=", ".join(languages))
    of_notice = [language for language, written in draft.texts.items() if slots.tells_of_notice(language, written)]
    if of_notice and draft.notice_id is None:
        raise GatewayError("broadcast:no-notice", language=of_notice[0])
    notice = notices.get(db, draft.notice_id) if draft.notice_id else None
    if draft.notice_id and (notice is None or notice.organisation_id != organisation_id):
        raise GatewayError("broadcast:unknown-notice", id=draft.notice_id)
    place, _ = notices.said(db, notice.place_saying_id) if notice and notice.place_saying_id else ({}, {})
    number = number_to_ring(gateway, db, organisation_id)
    return {
        language: slots.write_in(language, written, {"phone": number, **_values(gateway, organisation_id, language, notice, place)})
        for language, written in draft.texts.items()
    }


def _values(gateway: Gateway, organisation_id: str, language: str, notice: NoticeRow | None, place: Mapping[str, str]) -> dict[str, object]:
    """What is the same for everybody, in one language; `place` are the organisation's own words for where the notice's gathering is."""

    def phrase(name: str | None) -> str | None:
        return slots.in_language(gateway.catalogue.phrases.get(name or "", {}), language)

    values: dict[str, object] = {"organisation": phrase(wording.phrase_of(organisation_id, gateway.catalogue.phrases))}
    if notice is not None:
        where = slots.in_language(place, language) if place else phrase(notice.place)
        values |= {"notice.date": notice.starts_at, "notice.time": notice.starts_at, "notice.place": where}
        values["notice.kind"] = phrase(f"{notice.kind}_word")
    return values


def in_one_sms(gateway: Gateway, actor: Actor, draft: Draft) -> Draft:
    """The draft with each text in one SMS: cut at a word, with the number to call for the rest."""
    with gateway.database.read() as db:
        number = number_to_ring(gateway, db, actor.organisation_id)
        texts = written_in(gateway, db, actor.organisation_id, draft)
    phrases, rest = gateway.catalogue.phrases, gateway.catalogue.defaults.sms_rest
    cut = {}
    for language, written in texts.items():
        behind = f"{wording.write(rest, language, lambda _: None, phrases) or '...'} {number}"
        cut[language] = sms.fit(written, behind, partial(slots.longest, language=language, phrases=phrases))
    return replace(draft, texts=cut)


def segments(gateway: Gateway, language: str, written: str) -> int:
    """Of a text with the longest likely name and number. GatewayError `broadcast:too-long`."""
    count = sms.segments(slots.longest(written, language, gateway.catalogue.phrases)).count
    if count > MOST_SEGMENTS:
        raise GatewayError("broadcast:too-long", language=language, segments=count, most=MOST_SEGMENTS)
    return count


# --- what makes it dear ------------------------------------------------------------------------------------------------------------


def strange_characters(written: str) -> tuple[tuple[str, int], ...]:
    """Each character that makes a text Unicode, with its place counted from 1."""
    return tuple((char, place) for place, char in enumerate(written, 1) if char not in sms.GSM)


def plainer(long: Lengths) -> list[Plainer]:
    """The texts that are Unicode, and what they would take in plain letters: without the few strange characters, or romanised."""
    found = []
    for language, written in long.texts.items():
        if not (strange := strange_characters(written)):
            continue
        few = len(strange) * FEW < len(written)
        romanised = long.segments.get(f"{language}_latn")
        letters = math.ceil(len(written) * (1.0 if few else ROMANISED))
        plain = romanised or sms.segments("a" * letters).count
        found.append(Plainer(language, strange if few else (), long.segments[language], plain, estimated=not (few or romanised)))
    return found


# --- what is heard -----------------------------------------------------------------------------------------------------------------


def seconds(gateway: Gateway, db: Connection, organisation_id: str, draft: Draft) -> Mapping[str, float]:
    """How long it takes to say it, by language. GatewayError `broadcast:*` where it cannot be said."""
    if sum(map(bool, (draft.phrase, draft.saying_id, draft.flow))) > 1:
        raise GatewayError("broadcast:several-sayings")
    if draft.phrase:
        return _phrase_seconds(gateway, draft.phrase)
    if draft.flow:
        return _flow_seconds(gateway, draft.flow)
    return _saying_seconds(db, organisation_id, draft.saying_id or "")


def _minutes(gateway: Gateway, db: Connection, organisation_id: str, draft: Draft) -> dict[str, int]:
    lasting = seconds(gateway, db, organisation_id, draft)
    return {language: math.ceil((lasts + AROUND_MESSAGE) / 60) for language, lasts in lasting.items()}


def _phrase_seconds(gateway: Gateway, phrase: str) -> dict[str, float]:
    if phrase not in gateway.catalogue.phrases:
        raise GatewayError("broadcast:unknown-phrase", phrase=phrase, hint=_near(phrase, gateway.catalogue.phrases))
    clips = open_clips(gateway.settings.audio_dir)
    found = {}
    for language in gateway.catalogue.languages:
        try:
            found[language] = clips.seconds(language, f"phrase/{phrase}")
        except GatewayError as error:
            raise GatewayError("broadcast:no-clip", phrase=phrase, language=language) from error
    return found


def _flow_seconds(gateway: Gateway, name: str) -> dict[str, float]:
    catalogue, settings = gateway.catalogue, gateway.settings
    if name not in catalogue.flows:
        raise GatewayError("broadcast:unknown-flow", flow=name, hint=_near(name, catalogue.flows))
    said = [prompt for step in catalogue.flows[name].steps.values() for prompt in step.prompts()]
    for language in catalogue.languages:
        if not any(prompt.pieces.get(language) for prompt in said):
            raise GatewayError("broadcast:silent-flow", flow=name, language=language)
    clips = open_clips(settings.audio_dir)
    return {language: lengths.flow_seconds(catalogue, settings.flows_dir, clips, name, language) for language in catalogue.languages}


def _saying_seconds(db: Connection, organisation_id: str, saying_id: str) -> Mapping[str, float]:
    saying = stored_sayings.get(db, saying_id)
    if saying is None or saying.organisation_id != organisation_id:
        raise GatewayError("broadcast:unknown-saying", id=saying_id)
    found = sayings.seconds(db, saying_id)
    if not found:
        raise GatewayError("broadcast:not-recorded")
    return found


def _near(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f" Did you mean {near[0]!r}?" if near else ""


# --- from where, and for how much --------------------------------------------------------------------------------------------------


def channel_of(gateway: Gateway, db: Connection, organisation_id: str) -> Channel:
    """The number from which an organisation sends: with channels.yaml its first, else the channel of its own name. GatewayError
    `config:missing` where it has none."""
    ours = {channel.id: channel for channel in channels.of_organisation(db, organisation_id) if channel.address}
    order = gateway.ways.channels if gateway.ways else [organisation_id]
    channel = next((ours[name] for name in order if name in ours), None)
    if channel is None:
        raise GatewayError("config:missing", setting="GATEWAY_NUMBER", remedy="Set the number from which we send, and run gateway migrate.")
    return channel


def number_to_ring(gateway: Gateway, db: Connection, organisation_id: str) -> str:
    """The number of ours that members ring, as they dial it."""
    return phone.local(channel_to_ring(gateway, db, organisation_id).address)


def channel_to_ring(gateway: Gateway, db: Connection, organisation_id: str) -> Channel:
    """The channel that members ring: with channels.yaml the first that carries calls, if there is one. GatewayError `config:missing`."""
    written = gateway.ways.channels if gateway.ways else {}
    voice = (name for name, each in written.items() if each.organisation == organisation_id and "voice" in each.carries)
    first = next((channel for name in voice if (channel := channels.get(db, name))), None)
    return first or channel_of(gateway, db, organisation_id)


def sending_channel(gateway: Gateway, db: Connection, actor: Actor) -> Channel:
    """The number from which the actor's organisation sends. GatewayError `config:missing` where it has none."""
    return channel_of(gateway, db, actor.organisation_id)


def first_day(draft: Draft | Broadcast, now: datetime) -> date:
    """The day in Nepal on which it may begin at the earliest: the one whose prices hold."""
    return max(draft.starts_at or now, now).astimezone(NEPAL).date()


def price_list(tariff: Tariff, long: Lengths) -> dict[tuple[str, str, str], int]:
    """Paisa of one delivery by medium, language and operator, as `audience.Expansion` takes them; operator "" is for all not named."""
    return {
        (medium, language, operator): units * tariff.of(medium, operator)
        for medium in MEDIA
        for language, units in long.of(medium).items()
        for operator in tariff.operators(medium)
    }
