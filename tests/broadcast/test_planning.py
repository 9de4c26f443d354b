"""Who is reached, who is left out, what it costs and when it is through; and the writing of the deliveries."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta
from statistics import median

import pytest
from fakes.outbound import DRAFT, NOON, People, World
from sqlalchemy import update

from gateway.core.audience import Audience
from gateway.core.calendar import NEPAL
from gateway.core.jobs import ExpandBroadcast, SendBatch
from gateway.errors import GatewayError
from gateway.services import broadcast
from gateway.services.access import terminal
from gateway.services.broadcast import Draft, Part, expanding
from gateway.store import models

MAIN = terminal("main")


def expanded(world: World, draft: Draft = DRAFT) -> list[tuple[object, ...]]:
    broadcast_id = broadcast.create(world.gateway, MAIN, draft)
    broadcast.approve(world.gateway, MAIN, broadcast_id)
    broadcast.expand(world.gateway, broadcast_id)
    return world.rows("member_id", "phone_id", "language", "price")


def test_the_plan_counts_by_language_and_says_who_is_left_out_and_why(world: World, people: People) -> None:
    people(3)
    people(2, language="en")
    people(1, stopped=True)
    people(2, phone=False)
    people(1, consented_at=None)
    people(1, language="mai")
    people(1, state="pending")
    people(1, state="left")
    planned = broadcast.plan(world.gateway, MAIN, DRAFT)
    assert planned.parts == (Part("sms", "en", "other", 2, 1, 280), Part("sms", "ne", "other", 3, 1, 420))
    assert planned.recipients == 5
    assert planned.price == 700
    assert planned.left_out == {"stopped": 1, "no-phone": 2, "no-consent": 1, "no-text": 1}
    assert len(expanded(world)) == planned.recipients


def test_a_shared_phone_gets_one_copy_and_a_member_with_two_phones_too(world: World, people: People) -> None:
    people(2)
    people.share(2, 1)  # the second member has her own phone and the first one's: she is reached on the first of them
    people(1, phone=False)
    people.share(3, 2)  # whoever else uses the second phone is reached on it
    assert broadcast.plan(world.gateway, MAIN, DRAFT).left_out == {"shared-phone": 1}
    assert [row[:2] for row in expanded(world)] == [("m00000001", 1), ("m00000002", 1), ("m00000003", 2)]
    assert world.rows("state", "error", "price")[1] == ("suppressed", "send:shared-phone", None), "she hears it with the first"


def test_somebody_whose_first_phone_stopped_us_is_reached_on_the_second(world: World, people: People) -> None:
    people(1, stopped=True)
    people(1, phone=False)
    people(1, phone=True)
    people.share(1, 3)
    assert [row[:2] for row in expanded(world)] == [("m00000001", 3), ("m00000003", 3)]
    assert world.states() == ["queued", "suppressed"], "whose phone it is hears it with her"


def test_filters_narrow_the_audience(world: World, people: People) -> None:
    people(2, trade="sewing")
    people(1, trade="craft")
    people(1, trade="craft", language="en")
    assert broadcast.plan(world.gateway, MAIN, replace(DRAFT, audience=Audience(trades=("craft",)))).recipients == 2
    assert len(expanded(world, replace(DRAFT, audience=Audience(trades=("craft",), languages=("en",))))) == 1


def test_expansion_goes_on_at_the_row_where_it_was_killed(world: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanding, "FIRST_BATCH", 3)
    monkeypatch.setattr(expanding, "MEMBERS_EXPANDED", 4)
    people(20)
    broadcast_id = broadcast.create(world.gateway, MAIN, DRAFT)
    assert broadcast.approve(world.gateway, MAIN, broadcast_id) == [ExpandBroadcast(broadcast_id)]
    asked = iter([False, False, True])
    broadcast.expand(world.gateway, broadcast_id, stop=lambda: next(asked))
    assert len(world.rows("id")) == 7
    assert world.rung == [SendBatch(broadcast_id)], "sending begins after the first batch"
    broadcast.expand(world.gateway, broadcast_id)
    broadcast.expand(world.gateway, broadcast_id)
    assert len(set(world.rows("member_id"))) == len(world.rows("member_id")) == 20
    assert broadcast.status(world.gateway, MAIN, broadcast_id).broadcast.expanded


def test_the_price_of_each_delivery_is_kept(world: World, people: People) -> None:
    people(1)
    people(1, language="en")
    assert [row[3] for row in expanded(world, replace(DRAFT, texts={"ne": "क" * 71, "en": "Hello"}))] == [280, 140]


def test_a_long_broadcast_pauses_at_night_and_is_through_on_another_day(world: World, people: People) -> None:
    people(120)
    with world.database.write() as db:
        db.execute(update(models.channels).values(messages_per_second=1))
    world.clock.now = NOON.replace(hour=14, minute=14)  # 19:59 in Nepal
    planned = broadcast.plan(world.gateway, MAIN, DRAFT)
    assert planned.begins == world.clock.now
    assert planned.ends.astimezone(NEPAL).strftime("%d %H:%M") == "16 08:01"
    world.clock.now += timedelta(minutes=1)
    assert broadcast.plan(world.gateway, MAIN, DRAFT).begins.astimezone(NEPAL).strftime("%d %H:%M") == "16 08:00"


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (Draft("t"), "broadcast:empty"),
        (Draft("t", {"ne": "  "}), "broadcast:empty"),
        (Draft("t", {"ne": "क"}, medium="preferred"), "broadcast:needs-voice"),
        (Draft("t", {"fr": "bonjour"}), "broadcast:unknown-language"),
        (Draft("t", {"ne": "क" * 5000}), "broadcast:too-long"),
        (Draft("t", phrase="meeting_wrod"), "broadcast:unknown-phrase"),
        (Draft("t", {"en": "Nobody speaks it here."}), "broadcast:no-recipients"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason(world: World, people: People, draft: Draft, code: str) -> None:
    people(1)
    with pytest.raises(GatewayError) as refused:
        broadcast.plan(world.gateway, MAIN, draft)
    assert refused.value.code == code


def test_only_the_first_click_counts(world: World, people: People) -> None:
    people(1)
    broadcast_id = broadcast.create(world.gateway, MAIN, DRAFT)
    broadcast.approve(world.gateway, MAIN, broadcast_id)
    for act in (broadcast.approve, broadcast.resume):
        with pytest.raises(GatewayError, match="cannot be"):
            act(world.gateway, MAIN, broadcast_id)
    broadcast.cancel(world.gateway, MAIN, broadcast_id)
    for act in (broadcast.pause, broadcast.cancel):
        with pytest.raises(GatewayError, match="cancelled"):
            act(world.gateway, MAIN, broadcast_id)
    with pytest.raises(GatewayError, match="no broadcast"):
        broadcast.pause(world.gateway, MAIN, "nothing")


def test_others_may_write_while_the_deliveries_are_written(world: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanding, "FIRST_BATCH", 50)
    monkeypatch.setattr(expanding, "MEMBERS_EXPANDED", 50)
    people(500)
    broadcast_id = broadcast.create(world.gateway, MAIN, DRAFT)
    broadcast.approve(world.gateway, MAIN, broadcast_id)
    writing = threading.Thread(target=broadcast.expand, args=(world.gateway, broadcast_id))
    writing.start()
    waited = []
    while writing.is_alive():
        began = time.monotonic()
        with world.database.write() as db:
            db.execute(update(models.organisations).values(gap_hours=1))
        waited.append(time.monotonic() - began)
        time.sleep(0.02)
    assert waited
    assert median(waited) < 0.5
