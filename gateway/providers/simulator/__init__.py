"""The provider of an installation without an account: the same wire as Twilio, and no network behind it.

Texts are delivered at once, into the database where `gateway text` and the browser phone show them. Calls ring until somebody picks
them up there or with `gateway call --pick-up`. What is spoken into the browser phone is kept here for a day, as at a provider.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from gateway.providers.base import Accepted, Billed, Charges, Found, OutboundCall, OutboundMessage
from gateway.providers.faults import SendError, SendFault
from gateway.providers.http import HttpSession
from gateway.providers.twilio import TwilioWire
from gateway.providers.twilio.webhook import RECORDING_SID

ACCOUNT_SID = "ACsimulator00000000000000000000000"
KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Simulator(TwilioWire):
    """`auth_token` is derived from the installation's secret key, so that nobody else can sign webhooks; recordings lie in `spoken`."""

    spoken: Path
    account_sid: str = ACCOUNT_SID
    name: str = "simulator"

    async def send_message(self, http: HttpSession, message: OutboundMessage) -> Accepted:  # noqa: ARG002  # no network here
        return Accepted(_sid("SM", message.delivery_id), "delivered")

    async def place_call(self, http: HttpSession, call: OutboundCall) -> Accepted:  # noqa: ARG002
        return Accepted(_sid("CA", call.delivery_id))

    async def find_message(self, http: HttpSession, message: OutboundMessage, since: str) -> Found | None:  # noqa: ARG002
        return Found(_sid("SM", message.delivery_id), "delivered", message.body)

    async def find_call(self, http: HttpSession, call: OutboundCall, since: str) -> Found | None:  # noqa: ARG002
        """Nobody picked it up."""
        return Found(_sid("CA", call.delivery_id), "undelivered")

    async def end_call(self, http: HttpSession, external_id: str) -> None:
        """Machines do not answer simulated calls."""

    async def charges(self, http: HttpSession, billed: Billed, page: str | None) -> Charges:  # noqa: ARG002
        """Nothing costs anything here, and nothing is said about it."""
        return Charges()

    async def fetch_recording(self, http: HttpSession, external_id: str) -> bytes:  # noqa: ARG002
        """What was spoken into the browser phone; SendError REFUSED for anything else."""
        file = self.spoken / f"{external_id}.wav"
        if not RECORDING_SID.fullmatch(external_id) or not file.is_file():
            raise SendError(SendFault.REFUSED, provider_code="no-recording")
        return file.read_bytes()

    def keep_recording(self, sound: bytes) -> str:
        """Keep a WAV that was spoken into a simulated call, and forget those older than a day; its id."""
        self.spoken.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in self.spoken.glob("*.wav"):
            if old.stat().st_mtime < time.time() - KEPT_SECONDS:
                old.unlink(missing_ok=True)
        external_id = f"RE{secrets.token_hex(16)}"
        file = self.spoken / f"{external_id}.wav"
        file.touch(mode=0o600)
        file.write_bytes(sound)
        return external_id


def _sid(prefix: str, delivery_id: int) -> str:
    """The id of a delivery at this provider: always the same one, so that asking about it needs no memory."""
    return f"{prefix}{delivery_id:032x}"
