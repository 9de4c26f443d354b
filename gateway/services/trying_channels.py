"""A test of one channel: one real text, or one call, over exactly this number of ours, and what its provider says of it.

It goes past the routes and is never tried again. The rules hold as ever: only ordinary numbers, nobody who texted STOP, not by night unless
it is said so, no more than a day's limit; and who tested is written down, without the number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from gateway.core import consent, phone
from gateway.errors import GatewayError
from gateway.providers.base import OutboundCall, OutboundMessage
from gateway.providers.faults import SendError, SendFault
from gateway.providers.http import open_http
from gateway.services import access, outcomes, routing
from gateway.services.access import Permission
from gateway.store import channels, claiming, deliveries, phones
from gateway.store.claiming import Claim, Claimed, Outcome

if TYPE_CHECKING:
    from gateway.core.events import Medium
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel

WORDS = "Aawaj test: yo jaanch sandesh ho. This is only a test."
LATER = frozenset({"queued"})  # what a broadcast would try again, and a test does not


class Word(NamedTuple):
    """What is known of a test: one of `gateway.core.statuses.DELIVERY`, and the error behind it."""

    state: str
    error: str | None

    @property
    def is_last(self) -> bool:
        """Whether nothing more will be told."""
        return self.state in {"delivered", "read", "undelivered", "failed", "suppressed", "unknown"}


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tested: to which number, by which medium; `by_night`: whoever has the phone knows that it rings now."""

    channel_id: str
    number: str
    medium: Medium
    by_night: bool = False


def send(gateway: Gateway, actor: Actor, trial: Trial) -> int:
    """Send it, and return the delivery by which `word` tells what became of it.

    GatewayErrors `channels:no-channel`, `channels:not-written`, `channels:does-not-carry`, `channels:day-full`, `broadcast:test-number`,
    `broadcast:test-at-night`, `send:stopped`.
    """
    actor.require(Permission.MANAGE_SENDING)
    now, e164 = gateway.clock(), phone.parse(trial.number)
    if e164 is None or not phone.may_call(e164):
        raise GatewayError("broadcast:test-number")
    if consent.quiet(now) and not trial.by_night:
        raise GatewayError("broadcast:test-at-night", opens=f"{consent.opens_at(now):%Y-%m-%d %H:%M}")
    claim = Claim(gateway.new_id(), now, now + timedelta(seconds=gateway.settings.lease_seconds))
    with gateway.database.write() as db:
        channel = _channel(gateway, channels.get(db, trial.channel_id), actor, trial)
        phone_id = phones.find_or_create(db, gateway.seal, e164, now)
        if phones.has_stopped(db, phone_id):
            raise GatewayError("send:stopped")
        limits = routing.limits(gateway)
        if trial.medium == "sms" and routing.room(db, limits, now).get(channel.id, 1) <= 0:
            raise GatewayError("channels:day-full", name=channel.id)
        body = gateway.seal.seal(WORDS) if trial.medium == "sms" else None
        row = Claimed(0, phone_id, b"", stopped=False, medium=trial.medium, language=channel.language, sealed_body=body, attempt=1,
                      channel_id=channel.id)  # fmt: skip
        row = replace(row, id=claiming.begin(db, row, claim, limits))
        access.note(gateway, db, actor, "test_channel", f"channel:{channel.id}", to=phone.mask(e164), medium=trial.medium)
    outcome = asyncio.run(_attempt(gateway, channel, row, e164))
    with gateway.database.write() as db:
        claiming.record(db, [outcome], claim.token, gateway.clock())
        if (outcome.error or "").startswith(SendFault.OPTED_OUT.value):
            phones.stop(db, phone_id, gateway.clock())
    return row.id


def word(gateway: Gateway, delivery_id: int) -> Word:
    """What is known of a test by now."""
    with gateway.database.read() as db:
        return Word(*deliveries.state_of(db, delivery_id))


def await_word(gateway: Gateway, delivery_id: int, seconds: float, sleep: Callable[[float], None]) -> Word:
    """The provider's last word on a test, or what is known after so many seconds."""
    found = word(gateway, delivery_id)
    while not found.is_last and seconds > 0:
        sleep(0.5)
        seconds -= 0.5
        found = word(gateway, delivery_id)
    return found


def _channel(gateway: Gateway, channel: Channel | None, actor: Actor, trial: Trial) -> Channel:
    written = gateway.ways.channels if gateway.ways else None
    if channel is None and written and trial.channel_id in written:
        raise GatewayError("channels:not-written", name=trial.channel_id)
    in_use = channel is not None and (channel.id in written if written is not None else channel.provider in gateway.providers.by_name)
    if channel is None or not in_use or channel.organisation_id != actor.organisation_id:
        raise GatewayError("channels:no-channel", name=trial.channel_id)
    if written is not None and trial.medium not in written[channel.id].carries:
        raise GatewayError("channels:does-not-carry", name=channel.id, medium=trial.medium)
    return channel


async def _attempt(gateway: Gateway, channel: Channel, row: Claimed, e164: str) -> Outcome:
    provider = gateway.providers[channel.provider]
    try:
        async with open_http(1) as http:
            if row.medium == "voice":
                accepted = await provider.place_call(http, OutboundCall(row.id, channel.address, e164))
            else:
                accepted = await provider.send_message(http, OutboundMessage(row.id, channel.address, e164, WORDS))
    except SendError as error:
        outcome = outcomes.refused(row, error, gateway.clock())
        return Outcome(row.id, "failed", error=outcome.error) if outcome.state in LATER else outcome
    return Outcome(row.id, accepted.status, external_id=accepted.external_id)
