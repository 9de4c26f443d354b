"""A text as a request to a described API, and its answer as one of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from gateway.core import phone
from gateway.providers.base import Accepted, OutboundMessage
from gateway.providers.described.flat import flat, nested, values_at
from gateway.providers.faults import SendError, SendFault, of_status
from gateway.providers.http import FORM, Asked, Reply

if TYPE_CHECKING:
    from gateway.providers.described.account import Answer, Definition

PLACEHOLDER = re.compile(r"\{(to|text|from|id)\}")
EXTERNAL_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
CODE = re.compile(r"[A-Za-z]{0,3}[0-9]{1,5}")  # short enough that no number or token fits in, whatever they answer


def composed(described: Definition, message: OutboundMessage) -> Asked:
    """The request that sends a text; SendError REFUSED where they do not take this number, before anything leaves."""
    values = {"to": _number(described, message.recipient), "text": message.body, "from": message.sender, "id": str(message.delivery_id)}

    def filled(template: str) -> str:
        return PLACEHOLDER.sub(lambda found: values[found[1]], template)

    fields = {name: filled(template) for name, template in described.fields.items()}
    headers = {name.title(): filled(template) for name, template in described.headers.items()}
    parts = urlsplit(described.url)
    path, body = parts.path or "/", None
    if described.body == "query":
        path = f"{path}?{urlencode(fields)}"
    elif described.body == "form":
        headers["Content-Type"], body = FORM, urlencode(fields).encode()
    else:
        headers["Content-Type"], body = "application/json", json.dumps(nested(fields), ensure_ascii=False).encode()
    return Asked(described.method, f"{parts.scheme}://{parts.netloc}", path, headers, body)


def _number(described: Definition, e164: str) -> str:
    if described.numbers == "e164":
        return e164
    if described.numbers == "international":
        return e164[1:]
    if phone.operator(e164) in {phone.LINE, phone.ABROAD}:
        raise SendError(SendFault.REFUSED, provider_code="no-nepali-mobile")
    return phone.local(e164)


def judged(described: Definition, message: OutboundMessage, reply: Reply) -> Accepted:
    """What an answer means: the first of `answers` that fits, else its status alone."""
    text = reply.body.decode(errors="replace") if reply.whole else ""
    values = flat(text)
    answer = next((each for each in described.answers if _fits(each, reply.status, text, values)), None)
    if answer is None or answer.means != "accepted":
        fault = of_status(reply.status) if answer is None else SendFault[answer.means.upper()]
        raise SendError(fault, provider_code=_code(described, reply.status, values), retry_after=reply.retry_after)
    return Accepted(_id(answer, text, values, message))


def _id(answer: Answer, text: str, values: Mapping[str, str], message: OutboundMessage) -> str:
    """Their id; ours where they give none. SendError AMBIGUOUS where it is not where it should be."""
    if answer.id is not None:
        found = next(iter(values_at(values, answer.id)), "")
    elif answer.text is not None and (named := re.search(answer.text, text)) and "id" in named.groupdict():
        found = named["id"] or ""
    else:
        return f"delivery-{message.delivery_id}"
    if not EXTERNAL_ID.fullmatch(found):
        raise SendError(SendFault.AMBIGUOUS, provider_code="no-id")
    return found


def _fits(answer: Answer, status: int, text: str, values: Mapping[str, str]) -> bool:
    if not (status in answer.status if answer.status else _says_something(answer, status)):
        return False
    if answer.text is not None and not re.search(answer.text, text):
        return False
    return all(any(re.fullmatch(wanted, value) for value in values_at(values, path)) for path, wanted in answer.where.items())


def _says_something(answer: Answer, status: int) -> bool:
    """Where an answer names no status: what they say beside a redirect, a failure of theirs or "too fast" does not count."""
    return status < 300 or (answer.means != "accepted" and 400 <= status < 500 and status not in {408, 429})


def _code(described: Definition, status: int, values: Mapping[str, str]) -> str:
    code = next(iter(values_at(values, described.code)), "") if described.code else ""
    return code if CODE.fullmatch(code) else str(status)
