"""What every request of the console goes through: who is signed in, what she may, and one way to say what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from flask import Response, flash, g, redirect, render_template, request, session, url_for

from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import sign_in
from gateway.web.console import words
from gateway.web.console.routes import Anybody, Done, Page, Visit

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.web.console.routes import Answer, Route

log = structlog.get_logger(__name__)

SECRET = "visit"  # noqa: S105  # where the secret of a visit stands in the cookie
LANGUAGE = "language"
# Which faults mean that there is nothing at an address; all others are about what was asked of it.
STATUS = {"denied": 403, "unknown": 404, "unavailable": 503, "conflict": 409}


@dataclass(frozen=True, slots=True)
class Door:
    """The one way to a page: in Flask it is the page's view."""

    gateway: Gateway
    route: Route

    def __call__(self, **parts: str) -> Response:
        visit = arrive(self.gateway)
        g.visit, g.route = visit, self.route
        if self.route.allowed is not Anybody.AT_THE_DOOR and (turned_away := self._turned_away(visit)):
            return turned_away
        try:
            if isinstance(self.route.allowed, Permission):
                visit.actor.require(self.route.allowed)
            if self.route.fresh and not self._is_fresh(visit):
                return see_other(url_for("account.again", next=self._page(parts)))
            return _rendered(self.route.view(visit, **parts))
        except GatewayError as error:
            return self._said(visit, error, parts)

    def _turned_away(self, visit: Visit) -> Response | None:
        """To the door, if nobody is signed in; to her second step, if that is still to be done."""
        if visit.known is not None:
            return None
        if visit.visitor is not None:
            return see_other(url_for("sign_in.second_step"))
        wanted = request.full_path.rstrip("?") if request.method == "GET" and not self.route.is_part else ""
        return see_other(url_for("sign_in.door", next=wanted or None))

    def _is_fresh(self, visit: Visit) -> bool:
        return visit.visitor is not None and sign_in.is_fresh(self.gateway, visit.visitor, sending=request.method == "POST")

    def _page(self, parts: dict[str, str]) -> str:
        """The page on which she is, or from which a form came."""
        if request.method == "GET":
            return request.full_path.rstrip("?")
        if self.route.back is None:
            return "/"
        return url_for(f"{self.route.noun}.{self.route.back.__name__}", **parts)  # type: ignore[arg-type]  # parts of an address

    def _said(self, visit: Visit, error: GatewayError, parts: dict[str, str]) -> Response:
        """The page with the fault on it: that of the form, where it has one, else a page of its own."""
        status = status_of(error)
        g.problem = error
        if self.route.back is not None and status not in {403, 404}:
            try:
                answer = _rendered(self.route.back(visit, **parts))
            except GatewayError as another:
                error, status = another, status_of(another)
            else:
                if answer.status_code == HTTPStatus.OK:  # else there is no such form any more, and it leads to what came of it
                    answer.status_code = status
                return answer
        return _rendered(Page("fault.html", status, error=error))


def arrive(gateway: Gateway) -> Visit:
    """Who comes, in which language."""
    secret = session.get(SECRET)
    visitor = sign_in.visitor(gateway, secret) if secret else None
    proved = visitor is not None and visitor.proved_at is not None
    language = (visitor.language if visitor else None) or session.get(LANGUAGE) or words.preferred(request, gateway.settings.language)
    g.language = language
    return Visit(gateway, language, visitor, sign_in.actor_of(visitor) if visitor and proved else None)


def open_visit(secret: str) -> None:
    """Hand the browser the secret of a new visit; nothing of what it held before stays, but the language."""
    close_visit()
    session[SECRET] = secret


def close_visit() -> None:
    """Let the browser forget all but the language."""
    language = session.get(LANGUAGE)
    session.clear()
    if language:
        session[LANGUAGE] = language


def see_other(address: str) -> Response:
    """Go on there, with GET; where htmx asked, the whole page goes."""
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": address})
    response = redirect(address, 303)
    assert isinstance(response, Response)  # noqa: S101  # Flask's own
    return response


def status_of(error: GatewayError) -> int:
    """The HTTP status of a fault; what was written into a field is at no address."""
    kind = error.code.partition(":")[2]
    return 422 if kind == "unknown" and error.where else STATUS.get(kind, 422)


def _rendered(answer: Answer) -> Response:
    if isinstance(answer, Done):
        if answer.said:
            flash(answer.said)
        return see_other(answer.address)
    if isinstance(answer, Page):
        return Response(render_template(f"console/{answer.template}", **answer.values), answer.status)
    return answer
