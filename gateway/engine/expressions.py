"""The conditions of a `branch`: a small closed language, read once when the flow is loaded. No calls, no attributes, no arithmetic.

>>> condition = parse("caller.known and claim.amount > 0")
>>> sorted(condition.names)
['caller.known', 'claim.amount']
>>> condition.holds({"caller.known": True, "claim.amount": 500_000}.get)
True
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MAX_LENGTH = 200

PART = re.compile(
    r"(?P<negated>not\s+)?(?P<name>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)"
    r"(?:\s*(?P<sign>==|!=|<=|>=|<|>)\s*(?P<literal>-?[0-9]{1,15}|[a-z][a-z0-9_]*))?"
)
RESERVED = {"not", "and"}

SIGNS: Mapping[str, Callable[[int, int], bool]] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}

Lookup = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`name`, `not name`, or a name compared with a word or a whole number. What is not known equals nothing and is less than nothing."""

    name: str
    sign: str  # "" for `name`, "not" for `not name`
    literal: str = ""
    number: int | None = None

    def __str__(self) -> str:
        return f"not {self.name}" if self.sign == "not" else f"{self.name} {self.sign} {self.literal}".strip()

    def holds(self, lookup: Lookup) -> bool:
        value = lookup(self.name)
        if not self.sign:
            return bool(value)
        if self.sign == "not":
            return not value
        if self.sign in {"==", "!="}:
            same = value == self.number if self.number is not None else value == self.literal
            return same == (self.sign == "==")
        return isinstance(value, int) and self.number is not None and SIGNS[self.sign](value, self.number)


@dataclass(frozen=True, slots=True)
class Condition:
    """Comparisons joined by `and`."""

    parts: tuple[Comparison, ...]

    def __str__(self) -> str:
        return " and ".join(map(str, self.parts))

    @property
    def names(self) -> frozenset[str]:
        return frozenset(part.name for part in self.parts)

    def holds(self, lookup: Lookup) -> bool:
        """Whether all parts are true; `lookup` gives a name's value, None where it has none."""
        return all(part.holds(lookup) for part in self.parts)


def parse(text: str) -> Condition:
    """Read a condition. Raises ValueError with the part that cannot be read."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"{text[:20]}...")
    return Condition(tuple(_comparison(part.strip()) for part in re.split(r"\sand\s", text)))


def _comparison(text: str) -> Comparison:
    match = PART.fullmatch(text)
    if match is None or match["name"] in RESERVED:
        raise ValueError(text)
    if match["sign"] is None:
        return Comparison(match["name"], "not" if match["negated"] else "")
    number = int(match["literal"]) if not match["literal"][0].isalpha() else None
    if match["negated"] or (match["sign"] in SIGNS and number is None):
        raise ValueError(text)
    return Comparison(match["name"], match["sign"], match["literal"], number)
