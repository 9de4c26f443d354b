"""One request of a provider, over a pool of connections of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from gateway.providers.faults import SendError
from gateway.providers.http import HttpSession, open_http

T = TypeVar("T")


def run(call: Callable[[HttpSession], Awaitable[T]]) -> T:
    """What it answers."""

    async def main() -> T:
        async with open_http(4) as http:
            return await call(http)

    return asyncio.run(main())


def fault_of(call: Callable[[HttpSession], Awaitable[object]]) -> SendError:
    """Why it fails, as it must."""
    with pytest.raises(SendError) as caught:
        run(call)
    return caught.value
