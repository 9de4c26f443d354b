"""Whether what an organiser chose is there: an audience of a list that is misspelt would be nobody, and nobody would know why."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from gateway.core import claims, places
from gateway.core.audience import CONTRIBUTION, RSVP, Audience
from gateway.core.people import TRADES
from gateway.core.schemes import is_month
from gateway.errors import GatewayError
from gateway.store import schemes, whom

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

MOST_DAYS = 365


def check(gateway: Gateway, db: Connection, actor: Actor, audience: Audience) -> None:
    """GatewayError `audience:unknown` for the first value that is not there, with those near it, else `audience:incomplete`."""
    for what, values, known in (
        ("trade", audience.trades, TRADES),
        ("language", audience.languages, gateway.catalogue.languages),
        ("state of claims", audience.claims, claims.STATES),
        ("contribution state", _one(audience.contribution), CONTRIBUTION),
        ("answer", _one(audience.rsvp), RSVP),
        ("scheme", audience.schemes, [row.code for row in schemes.list_all(db, actor.organisation_id)] if audience.schemes else ()),
    ):
        _look(what, values, known)
    for code in audience.places:
        if not places.is_place(code):
            _refuse("place", code, [place.code for place in places.everywhere()])
    for what, ids in (
        ("list", (*audience.lists, *audience.but_lists)),
        ("import", audience.imports),
        ("collector", audience.collectors),
        ("notice", _one(audience.notice_id)),
        ("broadcast", _one(audience.not_reached_by)),
    ):
        there = whom.there(db, actor.organisation_id, what, ids) if ids else set()
        for missing in (each for each in ids if each not in there):
            _refuse(what, missing, whom.names(db, actor.organisation_id, what))
    for field, wanted in _missing(audience):
        raise GatewayError("audience:incomplete", field=field, wanted=wanted)


def _missing(audience: Audience) -> Iterator[tuple[str, str]]:
    if (audience.notice_id is None) != (audience.rsvp is None):
        yield ("The answer", "a notice") if audience.rsvp else ("The notice", "an answer: yes, no or none")
    if audience.contribution is not None and audience.month is None:
        yield "The contribution", "a month, as 2083-08"
    if audience.month is not None and not is_month(audience.month):
        yield "The month", "a Bikram Sambat month, as 2083-08"
    if audience.not_told_for is not None and not 0 < audience.not_told_for <= MOST_DAYS:
        yield "What nobody was told for", f"1 to {MOST_DAYS} days"


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _look(what: str, values: Collection[str], known: Collection[str]) -> None:
    for value in values:
        if value not in known:
            _refuse(what, value, known)


def _refuse(what: str, value: str, known: Collection[str]) -> None:
    near = difflib.get_close_matches(value, known, 3)
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else f" Known are {', '.join(list(known)[:10]) or 'none'}."
    if what == "place":
        hint += " `gateway places` finds it."
    raise GatewayError("audience:unknown", what=what, value=value, hint=hint)
