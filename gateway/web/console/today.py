"""`/`: what needs a person now, each thing done where it stands."""

from __future__ import annotations

from gateway.core.roles import Permission
from gateway.services import broadcast, contributions
from gateway.services import today as days
from gateway.web.console.health import PHONES, PURPOSES
from gateway.web.console.naming import who_of
from gateway.web.console.routes import Anybody, Done, Page, Routes, Visit
from gateway.web.console.words import _

routes = Routes("today")


@routes.page("/", Anybody.SIGNED_IN)
def today(visit: Visit) -> Page:
    """Where an organiser's day begins; whoever has no tasks gets the counts of her group or organisation."""
    summary = None if visit.actor.may(Permission.DO_TASKS) else days.summary(visit.gateway, visit.actor)
    found = days.day(visit.gateway, visit.actor)
    who = who_of(visit) if found.drafts.first else None
    return Page("today.html", day=found, summary=summary, who=who, purposes=PURPOSES, phones=PHONES)


@routes.part("/today/broadcasts/<broadcast_id>", Permission.PLAN_BROADCASTS)
def plan(visit: Visit, broadcast_id: str) -> Page:
    """To how many a draft would go and what it costs: to count it takes a moment, for which the page does not wait."""
    draft = broadcast.status(visit.gateway, visit.actor, broadcast_id).broadcast
    return Page("today_plan.html", plan=broadcast.plan(visit.gateway, visit.actor, broadcast.Draft.of(draft), kept=True))


@routes.form("/today/contributions/<contribution_id>/confirm", Permission.CHECK_CONTRIBUTIONS, back=today)
def confirm(visit: Visit, contribution_id: str) -> Done:
    """One tap: the money came."""
    contributions.confirm(visit.gateway, visit.actor, contribution_id)
    return Done("/", _("Confirmed."))


@routes.form("/today/broadcasts/<broadcast_id>/leave", Permission.APPROVE_BROADCASTS, back=today)
def leave(visit: Visit, broadcast_id: str) -> Done:
    """What may or may not have gone out is not sent again."""
    broadcast.resolve(visit.gateway, visit.actor, broadcast_id, resend=False)
    return Done("/", _("Left as it is: nobody gets it twice."))
