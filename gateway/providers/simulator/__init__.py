"""The provider of an installation without an account: the same wire as Twilio, and no network behind it.

Texts are delivered at once, into the database where `gateway text` and the console show them. Calls ring until somebody picks them up
with `gateway call --pick-up`.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.providers.base import Accepted, Billed, Charges, Found, OutboundCall, OutboundMessage
from gateway.providers.faults import SendError, SendFault
from gateway.providers.http import HttpSession
from gateway.providers.twilio import TwilioWire

ACCOUNT_SID = "ACsimulator00000000000000000000000"


@dataclass(frozen=True, kw_only=True)
class Simulator(TwilioWire):
    """`auth_token` is derived from the installation's secret key, so that nobody else can sign webhooks."""

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
        """Nobody can speak to a simulated call, so there is nothing to fetch."""
        raise SendError(SendFault.REFUSED, provider_code="no-recording")


def _sid(prefix: str, delivery_id: int) -> str:
    """The id of a delivery at this provider: always the same one, so that asking about it needs no memory."""
    return f"{prefix}{delivery_id:032x}"
