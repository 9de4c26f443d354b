"""The one door to the network: every request that the gateway makes to a provider goes through here.

What it takes care of: one kept-alive pool, explicit timeouts, answers that are cut off at a size, no redirects, no second try, no proxy
from the environment, and nothing in logs or errors that could name a person (no URL, no query, no body). The host always comes from the
configuration: callers give it apart from the path, so nothing that a webhook said can send a request elsewhere.

aiohttp is imported where it is used: web processes, which answer and never ask, are smaller by a tenth without it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gateway.providers.faults import SendError, SendFault

if TYPE_CHECKING:
    import aiohttp

TIMEOUT, CONNECT_TIMEOUT = 10, 3  # seconds
IDLE = 4  # seconds after which a connection is not used again: many a server closes it after 5, perhaps while the next text is on its way
KB = 1024
FORM = "application/x-www-form-urlencoded"
RETRY_AFTER = re.compile(r"[0-9]{1,5}")


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
class Asked:
    """A request as it goes out: the host (`base_url`, as `https://host`) from the configuration, the rest from an adapter."""

    method: str
    base_url: str
    path: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `whole` is False where `body` was cut off at the limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    whole: bool = True

    @property
    def retry_after(self) -> float | None:
        """Seconds, where it names them."""
        seconds = self.headers.get("Retry-After", "")
        return float(seconds) if RETRY_AFTER.fullmatch(seconds) else None


class HttpSession:
    """Requests over one pool of connections. Use it inside `open_http`."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client

    async def post(self, api: Api, path: str, form: Sequence[tuple[str, str]], limit: int = 64 * KB) -> Reply:
        """Send a form. SendError UNREACHABLE where it never left, AMBIGUOUS where it left and no answer came."""
        headers = {"Authorization": api.authorization, "Content-Type": FORM}
        return await self.ask(Asked("POST", api.base_url, path, headers, urlencode(form).encode()), limit)

    async def get(self, api: Api, path: str, query: Mapping[str, str], limit: int) -> Reply:
        """Read something; the same errors as `post`."""
        path = f"{path}?{urlencode(query)}" if query else path
        return await self.ask(Asked("GET", api.base_url, path, {"Authorization": api.authorization}, None), limit)

    async def ask(self, asked: Asked, limit: int = 64 * KB) -> Reply:
        """Send any request; the same errors as `post`."""
        import aiohttp

        if not asked.path.startswith("/"):
            raise ValueError("a path begins with a slash")
        headers = {"Accept": "*/*", **asked.headers}
        try:
            url = asked.base_url + asked.path
            async with self._client.request(asked.method, url, data=asked.body, headers=headers, allow_redirects=False) as response:
                return await _read(response, limit)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL, UnicodeError):
            # No connection, no name (or one that is none), no TLS: nothing was written. The cause is dropped, since it may hold the URL.
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

    connector = aiohttp.TCPConnector(limit=connections, ttl_dns_cache=60, keepalive_timeout=IDLE)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=TIMEOUT, sock_connect=CONNECT_TIMEOUT),
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "aawaj"},
    ) as client:
        # It would send a GET again by itself where the connection breaks: but many an API sends a text at every GET.
        client._retry_connection = False  # noqa: SLF001
        yield HttpSession(client)
