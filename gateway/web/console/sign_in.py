"""`/sign-in`: the door of the console, with its second step, and `/invitation`, where a password is chosen."""

from __future__ import annotations

import ipaddress

import segno
from flask import Response, request, session, url_for
from markupsafe import Markup

from gateway.errors import GatewayError
from gateway.services import second_steps, sign_in
from gateway.services.second_steps import Offer
from gateway.web.console import words
from gateway.web.console.devices import device_of
from gateway.web.console.frame import LANGUAGE, SECRET, arrive, close_visit, open_visit, see_other
from gateway.web.console.routes import Anybody, Done, Page, Routes, Visit

routes = Routes("sign_in")

INVITATION = "invitation"  # where the secret of a link stands in the cookie, until a password is chosen
NETWORK = 64  # bits of an IPv6 address that one customer has


@routes.page("/sign-in", Anybody.AT_THE_DOOR)
def door(visit: Visit) -> Page | Done:
    """Where she says who she is."""
    return Done(onward(visit)) if visit.known else Page("sign_in.html", next=onward(visit))


@routes.form("/sign-in", Anybody.AT_THE_DOOR, back=door)
def enter(visit: Visit) -> Done:
    """Check who she is."""
    form, proxies = visit.form, visit.gateway.settings.proxies
    who = sign_in.Entrance(form.get("name", ""), form.get("password", ""), came_from(proxies), device(), session.get(SECRET, ""))
    open_visit(sign_in.enter(visit.gateway, who))
    return Done(_first_page(visit))


@routes.page("/sign-in/second-step", Anybody.AT_THE_DOOR)
def second_step(visit: Visit) -> Page | Done:
    """The code of her authenticator; where she must have one and has none, how she gets one."""
    if visit.visitor is None or visit.known is not None:
        return Done(onward(visit))
    if visit.visitor.has_second_step:
        return Page("second_step.html", next=onward(visit))
    offer = second_steps.offer(visit.gateway, sign_in.actor_of(visit.visitor), visit.form.get("offer", ""))
    return Page("second_step.html", next=onward(visit), offer=offer, picture=picture(offer))


@routes.form("/sign-in/second-step", Anybody.AT_THE_DOOR, back=second_step)
def prove(visit: Visit) -> Done:
    """Check the code."""
    if visit.visitor is not None and visit.known is None:
        open_visit(sign_in.prove(visit.gateway, visit.visitor, visit.form.get("code", "")))
    return Done(onward(visit))


@routes.form("/sign-in/second-step/new", Anybody.AT_THE_DOOR, back=second_step)
def set_up(visit: Visit) -> Page | Done:
    """Take the second step that she was offered."""
    if visit.visitor is None or visit.known is not None:
        return Done(onward(visit))
    return take_up(visit)


@routes.form("/sign-out", Anybody.AT_THE_DOOR)
def leave(visit: Visit) -> Done:
    """End the visit."""
    if visit.visitor:
        sign_in.sign_out(visit.gateway, visit.visitor.user_id, visit.visitor.id)
    close_visit()
    return Done(url_for("sign_in.door"), words.gettext("You are signed out."))


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


@routes.page("/invitation", Anybody.AT_THE_DOOR)
def invitation(visit: Visit) -> Page | Response:
    """Where somebody with a link chooses her password.

    The secret stands in the address once: it goes into the cookie, so that no history, no log and no other page sees it again. Looking
    uses nothing up: messengers fetch an address before she does.
    """
    if "key" in visit.query:
        session[INVITATION] = visit.query["key"]
        return see_other(url_for("sign_in.invitation"))
    return Page("invitation.html", invited=sign_in.invitation(visit.gateway, session.get(INVITATION, "")))


@routes.form("/invitation", Anybody.AT_THE_DOOR, back=invitation)
def accept(visit: Visit) -> Done:
    """Choose it."""
    open_visit(sign_in.accept(visit.gateway, session.get(INVITATION, ""), twice(visit), device()))
    return Done(_first_page(visit), words.gettext("Your password is chosen. From now on you sign in with it."))


# --- what `/account` uses as well ----------------------------------------------------------------------------------------------------


def take_up(visit: Visit) -> Page:
    """Take the second step that was offered; the page shows her recovery codes, this once."""
    assert visit.visitor is not None  # noqa: S101  # whoever is offered one is known
    offer, code = visit.form.get("offer", ""), visit.form.get("code", "")
    secret, codes = sign_in.set_up_second_step(visit.gateway, visit.visitor, offer, code)
    open_visit(secret)
    return Page("recovery_codes.html", codes=codes, next=onward(visit))


def picture(offer: Offer) -> Markup:
    """The offer as a QR code, for the camera of her telephone."""
    drawn = segno.make(offer.address, error="m").svg_inline(dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
    return Markup(drawn)  # noqa: S704  # made by us


def twice(visit: Visit) -> str:
    """The new password of a form, which she typed twice. GatewayError `password:differ`."""
    password = visit.form.get("password", "")
    if password != visit.form.get("repeated", ""):
        raise GatewayError("password:differ", where="repeated")
    return password


def onward(visit: Visit) -> str:
    """Where she wanted to go: an address of ours, never another's."""
    wanted = visit.form.get("next") or visit.query.get("next") or "/"
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and "\\" not in wanted
    return wanted if ours and wanted.isprintable() else "/"


def device() -> str:
    """Her browser in our own words."""
    return device_of(request.headers.get("User-Agent", ""))


def came_from(proxies: int) -> str:
    """The network address from which a request comes.

    Whoever asks can write what she likes into X-Forwarded-For; only what our own `proxies` put at its end is true. Without a proxy that
    we know of, all who come through one share an address, and its many tries.
    """
    written = [each.strip() for each in ",".join(request.headers.getlist("X-Forwarded-For")).split(",")]
    address = written[-proxies] if 0 < proxies <= len(written) else request.remote_addr or ""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((parsed, NETWORK), strict=False)) if parsed.version == 6 else str(parsed)


def _first_page(visit: Visit) -> str:
    """Where she goes from the door: to her second step, where there is one to do or to be offered, and from there where she wanted."""
    came, next_ = arrive(visit.gateway), onward(visit)
    if came.known is None:
        return url_for("sign_in.second_step", next=next_)
    if came.visitor and came.visitor.role == "admin" and not came.visitor.has_second_step:
        return url_for("account.second_step", next=next_)
    return next_
