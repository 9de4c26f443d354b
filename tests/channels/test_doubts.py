"""What may or may not have gone out over one of several providers: each is asked about its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from channels.conftest import Ways
from channels.test_routing import NCELL, NTC
from fakes.outbound import e164
from fakes.phone import Phone, through
from sqlalchemy import select

from gateway.services import send, track
from gateway.store import models
from gateway.web.app import create_app

BASE = "http://localhost:1"
ROUTES = "  - {medium: sms, operator: ncell, channels: [cheap]}\n  - {medium: sms, operator: ntc, channels: [dear]}"


def test_a_provider_that_is_away_keeps_nobody_from_asking_another(ways: Callable[..., Ways], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(track, "ASKED_AT_ONCE", 1)
    world = ways(ROUTES)
    world.people.written = NTC
    world.people(3)
    world.people.written = NCELL
    world.people(3)
    world.first.faults = world.second.faults = {"error_after": 1.0}
    broadcast_id = world.started()
    send.run_batch(world.gateway, broadcast_id)
    assert world.rows("channel_id", "state") == [("cheap", "unknown")] * 3 + [("dear", "unknown")] * 3
    world.first_dies()
    world.clock.tick(world.gateway.settings.reconcile_after)
    track.sweep(world.gateway)
    assert world.rows("channel_id", "state") == [("cheap", "unknown")] * 3 + [("dear", "accepted")] * 3


def test_one_provider_has_nothing_to_say_of_what_went_over_another(ways: Callable[..., Ways]):
    world = ways(ROUTES)
    world.people.written = NTC
    world.people(1)
    send.run_batch(world.gateway, world.started())
    ((row, sid),) = world.rows("id", "external_id")
    client = through(create_app(world.gateway).test_client(), BASE)
    phone = Phone(BASE, world.second.account_sid, world.second.auth_token, e164(NTC + 1), **client)
    report = {"MessageStatus": "undelivered", "ErrorCode": "21610"}
    phone.send(f"/first/status/messages/{row}", report | {"MessageSid": sid})
    assert world.rows() == [("accepted", None)]
    assert world.rows("external_id") == [(sid,)]
    with world.gateway.database.read() as db:
        assert db.execute(select(models.phones.c.stopped_at)).all() == [(None,)]
    phone.send(f"/second/status/messages/{row}", report | {"MessageSid": sid})
    assert world.rows() == [("undelivered", "send:opted-out 21610")]
