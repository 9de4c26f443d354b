"""The browser phone: a newcomer's first calls and texts in a real Chromium, and what it refuses."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fakes.console import Console
from playwright.sync_api import Page, expect

from gateway.services import recordings
from gateway.store.models import calls, flow_sessions, tasks

# Clips are heard eight times as fast, as far as Chromium goes with sound; `heard` are those that were played to their end.
QUICKLY = """
window.heard = [];
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  this.playbackRate = 8;
  const src = this.getAttribute("src");
  const ends = () => { if (this.getAttribute("src") === src && this.ended) window.heard.push([src, this.currentTime]); };
  this.addEventListener("timeupdate", ends);
  return play.call(this);
};
"""


@pytest.fixture
def console(console: Console, now: datetime) -> Console:
    """Its clock goes, since calls last."""
    began = time.monotonic()
    gateway = replace(console.gateway, clock=lambda: now + timedelta(seconds=time.monotonic() - began))
    return Console(gateway)


def all_of(console: Console, table: Any) -> list[Any]:
    with console.gateway.database.read() as db:
        return list(db.execute(table.select().order_by(table.c[next(iter(table.primary_key.columns)).name])))


def dial(page: Page, who: str = "Sita, her own phone") -> None:
    page.get_by_label(who, exact=True).check()
    page.get_by_label("Ring", exact=True).click()


def key(page: Page, keys: str) -> None:
    for each in keys:
        page.locator(f'.key[data-key="{each}"]').click()


def hang_up(page: Page) -> None:
    page.get_by_label("Hang up").click()
    expect(page.locator("#state")).to_have_text("The call is over.")


def said(page: Page) -> Any:
    return page.locator("#told .words")


def opened(open_as: Any, **more: Any) -> Any:
    return open_as(None, "en", **more)


def test_a_newcomer_rings_hears_presses_two_and_hangs_up(open_as: Any, console: Console):
    with opened(open_as) as page:
        page.add_init_script(QUICKLY)
        page.goto("/phone")
        dial(page)
        expect(said(page).nth(1)).to_contain_text("दाबी बुझ्न, दुई थिच्नुहोस्।")
        expect(page.locator("#told .gloss").nth(1)).to_contain_text("For your claim, press two.")
        assert page.locator(".key.may").evaluate_all("keys => keys.map(key => key.dataset.key).join('')") == "123457890"
        key(page, "2")
        expect(page.locator("#told")).to_contain_text("You will get 5 thousand rupees.", timeout=15_000)
        expect(page.locator("#told")).to_contain_text("फेरि सुन्न, आठ थिच्नुहोस्।", timeout=15_000)
        expect(page.locator("#silence-left")).to_contain_text("8 s", timeout=15_000)
        assert page.locator("#pressed").text_content() == "1"
        heard = page.evaluate("window.heard")
        assert any(src.endswith("/ne/claim_status/approved-1.wav") and seconds > 3 for src, seconds in heard)
        assert not any(src.endswith("/ne/main_menu/member-1.wav") for src, _ in heard)  # cut short by her key
        hang_up(page)
        expect(page.locator("#calls a")).to_have_count(1)
    [call] = all_of(console, calls)
    assert (call.direction, call.status) == ("in", "completed")
    assert 2 <= call.seconds <= 60
    assert not any(session.open for session in all_of(console, flow_sessions))


def test_a_private_member_is_asked_for_her_pin_and_dots_are_shown(open_as: Any, console: Console):
    with opened(open_as) as page:
        page.add_init_script(QUICKLY)
        page.goto("/phone")
        dial(page, "Maya, who keeps it private")
        expect(said(page).nth(0)).to_contain_text("नमस्ते", timeout=10_000)
        key(page, "2")
        expect(page.locator("#told")).to_contain_text("Press your four digit secret number.")
        key(page, "482")
        expect(page.locator("#typed")).to_have_text("•••")
        key(page, "6")
        expect(page.locator("#told")).to_contain_text("We are looking at your claim.")
        assert "4826" not in page.locator("#told").inner_text() + page.locator(".screen").inner_text()
        hang_up(page)
        page.locator("#calls a").click()
        expect(page.locator("h1")).to_have_text("A call, heard again")
        expect(page.locator("#replay .pressed")).to_contain_text(["2", "••••"])
        assert "4826" not in page.content()
        page.get_by_role("button", name="Play it again").click()
        expect(page.locator("#replay .here").first).to_be_visible()
        page.get_by_role("button", name="Stop").click()


def test_two_who_share_a_phone_are_told_apart(open_as: Any, console: Console):
    with opened(open_as) as page:
        page.add_init_script(QUICKLY)
        page.goto("/phone")
        dial(page, "Gita and Rita, one phone")
        expect(said(page).nth(0)).to_contain_text("नमस्ते", timeout=10_000)
        key(page, "1")
        expect(page.locator("#state")).to_contain_text("Press", timeout=10_000)
        key(page, "7391")
        expect(page.locator("#told")).to_contain_text("2 hundred rupees", timeout=15_000)
        hang_up(page)


def test_silence_counts_down_until_the_gateway_gives_up(open_as: Any, console: Console):
    with opened(open_as) as page:
        page.add_init_script(QUICKLY)
        page.clock.install()
        page.goto("/phone")
        dial(page)
        page.clock.run_for(2000)
        for _ in range(12):
            expect(page.locator("#state")).to_have_text("Press a key.", timeout=20_000)
            page.clock.run_for(400)
            expect(page.locator("#silence")).to_be_visible()
            page.clock.run_for(9000)
            try:
                expect(page.locator("#state")).to_have_text("Listen. You may press a key at any time.", timeout=3000)
                page.clock.run_for(1000)
            except AssertionError:
                break
        expect(page.locator("#state")).to_have_text("The call is over.", timeout=20_000)
    assert [task.kind for task in all_of(console, tasks)] == ["call_back"]


def test_a_text_is_answered_on_the_same_phone(open_as: Any, console: Console):
    with opened(open_as) as page:
        page.goto("/phone")
        page.get_by_label("Text", exact=True).fill("dabi")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#thread .hers")).to_have_text("dabi")
        expect(page.locator("#thread .ours")).to_contain_text("pass bhayo. Rs 5,000")


def test_a_missed_call_is_reported_and_costs_nothing(open_as: Any, console: Console):
    with opened(open_as) as page:
        page.goto("/phone")
        page.get_by_role("button", name="Missed call").click()
        expect(page.locator("#told")).to_contain_text("You rang and hung up before anybody answered.")
    [call] = all_of(console, calls)
    assert (call.status, call.seconds) == ("no-answer", None)
    assert not all_of(console, flow_sessions)


def test_she_speaks_her_name_and_it_becomes_a_task(open_as: Any, console: Console):
    with opened(open_as) as page:
        page.add_init_script(QUICKLY)
        page.goto("/phone")
        dial(page, "A stranger")
        expect(page.locator("#state")).to_have_text("Listen. You may press a key at any time.", timeout=10_000)
        key(page, "5")
        for _ in range(6):
            expect(page.locator("#state")).to_have_text("Press a key.", timeout=20_000)
            key(page, "1")
            page.wait_for_timeout(300)
            try:
                expect(page.locator("#state")).to_have_text("Speak now. A key ends it.", timeout=9000)
                break
            except AssertionError:
                continue
        page.wait_for_timeout(2500)
        key(page, "1")
        expect(page.locator("#told")).to_contain_text("You spoke", timeout=10_000)
        expect(page.locator("#state")).to_contain_text("Press a key", timeout=20_000)
        hang_up(page)
    with console.gateway.database.read() as db:
        [waiting] = recordings.recordings.pending(db, limit=9)
    with ThreadPoolExecutor(1) as aside:  # the browser has an event loop in this thread
        aside.submit(recordings.fetch, console.gateway, waiting.id).result()
    with console.gateway.database.read() as db:
        kept = recordings.recordings.get(db, waiting.id)
    assert kept.state == "kept"
    assert (console.gateway.settings.data_dir / kept.file).read_bytes()[:4] == b"RIFF"
    assert "write_down_name" in [task.kind for task in all_of(console, tasks)]
