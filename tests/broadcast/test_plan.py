"""What an organiser knows before she sends: who, how dear, when, and who must agree."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from fakes.outbound import CATALOGUE, DRAFT, MAIN, NOON, People, World, e164
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from gateway.audio.catalogue import open_clips
from gateway.config import PACKAGE_ROOT
from gateway.core import consent, phone, sms
from gateway.core.audience import Audience
from gateway.core.calendar import NEPAL
from gateway.core.events import MEDIA
from gateway.core.jobs import ExpandBroadcast, SendBatch
from gateway.engine.loader import load
from gateway.errors import GatewayError
from gateway.services import access, broadcast, lengths, send, sending_settings, users
from gateway.services.actions import SPECS
from gateway.services.broadcast import Draft, content, slots
from gateway.services.broadcast.content import Person
from gateway.store import models, rest_days
from gateway.store.rest_days import RestDay

FIRST = datetime(2026, 1, 1)  # noqa: DTZ001 - hypothesis gives it a zone
PHRASES = {
    "organisation": {"ne": "आवाज सञ्जाल", "ne_latn": "Aawaj Sanjal", "en": "the Aawaj network"},
    "meeting_word": {"ne": "बैठक", "ne_latn": "Baithak", "en": "meeting"},
    "dear_friend": {"ne": "साथी", "ne_latn": "sathi", "en": "friend"},
    "not_shown": {"ne": "गोप्य", "ne_latn": "gopya", "en": "not shown"},
}


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Kathmandu"])
def machine_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock of the machine, which must not matter."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    os.environ.setdefault("TZ", "UTC")
    time.tzset()


@pytest.fixture
def worded(world: World) -> World:
    """With the phrases that slots need."""
    catalogue = SimpleNamespace(phrases=PHRASES, languages=CATALOGUE.languages, flows={})
    return replace(world, gateway=replace(world.gateway, flows=SimpleNamespace(catalogue=catalogue)))


def refused(code: str) -> AbstractContextManager[object]:
    return pytest.raises(GatewayError, check=lambda fault: fault.code == code)


def sets(world: World, **values: object) -> None:
    with world.database.write() as db:
        db.execute(update(models.organisations).values(**values))


def colleague(world: World) -> access.Actor:
    user = users.add(world.gateway, MAIN, "Maya", "organiser")
    return access.user(world.gateway, "main", user.name)


def words_of(world: World, draft: Draft, person: Person | None, language: str = "ne") -> str:
    approved = SimpleNamespace(texts=draft.texts)
    return content.text(world.gateway, approved, language, person)


# --- when --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("machine_zone")
def test_quiet_hours_and_rest_days_are_those_of_nepal_wherever_the_machine_is() -> None:
    eight = datetime(2026, 11, 9, 2, 15, tzinfo=UTC)
    assert consent.quiet(eight - timedelta(seconds=1))
    assert not consent.quiet(eight)
    rest = frozenset({date(2026, 11, 9), date(2026, 11, 10)})
    assert consent.quiet(eight, rest)
    assert consent.opens_at(eight, rest) == eight + timedelta(days=2)
    assert not consent.quiet(datetime(2026, 11, 8, 14, 14, tzinfo=UTC), rest), "the day before, until 19:59"
    assert consent.quiet(datetime(2026, 11, 8, 18, 15, tzinfo=UTC), rest)
    assert consent.held_by_night(eight, life_safety=False, rest_days=rest)
    assert not consent.held_by_night(eight, life_safety=True, rest_days=rest)


@given(
    st.datetimes(FIRST, FIRST + timedelta(days=365), timezones=st.just(UTC)),
    st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=40),
)
def test_sending_opens_at_the_first_open_moment(now: datetime, rest: set[date]) -> None:
    at = consent.opens_at(now, rest)
    assert at >= now
    assert not consent.quiet(at, rest)
    assert at == now or consent.quiet(at - timedelta(seconds=1), rest)


@pytest.mark.usefixtures("machine_zone")
def test_the_plan_leaves_out_festivals_and_begins_when_it_is_told_to(world: World, people: People) -> None:
    people(120)
    with world.database.write() as db:
        db.execute(update(models.channels).values(messages_per_second=1))
        rest_days.add(db, "main", RestDay(date(2026, 1, 16), "Feast"))
    late = NOON.replace(hour=14, minute=14)  # 19:59 in Nepal
    planned = broadcast.plan(world.gateway, MAIN, replace(DRAFT, starts_at=late))
    assert planned.begins == late
    assert planned.ends.astimezone(NEPAL).strftime("%d %H:%M") == "17 08:01"
    safety = broadcast.plan(world.gateway, MAIN, replace(DRAFT, starts_at=late, life_safety_by="Sita Tamang"))
    assert safety.ends == late + timedelta(seconds=120)


def test_it_says_who_would_get_it_too_late_and_refuses_what_is_pointless(world: World, people: People) -> None:
    people(100)
    with world.database.write() as db:
        db.execute(update(models.channels).values(messages_per_second=1))
    planned = broadcast.plan(world.gateway, MAIN, replace(DRAFT, expires_at=NOON + timedelta(seconds=60)))
    assert planned.missed == 40
    with refused("broadcast:too-late"):
        broadcast.plan(world.gateway, MAIN, replace(DRAFT, expires_at=NOON))


def test_in_best_hours_it_ends_with_the_last_of_them(world: World, people: People) -> None:
    people(3)
    people(2, best_hour=18)
    people(1, best_hour=9)  # gone by today
    planned = broadcast.plan(world.gateway, MAIN, replace(DRAFT, best_hour=True))
    assert planned.ends.astimezone(NEPAL).strftime("%d %H") == "16 09"


def test_who_was_told_just_now_gets_it_after_the_gap(world: World, people: People) -> None:
    people(3)
    broadcast.approve(world.gateway, MAIN, broadcast.create(world.gateway, MAIN, DRAFT))
    with world.database.write() as db:
        db.execute(update(models.phones).where(models.phones.c.id < 3).values(told_at=NOON - timedelta(minutes=30)))
    planned = broadcast.plan(world.gateway, MAIN, DRAFT)
    assert planned.later == 2
    assert planned.ends == NOON + timedelta(minutes=90)
    assert broadcast.plan(world.gateway, MAIN, replace(DRAFT, gap_hours=0)).later == 0


# --- how much ----------------------------------------------------------------------------------------------------------------------


def test_a_price_holds_from_its_day_until_the_next_and_the_rest_costs_what_the_channel_says(world: World, people: People) -> None:
    ids = people(4)
    with world.database.write() as db:
        for phone_id, operator in zip(ids, ("ntc", "ntc", "ncell", None), strict=True):
            db.execute(update(models.phones).where(models.phones.c.id == phone_id).values(operator=operator))
    set_price = {"medium": "sms", "source": "price list"}
    rows = [
        {**set_price, "operator": "ntc", "from": "2025-01-01", "rupees": "1"},
        {**set_price, "operator": "ntc", "from": "2026-01-15", "rupees": "1.50"},
        {**set_price, "operator": "ntc", "from": "2026-01-16", "rupees": "9"},
        {**set_price, "operator": "ncell", "from": "2082-10-01", "rupees": "२"},
    ]
    assert sending_settings.set_prices(world.gateway, MAIN, rows) == 4
    planned = broadcast.plan(world.gateway, MAIN, DRAFT)
    assert {part.operator: part.price for part in planned.parts} == {"ntc": 300, "ncell": 200, "other": 140}
    assert planned.price == 640
    later = broadcast.plan(world.gateway, MAIN, replace(DRAFT, starts_at=NOON + timedelta(days=1)))
    assert later.price == 1800 + 200 + 140
    broadcast_id = broadcast.create(world.gateway, MAIN, DRAFT)
    broadcast.approve(world.gateway, MAIN, broadcast_id)
    broadcast.expand(world.gateway, broadcast_id)
    assert sum(row[0] for row in world.rows("price")) == planned.price


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"medium": "fax"}, "medium"),
        ({"operator": "smrat"}, "operator"),
        ({"rupees": "-1"}, "price"),
        ({"rupees": "5000"}, "price"),
        ({"from": "tomorrow"}, "2026-12-01"),
        ({"source": " "}, "published"),
    ],
)
def test_a_wrong_row_changes_no_price(world: World, changed: dict[str, str], reason: str) -> None:
    good = {"medium": "sms", "operator": "", "from": "2026-01-01", "rupees": "1", "source": "list"}
    with pytest.raises(GatewayError, match=f"Row 2.*{reason}"):
        sending_settings.set_prices(world.gateway, MAIN, [good, {**good, **changed}])
    assert sending_settings.prices_of(world.gateway, MAIN)[0] == []


def test_it_says_what_makes_a_text_dear_and_what_plain_letters_would_cost(world: World, people: People) -> None:
    people(10)
    people(2, language="en")
    nepali, english = "क" * 100, "Come to the meeting at ten o\u2019clock tomorrow, please."
    planned = broadcast.plan(world.gateway, MAIN, Draft("t", {"ne": nepali, "en": english}))
    by_language = {dear.text.language: dear for dear in planned.dear}
    assert by_language["en"].text.strange == (("\u2019", 29),)
    assert by_language["en"].saves == 0, "it is one SMS either way"
    assert (by_language["ne"].text.segments, by_language["ne"].text.plain, by_language["ne"].text.estimated) == (2, 1, True)
    assert by_language["ne"].saves == 10 * 140
    written = broadcast.plan(world.gateway, MAIN, Draft("t", {"ne": nepali, "ne_latn": "k" * 161}))
    assert (written.dear[0].text.plain, written.dear[0].text.estimated, written.dear[0].saves) == (2, False, 0)


def test_a_budget_blocks_with_what_is_missing(world: World, people: People) -> None:
    people(10)
    dear = replace(DRAFT, budget=1000)
    assert [block.code for block in broadcast.plan(world.gateway, MAIN, dear).blocks] == ["broadcast:over-budget"]
    broadcast_id = broadcast.create(world.gateway, MAIN, dear)
    with pytest.raises(GatewayError, match="Rs 14, Rs 4 more than its budget of Rs 10"):
        broadcast.approve(world.gateway, MAIN, broadcast_id)
    assert broadcast.status(world.gateway, MAIN, broadcast_id).broadcast.state == "draft"


@pytest.mark.usefixtures("machine_zone")
def test_the_budget_of_a_month_turns_with_the_month_of_nepal(world: World, people: People) -> None:
    people(10)  # 14 rupees
    sets(world, monthly_budget=2000)
    world.clock.now = datetime(2026, 2, 12, 18, 14, tzinfo=UTC) - timedelta(hours=6)  # 17:59 on the last day of Magh 2082
    first = broadcast.create(world.gateway, MAIN, DRAFT)
    broadcast.approve(world.gateway, MAIN, first)
    planned = broadcast.plan(world.gateway, MAIN, DRAFT)
    assert planned.month is not None
    assert (planned.month.month, planned.month.left) == ("2082-10", 600)
    with pytest.raises(GatewayError, match="of the budget for 2082-10 Rs 6 is left: Rs 8 is missing"):
        broadcast.approve(world.gateway, MAIN, broadcast.create(world.gateway, MAIN, DRAFT))
    world.clock.now += timedelta(hours=3)  # 20:59: it would begin tomorrow, the first of Falgun
    assert broadcast.plan(world.gateway, MAIN, DRAFT).blocks == ()
    world.clock.now -= timedelta(hours=3)
    broadcast.cancel(world.gateway, MAIN, first)
    assert broadcast.plan(world.gateway, MAIN, DRAFT).blocks == (), "what was cancelled before it went out costs nothing"


# --- who agrees --------------------------------------------------------------------------------------------------------------------


def test_above_the_threshold_two_people_must_agree(world: World, people: People) -> None:
    people(5)
    sets(world, two_persons_above=4)
    maya = colleague(world)
    assert broadcast.plan(world.gateway, MAIN, DRAFT).persons == 2
    broadcast_id = broadcast.create(world.gateway, MAIN, DRAFT)
    assert broadcast.approve(world.gateway, MAIN, broadcast_id) == []
    assert broadcast.status(world.gateway, MAIN, broadcast_id).missing == 1
    with refused("broadcast:same-person"):
        broadcast.approve(world.gateway, MAIN, broadcast_id)
    assert broadcast.approve(world.gateway, maya, broadcast_id) == [ExpandBroadcast(broadcast_id)]
    found = broadcast.status(world.gateway, MAIN, broadcast_id)
    assert (found.agreed, found.missing) == (("terminal", maya.name), 0)
    assert found.broadcast.planned is not None
    assert found.broadcast.planned["recipients"] == 5
    with refused("broadcast:not-possible"):
        broadcast.approve(world.gateway, maya, broadcast_id)


def test_when_the_threshold_is_lifted_one_is_enough(world: World, people: People) -> None:
    people(2)
    sets(world, two_persons_above=0)
    broadcast_id = broadcast.create(world.gateway, MAIN, DRAFT)
    assert broadcast.approve(world.gateway, MAIN, broadcast_id) == []
    sending_settings.change(world.gateway, MAIN, two_persons_above=None)
    assert broadcast.approve(world.gateway, MAIN, broadcast_id) == [ExpandBroadcast(broadcast_id)]


def test_a_form_that_is_sent_twice_makes_one_broadcast(world: World, people: People) -> None:
    people(1)
    first = broadcast.create(world.gateway, MAIN, DRAFT, "form-1")
    assert broadcast.create(world.gateway, MAIN, DRAFT, "form-1") == first
    assert broadcast.create(world.gateway, MAIN, DRAFT, "form-2") != first
    assert broadcast.create(world.gateway, colleague(world), DRAFT, "form-1") != first
    assert len(broadcast.latest(world.gateway, MAIN)) == 3


def test_life_safety_needs_a_name_and_readers_plan_nothing(world: World, people: People) -> None:
    people(1)
    with refused("broadcast:nobody-answers"):
        broadcast.plan(world.gateway, MAIN, replace(DRAFT, life_safety_by=" "))
    reader = access.Actor("main", "reader", "user:r")
    for act in (broadcast.plan, broadcast.create):
        with refused("access:denied"):
            act(world.gateway, reader, DRAFT)
    with refused("access:denied"):
        sending_settings.change(world.gateway, access.Actor("main", "organiser", "user:o"), gap_hours=1)


# --- slots -------------------------------------------------------------------------------------------------------------------------


def test_slots_tell_her_name_and_a_neutral_word_where_others_read_it(worded: World) -> None:
    draft = Draft("t", {"ne": "नमस्ते {name}, सदस्य {number}।", "en": "Hello {name}, member {number}."})
    assert words_of(worded, draft, Person("सीता", "104212")) == "नमस्ते सीता, सदस्य 104212।"
    assert words_of(worded, draft, None) == "नमस्ते साथी, सदस्य गोप्य।"
    assert words_of(worded, draft, Person(None, "104212")) == "नमस्ते साथी, सदस्य 104212।"
    assert words_of(worded, draft, Person("सीता", "104212"), "en") == "Hello friend, member 104212.", "it would cost a Unicode text"


def test_what_is_the_same_for_all_is_written_in_when_it_is_approved(worded: World, people: People) -> None:
    people(1)
    with worded.database.write() as db:
        place = {"id": "s", "organisation_id": "main", "number": 7, "texts": {"ne": "{name} चोक"}, "created_by": "x", "created_at": NOON}
        db.execute(insert(models.sayings), place)
        starts = datetime(2026, 11, 21, 5, 15, tzinfo=UTC)
        notice = {
            "id": "n",
            "organisation_id": "main",
            "kind": "meeting",
            "place_saying_id": "s",
            "starts_at": starts,
            "published_at": NOON,
        }
        db.execute(insert(models.notices), notice)
    text = "{name}, {notice.kind} {notice.date} {notice.time}, {notice.place}। {organisation} {phone}"
    broadcast_id = broadcast.create(worded.gateway, MAIN, Draft("t", {"ne": text}, notice_id="n", purpose="notice"))
    broadcast.approve(worded.gateway, MAIN, broadcast_id)
    kept = broadcast.status(worded.gateway, MAIN, broadcast_id).broadcast.texts["ne"]
    assert kept.startswith("{name}, बैठक ")
    assert "(name) चोक। आवाज सञ्जाल 014000000" in kept
    with refused("broadcast:no-notice"):
        broadcast.plan(worded.gateway, MAIN, Draft("t", {"ne": text}))


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("Hello {nmae}", "broadcast:unknown-slot", "Did you mean {name}?"),
        ("Hello {name", "broadcast:braces", "is no slot"),
        ("Hello {}", "broadcast:braces", "is no slot"),
        ("Hello {name:money}", "broadcast:slot-format", "its format is text"),
        ("At {notice.time:date}", "broadcast:slot-format", "its format is time"),
    ],
)
def test_a_slot_that_is_none_is_named_with_the_nearest(worded: World, people: People, text: str, code: str, told: str) -> None:
    people(1, language="en")
    with pytest.raises(GatewayError) as fault:
        broadcast.plan(worded.gateway, MAIN, Draft("t", {"en": text}))
    assert fault.value.code == code
    assert told in str(fault.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(name=st.one_of(st.none(), st.text(max_size=40), st.sampled_from(["{number}", "\u202eevil", "a\nb", "😀" * 12, "N" * 24, "नी" * 12])))
def test_no_name_costs_more_than_was_planned_or_fills_another_slot(worded: World, name: str | None) -> None:
    for language, text in (("ne", "क" * 40 + "{name}।"), ("en", "x" * 133 + " {name}.")):
        planned = sms.segments(slots.longest(text, language, PHRASES))
        filled = words_of(worded, Draft("t", {language: text}), Person(name, "104212"), language)
        assert sms.segments(filled).count <= planned.count
        assert sms.segments(filled).encoding == planned.encoding
        assert "\n" not in filled
        assert "\u202e" not in filled
        assert "104212" not in filled.replace(name or "", "")


# --- calls -------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def shipped(world: World) -> World:
    """With the flows and clips that are shipped."""
    catalogue = load(PACKAGE_ROOT / "flows", SPECS)
    return replace(world, gateway=replace(world.gateway, flows=SimpleNamespace(catalogue=catalogue)))


def test_each_is_told_by_her_own_wish_where_there_is_a_text_and_a_call(shipped: World, people: People) -> None:
    people(3)
    people(2, preferred_medium="voice")
    planned = broadcast.plan(shipped.gateway, MAIN, Draft("t", {"ne": "नमस्ते"}, phrase="news_c177", heads_up=True))
    assert planned.medium == "preferred"
    assert [(part.medium, part.recipients, part.units, part.price) for part in planned.parts] == [("sms", 3, 1, 420), ("voice", 2, 1, 400)]
    assert planned.heads_up == 2 * 140
    assert planned.price == 420 + 400 + 280


def test_a_flow_lasts_as_long_as_its_longest_way(shipped: World, people: People) -> None:
    people(1)
    catalogue, folder, clips = shipped.gateway.catalogue, PACKAGE_ROOT / "flows", open_clips(PACKAGE_ROOT / "audio_prompts")
    spoken = lengths.flow_seconds(catalogue, folder, clips, "claim_status", "ne")
    assert 10 < spoken < 180
    assert lengths.flow_seconds(catalogue, folder, clips, "goodbye", "ne") < spoken
    planned = broadcast.plan(shipped.gateway, MAIN, Draft("t", flow="claim_status"))
    assert planned.parts[0].units == math.ceil((spoken + content.AROUND_MESSAGE) / 60)


def test_words_that_were_recorded_are_said_in_the_languages_that_they_have(shipped: World, people: People) -> None:
    people(2)
    people(1, language="en")
    with shipped.database.write() as db:
        saying = {"organisation_id": "main", "texts": {"ne": "भोलि बैठक छ।"}, "created_by": "x", "created_at": NOON}
        db.execute(insert(models.sayings), [{**saying, "id": "s", "number": 7}, {**saying, "id": "mute", "number": 8}])
        clip = {"saying_id": "s", "language": "ne", "clip": "x", "seconds": 50.0, "by": "x", "at": NOON}
        db.execute(insert(models.saying_clips), clip)
    planned = broadcast.plan(shipped.gateway, MAIN, Draft("t", saying_id="s"))
    assert [(part.language, part.recipients, part.units) for part in planned.parts] == [("ne", 2, 2)]
    assert planned.left_out == {"no-text": 1}
    with refused("broadcast:not-recorded"):
        broadcast.plan(shipped.gateway, MAIN, Draft("t", saying_id="mute"))


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (Draft("t", flow="claim_statsu"), "broadcast:unknown-flow"),
        (Draft("t", saying_id="nothing"), "broadcast:unknown-saying"),
        (Draft("t", phrase="news_c177", flow="claim_status"), "broadcast:several-sayings"),
        (Draft("t", {"ne": "हो"}, medium="voice"), "broadcast:needs-voice"),
        (Draft("t", phrase="news_c177", medium="sms"), "broadcast:needs-text"),
        (Draft("t", {"ne": "हो"}, heads_up=True), "broadcast:heads-up"),
        (Draft("t", {"ne": "हो"}, tries=9), "broadcast:when"),
        (Draft("t", {"ne": "हो"}, notice_id="nothing"), "broadcast:unknown-notice"),
        (Draft("t", phrase="other", notice_id="nothing"), "broadcast:unknown-notice"),
        (Draft("t", {"ne": "हो"}, medium="sms", saying_id="nothing"), "broadcast:unknown-saying"),
        (Draft("t" * 201, {"ne": "हो"}), "broadcast:when"),
        (Draft("t\x07", {"ne": "हो"}), "broadcast:when"),
        (Draft("t", {"ne": "हो\x00"}), "broadcast:when"),
        (Draft("t", {"ne": "हो"}, again_of="nothing"), "broadcast:unknown"),
        (Draft("t", {"ne": "हो"}, starts_at=NOON - timedelta(seconds=61)), "broadcast:past"),
    ],
)
def test_a_draft_that_cannot_be_heard_or_read_is_refused(shipped: World, people: People, draft: Draft, code: str) -> None:
    people(1)
    for act in (broadcast.plan, broadcast.create):
        with refused(code):
            act(shipped.gateway, MAIN, draft)


# --- a test to my own phone --------------------------------------------------------------------------------------------------------


def test_a_test_goes_the_whole_way_to_one_phone_and_counts_for_nobody(world: World, people: People) -> None:
    people(2)
    tried, jobs = broadcast.try_out(world.gateway, MAIN, DRAFT, "980-0000001", "en")
    assert jobs == [SendBatch(tried)]
    send.run_batch(world.gateway, tried)
    assert world.rows("member_id", "medium", "language", "state", "price") == [(None, "sms", "en", "accepted", 140)]
    assert [message.to for message in world.twilio.ledger] == [e164(1)]
    assert broadcast.latest(world.gateway, MAIN) == []


def test_tests_are_few_by_day_and_to_ordinary_phones(world: World) -> None:
    for number in ("+881612345678", "nobody", "100"):
        with refused("broadcast:test-number"):
            broadcast.try_out(world.gateway, MAIN, DRAFT, number)
    for _ in range(10):
        broadcast.try_out(world.gateway, MAIN, DRAFT, e164(1))
    with refused("broadcast:too-many-tests"):
        broadcast.try_out(world.gateway, MAIN, DRAFT, e164(1))
    world.clock.tick(24 * 3600)
    broadcast.try_out(world.gateway, MAIN, DRAFT, e164(1))
    world.clock.now = NOON.replace(hour=14, minute=15)
    with refused("broadcast:test-at-night"):
        broadcast.try_out(world.gateway, MAIN, DRAFT, e164(1))


# --- the whole ---------------------------------------------------------------------------------------------------------------------

MEMBER = st.fixed_dictionaries(
    {
        "language": st.sampled_from(["ne", "en", "mai"]),
        "script": st.sampled_from([None, "romanised", "devanagari"]),
        "preferred_medium": st.sampled_from(["sms", "voice"]),
        "state": st.sampled_from(["active", "active", "active", "left"]),
        "consented_at": st.sampled_from([NOON, NOON, None]),
        "stopped": st.sampled_from([False, False, True]),
        "phone": st.sampled_from([True, True, True, False]),
        "shares": st.integers(0, 3),
        "operator": st.sampled_from(["ntc", "ncell", "line", None]),
    }
)
TEXTS = st.dictionaries(st.sampled_from(["ne", "ne_latn", "en"]), st.just("Namaste"), min_size=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(members=st.lists(MEMBER, min_size=1, max_size=8), texts=TEXTS)
def test_as_many_rows_go_out_as_were_planned_at_the_same_price(
    world: World, members: list[dict[str, object]], texts: dict[str, str]
) -> None:
    tables = (models.approvals, models.deliveries, models.broadcasts, models.member_phones, models.members, models.phones)
    with world.database.write() as db:
        for table in tables:
            db.execute(delete(table))
    people = People(world.database, world.gateway.seal)
    for member in members:
        rest = {name: value for name, value in member.items() if name not in {"shares", "operator"}}
        people(1, **rest)
        with world.database.write() as db:
            db.execute(update(models.phones).where(models.phones.c.id == people.written).values(operator=member["operator"]))
            there = db.execute(select(models.phones.c.id).where(models.phones.c.id == member["shares"])).scalar()
        if there and (member["shares"] != people.written or not member["phone"]):
            people.share(people.written, there)
    draft = Draft("t", texts)
    try:
        planned = broadcast.plan(world.gateway, MAIN, draft)
    except GatewayError:
        event("nobody fits")
        return
    broadcast_id = broadcast.create(world.gateway, MAIN, draft)
    broadcast.approve(world.gateway, MAIN, broadcast_id)
    broadcast.expand(world.gateway, broadcast_id)
    rows = [row for row in world.rows("state", "price") if row[0] != "suppressed"]
    assert len(rows) == planned.recipients
    assert sum(row[1] for row in rows) == planned.price
    assert len(world.rows("id")) == planned.recipients + planned.left_out.get("shared-phone", 0)


def test_a_misspelt_choice_is_named(world: World, people: People) -> None:
    people(1)
    with refused("audience:unknown"):
        broadcast.plan(world.gateway, MAIN, replace(DRAFT, audience=Audience(trades=("sewin",))))


def test_festivals_that_are_shipped_are_taken_and_can_be_taken_back(world: World) -> None:
    days = sending_settings.known_rest_days()
    assert RestDay(date(2026, 11, 8), "Tihar") in days
    assert RestDay(date(2026, 9, 19), "Constitution Day") in days
    assert sending_settings.add_rest_days(world.gateway, MAIN, days) == len(days)
    sending_settings.remove_rest_day(world.gateway, MAIN, date(2026, 11, 8))
    assert len(sending_settings.rest_days_of(world.gateway, MAIN)) == len(days) - 1
    with refused("sending:no-rest-day"):
        sending_settings.remove_rest_day(world.gateway, MAIN, date(2026, 11, 8))


def test_each_operator_of_the_numbering_plan_can_have_a_price() -> None:
    assert {*phone.OPERATORS.values()} < set(sending_settings.OPERATORS)
    assert MEDIA == ("sms", "voice")
