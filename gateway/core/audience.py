"""Whom a broadcast is for: what an organiser chooses from, as a value that is kept with the broadcast.

>>> Audience(trades=("sewing",), not_told_for=3).as_json()
{'trades': ['sewing'], 'not_told_for': 3}
>>> Audience.from_json({"trades": ["sewing"]}) == Audience(trades=("sewing",))
True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

RSVP = ("yes", "no", "none", "awaited")  # none: no answer yet; awaited: yes, or told by a broadcast and not no
CONTRIBUTION = ("paid", "open")


@dataclass(frozen=True, slots=True)
class Audience:
    """Every field narrows it down; what is left out does not. Of several values in one field, any will do."""

    trades: tuple[str, ...] = ()  # gateway.core.people.TRADES
    places: tuple[str, ...] = ()  # codes of gateway.core.places, each with all that lies within
    languages: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()  # codes of schemes in which she is enrolled
    claims: tuple[str, ...] = ()  # states of gateway.core.claims: she has a claim in one of them
    contribution: str | None = None  # paid | open: whether she paid for `month` (in one of `schemes`, where these are named)
    month: str | None = None  # Bikram Sambat, 2083-08
    notice_id: str | None = None  # with `rsvp`: what she answered to this notice
    rsvp: str | None = None  # one of RSVP
    lists: tuple[str, ...] = ()  # ids of lists
    imports: tuple[str, ...] = ()  # ids of imports by which she came
    collectors: tuple[str, ...] = ()  # ids of users whose group she belongs to
    not_reached_by: str | None = None  # the id of a broadcast that she did not hear
    but_lists: tuple[str, ...] = ()  # and is on none of these lists
    not_told_for: int | None = None  # days in which no broadcast went to her phone

    def as_json(self) -> dict[str, Any]:
        """As it is kept: only what is chosen."""
        chosen = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in chosen.items() if value not in {None, ()}}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        chosen: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
        return cls(**chosen)
