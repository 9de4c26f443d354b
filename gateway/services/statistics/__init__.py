"""Statistics: what an organisation may say of itself in numbers without telling of anybody in it.

`table` counts one of `TABLES`, small counts withheld (`gateway.core.disclosure`); `as_text`, `as_csv` and `as_svg` show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from gateway.core.calendar import NEPAL
from gateway.core.places import find
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Permission
from gateway.services.statistics.build import labels
from gateway.services.statistics.plots import as_svg
from gateway.services.statistics.table import Table, Value
from gateway.services.statistics.tables import TABLES, Question, Sort, last_months, narrowed
from gateway.services.statistics.words import LANGUAGES, pick
from gateway.services.statistics.writing import as_csv, as_text
from gateway.store import statistics as store

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

__all__ = [
    "GROUPS",
    "LANGUAGES",
    "TABLES",
    "Filters",
    "Table",
    "Value",
    "as_csv",
    "as_svg",
    "as_text",
    "count",
    "last_months",
    "look",
    "may_see",
    "of_group",
    "table",
    "title",
]

ADMINS = Permission.SEE_AUDIT  # what only admins may, for the counts over all organisations


@dataclass(frozen=True, slots=True)
class Filters:
    """What is counted: of a place (a code of `gateway.core.places`), a trade, Bikram Sambat months from `since` to `until`, and what was
    paid into a scheme (its code)."""

    place: str | None = None
    trade: str | None = None
    since: str | None = None
    until: str | None = None
    scheme: str | None = None

    def named(self) -> dict[str, str]:
        """Those that are set."""
        return {name: value for name, value in asdict(self).items() if value is not None}


EVERYTHING = Filters()

# The tables as they are looked at together: those whose names begin so, and what each group can be narrowed by.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "members": ("members-",),
    "contributions": ("contributions-",),
    "claims": ("claims-",),
    "reach": ("broadcasts", "notices", "lessons", "calls-", "texts-"),
    "platform": ("platform-",),
}


def title(name: str, language: str) -> str:
    """What a table is called."""
    return pick(_sort(name).title, language)


def may_see(actor: Actor, name: str) -> bool:
    """Whether this table is for her."""
    return actor.may(ADMINS if _sort(name).admins else Permission.SEE_STATISTICS)


def table(gateway: Gateway, actor: Actor, name: str, filters: Filters = EVERYTHING, *, language: str = "en") -> Table:
    """Count one table, and write down that it was looked at.

    GatewayError `statistics:unknown`, `statistics:filter`, `statistics:month`, `place:unknown`, `access:denied`.
    """
    found = count(gateway, actor, [name], filters, language=language)
    with gateway.database.write() as db:
        access.note(gateway, db, actor, "see_statistics", f"statistics:{name}", **filters.named())
    return found[0]


def count(gateway: Gateway, actor: Actor, names: Sequence[str], filters: Filters = EVERYTHING, *, language: str = "en") -> list[Table]:
    """Count several tables for something that is written down as one look, such as the report."""
    actor.require(Permission.SEE_STATISTICS)
    if language not in LANGUAGES:
        raise GatewayError("language:unknown", language=language, known=", ".join(LANGUAGES))
    for name in names:
        _require(actor, name, filters)
    if filters.place is not None:
        find(filters.place)
    now = gateway.clock()
    narrow = store.Narrow(now.astimezone(NEPAL).year, filters.place, filters.trade, scheme=filters.scheme)
    narrow = narrowed(narrow, filters.since, filters.until, now)
    with gateway.database.read() as db, store.patience(db):
        words = labels(gateway, language, store.scheme_titles(db, actor.scope))
        asked = Question(db, actor.scope, narrow, words, now)
        return [TABLES[name].answer(name, title(name, language), asked) for name in names]


def of_group(actor: Actor, group: str) -> list[str]:
    """The tables of a group that are for her; GatewayError `statistics:unknown` for a group that there is not."""
    if group not in GROUPS:
        raise GatewayError("statistics:unknown", name=group)
    return [name for name in TABLES if name.startswith(GROUPS[group]) and may_see(actor, name)]


def filters_of(names: Iterable[str]) -> frozenset[str]:
    """By what some of these tables can be narrowed: place, trade, months, scheme."""
    return frozenset[str]().union(*(_sort(name).filters for name in names))


def narrowing(name: str, filters: Filters) -> Filters:
    """What of these filters a table knows."""
    known = _sort(name).filters
    kept = {key: value for key, value in filters.named().items() if ("months" if key in {"since", "until"} else key) in known}
    return Filters(**kept)


def look(gateway: Gateway, actor: Actor, group: str, filters: Filters = EVERYTHING, *, language: str = "en") -> list[Table]:
    """Count all tables of a group, each narrowed by what it knows, and write that down as one look. GatewayErrors as `table`."""
    names = of_group(actor, group)
    actor.require(Permission.SEE_STATISTICS if names else ADMINS)
    found = [each for name in names for each in count(gateway, actor, [name], narrowing(name, filters), language=language)]
    with gateway.database.write() as db:
        access.note(gateway, db, actor, "see_statistics", f"statistics:{group}", **filters.named())
    return found


def organisation(gateway: Gateway, actor: Actor) -> str:
    """What the organisation is called of which the tables tell."""
    with gateway.database.read() as db:
        return store.organisation_name(db, actor.scope)


def schemes(gateway: Gateway, actor: Actor, language: str) -> list[tuple[str, str]]:
    """The schemes by which payments can be narrowed: code and title."""
    actor.require(Permission.SEE_STATISTICS)
    with gateway.database.read() as db:
        titles = store.scheme_titles(db, actor.scope)
    return sorted((code, title.get(language, code)) for code, title in titles.items())


def _sort(name: str) -> Sort:
    if name not in TABLES:
        raise GatewayError("statistics:unknown", name=name)
    return TABLES[name]


def _require(actor: Actor, name: str, filters: Filters) -> None:
    sort = _sort(name)
    if sort.admins:
        actor.require(ADMINS)
    unknown = {"months" if key in {"since", "until"} else key for key in filters.named()} - sort.filters
    if unknown:
        raise GatewayError("statistics:filter", name=name, filter=", ".join(sorted(unknown)))
