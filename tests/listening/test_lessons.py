"""Lessons in whole calls: she goes on where she stopped, whatever she presses and wherever a call breaks off."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from calls.conftest import Installation
from click.testing import CliRunner
from fakes.phone import Call

from gateway.cli import main
from gateway.config import PACKAGE_ROOT
from gateway.engine.loader import load
from gateway.errors import GatewayError
from gateway.services import erasure, lessons
from gateway.services.access import Actor, terminal
from gateway.services.actions import SPECS
from gateway.store import lessons as stored
from gateway.store import members

SITA, SHARED, STRANGER = "+9779720000001", "+9779720000003", "+9779841000001"


def progress(here: Installation) -> list[tuple[object, ...]]:
    with here.gateway.database.read() as db:
        return [(row.lesson, row.chapters, row.right, row.completed_at is not None) for row in stored.of_member(db, "sample-1")]


def lesson(here: Installation, number: str = SITA) -> Call:
    """A call that has come to the lessons, by the meetings."""
    return here.phone(number).ring().press("3").press("3")


def chapters(call: Call, name: str = "posture") -> list[int]:
    """The chapters that were heard in a call, in their order."""
    stem = f"ne/{name}/chapter_"
    return [int(clip.removeprefix(stem).split("-")[0]) for clip in call.heard if clip.startswith(stem)]


def test_she_hears_a_lesson_to_its_end_and_both_answers_are_counted(here: Installation):
    call = lesson(here)
    assert chapters(call) == [1]
    assert progress(here) == [("posture", 0, 0, False)]
    for _ in range(4):
        call.press("1")
    assert progress(here) == [("posture", 4, 0, False)]
    call.press("1").press("2")
    assert chapters(call) == [1, 2, 3, 4]
    assert [clip for clip in call.heard if "/right_" in clip] == ["ne/posture/right_1-1", "ne/posture/right_2-1"]
    assert "ne/phrase/lesson_over" in call.heard
    assert progress(here) == [("posture", 4, 2, True)]


def test_a_wrong_answer_is_told_kindly_and_not_counted(here: Installation):
    call = lesson(here)
    for key in ("1", "1", "1", "1", "2", "1"):
        call.press(key)
    assert [clip for clip in call.heard if "/wrong_" in clip] == ["ne/posture/wrong_1-1", "ne/posture/wrong_2-1"]
    assert progress(here) == [("posture", 4, 0, True)]


def test_a_call_that_breaks_off_within_a_chapter_goes_on_with_that_chapter(here: Installation):
    lesson(here).press("1")  # chapter 2 is being said
    again = lesson(here)
    assert chapters(again) == [2]
    assert "ne/phrase/lesson_going_on" in again.heard
    assert progress(here) == [("posture", 1, 0, False)]


def test_the_next_call_offers_nothing_to_go_on_with_before_the_menu(here: Installation):
    """The lesson knows where she is: nobody is asked about a call that broke off."""
    lesson(here).press("1")
    assert not any("resume" in clip for clip in here.phone(SITA).ring().heard)


def test_who_has_heard_it_all_is_led_to_the_next_lesson_and_may_hear_the_first_again(here: Installation):
    call = lesson(here)
    for key in ("1", "1", "1", "1", "1", "2"):
        call.press(key)
    call.press("8")
    assert chapters(call)[-1] == 1
    assert chapters(lesson(here), "rights") == [1]
    again = lesson(here).press("2")  # another lesson
    assert chapters(again) == [1]
    assert ("posture", 4, 2, True) in progress(here)


def test_rights_lead_to_the_lesson_on_rights(here: Installation):
    assert chapters(here.phone(SITA).ring().press("4").press("1"), "rights") == [1]


@pytest.mark.parametrize("number", [SHARED, STRANGER])
def test_a_stranger_and_a_shared_phone_begin_at_the_beginning_and_nothing_is_kept(here: Installation, number: str):
    here.phone(number).ring()
    first = lesson(here, number).press("1")
    assert chapters(first) == [1, 2]
    assert chapters(lesson(here, number)) == [1]
    assert here.rows("SELECT count(*) FROM lesson_progress") == [(0,)]


def test_a_lesson_that_lost_chapters_does_no_harm(here: Installation, tmp_path: Path):
    call = lesson(here)
    for _ in range(3):
        call.press("1")
    flows = Path(shutil.copytree(PACKAGE_ROOT / "flows", tmp_path / "flows"))
    path = flows / "lessons" / "posture.yaml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index('  - ne: "अब आँखा'), text.index("check:")
    path.write_text(text[:start] + "\n" + text[end:], encoding="utf-8")
    here.gateway.flows.catalogue = replace(load(flows, SPECS), older=here.gateway.catalogue.older)
    again = lesson(here)
    assert chapters(again) == []
    assert again.heard[-1] == "ne/posture/question_1-1"
    again.press("1").press("2")
    assert progress(here) == [("posture", 3, 2, True)]
    [told] = [row for row in lessons.progress(here.gateway, terminal("main")) if row.name == "posture"]
    assert told.chapters == 1
    call.press("1")  # a call that began before the change ends in the lesson as it was
    assert chapters(call)[-1] == 4


@pytest.mark.parametrize("seed", range(6))
def test_whatever_she_presses_her_progress_never_goes_back_and_never_beyond_the_chapters(on_sqlite: Installation, seed: int):
    dice = random.Random(seed)
    most = {lesson.name: lesson.chapters for lesson in on_sqlite.gateway.catalogue.lessons.values()}
    before: dict[object, int] = {}
    for _ in range(4):
        call = lesson(on_sqlite) if dice.random() < 0.7 else on_sqlite.phone(SITA).ring().press("4").press("1")
        for _ in range(dice.randrange(14)):
            if call.waits_for != "Gather":
                break
            _ = call.wait() if dice.random() < 0.1 else call.press(dice.choice("111111228893"), at=dice.choice((None, 0.5)))
            after = {name: int(str(count)) for name, count, _, _ in progress(on_sqlite)}
            assert all(after[name] >= count for name, count in before.items())
            assert all(0 <= count <= most[str(name)] for name, count in after.items())
            before = after
        for name, count, right, completed in progress(on_sqlite):
            assert 0 <= int(str(right)) <= 2
            assert not completed or count == most[str(name)]


def test_a_request_that_comes_twice_counts_once(here: Installation):
    call = here.phone(SITA, double=True).ring().press("3").press("3").press("1").press("1")
    assert chapters(call) == [1, 2, 3]
    assert progress(here) == [("posture", 2, 0, False)]


# --- organisers ------------------------------------------------------------------------------------------------------------------------


def test_small_counts_are_withheld_and_the_view_is_audited(here: Installation, organiser: Actor):
    lesson(here).press("1")
    posture, rights = lessons.progress(here.gateway, organiser)
    assert (posture.underway, posture.completed, posture.begun) == (None, None, None)
    assert (rights.underway, rights.completed, rights.begun) == (0, 0, 0)
    assert here.rows("SELECT actor, action FROM audit WHERE action = 'view_lessons'") == [("user:didi", "view_lessons")]
    with pytest.raises(GatewayError, match="access:denied"):
        lessons.progress(here.gateway, Actor("main", "collector", "user:x", user_id="x"))


def test_how_far_she_came_goes_when_she_is_erased(here: Installation):
    lesson(here).press("1")
    assert progress(here)
    erasure.erase(here.gateway, terminal("main"), "sample-1")
    assert progress(here) == []


def test_counts_of_many_are_told(on_sqlite: Installation, organiser: Actor):
    gateway, now = on_sqlite.gateway, on_sqlite.clock()
    with gateway.database.write() as db:
        for index in range(20):
            members.add(db, gateway.seal, members.NewMember(f"many-{index}", "main", f"9{index:03}", "ne"), now)
            stored.heard(db, f"many-{index}", "posture", 4, now)
            if index < 12:
                stored.checked(db, f"many-{index}", "posture", 2, now)
    posture, _ = lessons.progress(gateway, organiser)
    assert (posture.underway, posture.completed, posture.begun) == (8, 12, 20)


def test_the_command_lists_lessons_and_tells_how_many_heard_them(on_sqlite: Installation):
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["lessons", *arguments], env=on_sqlite.environ)
        assert result.exit_code == 0, result.output
        return result.output

    assert run("list").splitlines()[0] == "posture           4 chapters  काम गर्दा शरीर जोगाउने / Healthy at work"
    lesson(on_sqlite)
    assert run("progress").splitlines() == [
        "posture           few began, few are in the middle of it, few heard all of it",
        "rights            0 began, 0 are in the middle of it, 0 heard all of it",
    ]
