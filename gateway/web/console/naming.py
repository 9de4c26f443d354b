"""What a page calls those whom records name by ids: users, ways of reporting, programs."""

from __future__ import annotations

from collections.abc import Callable

from gateway.services import staff
from gateway.web.console import words
from gateway.web.console.menu import N_
from gateway.web.console.routes import Visit

WAYS = {
    "voice": N_("by phone"),
    "sms": N_("by text message"),
    "terminal": N_("at the server"),
    "gateway": N_("by itself"),
}


def who_of(visit: Visit) -> Callable[[str | None], str]:
    """How this page calls whoever did something, as records keep it: a user by her name, all others by what they are."""
    names = staff.names(visit.gateway, visit.actor)

    def who(by: str | None) -> str:
        if not by:
            return "–"
        if by in WAYS:
            return words.gettext(WAYS[by])
        if by.startswith("token:"):
            return words.gettext("by a program")
        return names.get(by) or (words.gettext("a former user") if by.startswith("user:") else by)

    return who
