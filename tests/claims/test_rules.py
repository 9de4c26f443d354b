"""The pure rules: which state may follow which, what is asked for, how days are counted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import PACKAGE_ROOT
from gateway.core import claims as rules
from gateway.engine.loader import load
from gateway.services.actions import SPECS
from gateway.services.claim_moves import BELONGS, Move

START = datetime(2026, 11, 1, tzinfo=UTC)
FORBIDDEN_WORDS = re.compile("cancer|diabet|hiv|aids|pregnan|mental|caste|religion|रोग|क्यान्सर|मधुमेह|जात|धर्म")


def test_the_tables_know_the_same_states_and_kinds():
    assert set(rules.NEXT) == set(rules.STATES)
    assert {state for states in rules.NEXT.values() for state in states} <= set(rules.STATES)
    assert set(rules.PAPERS) == set(rules.KINDS)
    assert rules.NEXT["paid"] == ()
    assert {"review"} == set(rules.NEXT["refused"])
    assert "review" in rules.NEXT["paper_missing"]
    assert "paper_missing" in rules.NEXT["review"]
    assert set(BELONGS) <= set(Move.__dataclass_fields__)


def test_every_paper_and_reason_can_be_said_and_names_no_illness():
    catalogue = load(PACKAGE_ROOT / "flows", SPECS)
    for name in (*rules.ALL_PAPERS, *rules.REASONS):
        for language in catalogue.languages:
            assert catalogue.phrases[name][language]
        assert not FORBIDDEN_WORDS.search(str(catalogue.phrases[name]).lower())
    assert max(map(len, rules.PAPERS.values())) <= rules.MOST_PAPERS


@pytest.mark.parametrize("old", rules.STATES)
@pytest.mark.parametrize("new", rules.STATES)
def test_a_way_is_made_of_steps_that_are_allowed(old, new):
    way = rules.way(old, new)
    if way is None:
        assert old == "paid" or new == "received" or (old, new) == ("approved", "approved") or old == new
        return
    assert way[-1] == new
    for before, after in zip((old, *way), way, strict=False):
        assert after in rules.NEXT[before]


moves = st.lists(st.tuples(st.sampled_from(rules.STATES), st.integers(0, 10**6)), min_size=1, max_size=20)


@given(moves, st.integers(0, 10**6))
def test_the_days_of_all_states_add_up_to_the_whole(steps, more):
    at, events = START, []
    for state, seconds in steps:
        at += timedelta(seconds=seconds)
        events.append((state, at))
    now = at + timedelta(seconds=more)
    end = at if events[-1][0] in rules.SETTLED else now
    spent = rules.days_in_each(events, now)
    assert sum(spent.values()) == pytest.approx((end - events[0][1]) / timedelta(days=1))
    assert set(spent) == {state for state, _ in events}
    assert min(spent.values()) >= 0


def test_a_date_that_was_named_counts_instead_of_the_usual_time():
    now = START + timedelta(days=10)
    assert rules.rested_too_long("received", START, None, now)
    assert not rules.rested_too_long("review", START, None, now)
    assert rules.rested_too_long("review", START, START + timedelta(days=9), now)
    assert not rules.rested_too_long("review", START - timedelta(days=90), now + timedelta(days=1), now)
    assert not rules.rested_too_long("paid", START, None, now + timedelta(days=900))
