"""What a plan says of numbers that send only so many texts a day, and what a broadcast says went over which number."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta

import pytest
from channels.conftest import CHEAP_THEN_DEAR, Ways
from fakes.outbound import DRAFT, MAIN, NOON
from sqlalchemy import text

from gateway.core.calendar import NEPAL
from gateway.services import broadcast, send

CHEAP = "  - {medium: sms, channels: [cheap]}"
AT_ONE_RUPEE = "segment_price: 100"


def test_a_thousand_over_a_sim_of_a_hundred_a_day_take_ten_days(ways: Callable[..., Ways]):
    world = ways(CHEAP, limit=100)
    world.people(1000)
    plan = broadcast.plan(world.gateway, MAIN, DRAFT)
    assert plan.days == 10
    assert (plan.ends.astimezone(NEPAL).date() - NOON.astimezone(NEPAL).date()).days == 9
    assert plan.ends.astimezone(NEPAL).hour == 8


def test_rest_days_come_between(ways: Callable[..., Ways]):
    world = ways(CHEAP, limit=100)
    world.people(250)
    with world.gateway.database.write() as db:
        db.execute(text("INSERT INTO rest_days (organisation_id, day, title) VALUES ('main', '2026-01-16', 'Holiday')"))
    assert f"{broadcast.plan(world.gateway, MAIN, DRAFT).ends.astimezone(NEPAL):%m-%d}" == "01-18"


def test_what_is_left_of_today_counts(ways: Callable[..., Ways]):
    world = ways(CHEAP, limit=10)
    world.people(10)
    send.run_batch(world.gateway, world.started())
    world.people(5)
    world.clock.tick(timedelta(hours=2).total_seconds())
    plan = broadcast.plan(world.gateway, MAIN, DRAFT)
    assert (plan.begins.astimezone(NEPAL).day, plan.days) == (16, 2), "today has nothing left"


def test_who_does_not_get_it_before_it_expires_is_counted_by_days(ways: Callable[..., Ways]):
    world = ways(CHEAP, limit=100)
    world.people(250)
    expires = NOON + timedelta(days=1)
    assert broadcast.plan(world.gateway, MAIN, DRAFT.__class__("meeting", DRAFT.texts, expires_at=expires)).missed == 50


def test_a_plan_says_over_which_number_how_many_go_and_costs_them_so(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR, limit=60, price=AT_ONE_RUPEE)
    world.people(100)
    plan = broadcast.plan(world.gateway, MAIN, DRAFT)
    over = {each.number: (each.recipients, each.price) for each in plan.over}
    assert over == {"+97714000001": (60, 60 * 100), "+97714000002": (40, 40 * 140)}
    assert (plan.price, plan.days) == (60 * 100 + 40 * 140, 1)


def test_a_plan_says_whom_no_route_reaches(ways: Callable[..., Ways]):
    world = ways("  - {medium: sms, operator: ntc, channels: [cheap]}")
    world.people(3)
    with world.gateway.database.write() as db:
        db.execute(text("UPDATE phones SET operator = 'ncell'"))
    plan = broadcast.plan(world.gateway, MAIN, DRAFT)
    assert (plan.nowhere, plan.price) == (3, 0)


def test_it_is_told_what_went_over_which_number(ways: Callable[..., Ways], tmp_path):
    world = ways(CHEAP_THEN_DEAR, limit=60, price=AT_ONE_RUPEE)
    world.people(100)
    broadcast_id = world.started()
    send.run_batch(world.gateway, broadcast_id)
    found = broadcast.progress(world.gateway, MAIN, broadcast_id)
    assert [(each.number, each.sent) for each in found.over] == [("+97714000001", 60), ("+97714000002", 40)]
    assert (found.passed_on, found.tomorrow) == (0, 0)
    file = tmp_path / "results.csv"
    broadcast.export(world.gateway, MAIN, broadcast_id, file)
    with file.open(encoding="utf-8-sig", newline="") as rows:
        numbers = [row["our_number"].lstrip("'") for row in csv.DictReader(rows)]
    assert {number: numbers.count(number) for number in numbers} == {"+97714000001": 60, "+97714000002": 40}


@pytest.mark.parametrize("refuses", [True, False])
def test_what_it_cost_is_what_the_number_costs_by_which_it_went(ways: Callable[..., Ways], refuses: bool):
    world = ways(CHEAP_THEN_DEAR, price=AT_ONE_RUPEE)
    world.people(10)
    world.first.faults = {"21408": 1.0} if refuses else {}
    broadcast_id = world.started()
    for _ in range(3):
        send.run_batch(world.gateway, broadcast_id)
        world.clock.tick(30)
    found = broadcast.progress(world.gateway, MAIN, broadcast_id)
    assert [(each.number, each.sent, each.price) for each in found.over] == [
        ("+97714000002", 10, 10 * 140) if refuses else ("+97714000001", 10, 10 * 100)
    ]
    assert (found.passed_on, found.cost.so_far) == ((10, 1400) if refuses else (0, 1000))


def test_texts_that_wait_for_tomorrow_are_told_and_when_all_are_through(ways: Callable[..., Ways]):
    world = ways(CHEAP, limit=10)
    world.people(35)
    broadcast_id = world.started()
    send.run_batch(world.gateway, broadcast_id)
    found = broadcast.progress(world.gateway, MAIN, broadcast_id)
    assert found.tomorrow == 25
    assert found.through_at is not None
    assert f"{found.through_at.astimezone(NEPAL):%d}" == "18"


def test_the_pace_is_that_of_the_number_that_takes_it_now(ways: Callable[..., Ways]):
    world = ways(CHEAP_THEN_DEAR, limit=5, pace=1)
    world.people(5)
    broadcast_id = world.started()
    for _ in range(2):
        send.run_batch(world.gateway, broadcast_id)
        world.clock.tick(10)
    world.people(300)
    plan = broadcast.plan(world.gateway, MAIN, DRAFT)
    assert [(each.number, each.recipients) for each in plan.over] == [("+97714000002", 305)]
    assert plan.paces == {"sms": 1000}


def test_all_are_through_when_the_slowest_number_is(ways: Callable[..., Ways]):
    world = ways("  - {medium: sms, operator: ntc, channels: [cheap]}\n  - {medium: sms, operator: ncell, channels: [dear]}", pace=1)
    world.people(40)
    with world.gateway.database.write() as db:
        db.execute(text("UPDATE phones SET operator = CASE WHEN id > 30 THEN 'ntc' ELSE 'ncell' END"))
    plan = broadcast.plan(world.gateway, MAIN, DRAFT)
    assert (plan.ends - plan.begins).total_seconds() == pytest.approx(10)
