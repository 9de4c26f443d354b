"""A console with everything in it, and a real Chromium that looks at it."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fakes.console import Console, serving
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from gateway import bootstrap, config
from gateway.services import installation, sample

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
)
PHONE, DESK = 360, 1280


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def environ(sqlite_url: str, redis_url: str, tmp_path: Path, port: int) -> dict[str, str]:
    """The variables of an installation of this test's own: the simulator stands for a provider."""
    return {
        "SECRET_KEY": "the secret key of the tests, long enough",
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": sqlite_url,
        "REDIS_URL": redis_url,
        "GATEWAY_DATA_DIR": str(tmp_path / "data"),
    }


@pytest.fixture
def with_own_clips(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The same with clips that may be changed."""
    shutil.copytree(config.PACKAGE_ROOT / "audio_prompts", tmp_path / "audio")
    return environ | {"GATEWAY_AUDIO_DIR": str(tmp_path / "audio")}


@pytest.fixture
def console(environ: dict[str, str], now: datetime) -> Iterator[Console]:
    """A console of an installation with the sample members, as `./run` starts it."""
    gateway = bootstrap.build(config.load(environ), clock=lambda: now)
    installation.prepare(gateway)
    sample.load(gateway)
    yield Console(gateway)
    gateway.database.close()


@pytest.fixture
def recording_console(with_own_clips: dict[str, str], now: datetime) -> Iterator[Console]:
    """A console without members, whose clips may be changed."""
    gateway = bootstrap.build(config.load(with_own_clips), clock=lambda: now)
    installation.prepare(gateway)
    yield Console(gateway)
    gateway.database.close()


@pytest.fixture
def server(console: Console, port: int) -> Iterator[str]:
    """The address at which the whole installation answers."""
    with serving(console.gateway, port):
        yield console.base


@pytest.fixture(scope="module")  # while Playwright runs, its event loop is that of the process: no test of a worker can have one
def chromium() -> Iterator[Browser]:
    assert CHROMIUM, "The tests need a Chromium: install it (Debian: apt install chromium), or name it in CHROMIUM."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(OPTIONS))
        yield browser
        browser.close()


Open = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def open_as(chromium: Browser, console: Console, server: str) -> Open:
    """Open a page of the browser, signed in as somebody of a role: `with open_as("admin", "ne", width=PHONE) as page:`.

    Whatever the page complains about in its console, errors and what its policy forbids, fails the test.
    """

    @contextmanager
    def opened(role: str | None, language: str = "en", *, width: int = DESK, **more: Any) -> Iterator[Page]:
        context: BrowserContext = chromium.new_context(
            base_url=server, viewport={"width": width, "height": 800}, locale=language, permissions=["microphone"], **more
        )
        complaints: list[str] = []
        try:
            if role is not None:
                context.add_cookies([console.cookie(role, language)])  # type: ignore[list-item]
            page = context.new_page()
            page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            yield page
        finally:
            context.close()
        assert not complaints

    return opened
