"""Meetings, trainings and news: published, told, changed, called off, and who came."""

from __future__ import annotations

import io
import re
import wave
from datetime import timedelta

import pytest
from fakes.console import Client, Console

from gateway.services import broadcast, notices
from gateway.services.access import Actor, terminal
from gateway.services.notices import NewNotice
from gateway.store import notices as stored

ADMIN = terminal("main")
MEETING = {"kind": "meeting", "day": "2026-12-05", "hour": "08:00", "place": "phrase:ward_office"}


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.get_data(as_text=True))


def answered(console: Console, **answers: str) -> None:
    with console.gateway.database.write() as db:
        for member, answer in answers.items():
            stored.rsvp(db, stored.Rsvp("sample-meeting", member.replace("_", "-"), answer), console.gateway.clock())


def all_of(console: Console) -> list[notices.Notice]:
    return notices.list_all(console.gateway, ADMIN)


def test_coming_gatherings_stand_first_with_who_answered(console: Console):
    answered(console, sample_1="yes", sample_2="yes", sample_3="no")
    shown = page(console.as_("reader"), "/notices")
    assert shown.index("sample-meeting") < shown.index("sample-training") < shown.index("sample-news")
    assert re.search(r"Will come <b>2</b>.*Will not come <b>1</b>.*No answer yet <b>0</b>", shown, re.DOTALL)
    assert "Publish something" not in shown


def test_a_nepali_page_has_nepali_digits_and_bikram_sambat_first(console: Console):
    shown = page(console.as_("organiser", "ne"), "/notices/sample-meeting")
    assert "१२ मंसिर २०८३" in shown
    assert "वडा कार्यालय" in shown


@pytest.mark.parametrize(("day", "other"), [("2026-12-05", ""), ("", "2083-08-19"), ("", "२०८३-०८-१९"), ("2026-11-30", "2026-12-05")])
def test_a_meeting_is_published_by_a_day_of_either_calendar(console: Console, day: str, other: str):
    client = console.as_("organiser")
    answer = client.post("/notices", {**MEETING, "day": day, "other_day": other})
    [made] = [one for one in all_of(console) if one.place and not one.id.startswith("sample")]
    assert answer.headers["Location"] == f"/notices/{made.id}"
    assert made.starts_at.isoformat() == "2026-12-05T02:15:00+00:00"


def test_two_clicks_publish_one_meeting(console: Console):
    client = console.as_("organiser")
    once = page(client, "/notices/new?kind=meeting").partition('name="once" value="')[2].partition('"')[0]
    before = len(all_of(console))
    first, second = (client.post("/notices", {**MEETING, "once": once}).headers["Location"] for _ in range(2))
    assert first == second
    assert len(all_of(console)) == before + 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"day": "2020-01-01"}, "It must begin in the future"),
        ({"other_day": "2083-13-01"}, "There is no day 2083-13-01"),
        ({"hour": "late"}, "is no hour of the day"),
        ({"place": ""}, "needs a day, an hour and one place"),
    ],
)
def test_a_faulty_meeting_is_shown_again_with_what_was_written(console: Console, wrong: dict[str, str], words: str):
    answer = console.as_("organiser").post("/notices", {**MEETING, "until": "11:30", **wrong})
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in shown
    assert 'value="11:30"' in shown


def test_the_form_says_before_a_change_who_will_be_told_and_then_they_are(console: Console):
    answered(console, sample_1="yes")
    client = console.as_("organiser")
    shown = page(client, "/notices/sample-meeting/change")
    assert "1 members said that they will come." in shown
    version = shown.partition('name="version" value="')[2].partition('"')[0]
    form = {"version": version, "day": "2026-12-01", "hour": "9:00", "place": "phrase:village_school"}
    answer = client.post("/notices/sample-meeting/change", form, follow_redirects=True)
    assert "Those who had said yes are told of it." in answer.get_data(as_text=True)
    assert broadcast.latest(console.gateway, ADMIN)
    again = client.post("/notices/sample-meeting/change", form)
    assert again.status_code == 422
    assert "Somebody changed this" in again.get_data(as_text=True)


def test_only_the_place_is_changed_of_a_meeting_that_says_no_end(console: Console):
    form = {"version": "1", "day": "2026-11-28", "hour": "08:00", "until": "", "place": "phrase:village_school"}
    assert console.as_("organiser").post("/notices/sample-meeting/change", form).status_code == 303
    assert all_of(console)[0].place == "village_school"


def test_calling_off_asks_once_more(console: Console):
    client = console.as_("organiser")
    assert "Nobody has said yet that she will come" in page(client, "/notices/sample-meeting/cancel")
    assert all_of(console)[0].cancelled_at is None
    client.post("/notices/sample-meeting/cancel", {"version": "1"})
    assert "Called off" in page(client, "/notices")
    assert client.post("/notices/sample-meeting/cancel", {"version": "2"}).status_code == 422


def test_announcing_drafts_one_broadcast_however_often_the_button_is_pressed(console: Console):
    client = console.as_("organiser")
    form = {"once": "a-key", "medium": "voice", "trade": ["sewing"], "place": "Lalitpur district", "day": "2026-11-25", "hour": "11:00"}
    places = {client.post("/notices/sample-meeting/announce", form).headers["Location"] for _ in range(2)}
    assert len(places) == 1
    drafted = broadcast.status(console.gateway, ADMIN, places.pop().removeprefix("/broadcasts/")).broadcast
    assert (drafted.state, drafted.medium, drafted.audience.trades) == ("draft", "voice", ("sewing",))
    assert drafted.starts_at.isoformat() == "2026-11-25T05:15:00+00:00"


def test_a_place_that_is_none_is_named_beside_its_field(console: Console):
    answer = console.as_("organiser").post("/notices/sample-meeting/announce", {"place": "Atlantis"})
    assert answer.status_code == 422
    assert 'id="place-wrong"' in answer.get_data(as_text=True)


def test_who_came_is_ticked_and_written_and_can_be_taken_back(console: Console):
    answered(console, sample_1="yes", sample_2="yes")
    client = console.as_("organiser")
    numbers = re.findall(r'name="came" value="([0-9]+)"', page(client, "/notices/sample-meeting/attendance"))
    assert len(numbers) == 2
    answer = client.post("/notices/sample-meeting/attendance", {"came": numbers[0], "numbers": "९७२००००००२\n12345\n9720000003"})
    shown = answer.get_data(as_text=True)
    assert "2 are written down" in shown
    assert "12345\n9720000003</textarea>" in shown  # nobody's, and a phone that two share
    assert notices.rsvps(console.gateway, ADMIN, "sample-meeting").came == 2
    member = re.search(r'name="member_id" value="([^"]+)"', shown)
    client.post("/notices/sample-meeting/absent", {"member_id": member[1]})
    assert notices.rsvps(console.gateway, ADMIN, "sample-meeting").came == 1


def test_the_printed_list_leaves_out_the_names_of_private_members(console: Console):
    answered(console, sample_1="yes", sample_2="yes")
    shown = page(console.as_("organiser"), "/notices/sample-meeting/sheet")
    assert "सीता तामाङ" in shown
    assert "माया राई" not in shown
    assert console.as_("reader").get("/notices/sample-meeting/sheet").status_code == 403


def test_what_members_hear_is_one_sound(console: Console):
    client = console.as_("reader")
    assert "If you will come, press one." in page(client, "/notices/sample-meeting")
    answer = client.get("/notices/sample-meeting/hear/ne")
    assert answer.mimetype == "audio/wav"
    with wave.open(io.BytesIO(answer.data)) as sound:
        assert sound.getframerate() == 8000
        assert 5 < sound.getnframes() / 8000 < 30
    assert client.get("/notices/sample-meeting/hear/xx").status_code == 422


def test_the_table_of_who_was_told_is_a_file(console: Console):
    answered(console, sample_1="yes")
    answer = console.as_("organiser").get("/notices/sample-meeting/export?form=csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.data.decode("utf-8-sig").splitlines()[0] == "number,answer,came"


def test_another_organisations_meeting_is_not_there(console: Console):
    with console.gateway.database.write() as db:
        db.exec_driver_sql("INSERT INTO organisations (id, name, gap_hours) VALUES ('others', 'Others', 0)")
    others = Actor("others", "admin", "terminal")
    later = console.gateway.clock() + timedelta(days=3)
    made = notices.publish(console.gateway, others, NewNotice("meeting", later, "ward_office"))
    client = console.as_("admin")
    assert made.id not in page(client, "/notices")
    assert client.get(f"/notices/{made.id}").status_code == 404


def test_a_meeting_is_published_changed_and_attended_in_a_browser(console: Console, open_as):
    with open_as("organiser", "en", width=360) as browser:
        browser.goto("/notices")
        browser.get_by_role("link", name="Publish something").click()
        browser.get_by_role("main").get_by_role("link", name="Meeting", exact=True).click()
        browser.get_by_label("Day", exact=True).select_option("2026-12-05")
        browser.get_by_label("It begins at").fill("08:00")
        browser.get_by_label("Place").select_option("phrase:village_school")
        browser.get_by_role("button", name="Publish").click()
        browser.get_by_text("It is published").wait_for()
        browser.get_by_role("link", name="Change").click()
        browser.get_by_label("It begins at").fill("10:30")
        browser.get_by_role("button", name="Save").click()
        browser.get_by_text("It is changed.").wait_for()
        browser.get_by_role("link", name="Note who came").click()
        browser.get_by_label("Others who came").fill("9720000001")
        browser.get_by_role("button", name="Save").click()
        browser.get_by_text("1 are written down as having come.").wait_for()
        assert browser.get_by_text("सीता तामाङ").is_visible()
