"""The menu of the console: what stands in it, in which order, and who sees it.

An entry is seen by whoever may see its first page; the pages of a noun that has no entry belong to the entry `under` which they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gateway.core.roles import Permission
from gateway.services.access import Actor


class Entry(NamedTuple):
    """The first page of a noun. `permission` None: whoever is signed in; `icon` is a symbol of `static/icons.svg`."""

    noun: str
    endpoint: str
    title: str
    icon: str
    permission: Permission | None = None


def N_(text: str) -> str:  # noqa: N802  # gettext's own name for: to be translated later
    """Mark a text for translation where it stands; it is translated where it is shown."""
    return text


ENTRIES: tuple[Entry, ...] = (
    Entry("today", "today.today", N_("Today"), "today"),
    Entry("members", "members.find", N_("Members"), "members", Permission.SEE_MEMBERS),
    Entry("contributions", "contributions.noted", N_("Contributions"), "contributions", Permission.SEE_CONTRIBUTIONS),
    Entry("claims", "claims.page", N_("Claims"), "claims", Permission.SEE_CLAIMS),
    Entry("broadcasts", "broadcasts.page", N_("Broadcasts"), "broadcasts", Permission.SEE_BROADCASTS),
    Entry("notices", "notices.page", N_("Meetings and trainings"), "notices", Permission.SEE_BROADCASTS),
    Entry("listening", "listening.page", N_("Voices and lessons"), "listening", Permission.SEE_BROADCASTS),
    Entry("statistics", "statistics.page", N_("Statistics"), "statistics", Permission.SEE_STATISTICS),
    Entry("prompts", "prompts.page", N_("Prompts"), "prompts", Permission.MANAGE_PROMPTS),
    Entry("flows", "flows.page", N_("Flows"), "flows", Permission.MANAGE_PROMPTS),
    Entry("phone", "phone.page", N_("Phone"), "phone", Permission.SEE_CLAIMS),
    Entry("settings", "settings.page", N_("Settings"), "settings", Permission.SEE_BROADCASTS),
    Entry("audit", "audit.page", N_("Who did what"), "audit", Permission.SEE_AUDIT),
    Entry("health", "health.page", N_("Health"), "health", Permission.SEE_HEALTH),
)
UNDER: Mapping[str, str] = {
    "tasks": "today",
    "imports": "members",
    "schemes": "settings",
    "users": "settings",
    "lists": "broadcasts",
    "sayings": "broadcasts",
    "surveys": "listening",
    "testimonies": "listening",
    "lessons": "listening",
    "services": "listening",
}


def seen_by(actor: Actor, *, has_phone: bool) -> list[Entry]:
    """The entries of her menu."""
    entries = [entry for entry in ENTRIES if entry.permission is None or actor.may(entry.permission)]
    return [entry for entry in entries if has_phone or entry.noun != "phone"]
