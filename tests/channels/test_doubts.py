"""What may or may not have gone out over one of several providers: each is asked about its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from channels.conftest import Ways
from channels.test_routing import NCELL, NTC

from gateway.services import send, track

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
