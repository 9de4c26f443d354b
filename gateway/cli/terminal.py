"""What `gateway call` and `gateway text` share: the configured installation, with a terminal in place of its provider's wire."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gateway import bootstrap
from gateway.core import phone
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.services.context import Gateway


def open_gateway() -> Gateway:
    """The installation that the environment describes."""
    return bootstrap.from_environment(os.environ)


def e164(number: str) -> str:
    """The number as we keep it, or GatewayError `phone:invalid`."""
    parsed = phone.parse(number)
    if parsed is None:
        raise GatewayError("phone:invalid", value=number)
    return parsed


def keys_of(text: str) -> Iterator[str]:
    """The keys of `--keys 2,4826`: what is pressed at each wait; an empty place is silence."""
    return iter(text.split(",") if text else ())
