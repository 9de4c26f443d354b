"""The conditions of a branch."""

from __future__ import annotations

import pytest

from gateway.engine.expressions import parse

NAMES = {"caller.known": True, "caller.new": False, "medium": "sms", "claim.amount": 500_000, "zero": 0, "yes": True}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("caller.known", True),
        ("not caller.known", False),
        ("caller.new", False),
        ("absent", False),
        ("not absent", True),
        ("zero", False),
        ("medium == sms", True),
        ("medium != sms", False),
        ("absent == sms", False),
        ("absent != sms", True),
        ("claim.amount == 500000", True),
        ("claim.amount > 0", True),
        ("claim.amount <= -1", False),
        ("absent < 5", False),
        ("medium < 5", False),
        ("caller.known and medium == sms and claim.amount >= 500000", True),
        ("caller.known and caller.new", False),
    ],
)
def test_a_condition_holds_or_not(condition, holds):
    assert parse(condition).holds(NAMES.get) is holds


@pytest.mark.parametrize(
    "text", ["", "and", "a and", "a or b", "a.b.c", "a == ", "a < b", "not a == b", "f(x)", "a + 1", "A", "1", "a\nb", "a" * 201]
)
def test_everything_else_is_refused(text):
    with pytest.raises(ValueError, match=r"^"):
        parse(text)
