"""`/statistics`: what an organisation may say of itself in numbers, as pictures with their tables, to look at and to print."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from flask import Response
from markupsafe import Markup

from gateway.core import people, places
from gateway.core.roles import Permission
from gateway.services import report as whole_report
from gateway.services import statistics
from gateway.services.statistics import Filters, Table
from gateway.services.statistics.writing import shown
from gateway.web.console import files
from gateway.web.console.menu import N_
from gateway.web.console.routes import Page, Routes, Visit

if TYPE_CHECKING:
    from collections.abc import Mapping

routes = Routes("statistics")

MONTHS_OFFERED = 36
TITLES = {
    "members": N_("Members"),
    "contributions": N_("Contributions"),
    "claims": N_("Claims"),
    "reach": N_("What reached whom"),
    "platform": N_("All organisations"),
}
NAMES = ("place", "trade", "since", "until", "scheme")


@routes.page("/statistics", Permission.SEE_STATISTICS)
def page(visit: Visit) -> Page:
    """The tables of a group, each with its picture."""
    group = visit.query.get("of") or "members"
    filters = _filters(visit)
    tables = statistics.look(visit.gateway, visit.actor, group, filters, language=visit.language)
    return Page(
        "statistics.html",
        group=group,
        groups=[(name, TITLES[name]) for name in statistics.GROUPS if statistics.of_group(visit.actor, name)],
        title=TITLES[group],
        tables=[_shown(table, filters) for table in tables],
        filters=filters,
        named=filters.named(),
        knows=statistics.filters_of(statistics.of_group(visit.actor, group)),
        places=_places(visit, filters.place),
        trades=people.TRADES,
        schemes=statistics.schemes(visit.gateway, visit.actor, visit.language),
        months=[name for name, _, _ in reversed(statistics.last_months(visit.gateway.clock(), MONTHS_OFFERED))],
        of_whom=statistics.organisation(visit.gateway, visit.actor),
        now=visit.gateway.clock(),
    )


@routes.page("/statistics/<name>.csv", Permission.SEE_STATISTICS)
def as_csv(visit: Visit, name: str) -> Response:
    """A table for a spreadsheet."""
    text = "\ufeff" + statistics.as_csv(_counted(visit, name))
    return files.attached(text, "text/csv", f"{name}.csv")


@routes.page("/statistics/<name>.svg", Permission.SEE_STATISTICS)
def as_svg(visit: Visit, name: str) -> Response:
    """The picture of a table alone, for a report of one's own."""
    text = statistics.as_svg(_counted(visit, name))
    return files.attached(text, "image/svg+xml", f"{name}.svg")


@routes.page("/statistics/report", Permission.SEE_STATISTICS)
def report(visit: Visit) -> Response:
    """The page for a meeting with a ministry. It brings its own style sheet, which is the one thing that its policy lets in."""
    html = whole_report.report(visit.gateway, visit.actor, language=visit.language, place=visit.query.get("place") or None)
    style = html.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return Response(html, headers={"Content-Security-Policy": policy})


def _filters(visit: Visit) -> Filters:
    return Filters(**{name: visit.query.get(name) or None for name in NAMES})


def _counted(visit: Visit, name: str) -> Table:
    filters = statistics.narrowing(name, _filters(visit))
    return statistics.table(visit.gateway, visit.actor, name, filters, language=visit.language)


def _shown(table: Table, filters: Filters) -> Mapping[str, object]:
    """A table as the page shows it: its picture, its cells as they are read, and what narrows it."""
    rows = [
        [(shown(value, form, table.language), value is None) for value, form in zip(row, table.formats, strict=True)] for row in table.rows
    ]
    # What as_svg gives is escaped there, and holds no script.
    plot = Markup(statistics.as_svg(table, heading=False))  # noqa: S704
    known = statistics.narrowing(table.name, filters).named()
    return {"table": table, "plot": plot, "rows": rows, "narrowed": known, "not_narrowed": filters.named().keys() - known.keys()}


def _places(visit: Visit, chosen: str | None) -> list[tuple[str, str]]:
    """Provinces and their districts, and what lies in the place that is chosen."""
    found = []
    for province in places.children():
        found.append((province.code, province.title(visit.language)))
        for district in places.children(province.code):
            found.append((district.code, f"– {district.title(visit.language)}"))
            if chosen and (chosen == district.code or chosen.startswith(f"{district.code}-")):
                found += [(inner.code, f"– – {inner.title(visit.language)}") for inner in places.children(district.code)]
    return found
