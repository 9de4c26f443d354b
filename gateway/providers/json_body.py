"""JSON that a provider sends or answers, as text by the path of each value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from gateway.errors import GatewayError

DEEPEST = 6


def flatten(body: bytes) -> dict[str, str]:
    """Every value of a JSON object by its path; null and lists are left out. GatewayError `webhook:malformed`: it is none, or it names
    something twice.

    >>> flatten(b'{"event": "sms:received", "payload": {"sender": "+9779841234567", "simNumber": 1, "recipient": null}}')
    {'event': 'sms:received', 'payload.sender': '+9779841234567', 'payload.simNumber': '1'}
    """
    try:
        parsed = json.loads(body.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise GatewayError("webhook:malformed", field="body") from None
    if not isinstance(parsed, dict):
        raise GatewayError("webhook:malformed", field="body")
    return dict(_values(parsed, "", 0))


def answered(body: bytes) -> dict[str, str]:
    """The same of an answer, which may be anything: what cannot be read is empty."""
    try:
        return flatten(body)
    except GatewayError:
        return {}


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise ValueError("a name stands twice")
    return named


def _values(value: object, path: str, depth: int) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict) and depth < DEEPEST:
        for name, inside in value.items():
            yield from _values(inside, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, bool):
        yield path, "true" if value else "false"
    elif isinstance(value, str | int | float):
        yield path, str(value)
