"""`/installation`: how the installation is, and what to do where it is not well."""

from __future__ import annotations

from gateway.core.roles import Permission
from gateway.services import health
from gateway.web.console.menu import N_
from gateway.web.console.routes import Page, Routes, Visit

PHONES = frozenset({"smsgate", "httpsms"})  # kinds of providers that are a SIM in a phone
PURPOSES = {
    "reply": N_("Answers"),
    "notice": N_("Reminders, and messages to one person"),
    "broadcast": N_("Messages to many"),
    "call_back": N_("Calls to who rang and hung up"),
}
RINGS = {
    "called": N_("Called back"),
    "morning": N_("Called back in the morning"),
    "repeated": N_("Rang again: one call answers them"),
    "late": N_("We heard of it more than a day later"),
    "withheld": N_("Hid their number"),
    "ours": N_("One of our own numbers"),
    "barred": N_("A number that we may not call"),
    "stopped": N_("Have said STOP"),
    "cap-number": N_("Were called back often enough today"),
    "cap-prefix": N_("Too many numbers that begin alike"),
    "cap-day": N_("Too many for this number today"),
}

routes = Routes("health")


@routes.page("/installation", Permission.SEE_HEALTH)
def page(visit: Visit) -> Page:
    """Everything on one page, what is wrong on top."""
    return Page("health.html", health=health.look(visit.gateway, visit.actor), phones=PHONES, purposes=PURPOSES, became=RINGS)
