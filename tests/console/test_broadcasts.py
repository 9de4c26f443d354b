"""A broadcast from the first word to what came of it, as organisers see it."""

from __future__ import annotations

import re
import threading

import pytest
from fakes.console import Console
from fakes.pages import MEETING, approve, drafted, id_of, page_of, place_of
from playwright.sync_api import expect

from gateway.core.audience import Audience
from gateway.services import access, broadcast, send, sending_settings
from gateway.services.broadcast import Draft

MAIN = access.terminal("main")


def sent_meanwhile(console: Console, broadcast_id: str) -> None:
    """What a worker does; beside the loop in which the browser is driven."""
    worker = threading.Thread(target=send.run_batch, args=(console.gateway, broadcast_id))
    worker.start()
    worker.join()


def test_from_the_first_word_to_those_whom_it_did_not_reach(console: Console):
    client = console.as_("organiser")
    assert "begins the first" in page_of(client.get("/broadcasts"))
    address = drafted(client)
    plan = page_of(client.get(f"{address}/plan"))
    assert re.search(r'class="figure">3<', plan), "three phones"
    assert "नमस्ते सीता तामाङ" in plan
    assert "Written by दिदी organiser" in plan
    assert "shares a phone with somebody who gets it" in plan
    assert approve(client, address) == address
    broadcast.expand(console.gateway, id_of(address))
    again = place_of(client.post(f"{address}/again"))
    assert place_of(client.post(f"{address}/again")) == again, "two taps make one"
    assert "those who did not hear it the first time" in page_of(client.get(again))
    page = page_of(client.get(address))
    assert "Waiting for their turn <strong>3</strong>" in page
    assert 'hx-trigger="every 2s"' in page
    sent_meanwhile(console, id_of(address))
    assert "Arrived <strong>3</strong>" in page_of(client.get(f"{address}/progress"))
    assert "Ward office" in page_of(client.get("/broadcasts"))
    assert page_of(client.get(f"{address}/results.csv")).count("\n") == 5


def test_two_taps_at_the_same_moment_send_it_once_and_lead_to_how_far_it_is(console: Console, monkeypatch: pytest.MonkeyPatch):
    client = console.as_("organiser")
    address = drafted(client)
    approved = broadcast.approve
    monkeypatch.setattr(broadcast, "approve", lambda *asked: (approved(*asked), approved(*asked))[1])  # the other one was faster
    assert approve(client, address) == address


def test_what_is_written_stays_when_a_button_counts_or_finds_a_place(console: Console):
    client = console.as_("organiser")
    written = {**MEETING, "trades": "sewing", "budget": "500", "when": "later", "day": "2026-11-25", "hour": "11:00"}
    page = page_of(client.post("/broadcasts/new", {**written, "do": "count"}))
    assert "वडा कार्यालयमा भेटौँ।</textarea>" in page
    assert re.search(r'value="sewing" checked', page)
    assert re.search(r'<option value="2026-11-25" selected>', page)
    assert re.search(r'class="figure">2<', page)
    page = page_of(client.post("/broadcasts/new", {**written, "do": "place", "place_name": "Lalitpur"}))
    assert "Lalitpur District" in page
    assert page_of(client.post("/broadcasts/new", {**written, "do": "count", "places": "3-25"})).count('value="3-25" checked') == 1


def test_a_fault_stands_beside_its_field_and_nothing_is_lost(console: Console):
    client = console.as_("organiser", "ne")
    page = page_of(client.post("/broadcasts/new", MEETING | {"budget": "धेरै"}), 422)
    assert "यो रुपैयाँको रकम भएन।" in page
    assert 'value="धेरै"' in page
    assert "वडा कार्यालयमा भेटौँ।</textarea>" in page
    assert "अझै भन्ने कुरा केही छैन" in page_of(client.post("/broadcasts/new", {"do": "keep"}), 422)
    assert "फोन पनि चाहिन्छ" in page_of(client.post("/broadcasts/new", MEETING | {"heads_up": "yes"}), 422)
    assert "राख्न मिल्ने शब्द" in page_of(client.post("/broadcasts/new", MEETING | {"text_ne": "{nam}"}), 422)


def test_the_sign_that_makes_it_dear_is_pointed_at_and_taken_out_with_one_button(console: Console):
    client = console.as_("organiser")
    dear = "Meeting tomorrow at the ward office, “Lele”. Please bring your card and tell the others who live near you."
    page = page_of(client.post("/broadcasts/new", {"text_en": dear, "do": "count"}))
    assert "<kbd>“</kbd> (place 38)" in page
    assert "In plain letters: 1 SMS each" in page
    page = page_of(client.post("/broadcasts/new", {"text_en": dear, "do": "use:en"}))
    assert "&#34;Lele&#34;. Please" in page
    assert "<kbd>" not in page
    page = page_of(client.post("/broadcasts/new", {"text_ne": "भोलि {name} घरमा बैठक छ।", "do": "use:ne"}))
    assert "Bholi {name} gharma baithak chha.</textarea>" in page


def test_a_call_is_listened_to_clip_by_clip(console: Console):
    page = page_of(console.as_("organiser").post("/broadcasts/new", {"voice": "phrase:message_signatures", "do": "count"}))
    assert "/audio/ne/phrase/message_signatures.wav" in page
    page = page_of(console.as_("organiser").post("/broadcasts/new", {"voice": "flow:needs", "do": "count"}))
    assert "/audio/en/needs/" in page


def test_a_draft_is_changed_and_the_form_brings_all_of_it_back(console: Console):
    client = console.as_("organiser")
    address = drafted(client, voice="phrase:message_signatures", day="2026-11-25", hour="14:00", when="later", budget="200", trades="food")
    page = page_of(client.get(f"{address}/change"))
    for there in ("phrase:message_signatures", "2026-11-25", "14:00"):
        assert f'value="{there}" selected' in page
    assert 'value="food" checked' in page
    assert 'value="200"' in page
    assert place_of(client.post(f"{address}/change", MEETING | {"title": "Moved"})) == f"{address}/plan"
    assert "<h1>Moved</h1>" in page_of(client.get(f"{address}/plan"))


def test_the_same_form_twice_makes_one_and_the_last_counts(console: Console):
    client = console.as_("organiser")
    first = drafted(client, key="k", title="One")
    assert drafted(client, key="k", title="Two") == first
    assert len(broadcast.latest(console.gateway, MAIN)) == 1
    assert "<h1>Two</h1>" in page_of(client.get(f"{first}/plan"))


def test_two_people_agree_each_to_what_she_has_seen(console: Console):
    sending_settings.change(console.gateway, MAIN, two_persons_above=1)
    planner, second = console.as_("organiser"), console.as_("admin")
    address = drafted(planner)
    assert approve(planner, address) == f"{address}/plan"
    page = page_of(planner.get(f"{address}/plan"))
    assert "Ask a colleague" in page
    assert 'name="seen"' not in page
    page = page_of(second.get(f"{address}/plan"))
    assert "Written by दिदी organiser" in page
    assert "Agreed so far: दिदी organiser" in page
    stale = re.search(r'name="seen" value="(\w+)"', page)
    planner.post(f"{address}/change", MEETING | {"title": "Another"})
    assert "changed this broadcast meanwhile" in page_of(second.post(f"{address}/approve", {"seen": stale[1] if stale else ""}), 422)
    approve(planner, address)
    assert approve(second, address) == address
    assert place_of(second.post(f"{address}/approve", {"seen": "x"})) == address, "a double tap"
    assert len([row for row in broadcast.latest(console.gateway, MAIN) if row.approved_at]) == 1


def test_a_budget_says_what_helps_and_offers_no_button(console: Console):
    page = page_of(console.as_("organiser").get(drafted(console.as_("organiser"), budget="1") + "/plan"))
    assert "more than its budget" in page
    assert "What helps" in page
    assert 'name="seen"' not in page


def test_a_test_goes_to_my_phone_whose_number_stands_nowhere(console: Console):
    client = console.as_("organiser")
    address = drafted(client)
    assert place_of(client.post(f"{address}/test", {"phone": "9841234567", "language": "ne"})) == f"{address}/plan"
    page = page_of(client.get(f"{address}/plan"))
    assert "on its way to your phone" in page
    assert "9841234567" not in page
    assert "ordinary phone" in page_of(client.post(f"{address}/test", {"phone": "12"}), 422)


def test_it_is_paused_continued_and_stopped_after_one_more_question(console: Console):
    client = console.as_("organiser")
    address = drafted(client)
    approve(client, address)
    broadcast.expand(console.gateway, id_of(address))
    client.post(f"{address}/pause")
    page = page_of(client.get(address))
    assert "Paused" in page
    assert "hx-trigger" not in page, "what stands still asks for nothing"
    client.post(f"{address}/resume")
    assert "Being sent" in page_of(client.get(address))
    assert "3 people have not got it yet" in page_of(client.get(f"{address}/cancel"))
    client.post(f"{address}/cancel")
    assert "the broadcast was cancelled before" in page_of(client.get(address))


def test_readers_follow_and_change_nothing(console: Console):
    address = drafted(console.as_("organiser"))
    approve(console.as_("organiser"), address)
    reader = console.as_("reader")
    page = page_of(reader.get(address))
    assert '<form method="post" action="/broadcasts' not in page
    assert page_of(reader.get("/broadcasts"))
    assert reader.get("/broadcasts/new").status_code == 403
    assert reader.post(f"{address}/cancel").status_code == 403


def test_an_audience_that_only_others_may_choose_survives_a_change(console: Console):
    made = broadcast.create(console.gateway, MAIN, Draft("t", {"ne": "क"}, audience=Audience(collectors=("sample-didi",))))
    page = page_of(console.as_("organiser").get(f"/broadcasts/{made}/change"))
    assert re.search(r'name="collectors" value="sample-didi" checked', page)


@pytest.mark.parametrize("language", ["en", "ne"])
def test_the_count_follows_the_writing_and_the_progress_moves_by_itself(console: Console, open_as, language: str):
    with open_as("organiser", language) as page:
        page.goto("/broadcasts/new")
        figure = page.locator("#glance .figure")
        expect(figure).to_have_text("3" if language == "en" else "३")
        page.locator("#text_ne").fill("भोलि बैठक छ, ")
        page.locator("[data-insert='{name}']").click()
        expect(page.locator("#glance .phone").first).to_contain_text("भोलि बैठक छ, सीता तामाङ")
        page.locator("#compose details.step > summary").nth(1).click()
        page.locator("input[name=trades][value=craft]").check()
        expect(figure).to_have_text("1" if language == "en" else "१")
        page.locator("#voice").select_option("phrase:message_signatures")
        play = page.locator("#glance [data-player] button").first
        play.click()
        expect(page.locator("#glance .player .now").first).to_be_visible()
        page.locator("button[value=keep]").click()
        page.wait_for_url("**/plan")
        page.locator("form[action$=approve] button").click()
        page.wait_for_url(re.compile(r"/broadcasts/\w+$"))
        made = id_of(page.url)
        broadcast.expand(console.gateway, made)
        waiting = page.locator("#progress .states")
        expect(waiting).to_be_visible(timeout=6000)
        page.evaluate("window.still = true")
        sent_meanwhile(console, made)
        expect(page.locator("#progress .states .fair")).to_be_visible(timeout=6000)
        assert page.evaluate("window.still"), "nothing was loaded anew"
