"""What organisers do with notices: publishing, changing, cancelling, who came. On SQLite and on PostgreSQL."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from calls.conftest import Installation
from notices.conftest import answer, in_days, make_saying, tell

from gateway.core.audience import Audience
from gateway.errors import GatewayError
from gateway.services import exports, notices, organisations
from gateway.services.access import Actor
from gateway.services.broadcast import Draft
from gateway.services.notices import NewNotice
from gateway.store import broadcasts

SITA, MAYA, GITA = "sample-1", "sample-2", "sample-3"


def number_of(here: Installation, member_id: str) -> str:
    return str(dict(here.rows("SELECT id, number FROM members"))[member_id])


def test_a_meeting_is_published_and_lasts_three_hours_where_nobody_says_how_long(here: Installation, organiser: Actor, publish):
    meeting = publish(3)
    assert meeting.over_at == meeting.starts_at + timedelta(hours=3)
    assert (meeting.version, meeting.moved_at, meeting.cancelled_at) == (1, None, None)
    assert notices.get(here.gateway, organiser, meeting.id) == meeting
    assert notices.list_all(here.gateway, organiser)[0] == meeting
    assert ("publish_notice",) in here.rows("SELECT action FROM audit")


def test_words_of_another_organisation_are_not_there(here: Installation, organiser: Actor):
    organisations.add(here.gateway, "others", "Others")
    make_saying(here, "theirs", organisation="others")
    with pytest.raises(GatewayError) as caught:
        notices.publish(here.gateway, organiser, NewNotice("news", saying_id="theirs"))
    assert caught.value.code == "notice:unknown-saying"


def test_places_and_details_in_the_organisations_own_words(here: Installation, organiser: Actor, publish):
    saying = make_saying(here)
    meeting = publish(place=None, place_saying_id=saying, saying_id=saying)
    assert (meeting.place, meeting.place_saying_id, meeting.saying_id) == (None, saying, saying)
    news = notices.publish(here.gateway, organiser, NewNotice("news", saying_id=saying))
    assert (news.starts_at, news.over_at) == (None, None)


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (NewNotice("party"), "notice:kind"),
        (NewNotice("meeting", place="ward_office"), "notice:incomplete"),
        (NewNotice("meeting", phrase="news_c177"), "notice:incomplete"),
        (NewNotice("news"), "notice:incomplete"),
        (NewNotice("news", phrase="news_c177", place="ward_office"), "notice:incomplete"),
        (NewNotice("news", phrase="news_c177", saying_id="x"), "notice:twice"),
        (NewNotice("news", phrase="news_c178"), "broadcast:unknown-phrase"),
        (NewNotice("news", saying_id="nobody's"), "notice:unknown-saying"),
        (NewNotice("news", saying_id="silent"), "notice:not-recorded"),
    ],
)
def test_what_cannot_be_told_is_refused(here: Installation, organiser: Actor, new: NewNotice, code: str):
    make_saying(here, "silent", recorded=())
    with pytest.raises(GatewayError) as caught:
        notices.publish(here.gateway, organiser, new)
    assert caught.value.code == code


@pytest.mark.parametrize(("starts", "ends"), [(-1, None), (0, None), (2, 2), (2, 1)])
def test_it_begins_in_the_future_and_ends_later(here: Installation, organiser: Actor, starts: float, ends: float | None):
    new = NewNotice("training", in_days(here, starts), "our_office", over_at=None if ends is None else in_days(here, ends))
    with pytest.raises(GatewayError) as caught:
        notices.publish(here.gateway, organiser, new)
    assert caught.value.code == "notice:past"


def test_only_whoever_may_plan_publishes_and_only_her_own_organisation_is_seen(here: Installation, organiser: Actor, publish):
    meeting = publish()
    for role in ("reader", "collector"):
        with pytest.raises(GatewayError) as caught:
            notices.publish(here.gateway, Actor("main", role, "user:x"), NewNotice("news", phrase="news_c177"))
        assert caught.value.code == "access:denied"
    stranger = Actor("another", "admin", "user:x")
    assert notices.list_all(here.gateway, stranger) == []
    for verb in (
        lambda: notices.get(here.gateway, stranger, meeting.id),
        lambda: notices.cancel(here.gateway, stranger, meeting.id, 1),
        lambda: notices.change(here.gateway, stranger, meeting.id, 1, NewNotice.of(meeting)),
        lambda: notices.attendance(here.gateway, stranger, meeting.id, []),
        lambda: notices.announce(here.gateway, stranger, meeting.id, Draft("")),
        lambda: notices.rsvps(here.gateway, stranger, meeting.id),
    ):
        with pytest.raises(GatewayError) as caught:
            verb()
        assert caught.value.code == "notice:unknown"


def test_of_two_people_who_change_it_at_once_one_is_told_to_look_again(here: Installation, organiser: Actor, publish):
    meeting, together = publish(), Barrier(2)

    def move(days: float) -> str:
        together.wait()
        try:
            notices.change(
                here.gateway, organiser, meeting.id, meeting.version, replace(NewNotice.of(meeting), starts_at=in_days(here, days))
            )
        except GatewayError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(move, (4, 5))) == ["done", "notice:changed"]
    assert notices.get(here.gateway, organiser, meeting.id).version == 2


def test_a_meeting_that_moves_lasts_as_long_as_before_and_details_move_nothing(here: Installation, organiser: Actor, publish):
    meeting = publish(3)
    moved = notices.change(here.gateway, organiser, meeting.id, 1, replace(NewNotice.of(meeting), starts_at=in_days(here, 5)))
    assert moved.notice.over_at == in_days(here, 5) + timedelta(hours=3)
    assert moved.notice.moved_at == here.clock()
    here.clock.move(hours=1)
    changed = notices.change(here.gateway, organiser, meeting.id, 2, replace(NewNotice.of(moved.notice), phrase="news_c177"))
    assert (changed.notice.version, changed.notice.moved_at) == (3, moved.notice.moved_at)
    assert (changed.stopped, changed.told_by) == ((), None)


def test_what_is_cancelled_or_over_is_changed_no_more(here: Installation, organiser: Actor, publish):
    meeting = publish(1)
    notices.cancel(here.gateway, organiser, meeting.id, 1)
    with pytest.raises(GatewayError) as caught:
        notices.cancel(here.gateway, organiser, meeting.id, 2)
    assert caught.value.code == "notice:over"
    other = publish(1)
    here.clock.move(days=2)
    with pytest.raises(GatewayError) as caught:
        notices.change(here.gateway, organiser, other.id, 1, replace(NewNotice.of(other), starts_at=in_days(here, 3)))
    assert caught.value.code == "notice:over"


# --- who came ----------------------------------------------------------------------------------------------------------------------


def test_who_came_is_noted_once_by_numbers_and_phones(here: Installation, organiser: Actor, publish):
    meeting = publish()
    answer(here, meeting, SITA, "yes")
    answer(here, meeting, MAYA, "yes")
    answer(here, meeting, GITA, "no")
    sita = number_of(here, SITA)
    wrong = sita[:-1] + str((int(sita[-1]) + 1) % 10)
    lines = [sita, "", "९७२-००० ०००२", wrong, "+9779720000003", "hello", number_of(here, GITA)]
    found = notices.attendance(here.gateway, organiser, meeting.id, lines)
    assert found.unknown == (4, 5, 6)  # a slip, a phone that two share, no number
    assert found.added == 3
    assert notices.attendance(here.gateway, organiser, meeting.id, lines).added == 0
    counts = notices.rsvps(here.gateway, organiser, meeting.id)
    assert (counts.told, counts.yes, counts.no, counts.came, counts.came_of_yes) == (0, 2, 1, 3, 2)


def test_nobody_comes_to_news(here: Installation, organiser: Actor):
    news = notices.publish(here.gateway, organiser, NewNotice("news", phrase="news_c177"))
    with pytest.raises(GatewayError) as caught:
        notices.attendance(here.gateway, organiser, news.id, [])
    assert caught.value.code == "notice:no-attendance"


def test_who_was_told_answered_and_came_is_exported(here: Installation, organiser: Actor, publish, tmp_path):
    meeting = publish()
    broadcast_id = notices.announce(here.gateway, organiser, meeting.id, Draft("", medium="sms"))
    tell(here, broadcast_id, SITA, MAYA)
    tell(here, broadcast_id, GITA, state="failed")
    answer(here, meeting, SITA, "yes")
    notices.attendance(here.gateway, organiser, meeting.id, [number_of(here, SITA), number_of(here, "sample-4")])
    file = tmp_path / "came.csv"
    written = exports.write_rows(here.gateway, organiser, f"notice:{meeting.id}", file, notices.sheet(here.gateway, organiser, meeting.id))
    rows = list(csv.DictReader(file.open(encoding="utf-8-sig")))
    by_number = {row["number"]: (row["answer"], row["came"]) for row in rows}
    assert written == len(rows) == 3
    assert by_number == {
        number_of(here, SITA): ("yes", "yes"),
        number_of(here, MAYA): ("", "no"),
        number_of(here, "sample-4"): ("", "yes"),
    }
    counts = notices.rsvps(here.gateway, organiser, meeting.id)
    assert (counts.told, counts.came, counts.came_of_yes) == (2, 2, 1)


# --- told by a broadcast -----------------------------------------------------------------------------------------------------------


def load(here: Installation, broadcast_id: str) -> broadcasts.Broadcast:
    with here.gateway.database.read() as db:
        found = broadcasts.load(db, broadcast_id)
    assert found is not None
    return found


def test_an_announcement_says_it_in_one_message_of_every_language_and_script(here: Installation, organiser: Actor, publish):
    meeting = publish(7)
    made = load(here, notices.announce(here.gateway, organiser, meeting.id, Draft("", audience=Audience(trades=("sewing",)))))
    assert (made.purpose, made.notice_id, made.flow, made.medium, made.state) == ("notice", meeting.id, "notice_told", "preferred", "draft")
    assert made.audience == Audience(trades=("sewing",))
    assert made.expires_at == meeting.starts_at
    assert made.texts == {
        "ne": "बैठक: मंसिर १२ बिहान १० बजे, वडा कार्यालय। आउने भए 1, नआउने भए 2",
        "ne_latn": "Baithak: Mangsir 12, Sanibar, bihana 10 baje, wada karyalaya. Aune 1, naaune 2 pathaunuhos.",
        "en": "meeting: 28 Nov, Saturday, 10 am, the ward office. Send 1 if you will come, 2 if not.",
    }


def test_what_is_over_is_not_announced(here: Installation, organiser: Actor, publish):
    meeting = publish(1)
    notices.cancel(here.gateway, organiser, meeting.id, 1)
    with pytest.raises(GatewayError) as caught:
        notices.announce(here.gateway, organiser, meeting.id, Draft(""))
    assert caught.value.code == "notice:over"


def test_news_is_announced_in_its_own_words(here: Installation, organiser: Actor):
    news = notices.publish(here.gateway, organiser, NewNotice("news", saying_id=make_saying(here)))
    made = load(here, notices.announce(here.gateway, organiser, news.id, Draft("news of today")))
    assert (made.title, made.texts["ne_latn"], made.texts["en"]) == ("news of today", "Leleko chautari", "the tree of Lele")
