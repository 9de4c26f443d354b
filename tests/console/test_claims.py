"""Where claims stand, and that what is decided is what she hears."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fakes.console import Console
from fakes.waiting import fill

from gateway.services import claim_words, claims
from gateway.services.access import terminal
from gateway.services.claims import Opening

ADMIN = terminal("main")


def a_claim(console: Console, kind: str = "health") -> claims.Claim:
    return claims.take_up(console.gateway, ADMIN, "sample-3", Opening(kind, note="fell from the roof"))


def text_of(console: Console, path: str, role: str = "organiser", language: str = "en") -> str:
    return console.as_(role, language).get(path).get_data(as_text=True)


def test_claims_stand_there_with_whose_they_are_and_how_long(console: Console):
    page = text_of(console, "/claims")
    assert "माया राई" in page
    assert "Under review" in page
    assert text_of(console, "/claims?state=paid").count("<tr>") == 0
    assert "स्वीकृत" in text_of(console, "/claims?state=approved", language="ne")


def test_those_that_wait_too_long_are_marked_and_found(console: Console):
    claim = a_claim(console)
    with console.gateway.database.write() as db:
        long_ago = str(console.gateway.clock() - timedelta(days=9)).replace("+00:00", ".000000")
        db.exec_driver_sql("DROP TRIGGER IF EXISTS claim_events_kept")
        for name in (
            db.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'claim_events'").scalars().all()
        ):
            db.exec_driver_sql(f"DROP TRIGGER {name}")
        db.exec_driver_sql("UPDATE claims SET changed_at = ?, opened_at = ? WHERE id = ?", (long_ago, long_ago, claim.id))
        db.exec_driver_sql("UPDATE claim_events SET at = ? WHERE claim_id = ?", (long_ago, claim.id))
    page = text_of(console, "/claims?overdue=yes")
    assert "गीता थारू" in page
    assert "too long" in page
    assert "माया राई" not in page


def test_a_claim_is_taken_up_and_a_second_click_is_told(console: Console):
    client = console.as_("organiser")
    found = client.post("/claims/new/whose", {"number": "१००३५"})
    assert found.status_code in {303, 404, 422}
    form = {"member": "sample-3", "kind": "accident", "note": "fell from the roof"}
    first = client.post("/claims/new", form)
    assert first.status_code == 303
    page = client.get(first.headers["Location"]).get_data(as_text=True)
    assert "fell from the roof" in page
    second = client.post("/claims/new", form)
    assert second.status_code == 422
    assert 'name="again"' in second.get_data(as_text=True)
    assert client.post("/claims/new", {**form, "again": "yes"}).status_code == 303


def test_whose_it_is_may_be_told_by_her_number(console: Console):
    client = console.as_("organiser")
    number = claims.get(console.gateway, ADMIN, "sample-1").member
    assert client.post("/claims/new/whose", {"number": number}).headers["Location"] == "/claims/new?member=sample-1"
    wrong = client.post("/claims/new/whose", {"number": "99999"})
    assert wrong.status_code == 422


def test_papers_are_ticked_off_with_one_tap_and_the_last_one_moves_it(console: Console):
    claim, client = a_claim(console), console.as_("organiser")
    for paper in claim.papers:
        assert client.post(f"/claims/{claim.id}/papers", {"paper": paper.name, "came": "yes"}).status_code == 303
    assert claims.get(console.gateway, ADMIN, claim.id).state == "review"
    assert "All papers are here" in client.get(f"/claims/{claim.id}").get_data(as_text=True)
    client.post(f"/claims/{claim.id}/papers", {"paper": claim.papers[0].name, "came": ""})
    assert claims.get(console.gateway, ADMIN, claim.id).papers[0].received_at is None


@pytest.mark.parametrize(
    ("form", "state"),
    [
        ({"state": "approved", "amount": "५,०००"}, "approved"),
        ({"state": "paper_missing", "papers": ["hospital_bill", "bank_book"]}, "paper_missing"),
        ({"state": "review", "review_until": "2026-12-01"}, "review"),
        ({"state": "refused", "reason": "why_too_late", "note": "for us alone"}, "refused"),
    ],
)
def test_each_move(console: Console, form: dict[str, object], state: str):
    claim, client = a_claim(console), console.as_("organiser")
    answer = client.post(f"/claims/{claim.id}/move", {"version": str(claim.version), **form})
    assert answer.status_code == 303
    moved = claims.get(console.gateway, ADMIN, claim.id)
    assert moved.state == state
    page = client.get(f"/claims/{claim.id}").get_data(as_text=True)
    said = claim_words.hears(console.gateway, moved, "ne", "review_until" if state == "review" else state, moved.reason).said
    assert said in page


def test_an_approved_claim_is_paid_on_a_day(console: Console):
    client, claim = console.as_("organiser"), claims.get(console.gateway, ADMIN, "sample-1")
    form = {"version": str(claim.version), "state": "paid", "paid_on": "2026-11-20", "amount": ""}
    assert client.post("/claims/sample-1/move", form).status_code == 303
    paid = claims.get(console.gateway, ADMIN, "sample-1")
    assert (paid.state, paid.amount, paid.paid_at.date().isoformat()) == ("paid", 5_000_00, "2026-11-20")


def test_the_second_of_two_is_told(console: Console):
    claim, client = a_claim(console), console.as_("organiser")
    form = {"version": str(claim.version), "state": "review"}
    assert client.post(f"/claims/{claim.id}/move", form).status_code == 303
    second = client.post(f"/claims/{claim.id}/move", {**form, "state": "refused", "reason": "why_papers"})
    assert second.status_code == 422
    assert "Somebody changed claim" in second.get_data(as_text=True)


def test_what_is_wrong_with_an_amount_stands_beside_it(console: Console):
    claim, client = a_claim(console), console.as_("organiser", "ne")
    answer = client.post(f"/claims/{claim.id}/move", {"version": str(claim.version), "state": "approved", "amount": "पाँच"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="amount-approved-wrong"' in page
    assert "रकम अङ्कमा" in page


def test_a_collector_and_a_reader_see_no_claims(console: Console):
    for role in ("collector", "reader"):
        assert console.as_(role).get("/claims").status_code == 403


def test_what_she_hears_names_no_more_papers_than_are_missing(console: Console):
    claim = a_claim(console)
    told = claim_words.hears(console.gateway, claim, "ne", "paper_missing")
    assert told.said.count("ल्याउनुहोस्") == len(claim.papers)
    assert all(clip.startswith("/audio/ne/") for clip in told.clips)


def test_a_name_is_written_down_while_listening_and_a_claim_is_moved(console: Console, open_as):
    fill(console)
    with open_as("organiser", "ne", width=360) as page:
        page.goto("/")
        page.locator("audio").first.evaluate(
            "sound => new Promise((done, lost) => { sound.onended = done; sound.onerror = lost; sound.play(); })"
        )
        page.locator("#name-task-name").fill("विमला राई")
        page.locator("#name-task-name").press("Enter")
        page.get_by_text("विमला राई को नाम लेखियो").wait_for()
        page.goto("/claims/sample-1")
        page.get_by_text("पैसा दिइयो").first.click()
        page.get_by_role("button", name="सुन्नुहोस्").last.click()
        page.get_by_role("button", name="पैसा दिइयो").click()
        page.get_by_text("टिपियो।").first.wait_for()
    assert claims.get(console.gateway, ADMIN, "sample-1").state == "paid"
