"""What needs a person now, and that one or two taps do it."""

from __future__ import annotations

import re

import pytest
from fakes.console import Console
from fakes.statements import statements_of
from fakes.waiting import WORDS, fill

from gateway.services import backup, broadcast, tasks
from gateway.services.access import terminal
from gateway.store import tasks as rows

ADMIN = terminal("main")


@pytest.fixture
def waiting(console: Console) -> dict[str, str]:
    return fill(console)


def page_of(console: Console, role: str = "organiser", path: str = "/", language: str = "en") -> str:
    return console.as_(role, language).get(path).get_data(as_text=True)


def open_ids(console: Console) -> set[str]:
    return {task.id for task in tasks.list_open(console.gateway, ADMIN)}


def test_all_that_waits_stands_there_with_its_count(console: Console, waiting):
    page = page_of(console)
    for group in ("Call them back", "Write down these names", "Messages that nobody understood", "Contributions to check"):
        assert group in page
    assert "सीता तामाङ" in page
    assert "972-0000001" in page.replace(" ", "") or "9720000001" in page
    assert WORDS in page


def test_the_same_in_nepali(console: Console, waiting):
    page = page_of(console, language="ne")
    assert "फोन गर्नुपर्ने" in page
    assert "Call them" not in page


def test_a_calm_sentence_when_nothing_waits(console: Console):
    with console.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE claims SET state = 'paid'")
        db.exec_driver_sql(
            "INSERT INTO contribution_decisions (contribution_id, state, by, at) "
            "SELECT id, 'confirmed', 'terminal', noted_at FROM contributions"
        )
    assert "Nothing waits for a person now." in page_of(console)


def test_a_name_is_written_down_beside_her_voice(console: Console, waiting):
    client = console.as_("organiser")
    assert "/tasks/task-name/recording" in client.get("/").get_data(as_text=True)
    sound = client.get("/tasks/task-name/recording")
    assert (sound.status_code, sound.mimetype, sound.headers["Cache-Control"]) == (200, "audio/wav", "no-store")
    answer = client.post("/tasks/task-name/write-down", {"name": "विमला राई", "from": "today"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "विमला राई is written down" in client.get("/").get_data(as_text=True)
    assert "task-name" not in open_ids(console)


def test_no_name_is_said_beside_the_field(console: Console, waiting):
    answer = console.as_("organiser").post("/tasks/task-name/write-down", {"name": " ", "from": "today"})
    assert answer.status_code == 422
    assert 'id="name-task-name-wrong"' in answer.get_data(as_text=True)


def test_who_listened_is_noted(console: Console, waiting):
    client = console.as_("organiser")
    client.get("/tasks/task-name/recording")
    with console.gateway.database.read() as db:
        noted = db.exec_driver_sql("SELECT actor FROM audit WHERE action = 'hear_recording' AND subject = 'task:task-name'").scalars()
        assert list(noted) == ["user:organiser-main"]


@pytest.mark.parametrize("role", ["collector", "reader"])
def test_nobody_hears_a_recording_who_may_not(console: Console, waiting, role: str):
    assert console.as_(role).get("/tasks/task-name/recording").status_code == 403


def test_who_was_reached_waits_no_more(console: Console, waiting):
    client = console.as_("organiser")
    assert client.post("/tasks/task-call-back/done", {"note": "asked for her papers", "from": "today"}).status_code == 303
    assert "task-call-back" not in open_ids(console)
    story = client.get("/tasks/task-call-back").get_data(as_text=True)
    assert "asked for her papers" in story
    assert "दिदी organiser" in story


def test_who_was_not_reached_is_away_from_today_until_then(console: Console, waiting):
    client = console.as_("organiser")
    client.post("/tasks/task-call-back/not-reached", {"when": "later", "note": "husband answered", "from": "today"})
    assert "Call them back" not in client.get("/").get_data(as_text=True)
    everything = client.get("/tasks?kind=call_back").get_data(as_text=True)
    assert "again later" in everything
    assert "husband answered" in everything
    with console.gateway.database.read() as db:
        row = rows.get(db, ADMIN.scope, "task-call-back")
        sealed = db.exec_driver_sql("SELECT sealed_note FROM tasks WHERE id = 'task-call-back'").scalar_one()
    assert row is not None
    assert (row.tries, (row.again_at - console.gateway.clock()).total_seconds()) == (1, 7200)
    assert b"husband" not in bytes(sealed)


def test_an_answer_goes_out_by_text(console: Console, waiting):
    client = console.as_("organiser")
    assert client.post("/tasks/task-words/answer", {"words": "हुन्छ, आउनुहोस्।"}).status_code == 303
    with console.gateway.database.read() as db:
        bodies = db.exec_driver_sql("SELECT sealed_body FROM deliveries WHERE broadcast_id IS NULL").scalars().all()
    assert [console.gateway.seal.open(bytes(body)) for body in bodies] == ["हुन्छ, आउनुहोस्।"]
    assert "task-words" not in open_ids(console)
    assert client.post("/tasks/task-words/answer", {"words": "again"}).status_code == 404  # a second click sends nothing


def test_whoever_said_stop_gets_no_answer(console: Console, waiting):
    with console.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE phones SET stopped_at = created_at")
    answer = console.as_("organiser").post("/tasks/task-words/answer", {"words": "hello"})
    assert answer.status_code == 422
    assert "asked for no more texts" in answer.get_data(as_text=True)
    assert "task-words" in open_ids(console)


def test_a_message_becomes_a_call_back(console: Console, waiting):
    client = console.as_("organiser")
    client.post("/tasks/task-words/call-back", {"from": "today"})
    kinds = [task.kind for task in tasks.list_open(console.gateway, ADMIN)]
    assert (kinds.count("call_back"), kinds.count("check_messages")) == (2, 0)


def test_a_contribution_is_confirmed_with_one_tap(console: Console):
    client = console.as_("organiser")
    address = re.search(r'action="(/today/contributions/[^"]+)"', client.get("/").get_data(as_text=True))
    assert address is not None
    assert client.post(address[1]).status_code == 303
    assert address[1] not in client.get("/").get_data(as_text=True)


def test_who_has_no_tasks_sees_how_it_stands(console: Console, waiting):
    for role, words in (("reader", "members"), ("collector", "women in your group")):
        page = page_of(console, role)
        assert words in page
        assert "सीता" not in page
        assert "Call them" not in page


def test_a_channel_in_trouble_stands_first(console: Console, waiting):
    console.gateway.pacer.hold("main:sms")
    try:
        page = page_of(console)
    finally:
        console.gateway.pacer.resume("main:sms")
    assert page.index("Our number has trouble") < page.index("Call them back")


def test_an_old_backup_is_told(console: Console):
    backup.stamp(console.gateway)
    assert "The backup is too old" not in page_of(console)
    with console.gateway.database.write() as db:
        db.exec_driver_sql("DROP TRIGGER IF EXISTS audit_kept_update")
        for name in db.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'").scalars().all():
            db.exec_driver_sql(f"DROP TRIGGER {name}")
        db.exec_driver_sql("UPDATE audit SET at = '2026-11-18 04:15:00.000000' WHERE subject = 'backup'")
    assert "The backup is too old" in page_of(console)


def test_the_page_asks_the_database_as_often_for_many_tasks_as_for_few(console: Console, waiting):
    def statements() -> int:
        client = console.as_("organiser")
        client.get("/")
        with statements_of(console.gateway.database) as seen:
            client.get("/")
        return len(seen.sent)

    few = statements()
    with console.gateway.database.write() as db:
        for kind in ("call_back", "check_messages", "check_phone"):
            for number in range(60):
                rows.open_task(db, rows.NewTask(f"{kind}-{number}", "main", kind, 1, "sample-1"), console.gateway.clock())
    assert statements() == few < 40


def test_a_draft_waits_for_a_word_with_its_price(console: Console):
    draft = broadcast.Draft("बैठक भोलि", texts={"ne": "बैठक भोलि छ।"})
    broadcast_id = broadcast.create(console.gateway, ADMIN, draft)
    client = console.as_("organiser")
    page = client.get("/").get_data(as_text=True)
    assert "Messages to approve" in page
    assert f'hx-get="/today/broadcasts/{broadcast_id}"' in page
    part = client.get(f"/today/broadcasts/{broadcast_id}", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert re.search(r"To \d members, Rs [\d.]+", part)
    assert console.as_("reader").get(f"/today/broadcasts/{broadcast_id}").status_code == 403


def test_what_may_have_gone_out_waits_for_a_decision(console: Console):
    broadcast_id = broadcast.create(console.gateway, ADMIN, broadcast.Draft("बैठक भोलि", texts={"ne": "बैठक भोलि छ।"}))
    with console.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE broadcasts SET state = 'sending'")
        db.exec_driver_sql(
            "INSERT INTO deliveries (broadcast_id, channel_id, member_id, phone_id, medium, language, state, error, updated_at) "
            "SELECT id, channel_id, 'sample-1', 1, 'sms', 'ne', 'unknown', 'send:unresolved', created_at FROM broadcasts"
        )
    client = console.as_("organiser")
    assert "Did these go out?" in client.get("/").get_data(as_text=True)
    assert client.post(f"/today/broadcasts/{broadcast_id}/leave").status_code == 303
    assert "Did these go out?" not in client.get("/").get_data(as_text=True)
