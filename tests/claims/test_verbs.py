"""What organisers do with claims: opening, papers, moves, and two of them at once. On SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from calls.conftest import Installation
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from gateway.core import claims as rules
from gateway.core.calendar import NEPAL
from gateway.core.reference import is_valid
from gateway.errors import GatewayError
from gateway.services import claim_moves, claims, tasks
from gateway.services.access import Actor, terminal
from gateway.services.claims import Move, Opening
from gateway.store import claims as stored
from gateway.store import organisations

SITA = "sample-1"


def opened(here: Installation, actor: Actor, kind: str = "health", **about) -> claims.Claim:
    return claims.take_up(here.gateway, actor, SITA, Opening(kind, **{"again": True, **about}))


def moved(here: Installation, actor: Actor, claim: claims.Claim, state: str, **about) -> claims.Claim:
    return claims.move(here.gateway, actor, claim.id, claim.version, Move(state, **about))


def code_of(caught) -> str:
    return caught.value.code


def test_a_claim_is_opened_with_the_papers_of_its_kind(here: Installation, organiser: Actor):
    claim = claims.open_claim(here.gateway, organiser, SITA, "maternity", "brought by her sister", "INS-7")
    assert (claim.state, claim.kind, claim.version, claim.days_in_state) == ("received", "maternity", 1, 0)
    assert is_valid(claim.number)
    assert [(paper.name, paper.received_at) for paper in claim.papers] == [(name, None) for name in rules.PAPERS["maternity"]]
    assert (claim.note, claim.insurer_reference) == ("brought by her sister", "INS-7")
    assert claims.get(here.gateway, organiser, claim.id) == claim
    assert claims.by_number(here.gateway, organiser, claim.number) == claim
    with here.gateway.database.read() as db:
        [sealed] = db.exec_driver_sql("SELECT sealed_note FROM claims WHERE insurer_reference = 'INS-7'").scalars()
    assert b"sister" not in bytes(sealed)


def test_every_move_is_an_event_with_who_and_when(here: Installation, organiser: Actor):
    claim = opened(here, organiser)
    boss = Actor("main", "admin", "user:boss", user_id="boss")
    here.clock.move(days=2)
    claim = moved(here, organiser, claim, "paper_missing", papers=("hospital_bill",), note="the stamp is missing")
    here.clock.move(days=3)
    claim = claims.tick(here.gateway, organiser, claim.id, "hospital_bill")
    assert claim.state == "review"
    here.clock.move(days=4)
    claim = moved(here, boss, claim, "approved", amount=5_000_00)
    here.clock.move(days=1)
    claim = moved(here, boss, claim, "paid", paid_on=here.clock().astimezone(NEPAL).date())
    assert (claim.state, claim.amount, claim.reason, claim.review_until) == ("paid", 5_000_00, None, None)
    story = [(event.state, event.by, event.amount, event.note) for event in claims.events(here.gateway, organiser, claim.id)]
    assert story == [
        ("received", "user:didi", None, None),
        ("paper_missing", "user:didi", None, "the stamp is missing"),
        ("review", "user:didi", None, None),
        ("approved", "user:boss", 5_000_00, None),
        ("paid", "user:boss", 5_000_00, None),
    ]
    spent = claims.days_in_each_state(here.gateway, organiser, claim.id)
    assert spent == {"received": 2.0, "paper_missing": 3.0, "review": 4.0, "approved": 1.0, "paid": 0.0}


@pytest.mark.parametrize(
    ("state", "about", "code"),
    [
        ("paid", {}, "claim:not-possible"),
        ("received", {}, "claim:not-possible"),
        ("approved", {}, "claim:incomplete"),
        ("approved", {"amount": 0}, "claim:amount"),
        ("approved", {"amount": -5}, "claim:amount"),
        ("approved", {"amount": 10**15}, "claim:amount"),
        ("refused", {}, "claim:reason"),
        ("refused", {"reason": "she has cancer"}, "claim:reason"),
        ("review", {"amount": 5}, "claim:superfluous"),
        ("review", {"review_until": "yesterday"}, "claim:date"),
        ("paper_missing", {"papers": ("no_such_paper",)}, "claim:paper"),
        ("paper_missing", {"papers": ("bank_book", "bank_book")}, "claim:incomplete"),
        ("paper_missing", {"papers": rules.ALL_PAPERS[:5]}, "claim:incomplete"),
        ("review", {"note": "x" * 2001}, "claim:note"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(on_sqlite: Installation, organiser: Actor, state, about, code):
    here, claim = on_sqlite, opened(on_sqlite, organiser)
    if about.get("review_until") == "yesterday":
        about = {"review_until": here.clock() - timedelta(days=1)}
    with pytest.raises(GatewayError) as caught:
        moved(here, organiser, claim, state, **about)
    assert code_of(caught) == code
    assert claims.get(here.gateway, organiser, claim.id) == claim
    assert len(claims.events(here.gateway, organiser, claim.id)) == 1


def test_what_is_not_possible_names_what_is(on_sqlite: Installation, organiser: Actor):
    claim = opened(on_sqlite, organiser)
    claim = moved(on_sqlite, organiser, claim, "refused", reason="why_too_late")
    with pytest.raises(GatewayError, match="It can become: review"):
        moved(on_sqlite, organiser, claim, "paid")
    claim = moved(on_sqlite, organiser, claim, "review")
    assert claim.reason is None
    claim = moved(on_sqlite, organiser, claim, "approved", amount=100)
    day = on_sqlite.clock().astimezone(NEPAL).date()
    for wrong in (day + timedelta(days=1), date(2020, 1, 1)):
        with pytest.raises(GatewayError, match="claim:date"):
            moved(on_sqlite, organiser, claim, "paid", paid_on=wrong)
    claim = moved(on_sqlite, organiser, claim, "paid")
    with pytest.raises(GatewayError, match="since it is paid"):
        moved(on_sqlite, organiser, claim, "review")


def test_papers_that_are_named_are_those_that_are_missing(on_sqlite: Installation, organiser: Actor):
    here, claim = on_sqlite, opened(on_sqlite, organiser)
    claims.tick(here.gateway, organiser, claim.id, "bank_book")
    claim = claims.untick(here.gateway, organiser, claim.id, "citizenship_copy")
    claim = moved(here, organiser, claim, "paper_missing", papers=("police_letter", "hospital_bill"))
    missing = [paper.name for paper in claim.papers if paper.received_at is None]
    assert sorted(missing) == ["hospital_bill", "police_letter"]
    assert {paper.name for paper in claim.papers} == {"hospital_bill", "police_letter", "bank_book"}
    claim = claims.tick(here.gateway, organiser, claim.id, "police_letter")
    assert claim.state == "paper_missing"
    claim = claims.tick(here.gateway, organiser, claim.id, "hospital_bill")
    assert claim.state == "review"
    with pytest.raises(GatewayError, match="all that were asked for have come"):
        moved(here, organiser, claim, "paper_missing")
    claim = moved(here, organiser, claim, "paper_missing", papers=("bank_book",))
    with pytest.raises(GatewayError, match="claim:paper"):
        claims.tick(here.gateway, organiser, claim.id, "death_certificate")


def test_of_two_who_decide_at_once_the_second_is_told(here: Installation, organiser: Actor):
    for _ in range(5):
        claim, start = opened(here, organiser), Barrier(2)

        def decide(wanted: Move, claim=claim, start=start) -> str:
            start.wait()
            try:
                return claims.move(here.gateway, organiser, claim.id, claim.version, wanted).state
            except GatewayError as error:
                return error.code

        with ThreadPoolExecutor(2) as threads:
            results = set(threads.map(decide, [Move("approved", amount=100), Move("refused", reason="why_too_late")]))
        assert "claim:changed" in results
        assert len(results) == 2
        assert len(claims.events(here.gateway, organiser, claim.id)) == 2


def test_the_last_two_papers_at_once_bring_it_to_the_review_once(here: Installation, organiser: Actor):
    for _ in range(5):
        claim, start = opened(here, organiser, "old_age"), Barrier(2)

        def tick(paper: str, claim=claim, start=start) -> None:
            start.wait()
            claims.tick(here.gateway, organiser, claim.id, paper)

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(tick, rules.PAPERS["old_age"]))
        assert [event.state for event in claims.events(here.gateway, organiser, claim.id)] == ["received", "review"]


def test_a_reference_of_the_insurer_is_one_claims_alone(here: Installation, organiser: Actor):
    start = Barrier(2)

    def take_up(_: int) -> str:
        start.wait()
        try:
            return opened(here, organiser, insurer_reference="INS-1").number
        except GatewayError as error:
            return error.code

    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(take_up, range(2)))
    assert results.count("claim:already") == 1


def test_another_organisation_sees_and_moves_nothing(here: Installation, organiser: Actor):
    claim = opened(here, organiser, insurer_reference="INS-1")
    with here.gateway.database.write() as db:
        organisations.ensure(db, "other", "Another")
    stranger = Actor("other", "admin", "user:x", user_id="x")
    for attempt in (
        lambda: claims.get(here.gateway, stranger, claim.id),
        lambda: claims.by_number(here.gateway, stranger, claim.number),
        lambda: claims.events(here.gateway, stranger, claim.id),
        lambda: claims.move(here.gateway, stranger, claim.id, 1, Move("review")),
        lambda: claims.tick(here.gateway, stranger, claim.id, "bank_book"),
        lambda: claims.of_member(here.gateway, stranger, SITA),
        lambda: claims.take_up(here.gateway, stranger, SITA, Opening("health")),
    ):
        with pytest.raises(GatewayError) as caught:
            attempt()
        assert code_of(caught).endswith(":unknown")
    assert claims.page(here.gateway, stranger, "", 10) == []
    for role in ("reader", "collector"):
        with pytest.raises(GatewayError, match="access:denied"):
            claims.page(here.gateway, Actor("main", role, "user:r", user_id="r"), "", 10)


def test_pages_follow_each_other_and_can_be_narrowed(on_sqlite: Installation, organiser: Actor):
    made = [opened(on_sqlite, organiser, kind) for kind in ("asset", "life", "asset")]
    seen, after = [], ""
    while page := claims.page(on_sqlite.gateway, organiser, after, 2):
        seen += [claim.id for claim in page]
        after = page[-1].id
    assert len(seen) == len(set(seen)) == 5
    assert {claim.id for claim in claims.page(on_sqlite.gateway, organiser, "", 10, kind="asset")} == {made[0].id, made[2].id}
    assert [claim.state for claim in claims.page(on_sqlite.gateway, organiser, "", 10, state="review")] == ["review"]
    assert [claim.kind for claim in claims.of_member(on_sqlite.gateway, organiser, SITA)][-1] == "health"


def test_views_and_changes_are_in_the_audit_log_without_names(on_sqlite: Installation, organiser: Actor):
    claim = opened(on_sqlite, organiser, note="a secret note")
    moved(on_sqlite, organiser, claim, "review", note="another secret")
    claims.get(on_sqlite.gateway, organiser, claim.id)
    rows = on_sqlite.rows("SELECT action, subject, detail, actor FROM audit ORDER BY id")
    assert [row[0] for row in rows] == ["move_claims", "move_claims", "see_claims"]
    assert {row[1] for row in rows} == {f"claim:{claim.id}"}
    assert json.loads(str(rows[1][2])) == {"before": "received", "state": "review"}
    assert "secret" not in str(rows)


# --- call-backs and what rests too long --------------------------------------------------------------------------------------------


def test_a_claim_from_a_call_back_ticks_it_off(here: Installation, organiser: Actor):
    here.phone("+9779720000001").ring().press("0")
    [(task,)] = here.rows("SELECT id FROM tasks")
    claim = opened(here, organiser, task_id=task)
    assert here.rows("SELECT state, done_by, claim_id FROM tasks") == [("done", "user:didi", claim.id)]
    with pytest.raises(GatewayError, match="task:unknown"):
        opened(here, organiser, task_id=task)
    assert len(claims.of_member(here.gateway, organiser, SITA)) == 2


def test_what_rests_too_long_is_one_task_until_it_moves(here: Installation, organiser: Actor):
    claim = opened(here, organiser)
    late = opened(here, organiser, "life")
    late = moved(here, organiser, late, "review", review_until=here.clock() + timedelta(days=9))
    assert claims.overdue(here.gateway) == 0
    here.clock.move(days=rules.LONGEST["received"], minutes=1)
    assert claims.overdue(here.gateway) == 2  # this one, and that of the sample whose review should be over
    assert claims.overdue(here.gateway) == 0
    here.clock.move(minutes=59)
    assert claims.overdue(here.gateway) == 0
    here.clock.move(days=3)
    assert claims.overdue(here.gateway) == 1
    found = here.rows("SELECT claim_id FROM tasks WHERE kind = 'claim_overdue' AND state = 'open'")
    assert {row[0] for row in found} == {claim.id, late.id, "sample-2"}
    assert {task.kind for task in tasks.list_open(here.gateway, terminal("main"))} == {"claim_overdue"}
    moved(here, organiser, claim, "review")
    assert here.rows(f"SELECT state, done_by FROM tasks WHERE claim_id = '{claim.id}'") == [("done", "user:didi")]  # noqa: S608


def test_many_sweeps_at_once_open_one_task(here: Installation, organiser: Actor):
    opened(here, organiser)
    here.clock.move(days=8)
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda _: claims.overdue(here.gateway), range(4))) == 2


# --- what comes from an insurer's file ---------------------------------------------------------------------------------------------


def test_an_insurers_word_passes_through_the_states_between(here: Installation, organiser: Actor):
    claim = opened(here, organiser)
    with here.gateway.database.write() as db:
        row = stored.get(db, organiser.scope, claim.id)
        claim_moves.carry(here.gateway, db, "import:1", row, Move("paid", amount=700_00))
        row = stored.get(db, organiser.scope, claim.id)
        assert claim_moves.carry(here.gateway, db, "import:1", row, Move("paid", amount=700_00)) == []
        with pytest.raises(GatewayError, match="claim:not-possible"):
            claim_moves.carry(here.gateway, db, "import:1", row, Move("review"))
    assert [event.state for event in claims.events(here.gateway, organiser, claim.id)] == ["received", "approved", "paid"]
    assert claims.get(here.gateway, organiser, claim.id).amount == 700_00


def test_many_are_opened_at_once_with_numbers_of_their_own(here: Installation, organiser: Actor):
    with here.gateway.database.write() as db:
        numbers = stored.new_numbers(db, "main", 12345, 300)
        new = [stored.NewClaim(f"many-{place:03}", "main", SITA, number, "asset", "import:1") for place, number in enumerate(numbers)]
        stored.open_many(db, here.gateway.seal, new, here.clock())
        stored.open_many(db, here.gateway.seal, [], here.clock())
        assert set(stored.new_numbers(db, "main", 12345, 300)).isdisjoint(numbers)
    assert here.rows("SELECT count(*) FROM claim_papers WHERE substr(claim_id, 1, 5) = 'many-'") == [(1200,)]


# --- whatever organisers do --------------------------------------------------------------------------------------------------------


def test_no_history_breaks_the_rules(on_sqlite: Installation, organiser: Actor):
    here = on_sqlite

    class Histories(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.claim = opened(here, organiser)
            self.states = ["received"]

        @rule(state=st.sampled_from(rules.STATES), days=st.integers(0, 40), old=st.booleans())
        def move(self, state, days, old):
            here.clock.move(days=days)
            about = {"approved": {"amount": 500}, "refused": {"reason": "why_papers"}, "paper_missing": {"papers": ("bank_book",)}}
            version = self.claim.version - old
            try:
                claims.move(here.gateway, organiser, self.claim.id, version, Move(state, **about.get(state, {})))
            except GatewayError as error:
                assert error.code == ("claim:changed" if old else "claim:not-possible")  # noqa: PT017 - it may also go well
                assert old or state not in rules.NEXT[self.states[-1]]
            else:
                assert state in rules.NEXT[self.states[-1]]
                self.states.append(state)

        @rule(paper=st.sampled_from(rules.ALL_PAPERS), back=st.booleans())
        def tick(self, paper, back):
            try:
                claim = (claims.untick if back else claims.tick)(here.gateway, organiser, self.claim.id, paper)
            except GatewayError as error:
                assert error.code == "claim:paper"  # noqa: PT017
                return
            if claim.state != self.states[-1]:
                assert (self.states[-1] in {"received", "paper_missing"}, claim.state) == (True, "review")
                assert all(paper.received_at for paper in claim.papers)
                self.states.append("review")

        @invariant()
        def it_is_as_its_events_tell(self):
            self.claim = claims.get(here.gateway, organiser, self.claim.id)
            story = claims.events(here.gateway, organiser, self.claim.id)
            assert [event.state for event in story] == self.states
            assert self.claim.state == self.states[-1]
            assert (self.claim.amount is not None) == (self.claim.state in {"approved", "paid"})
            assert (self.claim.reason is not None) == (self.claim.state == "refused")
            spent = claims.days_in_each_state(here.gateway, organiser, self.claim.id)
            end = story[-1].at if self.claim.state in rules.SETTLED else here.clock()
            assert sum(spent.values()) == pytest.approx((end - self.claim.opened_at) / timedelta(days=1))

    run_state_machine_as_test(
        Histories, settings=settings(max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck))
    )


def test_a_sample_is_as_the_design_says(on_sqlite: Installation, organiser: Actor):
    [sita], [maya] = (claims.of_member(on_sqlite.gateway, organiser, member) for member in ("sample-1", "sample-2"))
    assert (sita.state, sita.amount, maya.state) == ("approved", 5_000_00, "review")
    assert tasks.list_open(on_sqlite.gateway, terminal("main")) == []
