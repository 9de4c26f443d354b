"""What members pay into: dated rates, and how a scheme's file is read. Months are Bikram Sambat, `2083-08`; money is paisa.

A rate holds from its month until the next one. It is a fixed instalment, or shares of a base (hundredths of a percent: 1100 is 11 %).
A share is rounded to the nearest paisa, half a paisa upwards; each share by itself, so that what is paid is what was told.

>>> basic = Rate("2080-05", base=10_820_00, member_share=1100, government_share=937)
>>> basic.of_member, basic.of_government
(119020, 101383)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.core import money
from gateway.core.digits import fold_digits
from gateway.errors import GatewayError

SCHEDULES = ("weekly", "monthly", "seasonal")
WHOLE = 100_00  # hundredths of a percent
MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
CODE = re.compile(r"[a-z][a-z0-9-]{0,23}")
PERCENT = re.compile(r"(?P<whole>[0-9]{1,3})(?:\.(?P<hundredths>[0-9]{1,2}))?")
KEYS = {"code", "title", "schedule", "seasons", "rates"}
RATE_KEYS = {"from", "amount", "base", "member_share", "government_share", "source"}


def is_month(text: str) -> bool:
    """Whether the text is a month as we write it.

    >>> is_month("2083-08"), is_month("2083-13"), is_month("२०८३-०८")
    (True, False, False)
    """
    return MONTH.fullmatch(text) is not None


def month_after(month: str, months: int = 1) -> str:
    """The month so many months later.

    >>> month_after("2083-12"), month_after("2083-01", -1), month_after("2083-08", 14)
    ('2084-01', '2082-12', '2084-10')
    """
    year, index = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + months, 12)
    return f"{year}-{index + 1:02}"


def percent(written: str) -> int | None:
    """Hundredths of a percent, in any digits; None for what is none, and for more than all.

    >>> percent("9.37"), percent("११"), percent("101")
    (937, 1100, None)
    """
    parts = PERCENT.fullmatch(fold_digits(written).strip())
    share = int(parts["whole"]) * 100 + int((parts["hundredths"] or "").ljust(2, "0")) if parts else WHOLE + 1
    return share if share <= WHOLE else None


def share_of(base: int, share: int) -> int:
    """So many hundredths of a percent of an amount, to the nearest paisa.

    >>> share_of(9_385_00, 1100), share_of(9_385_00, 937), share_of(12_170_00, 937)
    (103235, 87937, 114033)
    """
    return (2 * base * share + WHOLE) // (2 * WHOLE)


@dataclass(frozen=True, slots=True)
class Rate:
    """What is due from a month on: `amount` at each due date, or shares of `base` for each month. `source`: where it was published."""

    from_month: str
    amount: int | None = None
    base: int | None = None
    member_share: int | None = None
    government_share: int | None = None
    source: str = ""

    @property
    def of_member(self) -> int:
        """The member's share of a month."""
        return share_of(self.base or 0, self.member_share or 0)

    @property
    def of_government(self) -> int:
        """The government's share of a month."""
        return share_of(self.base or 0, self.government_share or 0)


def rate_of(rates: Sequence[Rate], month: str) -> Rate | None:
    """The rate that holds in a month, None before the first one."""
    return max((rate for rate in rates if rate.from_month <= month), key=lambda rate: rate.from_month, default=None)


@dataclass(frozen=True, slots=True)
class SchemeFile:
    """A scheme as its file describes it."""

    code: str
    title: Mapping[str, str]
    schedule: str
    seasons: tuple[int, ...]
    rates: tuple[Rate, ...]


def read(document: object, where: str) -> SchemeFile:
    """A scheme from a YAML document whose scalars are all texts. Raises an ExceptionGroup with every fault, `scheme:invalid`."""
    reader = _Reader(where)
    top = reader.mapping(document, "the file", KEYS)
    code = reader.text(top, "code", CODE, "a short name in small letters, digits and -")
    title = {str(key): str(value) for key, value in reader.mapping(top.get("title"), "title", None).items()}
    schedule = reader.text(top, "schedule", re.compile("|".join(SCHEDULES)), f"one of {', '.join(SCHEDULES)}")
    seasons = tuple(sorted({int(str(one)) for one in reader.items(top.get("seasons", [])) if reader.season(one)}))
    if (schedule == "seasonal") != bool(seasons):
        reader.fault("seasons", "the months (1 to 12) of a seasonal scheme, and of no other")
    rates = tuple(sorted((reader.rate(one) for one in reader.items(top.get("rates"))), key=lambda rate: rate.from_month))
    if not rates or len({rate.from_month for rate in rates}) != len(rates):
        reader.fault("rates", "at least one rate, and one for each month")
    if not title:
        reader.fault("title", "a title in at least one language, as {ne: ..., en: ...}")
    if reader.faults:
        raise ExceptionGroup("the scheme is faulty", reader.faults)
    return SchemeFile(code, title, schedule, seasons, rates)


class _Reader:
    """Collects every fault of a file."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.faults: list[GatewayError] = []

    def fault(self, key: str, wanted: str) -> None:
        self.faults.append(GatewayError("scheme:invalid", where=self.where, key=key, wanted=wanted))

    def mapping(self, value: object, key: str, known: set[str] | None) -> dict[Any, Any]:
        if not isinstance(value, dict) or (known is not None and not value.keys() <= known):
            self.fault(key, f"made of {', '.join(sorted(known))}" if known else "a text for each language")
            return value if isinstance(value, dict) else {}
        return value

    def items(self, value: object) -> list[object]:
        return value if isinstance(value, list) else []

    def text(self, top: Mapping[str, object], key: str, form: re.Pattern[str], wanted: str) -> str:
        value = top.get(key)
        if not isinstance(value, str) or not form.fullmatch(value):
            self.fault(key, wanted)
            return ""
        return value

    def season(self, value: object) -> bool:
        fits = isinstance(value, str) and value.isascii() and value.isdigit() and 1 <= int(value) <= 12
        if not fits:
            self.fault("seasons", "months from 1 to 12")
        return fits

    def money(self, row: Mapping[str, object], key: str) -> int | None:
        if key not in row:
            return None
        paisa = money.parse(str(row[key]))
        if paisa is None:
            self.fault(f"rates.{key}", "an amount in rupees")
        return paisa

    def percent(self, row: Mapping[str, object], key: str) -> int | None:
        if key not in row:
            return None
        share = percent(str(row[key]))
        if share is None:
            self.fault(f"rates.{key}", "a percentage such as 9.37")
        return share

    def rate(self, value: object) -> Rate:
        row = self.mapping(value, "rates", RATE_KEYS)
        rate = Rate(
            from_month=self.text(row, "from", MONTH, "a Bikram Sambat month such as 2083-08"),
            amount=self.money(row, "amount"),
            base=self.money(row, "base"),
            member_share=self.percent(row, "member_share"),
            government_share=self.percent(row, "government_share"),
            source=str(row.get("source", "")),
        )
        if (rate.amount is None) == (rate.base is None) or (rate.base is None) != (rate.member_share is None):
            self.fault("rates", "an amount, or a base with a member_share")
        if not rate.source:
            self.fault("rates.source", "where the rate was published")
        return rate
