"""A message to many: planned, approved by a person, written out to one delivery for each phone, sent, followed."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gateway.audio.catalogue import open_clips
from gateway.core import consent, phone, sms
from gateway.core.jobs import ExpandBroadcast, Job, SendBatch
from gateway.engine import wording
from gateway.errors import GatewayError
from gateway.language.speech import SCRIPTS
from gateway.store import audience, broadcasts, channels, deliveries

if TYPE_CHECKING:
    from gateway.core.events import Medium
    from gateway.services.context import Gateway
    from gateway.store.broadcasts import Broadcast
    from gateway.store.channels import Channel
    from gateway.store.database import Connection

MEMBERS_COUNTED = 20_000  # in one statement
MEMBERS_EXPANDED = 5_000  # in one transaction
FIRST_BATCH = 500  # so that the first message leaves at once
MOST_SEGMENTS = 10
AROUND_MESSAGE = 15  # seconds of a call besides the message itself: the greeting, and what can be pressed after it
LEFT_OUT: Mapping[str, str] = {
    "stopped": "texted STOP",
    "no-phone": "no phone",
    "no-consent": "no consent",
    "no-text": "no text in her language",
    "shared-phone": "shares a phone with somebody who gets it",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What an organiser wants said, and to whom: `texts` {language: text} for an SMS, or `phrase` of flows/phrases.yaml for a call.

    `filters` may have `trade` and `language`; `on_ambiguous` says what happens to a message that may or may not have gone out when the
    provider does not know either: `hold` it for a person, or `resend` it at the risk of a second copy. `life_safety_by` names who
    answers for sending it at night as well, because lives depend on it. `organisation_id` is whose members and number they are; it may be
    left out where there is only one.
    """

    title: str
    texts: Mapping[str, str] = field(default_factory=dict)
    phrase: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    on_ambiguous: str = "hold"
    life_safety_by: str | None = None
    organisation_id: str | None = None

    @property
    def medium(self) -> Medium:
        return "voice" if self.phrase else "sms"


@dataclass(frozen=True, slots=True)
class Part:
    """Those who hear it in one language. `units` are segments of one text, or begun minutes of one call; `price` is paisa in all."""

    language: str
    recipients: int
    units: int
    price: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen. `begins` and `ends` keep to the quiet hours; `left_out` counts those who get nothing, by reason."""

    medium: Medium
    parts: tuple[Part, ...]
    left_out: Mapping[str, int]
    begins: datetime
    ends: datetime

    @property
    def recipients(self) -> int:
        return sum(part.recipients for part in self.parts)

    @property
    def price(self) -> int:
        return sum(part.price for part in self.parts)


@dataclass(frozen=True, slots=True)
class Status:
    """A broadcast and where its deliveries are."""

    broadcast: Broadcast
    counts: broadcasts.Counts


def plan(gateway: Gateway, draft: Draft) -> Plan:
    """Look who would get it, what it costs and how long it takes; nothing is written. GatewayError `broadcast:*` where it cannot be."""
    units = _units(gateway, draft)
    with gateway.database.read() as db:
        channel = _channel(gateway, db, draft)
        target = audience.Target(channel.organisation_id, draft.filters, sorted(units))
        counted = audience.count(db, target, MEMBERS_COUNTED)
    price = _price(channel, draft.medium)
    parts = tuple(
        Part(language, number, units[language], number * units[language] * price) for language, number in sorted(counted.reached.items())
    )
    if not parts:
        why = ", ".join(f"{number} {LEFT_OUT[reason]}" for reason, number in sorted(counted.left_out.items()))
        raise GatewayError("broadcast:no-recipients", left_out=why or "no active member fits")
    pace = channel.messages_per_second if draft.medium == "sms" else channel.calls_per_second
    seconds = sum(counted.reached.values()) / pace
    now = gateway.clock()
    if draft.life_safety_by:
        return Plan(draft.medium, parts, counted.left_out, now, now + timedelta(seconds=seconds))
    begins = consent.opens_at(now)
    return Plan(draft.medium, parts, counted.left_out, begins, _ends(begins, seconds))


def in_one_sms(gateway: Gateway, draft: Draft) -> Draft:
    """The draft with each text in one SMS: cut at a word, with the number to call for the rest."""
    with gateway.database.read() as db:
        number = phone.local(_channel(gateway, db, draft).address)
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


def create(gateway: Gateway, draft: Draft) -> str:
    """Write a draft and return its id. GatewayError `broadcast:*` where it could never be sent."""
    _units(gateway, draft)
    broadcast_id = gateway.new_id()
    with gateway.database.write() as db:
        channel = _channel(gateway, db, draft)
        new = broadcasts.NewBroadcast(
            id=broadcast_id,
            organisation_id=channel.organisation_id,
            channel_id=channel.id,
            title=draft.title,
            medium=draft.medium,
            texts=dict(draft.texts),
            phrase=draft.phrase,
            audience=dict(draft.filters),
            on_ambiguous=draft.on_ambiguous,
            life_safety_by=draft.life_safety_by,
        )
        broadcasts.create(db, new, gateway.clock())
    return broadcast_id


def approve(gateway: Gateway, broadcast_id: str) -> list[Job]:
    """A person agrees that it goes out. Once: a second click is `broadcast:not-possible`."""
    with gateway.database.write() as db:
        done = broadcasts.approve(db, broadcast_id, gateway.clock())
    _insist(gateway, broadcast_id, "approved", done=done)
    return [ExpandBroadcast(broadcast_id)]


def pause(gateway: Gateway, broadcast_id: str) -> None:
    """Start no more requests, until it is resumed. GatewayError `broadcast:not-possible` where it is not under way."""
    with gateway.database.write() as db:
        done = broadcasts.pause(db, broadcast_id)
    _insist(gateway, broadcast_id, "paused", done=done)


def resume(gateway: Gateway, broadcast_id: str) -> list[Job]:
    """Go on after a pause. GatewayError `broadcast:not-possible` where it is not paused."""
    with gateway.database.write() as db:
        done = broadcasts.resume(db, broadcast_id)
    _insist(gateway, broadcast_id, "resumed", done=done)
    return [ExpandBroadcast(broadcast_id), SendBatch(broadcast_id)]


def cancel(gateway: Gateway, broadcast_id: str) -> None:
    """Start no more requests, ever; what was not sent is suppressed. GatewayError `broadcast:not-possible` where it is over."""
    now = gateway.clock()
    with gateway.database.write() as db:
        done = broadcasts.cancel(db, broadcast_id, now)
        broadcasts.suppress_cancelled(db, now)
    _insist(gateway, broadcast_id, "cancelled", done=done)


def resolve(gateway: Gateway, broadcast_id: str, *, resend: bool) -> tuple[int, list[Job]]:
    """Decide about what is held for a person: send it again, or leave it unknown for good. Returns how many, and what to ring.

    GatewayError `broadcast:nothing-held`, or `broadcast:not-possible` where it was cancelled and so cannot be sent again.
    """
    found = status(gateway, broadcast_id)
    if resend and found.broadcast.state == "cancelled":
        raise GatewayError("broadcast:not-possible", state="cancelled", wanted="sent again")
    with gateway.database.write() as db:
        decided = deliveries.decide(db, broadcast_id, gateway.clock(), resend=resend)
        if resend and decided:
            broadcasts.reopen(db, broadcast_id)
    if not decided:
        raise GatewayError("broadcast:nothing-held")
    return decided, [SendBatch(broadcast_id)] if resend else []


def expand(gateway: Gateway, broadcast_id: str, *, stop: Callable[[], bool] = lambda: False) -> list[Job]:
    """Write the deliveries of an approved broadcast from where the last run ended; sending begins after the first batch."""
    with gateway.database.read() as db:
        broadcast = broadcasts.load(db, broadcast_id)
        channel = channels.get(db, broadcast.channel_id) if broadcast else None
    if broadcast is None or channel is None or broadcast.expanded or broadcast.state not in {"approved", "sending"}:
        return []
    price = _price(channel, broadcast.medium)
    draft = Draft(broadcast.title, broadcast.texts, broadcast.phrase)
    prices = {language: units * price for language, units in _units(gateway, draft).items()}
    expansion = audience.Expansion(broadcast, prices)
    more, size = True, FIRST_BATCH
    while more and not stop():
        with gateway.database.write() as db:
            more = expansion.write_batch(db, size, gateway.clock())
            began = broadcasts.begin(db, broadcast_id)
        if began:
            gateway.enqueue([SendBatch(broadcast_id)])
        size = MEMBERS_EXPANDED
    with gateway.database.read() as db:
        broadcasts.analyse(db)
    return [SendBatch(broadcast_id)]


def status(gateway: Gateway, broadcast_id: str) -> Status:
    """Where a broadcast is. GatewayError `broadcast:unknown`."""
    with gateway.database.read() as db:
        found = broadcasts.load(db, broadcast_id)
        if found is None:
            raise GatewayError("broadcast:unknown", id=broadcast_id)
        return Status(found, broadcasts.counts(db, broadcast_id))


def latest(gateway: Gateway, organisation_id: str, count: int = 20) -> list[Broadcast]:
    """The newest broadcasts of an organisation first."""
    with gateway.database.read() as db:
        return broadcasts.latest(db, organisation_id, count)


def _insist(gateway: Gateway, broadcast_id: str, wanted: str, *, done: bool) -> None:
    if not done:
        state = status(gateway, broadcast_id).broadcast.state
        raise GatewayError("broadcast:not-possible", state=state, wanted=wanted)


# --- planning ----------------------------------------------------------------------------------------------------------------------


def _units(gateway: Gateway, draft: Draft) -> dict[str, int]:
    """Segments of a text, or begun minutes of a call, by language. GatewayError `broadcast:*` where there is nothing fit to send."""
    if draft.texts and draft.phrase:
        raise GatewayError("broadcast:two-media")
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


def _channel(gateway: Gateway, db: Connection, draft: Draft) -> Channel:
    provider, whose = gateway.providers.main.name, draft.organisation_id
    ours = channels.of_provider(db, provider)
    fitting = [channel for channel in ours if whose in {None, channel.organisation_id} and channel.address]
    channel = fitting[0] if len({each.organisation_id for each in fitting}) == 1 else None
    if channel is None:
        raise GatewayError("config:missing", setting="GATEWAY_NUMBER", remedy="Set the number from which we send, and run gateway migrate.")
    return channel


def _price(channel: Channel, medium: Medium) -> int:
    return channel.segment_price if medium == "sms" else channel.minute_price


def _ends(begins: datetime, seconds: float) -> datetime:
    """When so many seconds of sending are over, if nothing is sent in quiet hours."""
    while True:
        closes = datetime.combine(begins.date(), consent.CLOSES, begins.tzinfo)
        room = (closes - begins).total_seconds()
        if seconds <= room:
            return begins + timedelta(seconds=seconds)
        seconds -= room
        begins = consent.opens_at(closes)
