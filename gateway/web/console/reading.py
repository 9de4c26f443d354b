"""Reading what people write into forms; a fault of a field is said beside it.

amount = field(visit.form, "amount", rupees)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from gateway.core import money, places
from gateway.core.calendar import NEPAL, day_of, hour_of
from gateway.core.digits import fold_digits
from gateway.errors import GatewayError
from gateway.language.places import near, search
from gateway.language.speech import language_of
from gateway.web.console import showing, words

Value = TypeVar("Value")
SHOWN_DAYS = 70  # to choose from: most meetings are nearer than ten weeks


def field(form: Mapping[str, str], name: str, read: Callable[[str], Value]) -> Value:
    """What `read` makes of a field; its GatewayError names the field."""
    try:
        return read(form.get(name, "").strip())
    except GatewayError as error:
        raise GatewayError(error.code, where=name, **error.values) from None


def rupees(written: str) -> int:
    """Paisa. GatewayError `contribution:amount`."""
    paisa = money.parse(written)
    if paisa is None:
        raise GatewayError("contribution:amount", value=written)
    return paisa


def whole(written: str) -> int:
    """A whole number from 0 on, in any digits. GatewayError `request:invalid`."""
    folded = fold_digits(written)
    if not (folded.isascii() and folded.isdigit() and len(folded) < 10):
        raise GatewayError("request:invalid", fault=words.gettext("Write a number."))
    return int(folded)


def place(written: str) -> str:
    """The code of the place that is called so, or has it as its code: of a district and a town in it, the district, unless the town is
    named with what it is. GatewayErrors `place:no-such-name`, `place:several`."""
    found = search(written)
    if not found:
        raise GatewayError("place:no-such-name", place=written, near=", ".join(near(written)) or "-")
    in_full = [one for one in found if written.casefold() in {one.title("ne"), one.title("en").casefold()}]
    if len(in_full) == 1:
        return in_full[0].code
    if any(not one.code.startswith(found[0].code) for one in found):
        raise GatewayError("place:several", place=written, near=", ".join(map(_where, found[:4])))
    return found[0].code


def _where(found: places.Place) -> str:
    district = places.above(found.code, "district")
    inside = f" ({places.find(district).name(words.language())})" if district and district != found.code else ""
    return f"{found.title(words.language())}{inside}"


def moment(form: Mapping[str, str], day: str, hour: str) -> datetime:
    """A day of the field `day`, or of `other_DAY` where something is written into it, at an hour in Nepal."""
    named = f"other_{day}" if form.get(f"other_{day}", "").strip() else day
    return datetime.combine(field(form, named, day_of), field(form, hour, hour_of), NEPAL)


def same_day(form: Mapping[str, str], hour: str, starts_at: datetime) -> datetime:
    """An hour on the day of another one."""
    at: time = field(form, hour, hour_of)
    return datetime.combine(starts_at.astimezone(NEPAL).date(), at, NEPAL)


def coming_days(today: date) -> list[tuple[str, str]]:
    """The days from today on to choose from, each with its name in both calendars."""
    return [(each.isoformat(), day_name(each)) for each in (today + timedelta(days=ahead) for ahead in range(SHOWN_DAYS))]


def day_name(day: date) -> str:
    """A day with its weekday in both calendars: as text, for a list to choose from."""
    ours, theirs = showing.bikram_sambat(day), showing.common_era(day)
    first, second = (ours, theirs) if words.language() == "ne" else (theirs, ours)
    weekday = language_of(words.language()).weekdays[day.weekday()]
    return " · ".join(filter(None, (f"{first or second}, {weekday}", second if first else "")))
