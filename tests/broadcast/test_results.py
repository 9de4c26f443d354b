"""What came of a broadcast, against a slow count of its rows in Python."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from fakes.outbound import MAIN, NOON, People, World, started
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from gateway.core.audience import Audience
from gateway.core.statuses import DELIVERY
from gateway.errors import GatewayError
from gateway.services import broadcast
from gateway.services.access import Actor
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
    if row["state"] == "delivered" and row["medium"] == "voice" and row["answered_at"] and row["external_id"] is None:
        return False  # she rang back before it
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
    tries = Counter(row["round"] - (not _gone(row)) for row in latest)
    assert found.rounds == {number: people for number, people in tries.items() if number}
    assert found.silent == sum(row["state"] in {"accepted", "sent"} and not _reached(row, rows, links) for row in latest)
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


def _settle(world: World, phone_id: int, **values: object) -> None:
    with world.database.write() as db:
        db.execute(update(models.deliveries).where(models.deliveries.c.phone_id == phone_id).values(**values))


def _over(world: World) -> None:
    with world.database.write() as db:
        db.execute(update(models.broadcasts).values(state="finished"))


# --- again -------------------------------------------------------------------------------------------------------------------------


def test_again_is_for_exactly_those_who_did_not_hear_it(world: World, people: People) -> None:
    people(7)
    people(1, phone=False)
    people.share(8, 7)  # m8 is told on the phone of m7
    first = started(world)
    for phone_id, state in ((1, "delivered"), (2, "read"), (3, "undelivered"), (4, "failed"), (5, "unknown"), (6, "suppressed")):
        _settle(world, phone_id, state=state)
    with world.database.write() as db:
        hers = models.deliveries.c.member_id == "m00000007"
        db.execute(update(models.deliveries).where(hers).values(state="delivered"))
    _over(world)
    found = broadcast.progress(world.gateway, MAIN, first)
    draft = broadcast.again(world.gateway, MAIN, first)
    assert (draft.again_of, draft.texts, draft.title) == (first, {"ne": "भोलि बैठक छ।", "en": "Meeting tomorrow."}, "meeting")
    assert broadcast.plan(world.gateway, MAIN, draft).recipients == 4 == found.people - found.heard.people
    second = started(world, draft)
    with world.database.read() as db:
        rows = models.deliveries
        told = set(db.execute(select(rows.c.member_id).where(rows.c.broadcast_id == second)).scalars())
    assert told == {f"m{each:08}" for each in (3, 4, 5, 6)}


def test_again_takes_changes_and_leaves_the_times_of_the_first_time_behind(world: World, people: People) -> None:
    people(1)
    first = started(world, Draft("Fair", {"ne": "मेला"}, expires_at=NOON + timedelta(days=1), tries=2))
    draft = broadcast.again(
        world.gateway, MAIN, first, title="Fair, once more", audience=Audience(not_reached_by=first, trades=("sewing",))
    )
    assert (draft.title, draft.tries, draft.expires_at, draft.audience.trades) == ("Fair, once more", 2, None, ("sewing",))


def test_what_never_went_out_cannot_be_sent_again(world: World, people: People) -> None:
    people(1)
    never = broadcast.create(world.gateway, MAIN, Draft("Fair", {"ne": "मेला"}))
    with pytest.raises(GatewayError, match=r"is draft and cannot be sent again"):
        broadcast.again(world.gateway, MAIN, never)


# --- the file ----------------------------------------------------------------------------------------------------------------------


def _rows_of(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))
    header, *rows = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
    return [dict(zip(header, (value or "" for value in row), strict=True)) for row in rows]


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_the_file_has_a_row_for_each_recipient_with_what_became_of_her(world: World, people: People, tmp_path: Path, name: str) -> None:
    people(3)
    with world.database.write() as db:
        db.execute(update(models.members).where(models.members.c.id == "m00000003").values(number="=1+1"))
    broadcast_id = started(world)
    _settle(world, 1, state="delivered", price=140, charged=7_900_000, charged_in="USD", external_id="SM1")
    _settle(world, 2, state="undelivered", error="send:bad-number 21211", round=2, ever_unknown=True)
    with world.database.write() as db:
        first = db.execute(select(models.deliveries).where(models.deliveries.c.phone_id == 2)).mappings().one()
        earlier = {"id": 10_000, "round": 1, "latest": False, "state": "delivered", "ever_unknown": False}
        db.execute(insert(models.deliveries), {**first, **earlier, "price": 200})
    assert broadcast.export(world.gateway, MAIN, broadcast_id, tmp_path / name) == 3
    arrived, missed, typed = _rows_of(tmp_path / name)
    assert (arrived["phone"], arrived["state"], arrived["reached"], arrived["cost"]) == ("+9779800000001", "delivered", "yes", "1.40")
    assert (arrived["charged"], arrived["charged_in"], arrived["why"]) == ("7.900000", "USD", "")
    assert (missed["state"], missed["reached"], missed["rounds"], missed["perhaps_twice"]) == ("undelivered", "no", "2", "yes")
    assert missed["why"] == "the number takes none: wrong, given up, or not made for it"
    assert missed["cost"] == "3.40"
    assert typed["number"] == ("'=1+1" if name == "out.csv" else "=1+1")
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert broadcast.progress(world.gateway, MAIN, broadcast_id).cost.so_far == 480


def test_the_file_goes_page_by_page_and_is_noted(world: World, people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people(7)
    broadcast_id = started(world)
    monkeypatch.setattr("gateway.services.exports.PAGE", 3)
    assert broadcast.export(world.gateway, MAIN, broadcast_id, tmp_path / "out.csv") == 7
    assert [row["number"] for row in _rows_of(tmp_path / "out.csv")] == [str(each) for each in range(1, 8)]
    with world.database.read() as db:
        last = db.execute(select(models.audit).order_by(models.audit.c.id.desc()).limit(1)).one()
    assert (last.action, last.subject, last.detail) == ("export", f"broadcast:{broadcast_id}", '{"count": 7}')


def test_who_may_not_export_gets_no_file_and_nobody_one_of_another_organisation(world: World, people: People, tmp_path: Path) -> None:
    people(1)
    broadcast_id = started(world)
    for actor, code in ((Actor("main", "reader", "user:r"), "access:denied"), (Actor("others", "admin", "user:o"), "broadcast:unknown")):
        with pytest.raises(GatewayError) as refused:
            broadcast.export(world.gateway, actor, broadcast_id, tmp_path / "out.csv")
        assert refused.value.code == code
    assert list(tmp_path.glob("*.csv")) == []


# --- what it says ------------------------------------------------------------------------------------------------------------------


def test_a_notice_counts_the_answers_of_those_who_were_told(world: World, people: People) -> None:
    people(3)
    with world.database.write() as db:
        notice = {"id": "n1", "organisation_id": "main", "kind": "meeting", "place": "village_school", "published_at": NOON}
        db.execute(insert(models.notices), notice | {"starts_at": NOON + timedelta(days=2)})
    broadcast_id = started(world, Draft("meeting", {"ne": "बैठक"}, purpose="notice", notice_id="n1"))
    people(1)  # was not told, and answered when she called
    with world.database.write() as db:
        answered = [{"notice_id": "n1", "member_id": f"m{each:08}", "at": NOON} for each in (1, 2, 4)]
        db.execute(insert(models.rsvps), [row | {"answer": "no" if row["member_id"] == "m00000002" else "yes"} for row in answered])
        row = db.execute(select(models.deliveries.c.id).limit(1)).scalar_one()
        text = {"channel_id": "main", "phone_id": 1, "direction": "in", "at": NOON, "delivery_id": row}
        db.execute(insert(models.messages), text)
    found = broadcast.progress(world.gateway, MAIN, broadcast_id)
    assert found.answers == {"yes": 1, "no": 1}
    assert found.replies == 1


def test_it_says_when_it_is_through_by_the_pace_of_the_last_minute_and_the_night(world: World, people: People) -> None:
    people(120)
    broadcast_id = started(world)
    with world.database.write() as db:
        db.execute(update(models.deliveries).where(models.deliveries.c.phone_id <= 60).values(state="accepted"))
    found = broadcast.progress(world.gateway, MAIN, broadcast_id)
    assert (found.a_minute, found.through_at) == (60, NOON + timedelta(minutes=1))
    world.clock.tick(8 * 3600 - 30)  # half a minute before eight in the evening
    with world.database.write() as db:
        moved = update(models.deliveries).where(models.deliveries.c.phone_id <= 60)
        db.execute(moved.values(updated_at=world.clock.now))
    through = broadcast.progress(world.gateway, MAIN, broadcast_id).through_at
    assert f"{through:%m-%d %H:%M:%S}" == "01-16 08:00:30"
    broadcast.pause(world.gateway, MAIN, broadcast_id)
    assert broadcast.progress(world.gateway, MAIN, broadcast_id).through_at is None


def test_every_code_that_a_delivery_can_have_is_in_words() -> None:
    from gateway.providers.faults import SendFault

    waits = {SendFault.THROTTLED, SendFault.UNREACHABLE}  # these are queued again
    assert {fault.value for fault in SendFault} - {fault.value for fault in waits} <= results.WHY.keys()
