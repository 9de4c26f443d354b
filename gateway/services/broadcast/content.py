"""What is said: whether it can be, how long it is, what it costs, and its words for one person."""

from __future__ import annotations

import difflib
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.audio.catalogue import open_clips
from gateway.core import phone, sms
from gateway.engine import wording
from gateway.errors import GatewayError
from gateway.language.speech import SCRIPTS
from gateway.store import channels

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.broadcast.draft import Draft
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel
    from gateway.store.database import Connection

MOST_SEGMENTS = 10
AROUND_MESSAGE = 15  # seconds of a call besides the message itself: the greeting, and what can be pressed after it


def in_one_sms(gateway: Gateway, actor: Actor, draft: Draft) -> Draft:
    """The draft with each text in one SMS: cut at a word, with the number to call for the rest."""
    with gateway.database.read() as db:
        number = phone.local(sending_channel(gateway, db, actor).address)
    rest = gateway.catalogue.defaults.sms_rest
    texts = {
        language: sms.fit(text, f"{wording.write(rest, language, lambda _: None, gateway.catalogue.phrases) or '...'} {number}")
        for language, text in draft.texts.items()
    }
    return replace(draft, texts=texts)


def costly_characters(draft: Draft) -> dict[str, str]:
    """By language, the character that makes a text Unicode though nearly all of it is plain: it then costs more than twice as much."""
    found: dict[str, str] = {}
    for language, text in draft.texts.items():
        outside = [char for char in text if char not in sms.GSM]
        if outside and len(outside) * 10 < len(text):
            found[language] = outside[0]
    return found


def units(gateway: Gateway, draft: Draft) -> dict[str, int]:
    """Segments of a text, or begun minutes of a call, by language. GatewayError `broadcast:*` where there is nothing fit to send."""
    if draft.texts and draft.phrase:
        raise GatewayError("broadcast:two-media")
    if draft.saying_id or draft.flow:
        return dict.fromkeys(gateway.catalogue.languages, 1)
    if draft.phrase:
        return _minutes(gateway, draft.phrase)
    if not draft.texts or not all(text.strip() for text in draft.texts.values()):
        raise GatewayError("broadcast:empty")
    return {language: _segments(gateway, language, text) for language, text in draft.texts.items()}


def _segments(gateway: Gateway, language: str, text: str) -> int:
    languages = gateway.catalogue.languages
    if language not in {*languages, *SCRIPTS}:
        raise GatewayError("broadcast:unknown-language", language=language, known=", ".join(languages))
    count = sms.segments(text).count
    if count > MOST_SEGMENTS:
        raise GatewayError("broadcast:too-long", language=language, segments=count, most=MOST_SEGMENTS)
    return count


def _minutes(gateway: Gateway, phrase: str) -> dict[str, int]:
    texts = gateway.catalogue.phrases.get(phrase)
    if texts is None:
        near = difflib.get_close_matches(phrase, gateway.catalogue.phrases, 1)
        raise GatewayError("broadcast:unknown-phrase", phrase=phrase, hint=f" Did you mean {near[0]!r}?" if near else "")
    clips = open_clips(gateway.settings.audio_dir)
    minutes = {}
    for language in gateway.catalogue.languages:
        try:
            seconds = clips.seconds(language, f"phrase/{phrase}")
        except GatewayError as error:
            raise GatewayError("broadcast:no-clip", phrase=phrase, language=language) from error
        minutes[language] = math.ceil((seconds + AROUND_MESSAGE) / 60)
    return minutes


def sending_channel(gateway: Gateway, db: Connection, actor: Actor) -> Channel:
    """The number from which the actor's organisation sends. GatewayError `config:missing` where it has none."""
    ours = channels.of_provider(db, gateway.providers.main.name)
    channel = next((channel for channel in ours if channel.organisation_id == actor.organisation_id and channel.address), None)
    if channel is None:
        raise GatewayError("config:missing", setting="GATEWAY_NUMBER", remedy="Set the number from which we send, and run gateway migrate.")
    return channel


def price(channel: Channel, medium: str) -> int:
    """Paisa for one segment, or one begun minute."""
    return channel.segment_price if medium == "sms" else channel.minute_price
