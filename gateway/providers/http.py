"""The one door to the network: every request that the gateway makes to a provider goes through here.

What it takes care of: one kept-alive pool, explicit timeouts, answers that are cut off at a size, no redirects, no proxy from the
environment, and nothing in logs or errors that could name a person (no URL, no query, no body). The host always comes from the
configuration: callers give it apart from the path, so nothing that a webhook said can send a request elsewhere.

aiohttp is imported where it is used: web processes, which answer and never ask, are smaller by a tenth without it.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gateway.providers.faults import SendError, SendFault

if TYPE_CHECKING:
    import aiohttp

TIMEOUT, CONNECT_TIMEOUT = 10, 3  # seconds
KB = 1024
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Api:
    """A provider's API: where it is (as `https://host`) and who we are there."""

    base_url: str
    user: str
    password: str = field(repr=False)

    @property
    def authorization(self) -> str:
        return f"Basic {base64.b64encode(f'{self.user}:{self.password}'.encode()).decode()}"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `whole` is False where `body` was cut off at the limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    whole: bool = True


class HttpSession:
    """Requests over one pool of connections. Use it inside `open_http`."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client

    async def post(self, api: Api, path: str, form: Sequence[tuple[str, str]], limit: int = 64 * KB) -> Reply:
        """Send a form. SendError UNREACHABLE where it never left, AMBIGUOUS where it left and no answer came."""
        return await self._request("POST", api, path, urlencode(form).encode(), limit)

    async def get(self, api: Api, path: str, query: Mapping[str, str], limit: int) -> Reply:
        """Read something; the same errors as `post`."""
        return await self._request("GET", api, f"{path}?{urlencode(query)}" if query else path, None, limit)

    async def _request(self, method: str, api: Api, path: str, body: bytes | None, limit: int) -> Reply:
        import aiohttp

        if not path.startswith("/"):
            raise ValueError("a path begins with a slash")
        headers = {"Authorization": api.authorization, "Accept": "*/*"}
        if body is not None:
            headers["Content-Type"] = FORM
        try:
            url = api.base_url + path
            async with self._client.request(method, url, data=body, headers=headers, allow_redirects=False) as response:
                return await _read(response, limit)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            # No connection, no name, no TLS: nothing was written. The cause is dropped, since it may hold the URL.
            raise SendError(SendFault.UNREACHABLE, provider_code="no-connection") from None
        except TimeoutError:
            raise SendError(SendFault.AMBIGUOUS, provider_code="timeout") from None
        except (aiohttp.ClientError, OSError):
            raise SendError(SendFault.AMBIGUOUS, provider_code="no-answer") from None


async def _read(response: aiohttp.ClientResponse, limit: int) -> Reply:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            return Reply(response.status, response.headers, bytes(body[:limit]), whole=False)
    return Reply(response.status, response.headers, bytes(body))


@asynccontextmanager
async def open_http(connections: int) -> AsyncIterator[HttpSession]:
    """A pool of at most `connections` connections, closed on leaving."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=connections, ttl_dns_cache=60)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=TIMEOUT, sock_connect=CONNECT_TIMEOUT),
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "aawaj"},
    ) as client:
        yield HttpSession(client)
