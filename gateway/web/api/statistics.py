"""Numbers that an organisation may tell: what concerns fewer than five people is withheld."""

from __future__ import annotations

from typing import Annotated

from gateway.core.roles import Permission
from gateway.services import statistics
from gateway.services.statistics import Filters
from gateway.web.api.members import Place, Trade
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import File, Given, Month, Query, one_of

routes = Routes("statistics")

Language = Annotated[str, one_of(statistics.LANGUAGES)]


class Named(Given):
    name: str
    title: str


class Tables(Given):
    items: list[Named]


class Table(Given):
    name: str
    title: str
    header: tuple[str, ...]
    formats: tuple[str, ...]
    rows: tuple[tuple[str | int | float | None, ...], ...]
    note: str


class In(Query):
    language: Language = "en"


class Of(In):
    place: Place | None = None
    trade: Trade | None = None
    since: Month | None = None
    until: Month | None = None

    def filters(self) -> Filters:
        return Filters(self.place, self.trade, self.since, self.until)


@routes.get("/statistics", Permission.SEE_STATISTICS)
def list_(call: Call, query: In) -> Tables:
    """List the tables that there are."""
    names = [name for name in statistics.TABLES if statistics.may_see(call.actor, name)]
    return Tables(items=[Named(name=name, title=statistics.title(name, query.language)) for name in names])


@routes.get("/statistics/{table}", Permission.SEE_STATISTICS)
def get(call: Call, table: str, query: Of) -> Table:
    """Count one table. A cell that is null is withheld, since it would tell of a few people."""
    return Table.model_validate(_counted(call, table, query))


@routes.get("/statistics/{table}/csv", Permission.SEE_STATISTICS)
def as_csv(call: Call, table: str, query: Of) -> File:
    """Count one table for a spreadsheet."""
    return File("text/csv; charset=utf-8", [statistics.as_csv(_counted(call, table, query))], f"{table}.csv")


@routes.get("/statistics/{table}/svg", Permission.SEE_STATISTICS)
def as_svg(call: Call, table: str, query: Of) -> File:
    """Count one table and draw it."""
    return File("image/svg+xml; charset=utf-8", [statistics.as_svg(_counted(call, table, query))])


def _counted(call: Call, table: str, query: Of) -> statistics.Table:
    return statistics.table(call.gateway, call.actor, table, query.filters(), language=query.language)
