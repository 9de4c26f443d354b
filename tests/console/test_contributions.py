"""Checking a day's contributions, deciding about one, and noting one."""

from __future__ import annotations

import re

import pytest
from console.test_members import hidden, said
from fakes.console import Console
from playwright.sync_api import expect

from gateway.services import contributions
from gateway.services.access import terminal

ADMIN = terminal("main")
TODAY = "2026-11-21"


def note(console: Console, member_id: str, rupees: int, **more):
    return contributions.note(console.gateway, ADMIN, member_id, contributions.Report(rupees * 100, **more))


def state(console: Console, entry) -> str:
    return contributions.get(console.gateway, ADMIN, entry.id).state


def test_a_day_is_shown_by_collector_with_the_sum_that_she_must_bring(console: Console):
    note(console, "sample-1", 300)
    note(console, "sample-4", 500)
    page = said(console.as_("organiser").get(f"/contributions?day={TODAY}"))
    assert page.index("दिदी") < page.index("Rs 800") < page.index("सीता तामाङ")
    assert "22 October 2026" in page  # an earlier day on which something waits


def test_all_that_is_ticked_is_confirmed_with_one_tap_and_the_rest_waits(console: Console):
    first, second, third = (note(console, member, 300) for member in ("sample-1", "sample-3", "sample-4"))
    client = console.as_("organiser")
    answer = client.post("/contributions/confirm", {"day": TODAY, "entry": [first.id, second.id]}, follow_redirects=True)
    assert "2 entries are confirmed" in said(answer)
    assert [state(console, each) for each in (first, second, third)] == ["confirmed", "confirmed", "noted"]
    again = client.post("/contributions/confirm", {"day": TODAY, "entry": [first.id, third.id]}, follow_redirects=True)
    assert "1 entry is confirmed. 1 were decided by somebody else" in said(again)
    assert client.post("/contributions/confirm", {"day": TODAY}).status_code == 422


def test_what_may_have_been_noted_twice_is_marked_beside_each_other_and_not_ticked(console: Console):
    first = note(console, "sample-1", 300)
    second = note(console, "sample-1", 300, again=True)
    other = note(console, "sample-3", 300)
    page = console.as_("organiser").get(f"/contributions?day={TODAY}").get_data(as_text=True)
    assert f"perhaps twice: {second.reference}" in page
    assert f"perhaps twice: {first.reference}" in page
    ticks = dict(re.findall(r'name="entry" value="([a-z]+)"( checked)?', page))
    assert ticks == {first.id: "", second.id: "", other.id: " checked"}
    contributions.reverse(console.gateway, ADMIN, second.id, "twice")
    assert "perhaps twice" not in said(console.as_("organiser").get(f"/contributions?day={TODAY}"))


def test_an_entry_is_questioned_and_taken_back_with_a_note(console: Console):
    entry, client = note(console, "sample-1", 300), console.as_("organiser")
    address = f"/contributions/{entry.id}"
    assert client.post(f"{address}/question", {"note": "रसिद छैन"}).status_code == 303
    page = said(client.get(address))
    assert "रसिद छैन" in page
    assert "Questioned" in page
    assert client.post(f"{address}/reverse", {"note": ""}).status_code == 422
    assert client.post(f"{address}/reverse", {"note": "पैसा आएन"}).status_code == 303
    assert state(console, entry) == "reversed"
    late = client.post(f"{address}/confirm")
    assert late.status_code in {409, 422}
    assert "cannot be “confirmed”" in said(late)


def test_two_taps_note_once_and_what_was_paid_twice_is_noted_when_she_says_so(console: Console):
    client = console.as_("organiser")
    form = client.get("/contributions/new?member=sample-1")
    given = {"member": "sample-1", "amount": "३००", "month": "2083-08", "id": hidden(form, "id")}
    assert [client.post("/contributions/new", given).status_code for _ in range(2)] == [303, 303]
    with console.gateway.database.read() as db:
        assert db.exec_driver_sql(f"SELECT count(*) FROM contributions WHERE id = '{given['id']}'").scalar() == 1  # noqa: S608  # our own
    fresh = {**given, "id": hidden(client.get("/contributions/new?member=sample-1"), "id")}
    refused = client.post("/contributions/new", fresh)
    assert refused.status_code in {409, 422}
    assert 'name="again"' in refused.get_data(as_text=True)
    assert client.post("/contributions/new", {**fresh, "again": "yes"}).status_code == 303


@pytest.mark.parametrize("amount", ["", "none", "-5", "0", "9999999"])
def test_an_amount_that_is_none_is_refused(console: Console, amount: str):
    answer = console.as_("organiser").post("/contributions/new", {"member": "sample-1", "amount": amount})
    assert answer.status_code == 422


def test_a_collector_notes_for_her_group_and_decides_nothing(console: Console):
    console.user("collector")
    with console.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE members SET collector_id = 'collector-main' WHERE id = 'sample-2'")
    hers, others = note(console, "sample-2", 300), note(console, "sample-1", 300)
    client = console.as_("collector")
    page = client.get(f"/contributions?day={TODAY}").get_data(as_text=True)
    assert "माया राई" in page
    assert "सीता तामाङ" not in page
    assert 'name="entry"' not in page
    assert "Confirm what is ticked" not in page
    assert client.get(f"/contributions/{others.id}").status_code == 404
    assert "Take it back" not in said(client.get(f"/contributions/{hers.id}"))
    assert client.post("/contributions/confirm", {"entry": hers.id}).status_code == 403
    assert client.post("/contributions/new", {"member": "sample-1", "amount": "300"}).status_code == 404


def test_the_sum_of_what_is_ticked_follows_the_ticks(open_as, console: Console):
    note(console, "sample-1", 300)
    note(console, "sample-4", 500)
    with open_as("organiser", "ne", width=360) as page:
        page.goto(f"/contributions?day={TODAY}")
        expect(page.locator("#ticked")).to_have_text("रु ८००")
        page.locator("input[name=entry]").first.uncheck()
        expect(page.locator("#ticked")).not_to_have_text("रु ८००")
        page.get_by_role("button", name="चिन्ह लागेको पक्का गर्नुहोस्").click()
        expect(page.get_by_role("status")).to_contain_text("पक्का")
