"""`/sign-in`: the door of the console."""

from __future__ import annotations

from flask import session

from gateway.errors import GatewayError
from gateway.services import sign_in
from gateway.web.console import words
from gateway.web.console.frame import LANGUAGE, open_visit
from gateway.web.console.routes import Anybody, Done, Page, Routes, Visit

routes = Routes("sign_in")


@routes.page("/sign-in", Anybody.AT_THE_DOOR)
def door(visit: Visit) -> Page | Done:
    """Where she says who she is."""
    return Done(onward(visit)) if visit.known else Page("sign_in.html", next=visit.query.get("next", ""))


@routes.form("/sign-in", Anybody.AT_THE_DOOR, back=door)
def enter(visit: Visit) -> Done:
    """Check who she is."""
    open_visit(sign_in.enter(visit.gateway, visit.form.get("name", ""), visit.form.get("password", "")))
    return Done(onward(visit))


@routes.page("/sign-in/second-step", Anybody.AT_THE_DOOR)
def second_step(visit: Visit) -> Page:  # noqa: ARG001
    """The code of her authenticator."""
    return Page("second_step.html")


@routes.form("/sign-out", Anybody.SIGNED_IN)
def leave(visit: Visit) -> Done:
    """End the visit."""
    if visit.visitor:
        sign_in.sign_out(visit.gateway, visit.visitor.id)
    session.clear()
    return Done("/sign-in", words.gettext("You are signed out."))


@routes.form("/language", Anybody.AT_THE_DOOR)
def language(visit: Visit) -> Done:
    """Speak another language with her from now on."""
    chosen = visit.form.get("language", "")
    if chosen not in words.LANGUAGES:
        raise GatewayError("request:invalid", fault="There is no such language here.", where="language")
    session[LANGUAGE] = chosen
    if visit.known:
        sign_in.set_language(visit.gateway, visit.actor, chosen)
    return Done(onward(visit))


def onward(visit: Visit) -> str:
    """Where she wanted to go: an address of ours, never another's."""
    wanted = visit.form.get("next") or visit.query.get("next") or "/"
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and "\\" not in wanted
    return wanted if ours and wanted.isprintable() else "/"
