"""Every page of the console in a real Chromium: in Nepali on a small phone and in English on a desk.

The people of the installation have hostile names, so that a page which forgot to escape one shows itself here.
"""

from __future__ import annotations

import re
import shutil
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from fakes.api_world import World
from fakes.console import Console, address, one_of_everything, serving
from playwright.sync_api import Browser, Page

from gateway import bootstrap, config
from gateway.services import access, installation, replay, sample, sign_in, users
from gateway.services.sample import OPEN_MEMBER
from gateway.web.console import all_routes
from gateway.web.console.routes import Route

HOSTILE = "<img src=x onerror=alert(1)>\"'&{{7*7}}"
AT_THE_DOOR = ("/sign-in", "/sign-in/second-step", "/invitation")
ALONE = "/statistics/report"  # a page that has nothing of the console around it
# Whatever is looked at, and no files.
PAGES = [
    route
    for route in all_routes()
    if route.method == "GET" and not route.is_part and ("Page" in route.view.__annotations__["return"] or route.path == ALONE)
]
INSIDE = [route for route in PAGES if route.path not in AT_THE_DOOR]
OF_OTHERS = ("/audio/", "/api/", "/metrics", "/health")  # other parts of the application answer there
OF_EACH = 3  # links to one kind of page are followed
EYES = {"ne": 360, "en": 1280}
# Buttons, fields and the menu can be hit with a thumb (WCAG 2.5.5 asks for 44 px); links inside a sentence are as high as it is.
TOO_SMALL = """() => {
    const hit = 'button, select, textarea, .button, nav a, summary, label.tick, input:not([type=hidden])'
    return [...document.querySelectorAll(hit)]
        .filter(each => !['checkbox', 'radio'].includes(each.type) && !each.closest('.unseen'))
        .filter(each => each.checkVisibility({visibilityProperty: true}))
        .map(each => [each.outerHTML.slice(0, 90), each.getBoundingClientRect()])
        .filter(([, box]) => box.height && (box.height < 43.5 || box.width < 43.5))
        .map(([text, box]) => `${text} ${box.width}x${box.height}`)
}"""
TOO_WIDE = """() => {
    const wide = document.documentElement.scrollWidth
    if (wide <= innerWidth) return []
    return [...document.querySelectorAll('main *')]
        .filter(each => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest('.scroll'))
        .map(each => each.outerHTML.slice(0, 90)).slice(0, 3).concat(`${wide} px`)
}"""


@dataclass
class Everything:
    """A console of an installation with one of everything in it, and who looks at it."""

    console: Console
    world: World
    chromium: Browser
    pages: dict[str, Page]
    complaints: list[str]

    def faults(self, path: str, language: str) -> list[str]:
        """What is wrong with a page."""
        page = self.pages[language]
        self.complaints.clear()
        answer = page.goto(path)
        faults = [] if answer and answer.status == 200 else [f"{page.url}: {answer and answer.status}"]
        faults += self.complaints + page.evaluate(TOO_WIDE) + page.evaluate(TOO_SMALL)
        faults += [] if page.locator("h1").count() == 1 else [f"{page.locator('h1').count()} h1"]
        faults += [] if page.locator("html").get_attribute("lang") == language else ["another language"]
        faults += ["a hostile name became a picture"] * page.locator("img[src=x]").count()
        faults += ["a name was evaluated"] * any("49" in name for name in page.locator(".brand").all_inner_texts())
        found = Axe().run(page).response["violations"]
        return faults + [f"axe {each['id']}: {each['nodes'][0]['html'][:120]} ({len(each['nodes'])})" for each in found]


def had_call(console: Console) -> str:
    """The id of a conversation that was had on the browser phone."""
    client = console.as_("admin")
    form = {"call": client.post("/phone/ring", {"number": OPEN_MEMBER}).json["call"]}
    client.post("/phone/step", {**form, "step": "1", "keys": "2"})
    client.post("/phone/end", form)
    return replay.calls_of(console.gateway, OPEN_MEMBER, 1)[0][0]


@pytest.fixture(scope="module")
def everything(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, redis_server: str, chromium: Browser
) -> Iterator[Everything]:
    folder = tmp_path_factory.mktemp("everything")
    file = shutil.copy(sqlite_template, folder / "gateway.sqlite3")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        "SECRET_KEY": "the secret key of the tests, long enough",
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": f"sqlite:///{file}",
        "REDIS_URL": redis_server,
        "GATEWAY_DATA_DIR": str(folder),
        "GATEWAY_ORGANISATION": HOSTILE,
    }
    gateway = bootstrap.build(config.load(environ), clock=lambda: datetime(2026, 11, 21, 4, 15, tzinfo=UTC))
    installation.prepare(gateway)
    sample.load(gateway)
    console, complaints = Console(gateway), []
    world = one_of_everything(console, "main", HOSTILE, "984")
    world.ids["talk.own"] = had_call(console)
    with serving(gateway, port):
        pages = {}
        for language, width in EYES.items():
            context = chromium.new_context(
                base_url=console.base, viewport={"width": width, "height": 800}, locale=language, reduced_motion="reduce"
            )
            context.add_cookies([console.cookie("admin", language)])  # type: ignore[list-item]
            pages[language] = page = context.new_page()
            page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))
        yield Everything(console, world, chromium, pages, complaints)
        for page in pages.values():
            page.context.close()
    gateway.database.close()


@pytest.mark.parametrize("language", list(EYES))
@pytest.mark.parametrize("route", INSIDE, ids=lambda route: route.endpoint)
def test_a_page_is_whole(everything: Everything, route: Route, language: str):
    """Nothing goes wrong in it, it fits, everybody can use it, and no name in it is taken for a part of the page."""
    assert everything.faults(address(route.path, everything.world), language) == []


@pytest.mark.parametrize("language", list(EYES))
def test_the_door_is_whole(everything: Everything, language: str):
    """What only somebody sees who is not signed in."""
    console, context = everything.console, everything.pages[language].context
    cookies, faults = context.cookies(), {}
    link = users.invite(console.gateway, access.terminal("main"), console.user("reader"), f"didi-{language}")
    for path in AT_THE_DOOR:
        half = sign_in.begin(console.gateway, console.user("admin"), proved=False) if "second" in path else ""
        context.clear_cookies()
        context.add_cookies([console.cookie_of(half, language)])  # type: ignore[list-item]
        faults[path] = everything.faults(link.address if path == "/invitation" else path, language)
    context.clear_cookies()
    context.add_cookies(cookies)  # type: ignore[arg-type]
    assert faults == {path: [] for path in AT_THE_DOOR}


def test_every_page_leads_somewhere_and_needs_no_script(everything: Everything):
    """Each link is answered, each form is taken and has its button, and there is one heading before any script has come."""
    client, urls = everything.console.as_("admin"), everything.console.app.url_map.bind("127.0.0.1")
    seen: Counter[object] = Counter()
    wrong = []
    for route in INSIDE:
        page = client.get(address(route.path, everything.world), follow_redirects=True).get_data(as_text=True)
        wrong += [] if page.count("<h1") == 1 else [f"{route.endpoint}: {page.count('<h1')} h1"]
        for link in map(unescape, set(re.findall(r'(?:href|src)="(/[^"#]*)', page))):
            path = urlsplit(link).path
            if not urls.test(path, "GET"):
                wrong += [] if path.startswith(OF_OTHERS) else [f"{route.endpoint}: {link}"]
            elif not seen[link] and seen[urls.match(path, "GET")[0]] < OF_EACH:
                seen.update([link, urls.match(path, "GET")[0]])
                wrong += [f"{route.endpoint}: {link}"] if client.get(link).status_code >= 400 else []
        for form in re.findall(r"<form\b[^>]*method=.*?</form>", page, re.DOTALL):
            address_of = re.search(r'action="(/[^"]*)"', form)
            taken = address_of and any(urls.test(urlsplit(unescape(address_of[1])).path, method) for method in ("GET", "POST"))
            wrong += [] if taken and "<button" in form else [f"{route.endpoint}: {form[:90]}"]
    assert wrong == []


def test_the_first_page_is_light(everything: Everything):
    """Under 60 KB go over the line when the console is first opened, without the fonts."""
    context = everything.chromium.new_context(base_url=everything.console.base, viewport={"width": 360, "height": 800})
    context.add_cookies([everything.console.cookie("admin", "ne")])  # type: ignore[list-item]
    page, sizes = context.new_page(), {}
    page.on("requestfinished", lambda request: sizes.update({request.url: request.sizes()["responseBodySize"]}))
    page.goto("/")
    page.wait_for_load_state("networkidle")
    context.close()
    assert sum(size for url, size in sizes.items() if "/fonts/" not in url) < 60_000, sizes
