"""What is due and how far payments reach, for any scheme and any history."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import PACKAGE_ROOT
from gateway.core import calendar, schemes
from gateway.core.dues import Due, Enrolment, Payment, dues, standing
from gateway.core.schemes import Rate, month_after, rate_of

TODAY = date(2026, 11, 21)  # 5 Mangsir 2083
NOBODY = frozenset[str]()
SHIPPED = sorted((PACKAGE_ROOT / "gateway" / "data" / "schemes").glob("*.yaml"))

months = st.integers(0, 11).map(lambda later: month_after("2082-12", later))
amounts = st.integers(1, 5_000_00)
fixed = st.builds(Rate, months, amount=amounts)
shared = st.builds(
    Rate, months, base=st.integers(1_000_00, 20_000_00), member_share=st.integers(1, 3100), government_share=st.integers(0, 1000)
)
rates = st.lists(fixed | shared, min_size=1, max_size=4, unique_by=lambda rate: rate.from_month)
enrolments = st.builds(
    Enrolment,
    months,
    until_month=st.none() | months,
    schedule=st.sampled_from(schemes.SCHEDULES),
    seasons=st.just((2, 8)),
    instalment=st.none() | amounts,
)
payments = st.lists(st.builds(Payment, st.integers(0, 9_000_00), st.sampled_from(["member", "member", "government"])), max_size=12)
skips = st.frozensets(months, max_size=4)
days = st.integers(0, 330).map(lambda later: date(2026, 4, 20) + timedelta(days=later))


def total(enrolment: Enrolment, scheme: list[Rate], skipped: frozenset[str] = NOBODY, last: str = "2083-12") -> int:
    return sum(due.amount for due in dues(enrolment, scheme, skipped, last))


@given(enrolments, rates, skips, payments, days)
def test_what_is_paid_is_allocated_or_credit(enrolment, scheme, skipped, came, today):
    now = standing(enrolment, scheme, skipped, came, today)
    assert now.paid == sum(payment.amount for payment in came if payment.payer == "member")
    assert now.paid == now.allocated + now.credit
    assert min(now.allocated, now.credit, now.government_awaited) >= 0
    assert now.credit == 0 or now.next_due is None
    assert set(now.months_paid).isdisjoint(now.months_open)
    assert (now.balance < 0) == bool(now.months_open)


@given(enrolments, rates, skips, payments, days, st.randoms())
def test_the_order_in_which_money_came_changes_nothing(  # noqa: PLR0917 - drawn, not passed
    enrolment, scheme, skipped, came, today, chance
):
    shuffled, turned = list(came), list(scheme)
    chance.shuffle(shuffled)
    chance.shuffle(turned)
    assert standing(enrolment, scheme, skipped, came, today) == standing(enrolment, turned, skipped, shuffled, today)


@given(enrolments, rates, payments, days, amounts)
def test_more_money_never_leaves_more_open(enrolment, scheme, came, today, more):
    before = standing(enrolment, scheme, NOBODY, came, today)
    after = standing(enrolment, scheme, NOBODY, [*came, Payment(more)], today)
    assert after.balance == before.balance + more
    assert set(after.months_open) <= set(before.months_open)
    assert set(after.months_paid) >= set(before.months_paid)


@given(enrolments.filter(lambda one: one.schedule != "seasonal"), rates, months, months)
def test_a_skipped_month_lowers_what_is_due_by_its_own_dues_and_no_other(enrolment, scheme, skipped, other):
    of_month = sum(due.amount for due in dues(enrolment, scheme, NOBODY, "2083-12") if due.month == skipped)
    assert total(enrolment, scheme, frozenset({skipped})) == total(enrolment, scheme) - of_month
    if other != skipped:
        assert [due for due in dues(enrolment, scheme, frozenset({skipped}), "2083-12") if due.month == other] == [
            due for due in dues(enrolment, scheme, NOBODY, "2083-12") if due.month == other
        ]


@given(st.lists(shared, min_size=1, max_size=4, unique_by=lambda rate: rate.from_month), months, months)
def test_a_season_asks_for_the_shares_of_its_months(scheme, first, skipped):
    """However the months are gathered into seasons or spread over weeks, their shares are the same money."""
    last = "2083-08"
    whole = frozenset({skipped})
    monthly, weekly, seasonal = (
        total(Enrolment(first, last, schedule, (2, 8) if schedule == "seasonal" else ()), scheme, whole) for schedule in
        ("monthly", "weekly", "seasonal")
    )  # fmt: skip
    assert monthly == weekly == seasonal


@given(rates, months)
def test_a_rate_holds_from_its_month_until_the_next(scheme, month):
    ordered = sorted(scheme, key=lambda rate: rate.from_month)
    for one, following in pairwise(ordered):
        assert rate_of(scheme, one.from_month) == one
        assert rate_of(scheme, month_after(following.from_month, -1)) == (one if following.from_month > one.from_month else None)
    assert rate_of(scheme, month_after(ordered[0].from_month, -1)) is None
    assert rate_of(scheme, month) in {None, *scheme}
    for due in dues(Enrolment(month), scheme, NOBODY, "2083-12"):
        held = rate_of(scheme, due.month)
        assert held is not None
        assert due.amount == (held.amount if held.amount is not None else held.of_member)


@given(enrolments, rates, skips, days)
def test_whoever_pays_exactly_what_was_due_has_nothing_open(enrolment, scheme, skipped, today):
    owed = -standing(enrolment, scheme, skipped, [], today).balance
    now = standing(enrolment, scheme, skipped, [Payment(owed)], today)
    assert (now.balance, now.months_open, now.credit) == (0, (), 0)


@given(shared, st.integers(0, 6), st.lists(st.integers(1, 3_000_00), max_size=5))
def test_the_government_owes_its_share_of_each_month_that_is_paid(rate, months_paid, matched):
    scheme = [Rate("2083-01", base=rate.base, member_share=rate.member_share, government_share=rate.government_share)]
    came = [Payment(months_paid * scheme[0].of_member)]
    owed = months_paid * scheme[0].of_government
    assert standing(Enrolment("2083-01"), scheme, NOBODY, came, TODAY).government_awaited == owed
    came += [Payment(amount, "government") for amount in matched]
    assert standing(Enrolment("2083-01"), scheme, NOBODY, came, TODAY).government_awaited == max(0, owed - sum(matched))


def test_a_payment_fills_the_oldest_due_first():
    now = standing(Enrolment("2083-05"), [Rate("2083-01", amount=300_00)], NOBODY, [Payment(700_00)], TODAY)
    assert now.months_paid == ("2083-05", "2083-06")
    assert now.months_open == ("2083-07",)
    assert now.next_due == Due("2083-07", 200_00)
    assert now.balance == -200_00


def test_the_month_that_runs_is_due_and_not_yet_open():
    now = standing(Enrolment("2083-08"), [Rate("2083-01", amount=300_00)], NOBODY, [], TODAY)
    assert (now.months_open, now.next_due) == ((), Due("2083-08", 300_00))


def test_money_in_advance_pays_months_ahead_and_the_rest_stays_hers():
    plan = Enrolment("2083-08", until_month="2083-10")
    now = standing(plan, [Rate("2083-01", amount=300_00)], NOBODY, [Payment(1_000_00)], TODAY)
    assert (now.months_paid, now.next_due, now.credit) == (("2083-08", "2083-09", "2083-10"), None, 100_00)


def test_a_week_is_open_once_its_saturday_is_over():
    saturdays = [due.on for due in dues(Enrolment("2083-08", schedule="weekly"), [Rate("2083-01", amount=50_00)], NOBODY, "2083-08")]
    assert saturdays == [date(2026, 11, 21), date(2026, 11, 28), date(2026, 12, 5), date(2026, 12, 12)]
    for today, missing in ((date(2026, 11, 21), 0), (date(2026, 11, 22), 50_00), (date(2026, 12, 13), 200_00)):
        assert standing(Enrolment("2083-08", schedule="weekly"), [Rate("2083-01", amount=50_00)], NOBODY, [], today).balance == -missing


def test_weeks_end_where_the_calendar_ends():
    found = list(dues(Enrolment("2083-12", schedule="weekly"), [Rate("2083-01", amount=50_00)], NOBODY, "2084-06"))
    assert {due.month for due in found} == {f"{calendar.LAST_YEAR}-12"}


@pytest.mark.parametrize(
    ("base", "worker", "government", "whole"),
    [(9_385_00, 1_032_35, 879_37, 1_911_72), (10_820_00, 1_190_20, 1_013_83, 2_204_03), (12_170_00, 1_338_70, 1_140_33, 2_479_03)],
)
def test_the_shares_of_the_social_security_fund_are_right_to_the_paisa(base, worker, government, whole):
    rate = Rate("2080-04", base=base, member_share=1100, government_share=937)
    assert (rate.of_member, rate.of_government) == (worker, government)
    assert rate.of_member + rate.of_government == whole == schemes.share_of(base, 2037)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_a_shipped_scheme_can_be_read(file):
    scheme = schemes.read(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader), str(file))  # noqa: S506 - texts only
    assert scheme.code == file.stem
    assert set(scheme.title) == {"ne", "en"}
    if scheme.code == "ssf-informal":
        assert [(rate.from_month, rate.of_member, rate.of_government) for rate in scheme.rates] == [
            ("2080-04", 1_032_35, 879_37),
            ("2080-05", 1_190_20, 1_013_83),
            ("2082-04", 1_338_70, 1_140_33),
        ]


GOOD = {"code": "a", "title": {"ne": "क"}, "schedule": "monthly", "rates": [{"from": "2083-01", "amount": "300", "source": "here"}]}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"code": "A B"}, "code"),
        ({"title": {}}, "title"),
        ({"schedule": "daily"}, "schedule"),
        ({"seasons": ["1"]}, "seasons"),
        ({"schedule": "seasonal"}, "seasons"),
        ({"schedule": "seasonal", "seasons": ["13"]}, "seasons"),
        ({"rates": []}, "rates"),
        ({"rates": "300"}, "rates"),
        ({"rates": [GOOD["rates"][0]] * 2}, "rates"),
        ({"rates": [{"from": "2083-13", "amount": "300", "source": "here"}]}, "from"),
        ({"rates": [{"from": "2083-01", "amount": "-3", "source": "here"}]}, "rates.amount"),
        ({"rates": [{"from": "2083-01", "base": "300", "source": "here"}]}, "rates"),
        ({"rates": [{"from": "2083-01", "base": "300", "member_share": "111", "source": "here"}]}, "rates.member_share"),
        ({"rates": [{"from": "2083-01", "amount": "300"}]}, "rates.source"),
        ({"colour": "red"}, "the file"),
    ],
)
def test_a_faulty_scheme_is_refused_with_the_place(change, key):
    with pytest.raises(ExceptionGroup) as refused:
        schemes.read(GOOD | change, "a.yaml")
    assert any(str(fault).startswith(f"a.yaml: {key}: ") for fault in refused.value.exceptions), refused.value.exceptions


@given(st.recursive(st.none() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(GOOD)), inner)))
def test_any_document_is_read_or_refused(document):
    with pytest.raises(ExceptionGroup):
        schemes.read(document, "a.yaml")
