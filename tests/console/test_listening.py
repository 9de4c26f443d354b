"""Surveys, testimonies, lessons, and the directory of services."""

from __future__ import annotations

import io
import zipfile

import pytest
from fakes.console import Client, Console
from sqlalchemy import insert

from gateway.services import directory, testimonies
from gateway.services.access import terminal
from gateway.store import models
from gateway.store import surveys as stored
from gateway.store.testimonies import NewTestimony
from gateway.store.testimonies import keep as store_testimony

ADMIN = terminal("main")
TABLE = "kind,place,number,name_ne\nhealth_post,3-25-04-02,01-5570105,लेले\nlegal_aid,3-25,nonsense,\n"


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.get_data(as_text=True))


def answers(console: Console, **counts: int) -> None:
    with console.gateway.database.write() as db:
        for value, count in counts.items():
            for each in range(count):
                new = stored.NewAnswer("main", None, None, f"talk-{value}-{each}", "needs", "work", "work", value, None)
                stored.keep(db, console.gateway.seal, new, console.gateway.clock())


def told(console: Console, member: str, consent: str) -> str:
    """A testimony with its recording."""
    gateway, now = console.gateway, console.gateway.clock()
    file = f"recordings/{member}.wav"
    (gateway.settings.data_dir / "recordings").mkdir(parents=True, exist_ok=True)
    (gateway.settings.data_dir / file).write_bytes(b"her voice")
    with gateway.database.write() as db:
        session = {"id": f"call-{member}", "provider": "simulator", "external_id": member, "channel_id": "main", "medium": "voice"}
        session |= {
            "state": gateway.seal.seal("{}"),
            "open": False,
            "version": 1,
            "updated_at": now,
            "created_at": now,
            "member_id": member,
        }
        phone = db.exec_driver_sql("SELECT id FROM phones LIMIT 1").scalar_one()
        db.execute(insert(models.flow_sessions).values({**session, "phone_id": phone}))
        recording = {"id": f"rec-{member}", "session_id": session["id"], "provider": "simulator", "external_id": member, "seconds": 40}
        db.execute(insert(models.recordings).values({**recording, "state": "kept", "file": file, "created_at": now}))
        store_testimony(db, NewTestimony(f"told-{member}", "main", member, f"rec-{member}", consent, "testimony/consent v1", "ne"), now)
    return f"told-{member}"


def test_the_hub_leads_to_all_four_and_shows_testimonies_only_to_who_may_hear_them(console: Console):
    told(console, "sample-1", "named")
    shown = page(console.as_("organiser"), "/listening")
    assert all(f'href="{path}"' in shown for path in ("/surveys", "/testimonies", "/lessons", "/services"))
    assert "1 wait for somebody to listen" in shown
    assert 'href="/testimonies"' not in page(console.as_("reader"), "/listening")


def test_answers_are_counted_and_few_are_withheld(console: Console):
    answers(console, sewing=3)
    assert "Fewer than 5 answered" in page(console.as_("reader"), "/surveys")
    answers(console, sewing=9, craft=7, food=6)
    shown = page(console.as_("reader"), "/surveys/needs")
    assert "sewing or knitting" in shown
    assert '<td class="amount">9</td>' in shown
    assert 'href="/broadcasts/new?flow=needs"' not in shown
    assert 'href="/broadcasts/new?flow=needs"' in page(console.as_("organiser"), "/surveys/needs")


def test_a_survey_is_exported_by_who_may(console: Console):
    answers(console, sewing=1)
    answer = console.as_("organiser").get("/surveys/needs/export?form=csv")
    assert "sewing" in answer.data.decode("utf-8-sig")
    assert console.as_("reader").get("/surveys/needs/export").status_code == 403
    assert console.as_("reader").get("/surveys/nothing").status_code == 404


def test_a_testimony_is_heard_written_down_kept_and_named_as_she_agreed(console: Console):
    named, unnamed = told(console, "sample-1", "named"), told(console, "sample-2", "unnamed")
    client = console.as_("organiser")
    shown = page(client, "/testimonies")
    assert "सीता तामाङ" in shown
    assert "माया राई" not in shown
    assert client.get(f"/testimonies/{named}/recording").data == b"her voice"
    client.post(f"/testimonies/{named}/words", {"words": "मैले भनेको"})
    client.post(f"/testimonies/{named}/keep")
    shown = page(client, f"/testimonies/{named}")
    assert "मैले भनेको" in shown
    assert "Kept" in shown
    collected = zipfile.ZipFile(io.BytesIO(client.get("/testimonies/collection").data))
    assert collected.namelist() == ["testimonies.xlsx", f"{named}.wav"]
    assert client.post(f"/testimonies/{unnamed}/keep").status_code == 303


def test_listening_is_audited_and_only_for_who_may(console: Console):
    one = told(console, "sample-1", "named")
    for role, status in (("reader", 403), ("collector", 403), ("organiser", 200)):
        assert console.as_(role).get(f"/testimonies/{one}/recording").status_code == status
    with console.gateway.database.read() as db:
        seen = db.exec_driver_sql(f"SELECT actor FROM audit WHERE subject = 'testimony:{one}'").scalars().all()  # noqa: S608
    assert list(seen) == ["user:organiser-main"]


def test_what_she_wants_back_is_deleted_after_a_second_question(console: Console):
    one = told(console, "sample-1", "named")
    client = console.as_("organiser")
    assert "deleted here for ever" in page(client, f"/testimonies/{one}/withdraw")
    path = testimonies.listen(console.gateway, ADMIN, one)
    assert path.exists()
    client.post(f"/testimonies/{one}/withdraw")
    assert not path.exists()
    assert "She took it back." in page(client, f"/testimonies/{one}")
    assert client.get(f"/testimonies/{one}/recording").status_code == 422


@pytest.mark.parametrize("words", ["", " ", "x" * 5001])
def test_no_words_and_too_many_are_told_beside_the_field(console: Console, words: str):
    one = told(console, "sample-1", "named")
    assert console.as_("organiser").post(f"/testimonies/{one}/words", {"words": words}).status_code == 422


def test_lessons_are_counted_and_played(console: Console):
    client = console.as_("reader")
    assert "Our rights" in page(client, "/lessons")
    shown = page(client, "/lessons/rights")
    assert shown.count("<audio") == 2 * (5 + 2)
    assert client.get("/lessons/rights/hear/question_2/en").mimetype == "audio/wav"
    assert client.get("/lessons/nothing").status_code == 404


def test_a_service_is_written_down_found_by_district_and_taken_out(console: Console):
    client = console.as_("organiser")
    form = {"kind": "health_post", "place": "Godawari 2 Lalitpur", "number": "01-5570105", "name_en": "Lele health post"}
    assert client.post("/services", form).status_code == 303
    [entry] = directory.list_all(console.gateway, ADMIN)
    assert "Lele health post" in page(client, "/services?place=3-25")
    assert "Lele health post" not in page(client, "/services?kind=legal_aid")
    assert "Add" not in page(console.as_("reader"), "/services").partition("<main")[2].partition("</main")[0]
    assert "Take it out" in page(client, f"/services/{entry.id}/remove")
    client.post(f"/services/{entry.id}/remove")
    assert directory.list_all(console.gateway, ADMIN) == []


def test_a_place_that_several_have_the_name_of_is_asked_for_with_its_district(console: Console):
    answer = console.as_("organiser").post("/services", {"kind": "health_post", "place": "Godawari", "number": "1098"})
    assert answer.status_code == 422
    assert "Several places are called" in answer.get_data(as_text=True)


def test_a_table_says_first_what_would_happen(console: Console):
    client = console.as_("organiser")
    answer = client.post("/services/file", {"file": (io.BytesIO(TABLE.encode()), "services.csv")}, content_type="multipart/form-data")
    shown = answer.get_data(as_text=True)
    assert "This would happen" in shown
    assert "Row 3" in shown
    assert directory.list_all(console.gateway, ADMIN) == []
    kept = shown.partition('name="kept" value="')[2].partition('"')[0]
    assert client.post("/services/file", {"kept": kept, "name": "services.csv"}).status_code == 303
    assert [entry.kind for entry in directory.list_all(console.gateway, ADMIN)] == ["health_post"]


def test_a_file_that_is_no_table_is_refused_beside_its_field(console: Console):
    answer = console.as_("organiser").post(
        "/services/file", {"file": (io.BytesIO(b"%PDF-1.4"), "x.csv")}, content_type="multipart/form-data"
    )
    assert answer.status_code == 422
    assert 'id="file-wrong"' in answer.get_data(as_text=True)
    assert console.as_("organiser").post("/services/file", {"kept": "%", "name": "x.csv"}).status_code == 422
