"""What came of a broadcast, against a slow count of its rows in Python."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from fakes.outbound import MAIN, NOON, People, World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from gateway.core.statuses import DELIVERY
from gateway.services import broadcast
from gateway.services.broadcast import Draft, results
from gateway.store import models
from gateway.store.heard import HEARD_AFTER

CALL = Draft("meeting", phrase="meeting_word")
LONG = {"ne": (10.0, 20.0)}
MEMBERS = 8
SHARED = "send:shared-phone"


@st.composite
def chains(draw: st.DrawFn) -> list[dict[str, object]]:
    """Rows of a broadcast: for each of some members one try after another, the last of them the latest."""
    rows = []
    for member in range(1, MEMBERS + 1):
        tries = draw(st.integers(1, 3))
        rows += [draw(tried(member, number, latest=number == tries)) for number in range(1, tries + 1)]
    return rows


@st.composite
def tried(draw: st.DrawFn, member: int, number: int, *, latest: bool) -> dict[str, object]:
    state = draw(st.sampled_from(sorted(DELIVERY)))
    errors = {"unknown": ["send:unresolved", "send:closed", "send:lease-over", None], "suppressed": ["send:stopped", SHARED]}
    charged = draw(st.none() | st.integers(1, 10**7))
    return {
        "member_id": f"m{member:08}",
        "phone_id": draw(st.sampled_from([member, 1])) if member > 1 else 1,
        "round": number,
        "latest": latest,
        "medium": draw(st.sampled_from(["sms", "voice"])),
        "language": draw(st.sampled_from(["ne", "en"])),
        "state": state,
        "error": draw(st.sampled_from(errors.get(state, ["busy", "send:refused 21610", "send:refused 30007", "30010", None]))),
        "ever_unknown": draw(st.booleans()),
        "external_id": draw(st.none() | st.just("SM1")),
        "answered_by": draw(st.sampled_from(["human", "machine", None])),
        "seconds": draw(st.sampled_from([None, 0, 3, 10, 12, 25])),
        "answered_at": draw(st.sampled_from([None, NOON])),
        "price": draw(st.sampled_from([None, 140, 200])),
        "charged": charged,
        "charged_in": draw(st.sampled_from(["USD", "NPR"])) if charged else None,
        "updated_at": draw(st.sampled_from([NOON, NOON - timedelta(seconds=90)])),
    }


def _arrived(row: dict) -> bool:
    if row["answered_at"]:
        return True
    if row["state"] not in {"delivered", "read"}:
        return False
    return row["medium"] == "sms" or (row["answered_by"] != "machine" and (row["seconds"] or 0) >= HEARD_AFTER)


def _reached(row: dict, rows: list[dict], links: set[tuple[str, int]]) -> bool:
    others = [other for other in rows if other["latest"] and other["phone_id"] == row["phone_id"]]
    in_her_stead = [other for other in others if (other["member_id"], other["phone_id"]) in links and _arrived(other)]
    return _arrived(row) or (row["error"] == SHARED and bool(in_her_stead))


def _gone(row: dict) -> bool:
    gone = {"accepted", "sent", "unknown", "delivered", "undelivered", "read"}
    return row["state"] in gone or (row["state"] == "failed" and row["external_id"] is not None)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=chains())
def test_progress_is_what_a_slow_count_says(world: World, people: People, monkeypatch: pytest.MonkeyPatch, rows: list[dict]) -> None:
    monkeypatch.setattr(results.content, "seconds", lambda *_: {"ne": 8.0})
    if not people.written:
        people(MEMBERS)
    broadcast_id = _with_rows(world, rows)
    links = {(f"m{each:08}", each) for each in range(1, MEMBERS + 1)}
    found = broadcast.progress(world.gateway, MAIN, broadcast_id)
    latest = [row for row in rows if row["latest"]]
    calls = [row for row in latest if row["medium"] == "voice" and row["answered_by"] != "machine" and row["seconds"] not in {None, 0}]
    assert found.people == MEMBERS
    assert found.states == Counter(row["state"] for row in latest)
    assert found.heard.people == sum(_reached(row, rows, links) for row in latest)
    assert (found.heard.calls, found.heard.seconds) == (len(calls), sum(row["seconds"] for row in calls))
    assert found.heard.half == sum(row["language"] == "ne" and row["seconds"] >= results.BEFORE_MESSAGE + 4 for row in calls)
    assert found.heard.whole == sum(row["language"] == "ne" and row["seconds"] >= results.BEFORE_MESSAGE + 8 for row in calls)
    assert found.answered == sum(row["answered_at"] is not None for row in latest)
    failed = [row for row in latest if row["state"] in {"failed", "undelivered"}]
    assert {why.code: why.number for why in found.failed} == Counter((row["error"] or "").split(" ")[0] for row in failed)
    assert sum(why.number for why in found.suppressed) == found.states.get("suppressed", 0)
    unknown = Counter(row["error"] for row in latest if row["state"] == "unknown")
    assert (found.unknown.held, found.unknown.closed) == (unknown["send:unresolved"], unknown["send:closed"])
    assert found.unknown.asked + found.unknown.held + found.unknown.closed == unknown.total()
    assert found.flagged == sum(row["ever_unknown"] for row in latest)
    assert found.rounds == Counter(row["round"] for row in latest)
    assert found.cost.so_far == sum(row["price"] or 0 for row in rows if _gone(row))
    assert found.cost.sent == sum(_gone(row) for row in rows)
    for charge in found.cost.charged:
        of_it = [row["charged"] for row in rows if row["charged_in"] == charge.currency]
        assert (charge.amount, charge.priced) == (sum(of_it), len(of_it))
    assert sum(charge.priced for charge in found.cost.charged) == sum(row["charged"] is not None for row in rows)
    moved = [row for row in rows if row["state"] not in {"queued", "suppressed"} and row["updated_at"] == NOON]
    assert found.a_minute == len(moved)


def _with_rows(world: World, rows: list[dict]) -> str:
    """A broadcast by voice that is being sent, with these rows."""
    with world.database.write() as db:
        db.execute(delete(models.deliveries))
        db.execute(delete(models.broadcasts))
    broadcast_id = broadcast.create(world.gateway, MAIN, Draft("Fair", {"ne": "मेला"}))
    with world.database.write() as db:
        db.execute(update(models.broadcasts).values(state="sending", expanded=True, medium="voice", phrase="meeting_word"))
        same = {"broadcast_id": broadcast_id, "channel_id": "main"}
        db.execute(insert(models.deliveries), [row | same for row in rows])
    return broadcast_id
