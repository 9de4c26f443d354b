"""A text as a request to a described API, and its answer as one of ours."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from gateway.core import phone, sms
from gateway.providers.base import Accepted, OutboundMessage
from gateway.providers.described import patterns
from gateway.providers.described.flat import flat, nested, values_at
from gateway.providers.faults import SendError, SendFault, of_status
from gateway.providers.http import FORM, Asked, Reply

if TYPE_CHECKING:
    from gateway.providers.described.account import Answer, Definition

PLACEHOLDER = re.compile(r"\{(to|text|from|id|alphabet)\}")
JSON_FIRST = "application/json, */*;q=0.9"  # without it many a framework answers a fault with a redirect to its pages
OURS = re.compile(r"[0-9a-f]{8}([0-9]{1,19})")
EXTERNAL_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
CODE = re.compile(r"[A-Za-z]{0,3}[0-9]{1,5}")  # short enough that no number or token fits in, whatever they answer


def our_id(described: Definition, message: OutboundMessage) -> str:
    """The id that we give a text, of letters and digits: the same each time that this row is sent, and another one in an installation
    that counts its rows anew, so that no provider takes the other's text for its repeat. `d9cb1f6f7` is that of row 7.

    It stands in addresses and perhaps in logs, so it is keyed with what only we and they know: from it nobody finds the number.
    """
    key = json.dumps([described.url, described.fields, described.headers]).encode()
    said = f"{message.delivery_id}\n{message.recipient}\n{message.body}".encode()
    return f"{hmac.digest(key, said, 'sha256').hex()[:8]}{message.delivery_id}"


def delivery_of(our_id: str) -> int | None:
    """The row of a text by the id that we gave it; None where it is not one of ours."""
    found = OURS.fullmatch(our_id)
    return int(found[1]) if found else None


def composed(described: Definition, message: OutboundMessage) -> Asked:
    """The request that sends a text; SendError REFUSED where they do not take this number, before anything leaves."""
    values = {"to": _number(described, message.recipient), "text": message.body, "from": message.sender, "id": our_id(described, message)}
    if described.alphabet is not None:
        values["alphabet"] = described.alphabet.plain if sms.is_plain(message.body) else described.alphabet.unicode

    def filled(template: str) -> str:
        return PLACEHOLDER.sub(lambda found: values[found[1]], template)

    fields = {name: filled(template) for name, template in described.fields.items()}
    headers = {"Accept": JSON_FIRST} | {name.title(): filled(template) for name, template in described.headers.items()}
    parts = urlsplit(described.url)
    path, query, body = parts.path or "/", parts.query, None
    if described.body == "query":
        query = "&".join(filter(None, (query, urlencode(fields))))
    elif described.body == "form":
        headers["Content-Type"], body = FORM, urlencode(fields).encode()
    else:
        document = nested({name: json.loads(value) if name in described.unquoted else value for name, value in fields.items()})
        headers["Content-Type"], body = "application/json", json.dumps(document, ensure_ascii=False).encode()
    return Asked(described.method, f"{parts.scheme}://{parts.netloc}", f"{path}?{query}" if query else path, headers, body)


def _number(described: Definition, e164: str) -> str:
    if described.numbers == "e164":
        return e164
    if described.numbers == "international":
        return e164[1:]
    number = phone.national_mobile(e164, described.country)
    if number is None:
        raise SendError(SendFault.REFUSED, provider_code="no-mobile-there")
    return number


def judged(described: Definition, message: OutboundMessage, reply: Reply) -> Accepted:
    """What an answer means: the first of `answers` that fits, else its status alone."""
    text = reply.body.decode("utf-8-sig", errors="replace") if reply.whole else ""
    values = flat(text)
    answer = next((each for each in described.answers if _fits(each, reply.status, text, values)), None)
    if answer is None or answer.means != "accepted":
        fault = of_status(reply.status) if answer is None else SendFault[answer.means.upper()]
        raise SendError(fault, provider_code=_code(described, reply.status, values), retry_after=reply.retry_after)
    theirs = None if described.by_our_id else _their_id(answer, text, values)
    return Accepted(our_id(described, message) if theirs is None else theirs)


def _their_id(answer: Answer, text: str, values: Mapping[str, str]) -> str | None:
    """None where they give none. SendError AMBIGUOUS where it is not where it should be."""
    if answer.id is not None:
        found = next(iter(values_at(values, answer.id)), "")
    elif answer.text is not None and (named := patterns.found(answer.text, text)) and "id" in named:
        found = named["id"] or ""
    else:
        return None
    if not EXTERNAL_ID.fullmatch(found):
        raise SendError(SendFault.AMBIGUOUS, provider_code="no-id")
    return found


def _fits(answer: Answer, status: int, text: str, values: Mapping[str, str]) -> bool:
    if not (status in answer.status if answer.status else _says_something(answer, status)):
        return False
    if answer.text is not None and patterns.found(answer.text, text) is None:
        return False
    return says(answer.where, values)


def says(where: Mapping[str, str], values: Mapping[str, str]) -> bool:
    """Whether at each path some value is as it is wanted there."""
    return all(any(patterns.fits(wanted, value) for value in values_at(values, path)) for path, wanted in where.items())


def _says_something(answer: Answer, status: int) -> bool:
    """Where an answer names no status: what they say beside a redirect, a failure of theirs or "too fast" does not count."""
    return status < 300 or (answer.means != "accepted" and 400 <= status < 500 and status not in {408, 429})


def _code(described: Definition, status: int, values: Mapping[str, str]) -> str:
    code = next(iter(values_at(values, described.code)), "") if described.code else ""
    return code if CODE.fullmatch(code) else str(status)
