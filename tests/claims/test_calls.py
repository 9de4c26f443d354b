"""What she hears of her claims: whole calls over HTTP, on her own phone, on a shared one, as a private member; and the neutral text."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from calls.conftest import Installation

from gateway.core.calendar import NEPAL
from gateway.core.jobs import SendReply
from gateway.errors import GatewayError
from gateway.services import claims, tasks, track
from gateway.services.access import Actor
from gateway.services.claims import Move, Opening
from gateway.store import claims as stored
from gateway.store import deliveries

SITA, MAYA, SHARED = "+9779720000001", "+9779720000002", "+9779720000003"
NEWS, HINT, MENU = "ne/claim_status/approved-1", "ne/claim_news/hint-2", "ne/main_menu/member-1"
BETRAYING = ("claim_status", "दाबी", "dabi", "claim", "5,000", "५,०००", "5000", "Rs", "रु", "paas", "pass", "पास", "सीता", "माया")


def approved(here: Installation, actor: Actor, member_id: str, amount: int = 5_000_00) -> claims.Claim:
    claim = claims.take_up(here.gateway, actor, member_id, Opening("health", again=True))
    return claims.move(here.gateway, actor, claim.id, claim.version, Move("approved", amount=amount))


def refused(here: Installation, actor: Actor, member_id: str) -> claims.Claim:
    claim = claims.take_up(here.gateway, actor, member_id, Opening("health", again=True))
    return claims.move(here.gateway, actor, claim.id, claim.version, Move("refused", reason="why_too_late"))


# --- before the menu ---------------------------------------------------------------------------------------------------------------


def test_news_is_told_before_the_menu_without_a_key_and_once(here: Installation, organiser: Actor):
    approved(here, organiser, "sample-1", 7_000_00)
    call = here.phone(SITA).ring()
    assert call.keys == 0
    news = call.heard.index(NEWS)
    assert call.heard[news + 1] == "ne/number/7"
    assert news < next(place for place, clip in enumerate(call.heard) if "main_menu/member" in clip)
    assert "claim_status" not in " ".join(here.phone(SITA).ring().heard)


def test_each_change_is_told_again(here: Installation, organiser: Actor):
    claim = claims.take_up(here.gateway, organiser, "sample-1", Opening("accident", again=True))
    assert "ne/claim_status/received-1" in here.phone(SITA).ring().heard
    here.clock.move(minutes=1)
    claim = claims.move(here.gateway, organiser, claim.id, claim.version, Move("paper_missing"))
    heard = here.phone(SITA).ring().heard
    assert [f"ne/phrase/{name}" in heard for name in ("hospital_bill", "police_letter", "citizenship_copy", "bank_book")] == [True] * 4
    for paper in claim.papers:
        claims.tick(here.gateway, organiser, claim.id, paper.name)
    assert "ne/claim_status/in_review-1" in here.phone(SITA).ring().heard
    assert "claim_status" not in " ".join(here.phone(SITA).ring().heard)


def test_a_move_whose_clock_is_behind_her_call_is_news_all_the_same(here: Installation, organiser: Actor):
    claim = claims.take_up(here.gateway, organiser, "sample-1", Opening("accident", again=True))
    here.clock.move(seconds=2)
    here.phone(SITA).ring()
    here.clock.move(seconds=-1)
    claims.move(here.gateway, organiser, claim.id, claim.version, Move("review"))
    here.clock.move(seconds=5)
    assert "ne/claim_status/in_review-1" in here.phone(SITA).ring().heard


def test_what_moved_on_meanwhile_does_not_count_as_heard(on_sqlite: Installation, organiser: Actor):
    here, claim = on_sqlite, claims.take_up(on_sqlite.gateway, organiser, "sample-1", Opening("accident", again=True))
    claims.move(here.gateway, organiser, claim.id, claim.version, Move("review"))
    with here.gateway.database.write() as db:
        stored.heard(db, claim.id, claim.version, here.clock())  # a call that had read the version before
    assert "ne/claim_status/in_review-1" in here.phone(SITA).ring().heard


@pytest.mark.parametrize(("number", "member", "pin"), [(MAYA, "sample-2", "4826"), (SHARED, "sample-4", "5064")])
def test_a_private_or_shared_phone_hears_that_there_is_something_and_no_more(here: Installation, organiser: Actor, number, member, pin):
    approved(here, organiser, member, 7_000_00)
    for _ in range(2):  # it stays news until she has proved who she is
        call = here.phone(number).ring()
        assert "ne/phrase/news_for_you" in call.heard
        assert "claim_status" not in " ".join(call.heard)
        assert not any(clip.startswith("ne/number/7") for clip in call.heard)
    assert here.rows("SELECT count(*) FROM claims WHERE heard_at IS NOT NULL") == [(2,)]
    call.press("2").press(pin)
    assert NEWS in call.heard
    assert "ne/phrase/news_for_you" not in here.phone(number).ring().heard


def test_another_members_pin_on_a_shared_phone_hears_nothing_of_it(here: Installation, organiser: Actor):
    approved(here, organiser, "sample-4")
    call = here.phone(SHARED).ring().press("2").press("7391")
    assert NEWS not in call.heard
    assert "ne/claim_status/no_claim-1" in call.heard


def test_news_is_committed_as_heard_once_however_often_the_webhook_comes(here: Installation, organiser: Actor):
    approved(here, organiser, "sample-1")
    call = here.phone(SITA, double=True).ring()
    assert NEWS in call.heard
    assert here.rows("SELECT count(*) FROM session_events WHERE kind = 'ClaimHeard'") == [(1,)]


def test_news_is_within_twenty_seconds(on_sqlite: Installation, organiser: Actor):
    claim = claims.take_up(on_sqlite.gateway, organiser, "sample-1", Opening("disability", again=True))
    claims.move(on_sqlite.gateway, organiser, claim.id, claim.version, Move("paper_missing"))
    call = on_sqlite.phone(SITA).ring()
    after = next(start for start, clip in call._prompt if clip.startswith("ne/main_menu/"))
    assert after <= 20


def test_a_call_that_is_begun_anew_hears_the_news_too(on_sqlite: Installation, organiser: Actor):
    here = on_sqlite
    call = here.phone(SITA).ring().press("1").press("2")
    call.press("450")
    call.hang_up(report_to="/twilio/status/calls")
    approved(here, organiser, "sample-1")
    again = here.phone(SITA).ring()
    assert NEWS not in again.heard
    assert NEWS in again.press("2").heard


# --- asking about claims -----------------------------------------------------------------------------------------------------------


def test_two_claims_are_told_one_after_the_other(here: Installation, organiser: Actor):
    here.clock.move(minutes=1)
    refused(here, organiser, "sample-1")
    call = here.phone(SITA).ring()
    assert {"ne/claim_status/refused-1", "ne/phrase/why_too_late"} <= set(call.heard)
    call.press("2")
    assert call.heard[-1].startswith(("ne/phrase/hear_again", "ne/claim_status/ask_again"))
    assert NEWS in call.press("2").heard
    assert call.press("2").heard.count("ne/claim_status/refused-1") == 3


def test_asking_for_another_look_is_one_task_about_this_claim(here: Installation, organiser: Actor):
    claim = refused(here, organiser, "sample-1")
    waiting = [here.phone(SITA).ring().press("2") for _ in range(2)]
    for call in waiting:
        assert "ne/claim_status/appealed-1" in call.press("1").heard
    written_down = "SELECT kind, claim_id, member_id, state FROM tasks"
    assert here.rows(written_down) == [("claim_appeal", claim.id, "sample-1", "open")]
    claims.move(here.gateway, organiser, claim.id, claim.version, Move("review"))
    assert here.rows(written_down) == [("claim_appeal", claim.id, "sample-1", "done")]


def test_until_an_appeal_is_decided_she_hears_that_we_look_again(here: Installation, organiser: Actor):
    claim = refused(here, organiser, "sample-1")
    call = here.phone(SITA).ring().press("2").press("1")
    assert "ne/claim_status/looked_at_again-1" in call.press("8").heard
    call = here.phone(SITA).ring().press("2")
    assert "ne/claim_status/looked_at_again-1" in call.heard
    assert "ne/claim_status/refused-1" not in call.heard
    [text] = here.phone(SITA).text("dabi")
    assert text.startswith(f"Dabi {claim.number} pheri herdai chhau.")
    [task] = tasks.list_open(here.gateway, organiser)
    tasks.finish(here.gateway, organiser, task.id)
    assert "ne/claim_status/refused-1" in here.phone(SITA).ring().press("2").heard


def test_a_private_member_reads_of_her_appeal_that_it_is_looked_at(on_sqlite: Installation, organiser: Actor):
    refused(on_sqlite, organiser, "sample-2")
    phone = on_sqlite.phone(MAYA)
    phone.ring().press("2").press("4826").press("1")
    assert phone.text("dabi") != []
    assert phone.text("4826") == ["Herdai chhau. Tungo lagepachhi khabar garchhau."]


def test_a_date_of_the_review_that_is_past_is_not_said(on_sqlite: Installation, organiser: Actor):
    until = on_sqlite.clock() + timedelta(days=3)
    claim = claims.take_up(on_sqlite.gateway, organiser, "sample-1", Opening("health", again=True))
    claims.move(on_sqlite.gateway, organiser, claim.id, claim.version, Move("review", review_until=until))
    assert "ne/claim_status/review_until-1" in on_sqlite.phone(SITA).ring().heard
    on_sqlite.clock.move(days=4)
    assert "ne/claim_status/in_review-1" in on_sqlite.phone(SITA).ring().press("2").heard


def test_a_private_member_reads_nothing_of_it_on_her_phone(here: Installation, organiser: Actor):
    approved(here, organiser, "sample-2", 7_000_00)
    phone = here.phone(MAYA)
    texts = [*phone.text("dabi"), *phone.text("4826")]
    assert len(texts) == 2
    for text in texts:
        assert not any(word in text for word in (*BETRAYING, "7,000", "७,०००"))
    assert "ne/phrase/news_for_you" in phone.ring().heard  # the text did not tell it all


# --- told by text ------------------------------------------------------------------------------------------------------------------


def prefers_texts(here: Installation, member: str = "sample-2") -> None:
    with here.gateway.database.write() as db:
        db.exec_driver_sql(f"UPDATE members SET preferred_medium = 'sms' WHERE id = '{member}'")  # noqa: S608


def owed(here: Installation) -> list[str]:
    return [str(row[0]) for row in here.rows("SELECT sealed_body FROM deliveries WHERE broadcast_id IS NULL ORDER BY id")]


def test_who_prefers_texts_is_told_in_neutral_words_once_a_day(here: Installation, organiser: Actor):
    prefers_texts(here)
    approved(here, organiser, "sample-2", 7_000_00)
    refused(here, organiser, "sample-2")
    [text] = owed(here)
    assert text.startswith("तपाईंका लागि खबर छ। सुन्न फोन गर्नुहोस्:")
    assert not any(word in text for word in BETRAYING)
    here.clock.move(days=1)
    refused(here, organiser, "sample-2")
    assert len(owed(here)) == 2 or here.rows("SELECT state FROM deliveries") == [("queued",)]


def test_a_text_that_went_out_yesterday_does_not_hold_back_todays(here: Installation, organiser: Actor):
    prefers_texts(here)
    approved(here, organiser, "sample-2")
    with here.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE deliveries SET state = 'delivered'")
    refused(here, organiser, "sample-2")
    assert len(owed(here)) == 1
    here.clock.move(days=1)
    refused(here, organiser, "sample-2")
    assert len(owed(here)) == 2


def test_nobody_else_gets_a_text(here: Installation, organiser: Actor):
    approved(here, organiser, "sample-2")  # prefers to hear it
    prefers_texts(here)
    here.phone(MAYA).text("STOP")
    approved(here, organiser, "sample-2")
    assert owed(here) == []


def test_at_night_it_waits_for_the_morning(on_sqlite: Installation, organiser: Actor):
    here = on_sqlite
    prefers_texts(here)
    here.clock.at = datetime(2026, 11, 21, 21, 30, tzinfo=NEPAL)
    approved(here, organiser, "sample-2")
    assert not [job for job in track.sweep(here.gateway) if isinstance(job, SendReply)]
    with here.gateway.database.read() as db:
        assert deliveries.replies_due(db, here.clock(), 10) == []
        assert len(deliveries.replies_due(db, datetime(2026, 11, 22, 8, tzinfo=NEPAL), 10)) == 1
    here.clock.at = datetime(2026, 11, 22, 7, 59, tzinfo=NEPAL)
    refused(here, organiser, "sample-2")
    assert len(owed(here)) == 1


def test_in_her_script(on_sqlite: Installation, organiser: Actor):
    prefers_texts(on_sqlite)
    with on_sqlite.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE members SET script = 'romanised' WHERE id = 'sample-2'")
    approved(on_sqlite, organiser, "sample-2")
    assert owed(on_sqlite)[0].startswith("Tapaika lagi khabar chha. Sunna phone garnuhos:")


def test_many_calls_and_moves_at_once_lose_no_news(here: Installation, organiser: Actor):
    claim = claims.take_up(here.gateway, organiser, "sample-1", Opening("health", again=True))

    def act(number: int) -> None:
        if number % 3:
            here.phone(SITA).ring()
        else:
            decide(number)

    def decide(number: int) -> None:
        now, until = claims.get(here.gateway, organiser, claim.id), here.clock() + timedelta(days=number + 1)
        try:
            claims.move(here.gateway, organiser, claim.id, now.version, Move("review", review_until=until))
        except GatewayError:
            decide(number)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(act, range(12)))
    here.phone(SITA).ring()
    assert "claim_status" not in " ".join(here.phone(SITA).ring().heard)
    last = claims.get(here.gateway, organiser, claim.id)
    assert last.version == 5
