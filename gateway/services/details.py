"""What an organiser may say of a member, each thing read by its own rule. Caste, religion and diagnosis have no field, here or anywhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

from gateway.core import consent, people, places
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.services.context import Gateway

OLDEST = 1900
YOUNGEST = 10  # years
DEAREST = 100_000_00  # paisa of one instalment


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET  # says nothing of a field, where None says that it has no value


@dataclass(frozen=True, slots=True)
class Details:
    """What may be set of a member; a change names only what changes. `usual_instalment` is paisa, `best_hour` an hour in Nepal.

    `collector_id` is the user whose group she belongs to. `shares_phone` is no field of hers: it says that somebody knows that another
    member has one of these phones as well.
    """

    name: str | Unset = UNSET
    village: str | Unset | None = UNSET
    language: str | Unset = UNSET
    script: str | Unset | None = UNSET
    private: bool | Unset = UNSET
    usual_instalment: int | Unset | None = UNSET
    trade: str | Unset | None = UNSET
    place: str | Unset | None = UNSET
    sex: str | Unset | None = UNSET
    birth_year: int | Unset | None = UNSET
    household_role: str | Unset | None = UNSET
    preferred_medium: str | Unset = UNSET
    best_hour: int | Unset | None = UNSET
    collector_id: str | Unset | None = UNSET
    reminders: bool | Unset = UNSET
    consent_how: str | Unset = UNSET
    consent_wording: str | Unset = UNSET
    consented_at: datetime | Unset = UNSET
    shares_phone: bool = False


class Wrong(Exception):  # noqa: N818 - what is said of a value
    """The value of a field cannot be. Its words say what is wanted, and repeat nothing of the value, which may be a name."""


def checked(gateway: Gateway, details: Details) -> dict[str, object]:
    """The fields that are set, each as it is kept. GatewayError `member:invalid`, `where` the field."""
    found: dict[str, object] = {}
    for field in fields(details):
        value = getattr(details, field.name)
        if field.name in RULES and value is not UNSET:
            try:
                found[field.name] = RULES[field.name](gateway, value)
            except Wrong as wrong:
                raise GatewayError("member:invalid", where=field.name, field=field.name, wanted=wrong) from None
    return found


Rule = Callable[["Gateway", object], object]


def _one_of(words: Collection[str]) -> Rule:
    def rule(_gateway: Gateway, value: object) -> object:
        if value not in words:
            raise Wrong(f"one of {', '.join(words)}")
        return value

    return rule


def _or_none(rule: Rule) -> Rule:
    return lambda gateway, value: None if value is None else rule(gateway, value)


def _text(_gateway: Gateway, value: object) -> object:
    cleaned = people.clean(value) if isinstance(value, str) else ""
    if not people.is_name(cleaned):
        raise Wrong(f"1 to {people.LONGEST_NAME} characters")
    return cleaned


def _language(gateway: Gateway, value: object) -> object:
    return _one_of(gateway.catalogue.languages)(gateway, value)


def _flag(_gateway: Gateway, value: object) -> object:
    if not isinstance(value, bool):
        raise Wrong("yes or no")
    return value


def _place(_gateway: Gateway, value: object) -> object:
    if not isinstance(value, str) or not places.is_place(value):
        raise Wrong("the code of a province, district, municipality or ward, as 3-27-02; `gateway places` finds it")
    return value


def _whole(least: int, most: int, wanted: str) -> Rule:
    def rule(_gateway: Gateway, value: object) -> object:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Wrong(wanted)
        return value

    return rule


def _birth_year(gateway: Gateway, value: object) -> object:
    youngest = gateway.clock().year - YOUNGEST
    return _whole(OLDEST, youngest, f"a year of the common era from {OLDEST} to {youngest}")(gateway, value)


EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def _past(gateway: Gateway, value: object) -> object:
    if not isinstance(value, datetime) or value.tzinfo is None or not EARLIEST <= value <= gateway.clock():
        raise Wrong("a moment since 1990 that has been")
    return value


HOURS = _whole(consent.OPENS.hour, consent.CLOSES.hour - 1, f"an hour from {consent.OPENS.hour} to {consent.CLOSES.hour - 1}")

RULES: Mapping[str, Rule] = {
    "name": _text,
    "village": _or_none(_text),
    "language": _language,
    "script": _or_none(_one_of(people.SCRIPTS)),
    "private": _flag,
    "usual_instalment": _or_none(_whole(1, DEAREST, f"an amount up to Rs {DEAREST // 100:,}")),
    "trade": _or_none(_one_of(people.TRADES)),
    "place": _or_none(_place),
    "sex": _or_none(_one_of(people.SEXES)),
    "birth_year": _or_none(_birth_year),
    "household_role": _or_none(_one_of(people.HOUSEHOLD_ROLES)),
    "preferred_medium": _one_of(people.MEDIA),
    "best_hour": _or_none(HOURS),
    "collector_id": _or_none(lambda _gateway, value: value),
    "reminders": _flag,
    "consent_how": _one_of(people.CONSENT_HOW),
    "consent_wording": _text,
    "consented_at": _past,
}
