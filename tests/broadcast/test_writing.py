"""What an organiser sees while she writes, and a draft that is written anew before somebody approves it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.outbound import DRAFT, MAIN, People, World

from gateway.core.audience import Audience
from gateway.errors import GatewayError
from gateway.services import broadcast
from gateway.services.access import Actor
from gateway.services.broadcast import Draft, writing
from gateway.store import organisations

MAYA = Actor("main", "organiser", "user:maya", "maya")


def two_people(world: World) -> None:
    with world.database.write() as db:
        organisations.set_sending(db, "main", organisations.sending(db, "main")._replace(two_persons_above=1))


def test_a_glance_is_the_plan_where_everybody_is_looked_at(world: World, people: People) -> None:
    people(3)
    people(2, language="en")
    people(1, stopped=True)
    seen, planned = broadcast.glance(world.gateway, MAIN, DRAFT), broadcast.plan(world.gateway, MAIN, DRAFT)
    assert (seen.reached, seen.price, seen.left_out, seen.exact) == (planned.recipients, planned.price, planned.left_out, True)


def test_of_many_some_are_looked_at_and_scaled_up(world: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(10):  # they came in turns
        people(10)
        people(10, language="en")
    monkeypatch.setattr(writing, "MOST_LOOKED_AT", 80)
    seen = broadcast.glance(world.gateway, MAIN, replace(DRAFT, audience=Audience(languages=("en",))))
    assert not seen.exact
    assert 75 <= seen.reached <= 125


def test_what_is_not_finished_is_said_and_the_people_are_counted_all_the_same(world: World, people: People) -> None:
    people(3)
    seen = broadcast.glance(world.gateway, MAIN, Draft("", {"ne": ""}))
    assert (seen.reached, seen.fault and seen.fault.code, seen.wordings) == (3, "broadcast:empty", ())
    seen = broadcast.glance(world.gateway, MAIN, Draft("", {"ne": "नमस्ते {nam"}))
    assert seen.fault is not None
    assert seen.fault.code == "broadcast:braces"
    with pytest.raises(GatewayError, match="There is no list"):
        broadcast.glance(world.gateway, MAIN, Draft("", audience=Audience(lists=("none",))))


def test_the_character_that_makes_it_dear_is_named_and_its_plain_form_offered(world: World, people: People) -> None:
    people(3, language="en")
    text = "Meeting tomorrow at the ward office, “Lele”. Please bring your card and tell the others who live near you."
    (wording,) = broadcast.glance(world.gateway, MAIN, Draft("", {"en": text})).wordings
    assert [char for char, _ in wording.strange] == ["“", "”"]
    assert (wording.segments, wording.cheaper_segments, wording.cheaper) == (2, 1, text.replace("“", '"').replace("”", '"'))
    assert wording.saves == wording.price // 2 > 0


def test_nepali_is_offered_in_latin_letters_with_its_slots(world: World, people: People) -> None:
    people(3)
    (wording,) = broadcast.glance(world.gateway, MAIN, Draft("", {"ne": "नमस्ते, भोलि ११ बजे बैठक छ। " * 4})).wordings
    assert wording.is_unicode
    assert wording.strange == ()
    assert wording.cheaper.startswith("Namaste, bholi 11 baje baithak chha.")
    assert wording.cheaper_segments < wording.segments


def test_a_draft_is_written_anew_and_whoever_agreed_is_asked_again(world: World, people: People) -> None:
    people(3)
    two_people(world)
    made = broadcast.create(world.gateway, MAIN, DRAFT)
    broadcast.approve(world.gateway, MAIN, made)
    broadcast.change(world.gateway, MAIN, made, DRAFT)
    assert broadcast.status(world.gateway, MAIN, made).agreed == (MAIN.name,), "the same changes nothing"
    broadcast.change(world.gateway, MAYA, made, replace(DRAFT, title="Another"))
    found = broadcast.status(world.gateway, MAIN, made)
    assert (found.broadcast.title, found.agreed, found.broadcast.created_by) == ("Another", (), MAYA.name)
    broadcast.approve(world.gateway, MAIN, made)
    broadcast.approve(world.gateway, MAYA, made)
    with pytest.raises(GatewayError, match="cannot be changed"):
        broadcast.change(world.gateway, MAIN, made, DRAFT)


def test_nobody_approves_what_she_has_not_seen(world: World, people: People) -> None:
    people(3)
    made = broadcast.create(world.gateway, MAIN, DRAFT)
    seen = Draft.of(broadcast.status(world.gateway, MAIN, made).broadcast).mark
    broadcast.change(world.gateway, MAYA, made, replace(DRAFT, texts={"ne": "अर्कै कुरा"}))
    with pytest.raises(GatewayError, match="changed this broadcast"):
        broadcast.approve(world.gateway, MAIN, made, seen)
    seen = Draft.of(broadcast.status(world.gateway, MAIN, made).broadcast).mark
    assert broadcast.approve(world.gateway, MAIN, made, seen)


def test_another_organisation_changes_nothing_here(world: World) -> None:
    made = broadcast.create(world.gateway, MAIN, DRAFT)
    stranger = Actor("other", "admin", "user:x", "x")
    with pytest.raises(GatewayError, match="no broadcast"):
        broadcast.change(world.gateway, stranger, made, DRAFT)
