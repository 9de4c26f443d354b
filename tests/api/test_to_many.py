"""What an organiser says to many, over the API from end to end: lists, notices, her own words, the directory, surveys, stories, lessons."""

from __future__ import annotations

import io
import wave

import pytest
from fakes.api_requests import MEETING, recording
from fakes.api_world import World, populate

from gateway.services import tokens
from gateway.store import lessons, surveys
from gateway.store.models import rsvps

BINARY = {"content_type": "application/octet-stream"}


@pytest.fixture(autouse=True)
def _as_fast_as_it_can(monkeypatch):
    monkeypatch.setattr(tokens, "MOST_A_SECOND", 1_000_000)


@pytest.fixture
def world(on_sqlite) -> World:
    return populate(on_sqlite.gateway, "main", "OURMARK", "984")


def test_a_list_is_made_looked_at_in_pages_changed_and_taken_away(on_sqlite, world):
    ask, ids = on_sqlite.ask, world.ids
    numbers = [ids["number.own"], "12", ids["phone.other"]]
    status, made = ask("POST", "/lists", {"title": "Fair", "numbers": numbers})
    assert (status, made["added"], made["unknown"]) == (201, 2, [2])
    path = f"/lists/{made['id']}"
    first = ask("GET", f"{path}?limit=1")[1]
    rest = ask("GET", f"{path}?limit=1&after={first['next']}")[1]
    assert (first["title"], first["members"]) == ("Fair", 2)
    assert {item["number"] for item in first["items"] + rest["items"]} == {ids["number.own"], ids["number.other"]}
    assert ask("POST", f"{path}/remove", {"numbers": [ids["number.own"]]})[1]["added"] == 1
    assert ask("POST", f"{path}/add", {"numbers": [ids["number.other"]]})[1]["added"] == 0
    plan = ask("POST", "/broadcasts/plan", {"title": "x", "texts": {"ne": "मेला"}, "audience": {"lists": [made["id"]]}})[1]
    assert plan["recipients"] == 1
    ask("POST", "/broadcasts", {"title": "Needs it", "texts": {"ne": "मेला"}, "audience": {"lists": [made["id"]]}}, by="organiser")
    assert ask("DELETE", path)[1]["code"] == "list:needed"
    assert ask("DELETE", f"/lists/{ids['list.own']}") == (204, "")
    assert [row["title"] for row in ask("GET", "/lists")[1]["items"]] == ["Fair"]


def test_a_list_that_was_asked_for_twice_is_made_once(on_sqlite, world):
    body = {"title": "Fair", "numbers": [world.ids["number.own"]]}
    first = on_sqlite.request("POST", "/lists", body, key="the-fair-list")
    again = on_sqlite.request("POST", "/lists", body, key="the-fair-list")
    assert (first.data, again.headers["Idempotency-Replayed"]) == (again.data, "true")
    assert on_sqlite.ask("POST", "/lists", {**body, "title": "Another"}, key="the-fair-list")[1]["code"] == "request:key-used"


def test_a_meeting_is_published_announced_moved_attended_and_called_off(on_sqlite, world):
    ask = on_sqlite.ask
    status, notice = ask("POST", "/notices", MEETING)
    assert (status, notice["version"], notice["over_at"]) == (201, 1, "2026-12-05T05:15:00Z")
    path = f"/notices/{notice['id']}"
    status, told = ask("POST", f"{path}/announce", {"medium": "sms"})
    assert (status, told["broadcast"]["state"], told["broadcast"]["purpose"]) == (201, "draft", "notice")
    assert set(told["broadcast"]["texts"]) >= {"ne", "en"}
    assert ask("POST", f"/broadcasts/{told['broadcast']['id']}/approve")[0] == 200
    status, moved = ask("PATCH", path, {"version": 1, "starts_at": "2026-12-06T02:15:00Z"})
    assert (status, moved["notice"]["version"], moved["notice"]["place"]) == (200, 2, "ward_office")
    assert moved["stopped"] == [told["broadcast"]["id"]]
    assert ask("PATCH", path, {"version": 1, "place": "health_post"})[:1] == (409,)
    assert ask("PATCH", path, {"version": 2, "place": None})[1]["code"] == "notice:incomplete"
    came = {"numbers": [world.ids["number.own"], "", "99"]}
    assert ask("POST", f"{path}/attendance", came)[1] == {"added": 1, "unknown": [3]}
    assert ask("POST", f"{path}/attendance", came)[1]["added"] == 0
    counted = ask("GET", f"{path}/rsvps", by="reader")[1]
    assert (counted["yes"], counted["came"], counted["came_of_yes"]) == (0, 1, 0)
    assert world.ids["number.own"] in ask("GET", f"{path}/export")[1]
    with on_sqlite.gateway.database.write() as db:
        yes = {"notice_id": notice["id"], "member_id": world.ids["member.own"], "answer": "yes", "at": on_sqlite.clock.at}
        db.execute(rsvps.insert().values(yes))
    status, cancelled = ask("POST", f"{path}/cancel", {"version": 2})
    assert (status, cancelled["notice"]["cancelled_at"] is not None, cancelled["stopped"]) == (200, True, [])
    word = ask("GET", f"/broadcasts/{cancelled['told_by']}")[1]
    assert (word["broadcast"]["state"], word["broadcast"]["audience"]["rsvp"]) == ("approved", "yes")
    assert ask("POST", f"{path}/announce", {})[1]["code"] == "notice:over"
    listed = ask("GET", "/notices?limit=1")[1]
    assert ask("GET", f"/notices?after={listed['next']}")[1]["items"][-1]["id"] == notice["id"]


def test_own_words_are_written_recorded_heard_and_taken_away(on_sqlite):
    ask = on_sqlite.ask
    status, saying = ask("POST", "/sayings", {"texts": {"ne": "भोलि बैठक छ।", "en": "A meeting tomorrow."}})
    assert (status, saying["clips"], set(saying["numbers"])) == (201, {}, {"ne", "en"})
    path = f"/sayings/{saying['id']}"
    assert ask("GET", f"{path}/clips/ne")[1]["code"] == "saying:not-recorded"
    clip = {"data": recording(), "content_type": "audio/wav"}
    status, recorded = ask("PUT", f"{path}/clips/ne", **clip)
    assert (status, list(recorded["clips"])) == (200, ["ne"])
    heard = on_sqlite.request("GET", f"{path}/clips/ne", by="reader")
    assert (heard.mimetype, heard.headers["Cache-Control"]) == ("audio/wav", "no-store")
    with wave.open(io.BytesIO(heard.data)) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (8000, 1)
    assert ask("PUT", f"{path}/clips/mai", **clip)[1]["code"] == "saying:language"
    assert ask("GET", "/sayings?limit=1")[1]["next"] == saying["number"]
    assert ask("GET", f"/sayings?after={saying['number']}")[1] == {"items": [], "next": None}
    assert ask("DELETE", path) == (204, "")
    assert not list((on_sqlite.gateway.settings.data_dir / "sayings").iterdir())


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"data": b"RIFF, they said", "content_type": "audio/wav"}, (422, "audio:unreadable")),
        ({"data": b"<html>", "content_type": "audio/wav"}, (422, "audio:unreadable")),
        ({"data": recording()[:900], "content_type": "audio/wav"}, (422, "audio:unreadable")),
        ({"data": b"", "content_type": "audio/wav"}, (411, "request:no-length")),
        ({"data": recording(), **BINARY}, (415, "request:not-json")),
        ({"data": b" " * (32 * 2**20 + 1), "content_type": "audio/wav"}, (413, "request:too-large")),
        ({"data": b"x", "content_type": "audio/wav", "headers": {"Transfer-Encoding": "chunked"}}, (411, "request:no-length")),
    ],
)
def test_what_is_no_recording_is_refused_and_leaves_nothing(on_sqlite, more, expected):
    saying = on_sqlite.ask("POST", "/sayings", {"texts": {"ne": "भोलि बैठक छ।"}})[1]
    status, problem = on_sqlite.ask("PUT", f"/sayings/{saying['id']}/clips/ne", **more)
    assert (status, problem["code"]) == expected
    assert "/dev/fd" not in problem["message"]
    assert on_sqlite.ask("GET", f"/sayings/{saying['id']}")[1]["clips"] == {}
    assert not list(on_sqlite.gateway.settings.data_dir.glob("sayings/*"))


def test_the_directory_is_written_by_entries_and_by_a_file(on_sqlite):
    ask = on_sqlite.ask
    entry = {"kind": "legal_aid", "place": "3-25", "number": "01-4200105", "names": {"en": "Legal aid"}}
    status, added = ask("POST", "/services", entry)
    assert (status, added["number"], added["names"]) == (201, "+97714200105", {"en": "Legal aid"})
    assert ask("POST", "/services", entry | {"names": {"ne": "कानुनी सहायता"}})[1]["names"] == {"en": "Legal aid", "ne": "कानुनी सहायता"}
    assert ask("POST", "/services", entry | {"kind": "dentist"})[1]["code"] == "service:kind"
    file = {"data": b"kind,place,number\nhealth_post,3-25-04-02,01-5570105\nlegal_aid,3-25,12\n", **BINARY}
    tried = ask("POST", "/services/import?dry_run=true", **file)[1]
    assert (tried["added"], [refusal["column"] for refusal in tried["refusals"]]) == (1, ["number"])
    assert len(ask("GET", "/services")[1]["items"]) == 1
    assert ask("POST", "/services/import", **file)[1]["added"] == 1
    assert ask("POST", "/services/import", **file)[1]["known"] == 1
    assert ask("DELETE", f"/services/{added['id']}") == (204, "")
    assert [each["kind"] for each in ask("GET", "/services", by="reader")[1]["items"]] == ["health_post"]


def test_a_survey_is_counted_and_what_would_tell_of_few_is_withheld(on_sqlite):
    gateway, ask = on_sqlite.gateway, on_sqlite.ask
    for organisation, times in (("main", 6), ("others", 4)):
        with gateway.database.write() as db:
            for each in range(times):
                talk = f"{organisation}-{each}"
                new = surveys.NewAnswer(organisation, None, None, talk, "needs", "work", "work", "sewing", None)
                surveys.keep(db, gateway.seal, new, gateway.clock())
    assert [(one["flow"], one["listeners"]) for one in ask("GET", "/surveys", by="reader")[1]["items"]] == [("needs", 6)]
    work = next(item for item in ask("GET", "/surveys/needs")[1]["items"] if item["step"] == "work")
    assert work == {"step": "work", "answered": 6, "answers": {"sewing": 6, "craft": 0, "food": 0, "other_work": 0}}
    assert ask("GET", "/surveys/needs", of="others")[1]["items"][0]["answered"] is None
    assert ask("GET", "/surveys/needs?broadcast_id=none")[1]["code"] == "broadcast:unknown"
    assert ask("GET", "/surveys/weather")[:1] == (404,)
    text = ask("GET", "/surveys/needs/export")[1]
    assert (text.count("sewing"), text.splitlines()[0].lstrip("\ufeff").split(",")[:2]) == (6, ["row", "number"])
    assert on_sqlite.request("GET", "/surveys/needs/export?format=xlsx").data[:2] == b"PK"


def test_a_testimony_is_heard_written_down_kept_and_taken_back(on_sqlite, world):
    ask, path = on_sqlite.ask, f"/testimonies/{world.ids['testimony.own']}"
    [one] = ask("GET", "/testimonies", by="organiser")[1]["items"]
    assert (one["state"], one["consent"], one["name"], one["recording"]) == ("waiting", "named", "Sita OURMARK own", True)
    heard = on_sqlite.request("GET", f"{path}/recording")
    assert (heard.mimetype, heard.data[:4]) == ("audio/wav", b"RIFF")
    assert ask("PUT", f"{path}/words", {"words": "म सिलाइ गर्छु।"})[0] == 204
    assert ask("POST", f"{path}/keep")[0] == 204
    [kept] = ask("GET", "/testimonies?limit=1")[1]["items"]
    assert (kept["state"], kept["words"]) == ("kept", "म सिलाइ गर्छु।")
    assert ask("DELETE", path)[0] == 204
    [gone] = ask("GET", "/testimonies")[1]["items"]
    assert (gone["state"], gone["words"], gone["recording"]) == ("withdrawn", None, False)
    assert not list(on_sqlite.gateway.settings.data_dir.glob("recordings/*"))
    assert ask("GET", f"{path}/recording")[1]["code"] == "testimony:not-there"
    assert ask("POST", f"{path}/keep")[1]["code"] == "testimony:decided"


def test_lessons_are_counted_and_few_are_withheld(on_sqlite, world):
    ask = on_sqlite.ask
    first = ask("GET", "/lessons")[1]["items"][0]["name"]
    with on_sqlite.gateway.database.write() as db:
        for which in ("own", "other"):
            lessons.heard(db, world.ids[f"member.{which}"], first, 1, on_sqlite.clock.at)
    named = ask("GET", "/lessons", by="reader")[1]["items"]
    heard = ask("GET", "/lessons/progress", by="reader")[1]["items"]
    assert [(one["name"], one["chapters"]) for one in heard] == [(one["name"], one["chapters"]) for one in named]
    assert [one["begun"] for one in heard] == [None, *[0] * (len(named) - 1)]


def test_what_was_texted_back_is_read_in_pages(on_sqlite, world):
    path = f"/broadcasts/{world.ids['sending.own']}/replies"
    page = on_sqlite.ask("GET", f"{path}?limit=1", by="organiser")[1]
    [reply] = page["items"]
    assert (reply["words"], reply["member_id"], reply["number"]) == ("I come OURMARK", world.ids["member.own"], world.ids["number.own"])
    assert page["next"] == reply["id"]
    assert on_sqlite.ask("GET", f"{path}?after={page['next']}")[1] == {"items": [], "next": None}
    audited = on_sqlite.ask("GET", "/audit?limit=200")[1]["items"]
    assert [row["actor"].partition(":")[0] for row in audited if row["action"] == "view_replies"] == ["token", "token"]
