"""Lists of members: made from numbers and phones as people write them, twice the same, changed, shown, taken away."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from fakes.outbound import DRAFT, MAIN, People, World, e164
from sqlalchemy import func, insert, select, update

from gateway.cli import lists as command
from gateway.core.audience import Audience
from gateway.core.reference import with_check_digit
from gateway.errors import GatewayError
from gateway.services import broadcast, lists
from gateway.services.access import Actor
from gateway.store import models


@pytest.fixture
def numbers(world: World, people: People) -> list[str]:
    """The membership numbers of three members; the third shares the phone of the second."""
    people(2)
    people(1, phone=False)
    people.share(3, 2)
    given = [with_check_digit(1000 + each) for each in range(3)]
    with world.database.write() as db:
        for each, number in enumerate(given, 1):
            db.execute(update(models.members).where(models.members.c.id == f"m{each:08}").values(number=number))
    return given


def on_list(world: World, named: str) -> list[str]:
    return [member.number for member in lists.show(world.gateway, MAIN, named)[1]]


def test_a_line_is_a_number_or_a_phone_however_it_is_written(world: World, numbers: list[str]) -> None:
    devanagari = numbers[0].translate(str.maketrans("0123456789", "०१२३४५६७८९"))
    lines = ["Number", devanagari, "", f" {e164(2)[4:]} ", "9849999999", numbers[1]]
    made = lists.create(world.gateway, MAIN, "  Leaders ", lines)
    assert (made.added, made.unknown) == (3, (1, 5)), "whoever shares the phone is meant too; the lines that name nobody are told"
    assert on_list(world, "Leaders") == on_list(world, made.id) == sorted(numbers)


def test_the_same_again_changes_nothing(world: World, numbers: list[str]) -> None:
    first = lists.create(world.gateway, MAIN, "Leaders", numbers[:2])
    again = lists.create(world.gateway, MAIN, "Leaders", numbers[:2])
    assert (first.id, first.added, again.added) == (again.id, 2, 0)
    assert (first.was_there, again.was_there) == (False, True)
    assert lists.add(world.gateway, MAIN, "Leaders", numbers).added == 1
    assert lists.remove(world.gateway, MAIN, "Leaders", numbers[:1] * 2).added == 1
    assert lists.remove(world.gateway, MAIN, "Leaders", numbers[:1]).added == 0
    assert lists.add(world.gateway, MAIN, "Leaders", ["", " "]).lines == 0
    assert [(row.title, row.members) for row in lists.list_all(world.gateway, MAIN)] == [("Leaders", 2)]


def test_many_lines_are_looked_up_in_parts(world: World, numbers: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "LINES_AT_ONCE", 2)
    made = lists.create(world.gateway, MAIN, "Leaders", [numbers[0], "x", numbers[1], numbers[0], "y"])
    assert (made.added, made.unknown) == (2, (2, 5))


def test_a_list_that_a_broadcast_needs_stays(world: World, numbers: list[str]) -> None:
    made = lists.create(world.gateway, MAIN, "Leaders", numbers[:1])
    broadcast_id = broadcast.create(world.gateway, MAIN, replace(DRAFT, audience=Audience(but_lists=(made.id,))))
    with pytest.raises(GatewayError, match="needed by the broadcast"):
        lists.delete(world.gateway, MAIN, "Leaders")
    broadcast.cancel(world.gateway, MAIN, broadcast_id)
    lists.delete(world.gateway, MAIN, "Leaders")
    with pytest.raises(GatewayError, match="There is no list 'Leaders'"):
        lists.show(world.gateway, MAIN, "Leaders")


def test_what_is_done_is_written_down_without_a_number(world: World, numbers: list[str]) -> None:
    lists.create(world.gateway, MAIN, "Leaders", [*numbers, "9849999999"])
    on_list(world, "Leaders")
    lists.delete(world.gateway, MAIN, "Leaders")
    with world.database.read() as db:
        noted = db.execute(select(models.audit.c.action, models.audit.c.detail).order_by(models.audit.c.id)).all()
    assert [row.action for row in noted] == ["create_list", "add_list", "see_list", "delete_list"]
    assert all("98499" not in row.detail for row in noted)


def test_another_organisation_and_a_collector_see_nothing(world: World, numbers: list[str]) -> None:
    lists.create(world.gateway, MAIN, "Leaders", numbers)
    with world.database.write() as db:
        db.execute(insert(models.organisations).values(id="other", name="Other", gap_hours=2))
    other = Actor("other", "organiser", "user:1", "1")
    assert lists.list_all(world.gateway, other) == []
    assert lists.create(world.gateway, other, "Leaders", numbers).unknown == (1, 2, 3)
    with pytest.raises(GatewayError, match="collector"):
        lists.list_all(world.gateway, Actor("main", "collector", "user:2", "2"))
    with pytest.raises(GatewayError, match="title"):
        lists.create(world.gateway, MAIN, " ", [])
    with world.database.read() as db:
        assert db.execute(select(func.count()).select_from(models.member_lists)).scalar() == 2


def test_the_command_takes_a_column_of_a_file(world: World, numbers: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.bootstrap.from_environment", lambda _: world.gateway)
    file = tmp_path / "leaders.csv"
    file.write_text(f"\ufeffName;Number\nSita;{numbers[0]}\nRita;\nGita;nobody\n", encoding="utf-8")

    def run(*words: str, typed: str = "") -> str:
        result = CliRunner().invoke(command.command, words, input=typed, env=dict(os.environ), catch_exceptions=False)
        return result.output

    assert run("create", "Leaders", str(file), "--column", "number") == "1 member added.\nNobody is named in line 4.\n"
    assert run("add", "Leaders", typed=f"{numbers[1]}\n") == "1 member added.\n"
    assert run("show", "Leaders").split() == [numbers[0], "-", numbers[1], "-"]
    assert run("remove", "Leaders", typed=f"{numbers[1]}\n") == "1 member removed.\n"
    assert run("list").endswith("Leaders  1 member\n")
    with pytest.raises(GatewayError, match="no column 'phone'"):
        run("create", "Leaders", str(file), "--column", "phone")
    run("delete", "Leaders")
    assert run("list") == ""
