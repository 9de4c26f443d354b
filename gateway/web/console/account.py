"""`/account`: her own page. Her language, her password, her second step, and where she is signed in."""

from __future__ import annotations

from flask import url_for

from gateway.services import second_steps, sign_in
from gateway.store.visits import Visitor
from gateway.web.console.frame import open_visit
from gateway.web.console.menu import N_
from gateway.web.console.routes import Anybody, Done, Page, Routes, Visit
from gateway.web.console.sign_in import onward, picture, take_up, twice
from gateway.web.console.words import _

routes = Routes("account")

# What each role is called, and what it may do.
ROLE_WORDS = {
    "admin": (N_("Admin"), N_("May do everything: also let others in, erase members, and change rates and settings.")),
    "organiser": (N_("Organiser"), N_("Does the daily work: members, contributions, claims, messages to many.")),
    "collector": (N_("Collector"), N_("Leads a group: sees the members of her own group alone, and notes their contributions.")),
    "reader": (N_("Reader"), N_("Sees numbers and messages, and nobody's name.")),
}


@routes.page("/account", Anybody.SIGNED_IN)
def page(visit: Visit) -> Page:
    """What is hers."""
    me = sign_in.myself(visit.gateway, visit.actor)
    return Page("account.html", me=me, roles=ROLE_WORDS, seen=sign_in.seen(visit.gateway, visit.actor))


@routes.page("/account/again", Anybody.SIGNED_IN)
def again(visit: Visit) -> Page:
    """Her password, before something grave."""
    return Page("again.html", next=onward(visit))


@routes.form("/account/again", Anybody.SIGNED_IN, back=again)
def confirm(visit: Visit) -> Done:
    """Check it."""
    sign_in.confirm(visit.gateway, _visitor(visit), visit.form.get("old", ""))
    return Done(onward(visit))


@routes.page("/account/password", Anybody.SIGNED_IN)
def password(visit: Visit) -> Page:  # noqa: ARG001
    """Another password."""
    return Page("password.html")


@routes.form("/account/password", Anybody.SIGNED_IN, back=password)
def change_password(visit: Visit) -> Done:
    """Take it."""
    open_visit(sign_in.change_password(visit.gateway, _visitor(visit), visit.form.get("old", ""), twice(visit)))
    return Done(url_for("account.page"), _("You have another password now. In all other browsers you are signed out."))


@routes.page("/account/second-step", Anybody.SIGNED_IN, fresh=True)
def second_step(visit: Visit) -> Page:
    """Her second step: how she gets one, or what she can do with the one that she has."""
    state = second_steps.state(visit.gateway, _visitor(visit).user_id)
    if state.key is not None:
        return Page("my_second_step.html", left=state.codes_left, needed=second_steps.is_needed(visit.gateway, visit.actor.role))
    offer = second_steps.offer(visit.gateway, visit.actor, visit.form.get("offer", ""))
    return Page("second_step_offer.html", offer=offer, picture=picture(offer), next=onward(visit))


@routes.form("/account/second-step", Anybody.SIGNED_IN, back=second_step, fresh=True)
def set_up(visit: Visit) -> Page:
    """Take the one that she was offered."""
    return take_up(visit)


@routes.form("/account/second-step/codes", Anybody.SIGNED_IN, back=second_step, fresh=True)
def new_codes(visit: Visit) -> Page:
    """Other recovery codes."""
    return Page("recovery_codes.html", codes=second_steps.new_codes(visit.gateway, visit.actor), next=url_for("account.page"))


@routes.page("/account/second-step/off", Anybody.SIGNED_IN, fresh=True)
def without_second_step(visit: Visit) -> Page:  # noqa: ARG001
    """Ask once more."""
    return Page("second_step_off.html")


@routes.form("/account/second-step/off", Anybody.SIGNED_IN, back=second_step, fresh=True)
def give_up_second_step(visit: Visit) -> Done:
    """Do without one."""
    second_steps.give_up(visit.gateway, visit.actor)
    return Done(url_for("account.page"), _("From now on your password is enough."))


@routes.form("/account/visits/end-others", Anybody.SIGNED_IN, back=page)
def end_others(visit: Visit) -> Done:
    """Sign out in all other browsers."""
    sign_in.sign_out_elsewhere(visit.gateway, _visitor(visit))
    return Done(url_for("account.page"), _("In all other browsers you are signed out."))


@routes.form("/account/visits/<visit_id>/end", Anybody.SIGNED_IN, back=page)
def end(visit: Visit, visit_id: str) -> Done:
    """Sign out in one of them."""
    sign_in.sign_out(visit.gateway, _visitor(visit).user_id, visit_id)
    return Done(url_for("account.page"), _("There you are signed out."))


def _visitor(visit: Visit) -> Visitor:
    assert visit.visitor is not None  # noqa: S101  # the door lets nobody else in
    return visit.visitor
