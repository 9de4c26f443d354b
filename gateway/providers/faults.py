"""The one closed list of what can go wrong when we send. Every provider maps its own codes to it."""

from __future__ import annotations

from collections.abc import Mapping
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


_OF_STATUS: Mapping[int, SendFault] = {
    401: SendFault.MISCONFIGURED,
    403: SendFault.MISCONFIGURED,
    404: SendFault.MISCONFIGURED,
    408: SendFault.AMBIGUOUS,
    429: SendFault.THROTTLED,
}


def of_status(status: int) -> SendFault:
    """What an HTTP status means by itself, where nothing was accepted and no code says more.

    >>> of_status(200), of_status(307), of_status(402), of_status(503)  # doctest: +ELLIPSIS
    (<SendFault.AMBIGUOUS: ...>, <SendFault.MISCONFIGURED: ...>, <SendFault.REFUSED: ...>, <SendFault.AMBIGUOUS: ...>)
    """
    if status < 300 or status >= 500:
        return SendFault.AMBIGUOUS
    if status < 400:  # a redirect: the address of the API is wrong
        return SendFault.MISCONFIGURED
    return _OF_STATUS.get(status, SendFault.REFUSED)
