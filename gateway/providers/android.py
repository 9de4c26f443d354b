"""What the apps that send over a SIM in an Android phone have in common: our ids for texts, and rings that nobody answered.

Both apps take an id of ours with a text and tell it with everything that becomes of the text: so a report finds its row, and a doubt is
settled, even where we never learned the app's own id.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from gateway.providers.base import Provider
from gateway.providers.faults import SendError, of_status

if TYPE_CHECKING:
    from gateway.providers.base import OutboundMessage
    from gateway.providers.http import HttpSession, Reply

OURS = re.compile(r"aawaj-([0-9]{1,19})-[0-9a-f]{10}")
CODE = re.compile(r"RESULT_([A-Z_]{1,40})")
NO_LETTERS = re.compile(r"[^A-Za-z]+")
SEEN_WITHIN = timedelta(hours=1)  # both apps show themselves to their server each quarter of an hour

Event = Literal["text", "status", "missed_call", "offline", "online", ""]  # "": of no use here


@dataclass(frozen=True, slots=True)
class MissedCall:
    """A ring that nobody answered. `recipient` is our number as the app tells it, "" where it does not; `at` when it rang, if told."""

    external_id: str
    sender: str | None
    recipient: str
    at: datetime | None


@runtime_checkable
class Watched(Protocol):
    """A provider with a phone behind it, which may be off."""

    async def is_on(self, http: HttpSession, number: str) -> bool | None:
        """Whether the phone of this number of ours was heard of within `SEEN_WITHIN`; None where nobody can tell. SendError UNREACHABLE
        where nobody is there to be asked."""


class AndroidPhone(Provider, Watched, Protocol):
    """A provider whose events are JSON and all come to one address."""

    def kind_of(self, form: Mapping[str, str]) -> Event: ...

    def parse_missed_call(self, form: Mapping[str, str]) -> MissedCall:
        """GatewayError `webhook:malformed` where its id cannot be read."""

    def delivery_of(self, form: Mapping[str, str]) -> int | None:
        """The row that a status is about, by our own id in it."""

    def number_of(self, form: Mapping[str, str]) -> str:
        """Of which of our numbers the phone is off or on again, "" where it does not say."""


def id_of(key: str, message: OutboundMessage) -> str:
    """The id that we give a text, at most 36 characters: the same each time that this row is sent, and another one in an installation
    that counts its rows anew, so that neither takes the other's text for its own. As `aawaj-7-b52b3b8de1` is that of row 7.

    It stands in addresses and in the database, so it is keyed with what we are known by there: from it nobody finds the number.
    """
    said = f"{message.delivery_id}\n{message.recipient}\n{message.body}".encode()
    return f"aawaj-{message.delivery_id}-{hmac.digest(key.encode(), said, 'sha256').hex()[:10]}"


def delivery_of(our_id: str) -> int | None:
    """The row of a text by the id that we gave it; None where it is not one of ours.

    >>> delivery_of("aawaj-7-b52b3b8de1"), delivery_of("missed-call-7")
    (7, None)
    """
    found = OURS.fullmatch(our_id)
    return int(found[1]) if found else None


def same_text(*parts: str) -> str:
    """The id of a text that came in, by what tells it from every other: an event that is sent anew may have a new id."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def why(reason: str) -> str | None:
    """An app's reason for a failure as a short code: Android's own, or its words without anything that could name a person.

    >>> why("Send result: RESULT_ERROR_LIMIT_EXCEEDED"), why("TTL expired"), why("")
    ('ERROR_LIMIT_EXCEEDED', 'TTL-expired', None)
    """
    code = CODE.search(reason)
    return code[1] if code else NO_LETTERS.sub("-", reason)[:40].strip("-") or None


def instant(text: str) -> datetime | None:
    """A moment in ISO 8601 with its zone; None for anything else."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo is not None else None


def was_seen(at: object, now: float) -> bool | None:
    """Whether a phone that was last heard of at this moment may be taken to be on; None where that is no moment. `now` in seconds since
    1970."""
    seen = instant(str(at))
    return None if seen is None else now - seen.timestamp() <= SEEN_WITHIN.total_seconds()


def refused(reply: Reply) -> SendError:
    """What an answer means that is no success and says nothing more."""
    return SendError(of_status(reply.status), provider_code=str(reply.status), retry_after=reply.retry_after)
