"""Twilio's webhooks, pure: check the signature, then turn a form into what happened.

The signature is HMAC-SHA1 under the account's token over the public URL followed by all fields, sorted. Twilio's own
`RequestValidator` is the oracle in the tests; it is not used here because it signs each request twice (92-104 us against 6-8), raises
on a missing header, and accepts what was signed with an empty token.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import urlsplit

from gateway.core import phone, sms
from gateway.core.events import CallAnswered, DigitsPressed, Input, Medium, MessageReceived, RecordingMade, SilenceHeard, TransferEnded
from gateway.errors import GatewayError
from gateway.providers.base import Inbound, StatusReport, WebhookRequest
from gateway.providers.twilio.codes import FAULTS

SIGNATURE_HEADER = "X-Twilio-Signature"

# Twilio's words to those of `gateway.core.statuses`: texts to DELIVERY, calls to CALL. Words that are not here are ignored.
MESSAGE_STATUS: Mapping[str, str] = {
    "queued": "accepted",
    "accepted": "accepted",
    "scheduled": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "partially_delivered": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
    "read": "read",
}
CALL_STATUS: Mapping[str, str] = {
    "queued": "queued",
    "initiated": "queued",
    "ringing": "ringing",
    "in-progress": "answered",
    "completed": "completed",
    "busy": "busy",
    "no-answer": "no-answer",
    "canceled": "canceled",
    "failed": "failed",
}

# Who answered, by Twilio's detection of machines (`unknown` is not here).
ANSWERED_BY: Mapping[str, str] = {
    "human": "human",
    "machine_start": "machine",
    "machine_end_beep": "machine",
    "machine_end_silence": "machine",
    "machine_end_other": "machine",
    "machine": "machine",  # so in lists of calls
    "fax": "machine",
}

# What Twilio puts in From when the number is withheld: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE, PRIVATE on a keypad.
# As words they are refused by `phone.parse`; as digits some of them look like numbers of a country.
WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253", "+7748483"})

# Keys that are no keys (letters, other scripts' digits) count as a wrong key, never as silence. No flow can give `*` a meaning, so it
# stands for all of them and what was really sent goes nowhere.
WRONG_KEY = "*"

KEYS = re.compile(r"[0-9*#]{1,64}")
ENDING = re.compile(r"[0-9*#]")  # the one key that ended a recording
COUNT = re.compile(r"[0-9]{1,5}")


def _sid_pattern(*prefixes: str) -> re.Pattern[str]:
    """Ids as Twilio writes them with one of these prefixes, or in another form (Somleng uses UUIDs)."""
    return re.compile(rf"(?:{'|'.join(prefixes)})[0-9a-fA-F]{{32}}|(?![A-Z]{{2}}[0-9a-fA-F]{{32}}\Z)[A-Za-z0-9-]{{10,64}}")


CALL_SID = _sid_pattern("CA")
MESSAGE_SID = _sid_pattern("SM", "MM")
RECORDING_SID = _sid_pattern("RE")


def verify(request: WebhookRequest, account_sid: str, auth_token: str, public_base_url: str) -> dict[str, str]:
    """Return the form, each field once; GatewayError `webhook:forged`, `webhook:malformed` or `webhook:foreign-account` otherwise."""
    given = request.headers.get(SIGNATURE_HEADER, "")
    if not given or not auth_token or not _is_signed(given, request, auth_token, public_base_url):
        raise GatewayError("webhook:forged", provider="Twilio")
    form = dict(request.form)
    if len(form) != len(request.form):
        names = [name for name, _ in request.form]
        raise GatewayError("webhook:malformed", field=next(name for name in form if names.count(name) > 1))
    account = form.get("AccountSid")
    if not account:
        raise GatewayError("webhook:malformed", field="AccountSid")
    if account != account_sid:
        raise GatewayError("webhook:foreign-account", provider="Twilio")
    return form


def _is_signed(given: str, request: WebhookRequest, auth_token: str, public_base_url: str) -> bool:
    fields = "".join([name + value for name, value in _sorted(request.form)])
    path = request.path.removesuffix("?")  # as Twilio's library does with an empty query
    key = auth_token.encode()
    wanted = given.encode(errors="replace")
    return any(hmac.compare_digest(_signature(key, f"{base}{path}{fields}"), wanted) for base in _spellings(public_base_url))


def _signature(key: bytes, signed: str) -> bytes:
    return base64.b64encode(hmac.digest(key, signed.encode(errors="replace"), "sha1"))


def sign(url: str, form: Mapping[str, str], auth_token: str) -> str:
    """The signature with which the provider posts this form to this URL: for whoever stands in for it."""
    fields = "".join([name + value for name, value in _sorted(list(form.items()))])
    return _signature(auth_token.encode(), f"{url}{fields}").decode()


def _sorted(fields: Sequence[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """The fields in the order in which they are signed, and none twice. Names alone sort in half the time."""
    by_name = dict(fields)
    return [(name, by_name[name]) for name in sorted(by_name)] if len(by_name) == len(fields) else sorted(set(fields))


@lru_cache(maxsize=8)
def _spellings(public_base_url: str) -> tuple[str, ...]:
    """The base URL without a port and with one, as configured first: Twilio is inconsistent about which it signs."""
    parts = urlsplit(public_base_url)
    without = parts._replace(netloc=parts.netloc.removesuffix(f":{parts.port}")).geturl()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with_port = parts._replace(netloc=f"{parts.netloc.removesuffix(f':{parts.port}')}:{port}").geturl()
    return (with_port, without) if parts.port else (without, with_port)


def parse_call(form: Mapping[str, str], step: int, provider: str = "twilio") -> Inbound:
    """What happened in a call. `step` is the number in the action URL, 0 for the first request; GatewayError `webhook:malformed`."""
    sid = _sid(form, "CallSid", CALL_SID)
    person, ours = ("To", "From") if form.get("Direction", "").startswith("outbound") else ("From", "To")
    event = CallAnswered() if step == 0 else _input(form)
    return Inbound(provider, sid, step, "voice", _person(form.get(person, "")), form.get(ours, ""), event)


def _input(form: Mapping[str, str]) -> Input:
    # The answer to a recording also carries the key that ended it (or the word `hangup`), so `Digits` alone is looked at last.
    if "DialCallStatus" in form:
        return TransferEnded(answered=form["DialCallStatus"] in {"completed", "answered"})
    if "RecordingDuration" in form or "RecordingSid" in form:
        # The recording is fetched by its id from the account's own API. RecordingUrl could name any host, so at most its last part is
        # read: Somleng tells the id nowhere else.
        recording = form.get("RecordingSid") or form.get("RecordingUrl", "").rpartition("/")[2]
        seconds, ended_by = count(form.get("RecordingDuration", "")) or 0, form.get("Digits", "")
        key = ended_by if ENDING.fullmatch(ended_by) else ""
        return RecordingMade(recording, seconds, key) if RECORDING_SID.fullmatch(recording) else RecordingMade("", 0, key)
    digits = form.get("Digits", "")
    if not digits:
        return SilenceHeard()
    return DigitsPressed(digits if KEYS.fullmatch(digits) else WRONG_KEY)


def parse_message(form: Mapping[str, str], provider: str = "twilio") -> Inbound:
    """A text that came in; GatewayError `webhook:malformed` where its id cannot be read."""
    sid = _sid(form, "MessageSid", MESSAGE_SID)
    text = MessageReceived(sms.kept(form.get("Body", "")))
    return Inbound(provider, sid, 0, "sms", _person(form.get("From", "")), form.get("To", ""), text)


def parse_status(kind: Medium, form: Mapping[str, str], provider: str = "twilio") -> StatusReport | None:
    """Twilio's word about a text (`sms`) or a call (`voice`); None where the word is unknown; GatewayError `webhook:malformed`.

    A call that is being listened to for a machine reports who answered apart from its status, and in any order with it.
    """
    if kind == "sms":
        sid, status = _sid(form, "MessageSid", MESSAGE_SID), MESSAGE_STATUS.get(form.get("MessageStatus", ""))
    else:
        given = form.get("CallStatus", "in-progress" if "AnsweredBy" in form else "")
        sid, status = _sid(form, "CallSid", CALL_SID), CALL_STATUS.get(given)
    if status is None:
        return None
    error = form.get("ErrorCode", "")[:16]
    return StatusReport(
        provider,
        sid,
        status,
        error or None,
        count(form.get("CallDuration", "")),
        fault=FAULTS.get(error),
        at=instant(form.get("Timestamp", "")),
        answered_by=ANSWERED_BY.get(form.get("AnsweredBy", "")),
    )


def instant(text: str) -> datetime | None:
    """An RFC 2822 date with its zone, which Somleng writes as -0000; None for anything else."""
    try:
        parsed = parsedate_to_datetime(text.replace("-0000", "+0000"))
    except ValueError:
        return None
    return parsed if parsed.tzinfo is not None else None


def _sid(form: Mapping[str, str], field: str, pattern: re.Pattern[str]) -> str:
    sid = form.get(field, "")
    if not pattern.fullmatch(sid):
        raise GatewayError("webhook:malformed", field=field)
    return sid


def _person(number: str) -> str | None:
    return None if number in WITHHELD else phone.parse(number)


def count(text: str) -> int | None:
    """A whole number of seconds in ASCII digits, at most a day or so; None for anything else."""
    return int(text) if COUNT.fullmatch(text) else None
