"""Money is an integer of paisa. Here it is written with lakh grouping, and read as members type it.

>>> rupees(12345600), rupees(5050)
('1,23,456', '50.50')
>>> parse("१,००,०००"), parse("५०.५"), parse("1e3")
(10000000, 5050, None)
"""

from __future__ import annotations

import re

from gateway.core.digits import fold_digits

PAISA_PER_RUPEE = 100
PLAUSIBLE = (10_00, 1_00_000_00)  # paisa of one contribution; flows/contribution.yaml asks for the same
LARGEST = 100_00_00_000 * PAISA_PER_RUPEE  # 100 crore rupees: more is a slip of the finger, and cannot be spoken

AMOUNT = re.compile(
    r"(?:(?:rs|nrs|npr|रु|रू)\.?\s*)?"
    r"(?P<rupees>[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})*,[0-9]{3})"
    r"(?:\.(?P<paisa>[0-9]{1,2}))?"
    r"\s*(?:/-|/=|rs\.?|rupees?|rupaiyaa?|rupaya|रु\.?|रू\.?|रुपैयाँ|रुपैया|रुपिया)?",
    re.IGNORECASE,
)


def parse(text: str) -> int | None:
    """Paisa from an amount of rupees typed in any script, grouped by lakhs or thousands or not at all, with or without `Rs`.

    None for all else, and for nothing (0) and more than 100 crore rupees.
    """
    written = AMOUNT.fullmatch(fold_digits(text).strip())
    if written is None:
        return None
    digits = written["rupees"].replace(",", "")
    if len(digits) > len(str(LARGEST)):
        return None
    paisa = int(digits) * PAISA_PER_RUPEE + int((written["paisa"] or "0").ljust(2, "0"))
    return paisa if 0 < paisa <= LARGEST else None


def rupees(paisa: int) -> str:
    """The amount in rupees with lakh grouping; paisa are written only where there are any."""
    whole, rest = divmod(abs(paisa), PAISA_PER_RUPEE)
    sign = "-" if paisa < 0 else ""
    return f"{sign}{group(whole)}" + (f".{rest:02}" if rest else "")


def group(number: int) -> str:
    """A whole number with lakh grouping: the last three digits, then pairs.

    >>> group(123456789)
    '12,34,56,789'
    """
    head, tail = divmod(number, 1000)
    if not head:
        return str(tail)
    pairs = re.sub(r"(?<=[0-9])(?=(?:[0-9]{2})+\Z)", ",", str(head))
    return f"{pairs},{tail:03}"
