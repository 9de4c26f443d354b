"""Who is told: every choice of an audience against a slow answer in Python, shared phones, the snapshot, hours and prices."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from fakes.crowd import BEFORE, IMPORTS, LISTS, MONTHS, NOTICE, USERS, Crowd, answer, broadcast, gather
from fakes.outbound import DRAFT, MAIN, NOON, People, World
from fakes.work import work_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from gateway.core.audience import Audience
from gateway.core.calendar import NEPAL
from gateway.errors import GatewayError
from gateway.services import broadcast as verbs
from gateway.services.broadcast import expanding, whom
from gateway.store import audience, broadcasts, claiming, models, rounds
from gateway.store.audience import Due, Target, Told
from gateway.store.database import Connection

TEXTS = Told(texts=("ne", "ne_latn", "en"))
CLIPS = Told(spoken=("ne", "mai"))
MANY = 120  # members
BOTH = Told(texts=("ne_latn", "en"), spoken=("ne", "en"))
EACH = (
    Audience(),
    Audience(trades=("sewing",)),
    Audience(places=("3-27", "1")),
    Audience(places=("3-27-06",)),
    Audience(languages=("ne", "en")),
    Audience(schemes=("health",)),
    Audience(schemes=("health", "saving"), month=MONTHS[0]),
    Audience(claims=("review", "paid")),
    *(Audience(contribution=state, month=month) for state in ("paid", "open") for month in MONTHS),
    *(Audience(contribution=state, month=MONTHS[0], schemes=("saving",)) for state in ("paid", "open")),
    *(Audience(notice_id=NOTICE, rsvp=rsvp) for rsvp in ("yes", "no", "none")),
    Audience(lists=LISTS[:1]),
    Audience(lists=LISTS),
    Audience(imports=IMPORTS[:1]),
    Audience(collectors=USERS[:1]),
    Audience(not_reached_by=BEFORE),
    Audience(but_lists=LISTS[1:]),
    Audience(not_told_for=3),
)
AUDIENCES = st.builds(
    Audience,
    trades=st.sampled_from(((), (), ("sewing",))),
    places=st.sampled_from(((), (), ("3",))),
    languages=st.sampled_from(((), (), ("ne", "en"))),
    schemes=st.sampled_from(((), (), (), ("health",))),
    claims=st.sampled_from(((), (), (), ("review",))),
    lists=st.sampled_from(((), (), LISTS)),
    imports=st.sampled_from(((), (), IMPORTS)),
    collectors=st.sampled_from(((), (), USERS)),
    not_reached_by=st.sampled_from((None, None, BEFORE)),
    but_lists=st.sampled_from(((), LISTS[:1])),
    not_told_for=st.sampled_from((None, 1, 3)),
)


@pytest.fixture
def crowd(world: World) -> Crowd:
    gathered = gather(7, MANY, NOON)
    gathered.write(world.database)
    return gathered


def loaded(db: Connection, broadcast_id: str) -> broadcasts.Broadcast:
    found = broadcasts.load(db, broadcast_id)
    assert found is not None
    return found


def written(world: World, chosen: Audience, told: Told, at_once: int = 50) -> dict[str, tuple[Any, ...]]:
    """The rows of a broadcast to this audience, by member in order of id; they are taken away again."""
    prices = {("sms", "ne", "ntc"): 1, ("sms", "ne", ""): 2, ("voice", "ne", ""): 3}
    with world.database.write() as db:
        db.execute(insert(models.broadcasts), broadcast("wanted", NOON, audience=chosen.as_json()))
    with world.database.read() as db:
        expansion = audience.Expansion(loaded(db, "wanted"), told, prices, Due())
    numbers = []
    while True:
        with world.database.write() as db:
            number = expansion.write_batch(db, at_once, NOON)
        if number is None:
            break
        numbers.append(number)
    row = models.deliveries
    hers = select(row.c.member_id, row.c.phone_id, row.c.medium, row.c.language, row.c.state, row.c.error, row.c.price)
    with world.database.write() as db:
        found = db.execute(hers.where(row.c.broadcast_id == "wanted").order_by(row.c.id)).all()
        db.execute(delete(row).where(row.c.broadcast_id == "wanted"))
        db.execute(delete(models.broadcasts).where(models.broadcasts.c.id == "wanted"))
    assert sum(numbers) == len(found)
    return {member_id: tuple(rest) for member_id, *rest in found}


def agrees(world: World, crowd: Crowd, chosen: Audience, told: Told) -> None:
    """Plan, rows and the slow answer say the same."""
    wanted = answer(crowd, chosen, told)
    with world.database.read() as db:
        counted = audience.count(db, Target("main", chosen, told, NOON), 40)
    rows = written(world, chosen, told)
    assert {member: (*row[:3], row[3] == "suppressed") for member, row in rows.items()} == wanted.rows
    assert list(rows) == sorted(rows)
    assert {row[4] for row in rows.values() if row[3] == "suppressed"} <= {"send:shared-phone"}
    assert counted.left_out == wanted.left_out
    operators = {phone["id"]: phone["operator"] or "other" for phone in crowd.rows["phones"]}
    goes_out = Counter((medium, language, operators[phone]) for phone, medium, language, shared in wanted.rows.values() if not shared)
    assert counted.reached == goes_out
    assert len(rows) == sum(counted.reached.values()) + counted.left_out.get("shared-phone", 0), "the rows are the audience"
    assert sum(counted.hours.values()) == sum(counted.reached.values())


@pytest.mark.parametrize("told", [TEXTS, CLIPS, BOTH], ids=["texts", "clips", "both"])
def test_each_choice_alone_is_answered_as_by_looking_at_every_member(world: World, crowd: Crowd, told: Told) -> None:
    for chosen in EACH:
        agrees(world, crowd, chosen, told)


def test_every_choice_above_leaves_somebody_and_leaves_somebody_out() -> None:
    crowd, everybody = gather(7, MANY, NOON), Told(texts=("ne", "en", "mai"), spoken=("ne", "en", "mai"))
    sizes = [len(answer(crowd, chosen, everybody).rows) for chosen in EACH]
    assert min(sizes) > 0
    assert max(sizes[1:]) < sizes[0]


def test_choices_together_are_answered_as_by_looking_at_every_member(world: World, crowd: Crowd) -> None:
    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(AUDIENCES, st.sampled_from((TEXTS, CLIPS, BOTH)))
    def together(chosen: Audience, told: Told) -> None:
        agrees(world, crowd, chosen, told)

    together()


def test_batches_of_any_size_give_the_same_rows(world: World, crowd: Crowd) -> None:
    assert written(world, Audience(), BOTH, 1) == written(world, Audience(), BOTH, 7) == written(world, Audience(), BOTH, 1000)


def test_the_price_is_that_of_the_operator_or_of_all_others(world: World, crowd: Crowd) -> None:
    operators = {phone["id"]: phone["operator"] for phone in crowd.rows["phones"]}
    for phone_id, medium, language, state, _, price in written(world, Audience(), BOTH).values():
        assert price == (3 if (medium, language, state) == ("voice", "ne", "queued") else None)
        assert medium == "voice" or operators[phone_id] != "line"
    for phone_id, _, language, state, _, price in written(world, Audience(), Told(texts=("ne",))).values():
        assert price == (None if state == "suppressed" else 1 if operators[phone_id] == "ntc" else 2)
        assert language == "ne"


# --- of many, whom the database has not counted yet ------------------------------------------------------------------------------------

UNCOUNTED = 2_000  # members; all with all would be 1,000 rows for each of them
ROWS = 20  # at most for each of them, in one statement


@pytest.fixture
def uncounted(world: World) -> None:
    gather(7, UNCOUNTED, NOON).write(world.database)


@pytest.mark.usefixtures("uncounted")
def test_each_choice_is_answered_member_by_member(world: World) -> None:
    for chosen in (*EACH, Audience(notice_id=NOTICE, rsvp="awaited")):
        with work_of(world.database) as work, world.database.read() as db:
            audience.count(db, Target("main", chosen, BOTH, NOON), UNCOUNTED)
            written(world, chosen, BOTH, UNCOUNTED)
        assert UNCOUNTED < work.most[0] < UNCOUNTED * ROWS, work.most


@pytest.mark.usefixtures("uncounted")
def test_what_follows_is_asked_row_by_row(world: World) -> None:
    rows, many = models.deliveries, UNCOUNTED
    with world.database.write() as db:
        for each in ("first", "second"):
            db.execute(insert(models.broadcasts), broadcast(each, NOON, medium="voice", heads_up=True))
    with work_of(world.database) as work, world.database.write() as db:
        for each in ("first", "second"):
            assert audience.Expansion(loaded(db, each), BOTH, {}, Due()).write_batch(db, many, NOON)
            rounds.announce(db, each, "", {"ne": rounds.HeadsUp(b"x", 1), "en": rounds.HeadsUp(b"x", 1)}, NOON)
        db.execute(update(models.broadcasts).where(models.broadcasts.c.state == "approved").values(state="sending"))
        claim = claiming.Claim("worker", NOON, NOON + timedelta(minutes=1))
        assert not claiming.claim_page(db, claiming.Stream("second", "sms", timedelta(hours=2), ("first",)), many, claim)
        assert claiming.claim_page(db, claiming.Stream("first", "sms", timedelta(hours=2)), many, claim)
        db.execute(update(rows).where(rows.c.broadcast_id == "first", rows.c.state != "suppressed").values(state="failed"))
        assert rounds.release(db, NOON, many)
        ids = rounds.missed_ids(db, "first", many)
        missed = rounds.missed(db, "first", ids)
        assert rounds.write(db, "first", {one.id: rounds.NextTry(one, "voice", "ne", NOON, 1) for one in missed}, NOON)
        assert audience.sharing_many(db, ids)
        db.execute(update(models.broadcasts).where(models.broadcasts.c.id == "second").values(expires_at=NOON))
        assert rounds.expire(db, NOON, many)
        db.execute(update(models.broadcasts).where(models.broadcasts.c.id == "first").values(state="cancelled"))
        broadcasts.suppress_cancelled(db, NOON)
        rounds.settle_cancelled(db, many)
    assert UNCOUNTED < work.most[0] < UNCOUNTED * ROWS, work.most


# --- snapshot, shared phones -------------------------------------------------------------------------------------------------------


def test_who_comes_after_the_approval_is_not_told(world: World, people: People) -> None:
    people(2)
    broadcast_id = verbs.create(world.gateway, MAIN, DRAFT)
    verbs.approve(world.gateway, MAIN, broadcast_id)
    people(1, created_at=NOON + timedelta(seconds=1))
    world.clock.tick(60)
    verbs.expand(world.gateway, broadcast_id)
    assert world.rows("member_id") == [("m00000001",), ("m00000002",)]


def test_a_phone_gets_it_once_also_where_the_first_of_its_members_changes_meanwhile(
    world: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expanding, "FIRST_BATCH", 1)
    people(1)
    people(2, phone=False)
    people.share(2, 1)
    people.share(3, 1)
    broadcast_id = verbs.create(world.gateway, MAIN, DRAFT)
    verbs.approve(world.gateway, MAIN, broadcast_id)
    asked = iter([False, True])
    verbs.expand(world.gateway, broadcast_id, stop=lambda: next(asked))
    with world.database.write() as db:
        db.execute(update(models.members).where(models.members.c.id == "m00000001").values(language="mai"))
    verbs.expand(world.gateway, broadcast_id)
    assert world.rows("member_id", "phone_id", "state") == [
        ("m00000001", 1, "queued"),
        ("m00000002", 1, "suppressed"),
        ("m00000003", 1, "suppressed"),
    ]
    with world.database.read() as db:
        (row,) = world.rows("id")[0]
        assert isinstance(row, int)
        assert [sharer.member_id for sharer in audience.sharing(db, row)] == ["m00000001", "m00000002", "m00000003"]


def test_who_is_told_by_one_call_is_asked_for_a_page_at_once(world: World, people: People) -> None:
    people(2)
    people(1, phone=False, private=True, name_clip="clip")
    people.share(3, 2)
    verbs.approve(world.gateway, MAIN, broadcast_id := verbs.create(world.gateway, MAIN, DRAFT))
    verbs.expand(world.gateway, broadcast_id)
    ids = [row[0] for row in world.rows("id")]
    with world.database.read() as db:
        found = audience.sharing_many(db, ids[:2])  # type: ignore[arg-type]  # they are numbers
    assert [[sharer.member_id for sharer in found[each]] for each in ids[:2]] == [["m00000001"], ["m00000002", "m00000003"]]  # type: ignore[index]
    assert found[ids[1]][1] == ("m00000003", "clip", None, True)  # type: ignore[index]


def test_a_crash_in_a_batch_loses_nobody_and_doubles_nobody(world: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanding, "FIRST_BATCH", 2)
    monkeypatch.setattr(expanding, "MEMBERS_EXPANDED", 3)
    people(10)
    broadcast_id = verbs.create(world.gateway, MAIN, DRAFT)
    verbs.approve(world.gateway, MAIN, broadcast_id)
    begin, left = broadcasts.begin, iter(range(100))

    def dies(*given: Any) -> bool:
        if next(left) % 2:
            raise RuntimeError("killed before the commit")
        return begin(*given)

    monkeypatch.setattr(broadcasts, "begin", dies)
    for _ in range(20):
        try:
            verbs.expand(world.gateway, broadcast_id)
        except RuntimeError:
            continue
        break
    assert [row[0] for row in world.rows("member_id")] == [f"m{number:08}" for number in range(1, 11)]


def test_the_bell_is_rung_when_there_is_somebody_to_tell(world: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanding, "FIRST_BATCH", 1)
    monkeypatch.setattr(expanding, "MEMBERS_EXPANDED", 1)
    people(3, language="mai")
    people(1)
    verbs.approve(world.gateway, MAIN, broadcast_id := verbs.create(world.gateway, MAIN, DRAFT))
    rung_after = []
    verbs.expand(world.gateway, broadcast_id, stop=lambda: rung_after.append(len(world.rung)) or False)  # type: ignore[func-returns-value]
    assert rung_after == [0, 0, 0, 0, 1]


def test_pause_and_cancel_stop_the_writing_after_a_batch(world: World, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanding, "FIRST_BATCH", 2)
    monkeypatch.setattr(expanding, "MEMBERS_EXPANDED", 2)
    people(10)
    verbs.approve(world.gateway, MAIN, broadcast_id := verbs.create(world.gateway, MAIN, DRAFT))

    def pauses() -> bool:
        if len(world.rows("id")) == 4:
            verbs.pause(world.gateway, MAIN, broadcast_id)
        return False

    verbs.expand(world.gateway, broadcast_id, stop=pauses)
    assert len(world.rows("id")) == 4
    verbs.resume(world.gateway, MAIN, broadcast_id)
    verbs.expand(world.gateway, broadcast_id)
    assert len(world.rows("id")) == 10


# --- when --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "hour", "then"),
    [
        ("15 12:00", 14, "15 14:00"),
        ("15 14:20", 14, "15 14:20"),  # it is her hour now
        ("15 15:00", 14, "16 14:00"),
        ("15 12:00", 21, "15 19:00"),  # never in quiet hours
        ("15 12:00", 5, "16 08:00"),
        ("15 22:00", 9, "16 09:00"),
        ("15 12:00", None, "15 12:00"),  # a call to who has no hour
        ("15 09:00", None, "15 11:00"),
        ("15 19:30", None, "16 11:00"),
        ("15 03:00", None, "15 11:00"),
    ],
)
def test_each_is_told_in_her_best_hour(world: World, now: str, hour: int | None, then: str) -> None:
    from datetime import datetime

    def at(text: str) -> datetime:
        return datetime.strptime(f"2026-01-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=NEPAL)

    due = expanding.due(verbs.Draft("x", best_hour=True), at(now))
    assert (due.otherwise["voice"] if hour is None else due.by_hour[hour]) == at(then)
    assert due.otherwise["sms"] is None
    late = expanding.due(verbs.Draft("x", best_hour=True, expires_at=at(now) + timedelta(minutes=1)), at(now))
    assert (late.otherwise["voice"] if hour is None else late.by_hour[hour]) == expanding.consent.opens_at(at(now))
    festival = expanding.due(verbs.Draft("x", best_hour=True), at(now), lambda when: max(when, at("20 08:00")))
    assert (festival.otherwise["voice"] if hour is None else festival.by_hour[hour]) >= at("20 08:00")  # type: ignore[operator]


def test_what_starts_later_waits_and_what_lives_depend_on_does_not_wait_for_the_best_hour(world: World, people: People) -> None:
    start = NOON + timedelta(hours=3)
    assert expanding.due(verbs.Draft("x", starts_at=start), NOON).otherwise["sms"] == start
    assert expanding.due(verbs.Draft("x", starts_at=start), start + timedelta(hours=1)).otherwise["sms"] is None
    assert not expanding.due(verbs.Draft("x", best_hour=True, life_safety_by="Sita"), NOON).by_hour
    people(1, best_hour=15)
    people(1)
    from dataclasses import replace

    verbs.approve(world.gateway, MAIN, broadcast_id := verbs.create(world.gateway, MAIN, replace(DRAFT, best_hour=True)))
    verbs.expand(world.gateway, broadcast_id)
    assert world.rows("not_before") == [(NOON + timedelta(hours=3),), (None,)]


# --- what is not there -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (Audience(trades=("sewin",)), "There is no trade 'sewin'. Did you mean 'sewing'?"),
        (Audience(places=("3-27-99",)), "There is no place '3-27-99'."),
        (Audience(languages=("fr",)), "There is no language 'fr'. Known are ne, en."),
        (Audience(schemes=("helth",)), "There is no scheme 'helth'. Did you mean 'health'?"),
        (Audience(claims=("reviw",)), "There is no state of claims 'reviw'. Did you mean 'review'?"),
        (Audience(lists=("list-c",)), "There is no list 'list-c'. Did you mean"),
        (Audience(but_lists=("list-c",)), "There is no list 'list-c'."),
        (Audience(imports=("nothing",)), "There is no import 'nothing'. Known are import-a, import-b."),
        (Audience(collectors=("user-x",)), "There is no collector 'user-x'."),
        (Audience(notice_id="gone", rsvp="yes"), "There is no notice 'gone'."),
        (Audience(notice_id=NOTICE), "The notice needs an answer"),
        (Audience(rsvp="yes"), "The answer needs a notice"),
        (Audience(notice_id=NOTICE, rsvp="maybe"), "There is no answer 'maybe'. Known are yes, no, none, awaited."),
        (Audience(not_reached_by="gone"), "There is no broadcast 'gone'."),
        (Audience(contribution="open"), "needs a month"),
        (Audience(contribution="due", month="2082-09"), "There is no contribution state 'due'."),
        (Audience(schemes=("health",), month="2082-13"), "needs a Bikram Sambat month"),
        (Audience(not_told_for=0), "needs 1 to 365 days"),
    ],
)
def test_what_is_not_there_is_named_with_what_is_near(world: World, crowd: Crowd, chosen: Audience, said: str) -> None:
    with world.database.read() as db, pytest.raises(GatewayError) as refused:
        whom.check(world.gateway, db, MAIN, chosen)
    assert said in str(refused.value)


def test_what_is_there_passes(world: World, crowd: Crowd) -> None:
    with world.database.read() as db:
        for chosen in EACH:
            whom.check(world.gateway, db, MAIN, chosen)
