"""The one closed list of what can go wrong when we send. Every provider maps its own codes to it."""

from __future__ import annotations

from enum import Enum


class SendFault(Enum):
    """Why a send failed, and what that means for the row. The list is closed."""

    THROTTLED = "send:throttled"  # never processed: queue it again, slow down
    UNREACHABLE = "send:unreachable"  # the request never left: queue it again
    AMBIGUOUS = "send:ambiguous"  # it may or may not have been taken: unknown
    OPTED_OUT = "send:opted-out"  # the person stopped us at the provider
    BAD_NUMBER = "send:bad-number"  # this number will never take it
    REFUSED = "send:refused"  # this request will never be taken
    MISCONFIGURED = "send:misconfigured"  # our account or number is at fault: stop the whole broadcast


class SendError(Exception):
    """A failed send. `provider_code` is the provider's own code; `retry_after` seconds where it named them."""

    def __init__(self, fault: SendFault, *, provider_code: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"{fault.value} {provider_code}".strip())
        self.fault = fault
        self.provider_code = provider_code
        self.retry_after = retry_after
