"""The browser phone: a newcomer's first calls and texts in a real Chromium, and what it refuses."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fakes import phone as strict
from fakes.console import Client, Console
from playwright.sync_api import Page, expect

from gateway.errors import GatewayError
from gateway.providers.base import WebhookRequest
from gateway.services import access, broadcast, recordings, replay, send
from gateway.services.broadcast import Draft
from gateway.services.sample import OPEN_MEMBER, PRIVATE_MEMBER, SHARED_PHONE
from gateway.store.models import audit, calls, deliveries, flow_sessions, receipts, session_events, tasks
from gateway.web.console.frame import LANGUAGE
from gateway.web.console.phone import STRANGER
from gateway.web.phone import twiml

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
    assert (call.status, call.seconds) == ("no-answer", 0)
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


def test_a_broadcast_rings_here_and_is_answered(open_as: Any, console: Console):
    with opened(open_as) as page:
        page.add_init_script(QUICKLY)
        page.goto("/phone")
        with ThreadPoolExecutor(1) as aside:
            aside.submit(broadcast_by_voice, console).result()
        expect(page.locator("#state")).to_have_text("Your phone rings. Green answers, red rejects.", timeout=15_000)
        page.get_by_label("Answer", exact=True).click()
        expect(page.locator("#told .gloss").nth(0)).to_contain_text("Aawaj", timeout=15_000)
        expect(page.locator("#told")).to_contain_text("महासन्धिको नम्बर", timeout=20_000)
        hang_up(page)
        page.get_by_label("Maya, who keeps it private").check()
        page.wait_for_timeout(300)
        expect(page.locator("#state")).to_have_text("Your phone rings. Green answers, red rejects.", timeout=15_000)
        page.get_by_label("Hang up").click()
        expect(page.locator("#state")).to_have_text("The call is over.")
        expect(page.locator("#phone")).not_to_have_class("rings")
    states = [row.state for row in all_of(console, deliveries)]
    assert "delivered" in states, states
    assert "undelivered" in states, states


def broadcast_by_voice(console: Console) -> None:
    admin, gateway = access.terminal("main"), console.gateway
    broadcast_id = broadcast.create(gateway, admin, Draft("news", phrase="news_c177", life_safety_by="Kamala"))
    broadcast.approve(gateway, admin, broadcast_id)
    broadcast.expand(gateway, broadcast_id)
    send.run_batch(gateway, broadcast_id)


def test_without_javascript_the_call_stands_there_as_text(console: Console):
    client = anybody(console)
    assert "The phone needs JavaScript." in client.get("/phone").get_data(as_text=True)
    page = client.post("/phone/heard", {"number": PRIVATE_MEMBER, "keys": "2,4826"}).get_data(as_text=True)
    assert "Press your four digit secret number." in page
    assert "We are looking at your claim. We will tell you within 7 days." in page
    assert "[••••]" in page
    wrong = client.post("/phone/heard", {"number": OPEN_MEMBER, "keys": "2,x"})
    assert wrong.status_code == 422
    assert [call.status for call in all_of(console, calls)] == ["completed"]


def anybody(console: Console) -> Client:
    client = Client(console.app.test_client())
    client.flask.post("/language", base_url=console.base)
    with client.flask.session_transaction(base_url=console.base) as kept:
        kept[LANGUAGE] = "en"
    return client


def ask(client: Client, path: str, **form: str) -> Any:
    return client.post(f"/phone/{path}", form)


def test_numbers_beyond_the_sample_are_an_admins(console: Console):
    assert ask(anybody(console), "ring", number="+9779841234567").status_code == 422
    assert ask(console.as_("organiser"), "ring", number="+9779841234567").status_code == 422
    assert ask(console.as_("admin"), "ring", number="+9779841234567").status_code == 200
    [note] = [row for row in all_of(console, audit) if row.action == "phone.used"]
    assert "98412" not in note.detail + note.subject
    assert ask(anybody(console), "ring", number="nonsense").json["fault"].startswith("“nonsense” is not a phone number")


def test_what_did_not_come_from_the_page_is_refused(console: Console):
    client = anybody(console)
    assert client.flask.post("/phone/ring", base_url=console.base, data={"number": OPEN_MEMBER}).status_code == 400
    begun = ask(client, "ring", number=OPEN_MEMBER).json
    assert ask(client, "step", call=begun["call"][:-8] + "AAAAAAA=", step="1", keys="2").json["fault"] == "This call is over. Ring again."
    assert ask(client, "step", call=begun["call"], step="../sms", keys="2").status_code == 422
    assert ask(client, "step", call=begun["call"], step="1", keys="2'").status_code == 422
    assert ask(client, "step", call=begun["call"], step="1", keys="2").status_code == 200
    with pytest.raises(GatewayError, match="not signed"):
        console.gateway.providers.main.verify(WebhookRequest("/twilio/voice", {}, [("CallSid", "CA" + "1" * 32)]))


def with_settings(console: Console, **changed: Any) -> Console:
    return Console(replace(console.gateway, settings=replace(console.gateway.settings, **changed)))


def test_it_is_off_with_a_real_provider_unless_it_was_switched_on(console: Console):
    real = with_settings(console, twilio_account_sid="AC" + "1" * 32, twilio_auth_token="t" * 32)
    assert real.as_("admin").get("/phone").status_code == 404
    assert ask(real.as_("admin"), "ring", number=OPEN_MEMBER).status_code == 404
    on = with_settings(real, phone=True)
    assert anybody(on).get("/phone").headers["Location"] == "/sign-in?next=/phone"
    assert ask(anybody(on), "ring", number=OPEN_MEMBER).status_code == 403
    assert on.as_("reader").get("/phone").status_code == 403
    assert "write real records" in on.as_("organiser").get("/phone").get_data(as_text=True)
    off = with_settings(console, phone=False)
    assert off.as_("admin").get("/phone").status_code == 404
    published = with_settings(console, public_base_url="https://gateway.example")
    assert ask(anybody(published), "ring", number=OPEN_MEMBER).status_code in {400, 403}


def test_a_call_is_heard_again_by_who_may_and_the_look_is_written_down(console: Console):
    client = anybody(console)
    begun = ask(client, "ring", number=PRIVATE_MEMBER).json
    ask(client, "step", call=begun["call"], step="1", keys="2")
    ask(client, "step", call=begun["call"], step="2", keys="4826")
    ask(client, "end", call=begun["call"])
    [(session_id, _)] = replay.calls_of(console.gateway, PRIVATE_MEMBER, 5)
    page = client.get(f"/phone/replay/{session_id}").get_data(as_text=True)
    assert page.count("••••") == 1
    assert "4826" not in page
    assert "9720000002" not in page
    assert not [row for row in all_of(console, audit) if row.action == "conversation.replayed"]
    assert console.as_("organiser").get(f"/phone/replay/{session_id}").status_code == 200
    [note] = [row for row in all_of(console, audit) if row.action == "conversation.replayed"]
    assert note.subject == "member:sample-2"
    assert client.get("/phone/replay/nobodys").status_code == 404
    real = with_settings(console, twilio_account_sid="AC" + "1" * 32, twilio_auth_token="t" * 32)
    assert anybody(real).get(f"/phone/replay/{session_id}").status_code == 303
    assert real.as_("collector").get(f"/phone/replay/{session_id}").status_code == 403


def test_a_key_of_a_longer_answer_is_never_kept(console: Console):
    client = anybody(console)
    begun = ask(client, "ring", number=PRIVATE_MEMBER).json
    for step, keys in enumerate(("2", "48", "4826"), 1):
        ask(client, "step", call=begun["call"], step=str(step), keys=keys)
    kept = " ".join(f"{row.kind} {row.detail}" for row in all_of(console, session_events))
    assert '"key": "2"' in kept
    assert "48" not in kept


@pytest.mark.parametrize(
    "document",
    [
        "<Response><Pause/></Response>",
        '<Response><Gather action="https://g/twilio/voice/1" method="POST" input="dtmf"/></Response>',
        '<Response><Gather action="https://g/twilio/voice/1"/></Response>',
        '<Response><Gather action="https://g/twilio/voice/1" method="POST"><Hangup/></Gather></Response>',
        "<Response><Play>https://evil.example/audio/a.wav</Play></Response>",
        "<Response><Redirect>https://evil.example/twilio/voice/1</Redirect></Response>",
        "<Response><Say>a & b</Say></Response>",
        "<Response><Number>1</Number></Response>",
        "\n<Response/>",
        "<Hello/>",
        "<Response>" + "<Hangup/>" * 8000 + "</Response>",
        '<!DOCTYPE a [<!ENTITY b "c">]><Response>&b;</Response>',
    ],
)
def test_what_a_provider_would_not_understand_is_a_loud_fault(document: str):
    with pytest.raises(GatewayError, match="would not understand"):
        twiml.read(document, "https://g")


def test_it_understands_what_the_strict_phone_of_the_tests_understands():
    own = {name: set(attributes) for name, attributes in twiml.ATTRIBUTES.items() if name not in {"Number", "Message"}}
    assert own == strict.ATTRIBUTES


def test_every_answer_of_a_call_is_understood_by_both(console: Console):
    client = anybody(console)
    for number, keys in (
        (OPEN_MEMBER, "3,3,1"),
        (OPEN_MEMBER, "1,2,500,1"),
        (SHARED_PHONE, "2,5064"),
        (STRANGER, "5,1"),
        (OPEN_MEMBER, "0"),
    ):
        assert client.post("/phone/heard", {"number": number, "keys": keys}).status_code == 200
    documents = [console.gateway.seal.open(bytes(row.sealed_answer)) for row in all_of(console, receipts)]
    assert len(documents) > 12
    for document in documents:
        theirs = [element.tag for element in strict.parse(document)]
        for verb in strict.parse(document):
            strict.check(verb)
        assert [verb.name for verb in twiml.read(document, console.base)] == theirs
