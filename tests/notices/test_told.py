"""What a member hears of a notice, on a call of ours and by text, and in menu 3; her answers. On SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from calls.conftest import Installation
from notices.conftest import answer, in_days, make_saying, tell

from gateway.core.events import DigitsPressed, MessageReceived, PromptSpoken, RsvpGiven
from gateway.engine import interpreter
from gateway.engine.interpreter import Opening, Sprint
from gateway.services import callers, notices
from gateway.services.access import Actor
from gateway.services.broadcast import Draft
from gateway.services.notices import NewNotice, Notice
from gateway.services.receive.turns import setting
from gateway.store import channels, members
from gateway.store import notices as stored

SITA, GITA = "sample-1", "sample-3"
SITAS, SHARED = "+9779720000001", "+9779720000003"


class Told:
    """A conversation that a broadcast about a notice began."""

    def __init__(self, here: Installation, number: str, notice: Notice, medium: str = "voice", **values: object) -> None:
        self.gateway, self.said = here.gateway, []
        with self.gateway.database.read() as db:
            person = members.caller(db, self.gateway.seal.index(number))
            channel = channels.of_provider(db, self.gateway.providers.main.name)[0]
        self.caller = callers.caller_of(self.gateway, channel, person, new=False)
        opening = Opening(self.gateway.new_id(), medium, {"notice.id": notice.id, **values})
        self._keep(interpreter.start(self.gateway.catalogue, "notice_told", opening, self.caller, self._setting))

    @property
    def _setting(self):
        return setting(self.gateway, self.gateway.clock())

    def does(self, event) -> Told:
        self._keep(interpreter.resume(self.gateway.catalogue, self.sprint.session, event, self.caller, self._setting))
        return self

    def _keep(self, sprint: Sprint) -> None:
        self.sprint = sprint
        self.said = [fact.text for fact in sprint.facts if isinstance(fact, PromptSpoken)]
        self.clips = [clip for fact in sprint.facts if isinstance(fact, PromptSpoken) for clip in fact.clips]
        self.answers = [(fact.member_id, fact.answer) for fact in sprint.facts if isinstance(fact, RsvpGiven)]


def test_she_hears_kind_day_hour_and_place_and_answers(here: Installation, publish):
    told = Told(here, SITAS, publish(7))
    assert told.said == [
        "बैठक, मंसिर १२, शनिबार, बिहान १० बजे, वडा कार्यालयमा छ।",
        "आउनुहुन्छ भने, एक थिच्नुहोस्। आउन मिल्दैन भने, दुई थिच्नुहोस्।",
    ]
    assert told.does(DigitsPressed("8")).said[0].startswith("बैठक")
    assert told.does(DigitsPressed("1")).answers == [(SITA, "yes")]
    assert told.sprint.wait is None


def test_by_text_her_answer_is_taken_at_the_first_question(here: Installation, publish):
    meeting = publish(7)
    for words, said in (("1", "yes"), ("ho", "yes"), ("aauchu", "yes"), ("2", "no"), ("hoina", "no"), ("aaudina", "no")):
        assert Told(here, SITAS, meeting, "sms").does(MessageReceived(words)).answers == [(SITA, said)], words


def test_the_day_before_it_is_for_tomorrow(here: Installation, publish):
    meeting = publish(1)
    assert Told(here, SITAS, meeting).said[0] == "भोलिको कुरा।"
    assert Told(here, SITAS, meeting, "sms").said == ["भोलि बिहान १० बजे, बैठक, वडा कार्यालय। आउने भए 1, नआउने भए 2"]


def test_own_words_are_played_as_place_and_details(here: Installation, publish):
    saying = make_saying(here)
    told = Told(here, SITAS, publish(7, place=None, place_saying_id=saying, saying_id=saying))
    assert told.said[0] == "बैठक, मंसिर १२, शनिबार, बिहान १० बजे, लेलेको चौतारीमा छ।"
    assert told.said[1] == "लेलेको चौतारी"
    assert told.clips.count("/sayings/clip-ne") == 2


def test_news_is_told_in_its_words(here: Installation, organiser: Actor):
    news = notices.publish(here.gateway, organiser, NewNotice("news", saying_id=make_saying(here)))
    assert Told(here, SITAS, news).said[0] == "लेलेको चौतारी"


def test_who_had_said_yes_hears_that_it_moved_until_she_answers_again(here: Installation, organiser: Actor, publish):
    meeting = publish(3)
    answer(here, meeting, SITA, "yes")
    here.clock.move(hours=1)
    moved = notices.change(here.gateway, organiser, meeting.id, 1, replace(NewNotice.of(meeting), starts_at=in_days(here, 5))).notice
    assert Told(here, SITAS, moved).said[0] == "दिन वा ठाउँ सर्‍यो।"
    assert Told(here, SITAS, moved, "sms").said[0].startswith("बैठक सर्‍यो: मंसिर १०")
    here.clock.move(hours=1)
    answer(here, moved, SITA, "yes")
    assert Told(here, SITAS, moved).said[0].startswith("बैठक, मंसिर १०")


@pytest.mark.parametrize(("medium", "listens_on"), [("voice", True), ("sms", False)])
def test_what_is_cancelled_is_told_as_cancelled_and_what_is_over_as_over(here: Installation, organiser: Actor, publish, medium, listens_on):
    meeting, other = publish(3), publish(1)
    notices.cancel(here.gateway, organiser, meeting.id, 1)
    told = Told(here, SITAS, meeting, medium)
    assert told.said[0].endswith("अब हुँदैन।")
    assert (told.sprint.wait is not None) is listens_on
    here.clock.move(days=2)
    assert Told(here, SITAS, other, medium).said[0] == "यो कुरा सकियो।"


def test_on_a_shared_phone_the_answer_is_hers_for_whom_we_rang(here: Installation, organiser: Actor, publish):
    meeting = publish(7)
    broadcast_id = notices.announce(here.gateway, organiser, meeting.id, Draft("", medium="voice"))
    [delivery_id] = tell(here, broadcast_id, GITA)
    told = Told(here, SHARED, meeting, **{"broadcast.delivery": delivery_id})
    assert told.does(DigitsPressed("1")).answers == [(GITA, "yes")]
    nobody = Told(here, SHARED, meeting)
    assert nobody.does(DigitsPressed("1")).answers == []


# --- menu 3 ------------------------------------------------------------------------------------------------------------------------


def test_menu_three_lists_what_began_and_is_not_over(on_sqlite: Installation, organiser: Actor):
    meeting = notices.publish(on_sqlite.gateway, organiser, NewNotice("training", on_sqlite.clock() + timedelta(hours=2), "our_office"))
    for hours, is_told in ((1, True), (1.5, True), (2, True), (1, False)):
        on_sqlite.clock.move(hours=hours)
        with on_sqlite.gateway.database.read() as db:
            found = stored.next_after(db, stored.Asking("main", on_sqlite.clock(), SITA))
        assert (found is not None and found.id == meeting.id) is is_told


def test_menu_three_tells_a_cancelled_one_to_those_who_had_said_yes(here: Installation, organiser: Actor, publish):
    meeting = publish(1)
    answer(here, meeting, SITA, "yes")
    notices.cancel(here.gateway, organiser, meeting.id, 1)
    with here.gateway.database.read() as db:
        hers = stored.next_after(db, stored.Asking("main", here.clock(), SITA))
        of_others = stored.next_after(db, stored.Asking("main", here.clock(), GITA))
    assert hers is not None
    assert hers.id == meeting.id
    assert of_others is None or of_others.id != meeting.id
