"""The organisers' console. Each noun has a file with its pages; `frame` is what all requests go through.

A new noun is a file with `routes`, its name in `NOUNS`, its templates and its Nepali texts in `translations/ne/<noun>.po`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Flask, Response, g, render_template, request, send_from_directory, url_for
from flask_compress import Compress
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException, SecurityError

from gateway.services import sign_in as visits
from gateway.web.console import (
    account,
    audit,
    broadcasts,
    claims,
    contributions,
    faults,
    flows,
    health,
    imports,
    lessons,
    listening,
    lists,
    members,
    menu,
    notices,
    phone,
    prompts,
    sayings,
    schemes,
    services,
    settings,
    showing,
    statistics,
    surveys,
    tasks,
    testimonies,
    today,
    users,
    words,
)
from gateway.web.console import sign_in as door
from gateway.web.console.frame import Door, arrive
from gateway.web.console.routes import FORM
from gateway.web.phone.line import Exchange

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from gateway.services.context import Gateway
    from gateway.web.console.routes import Route

log = structlog.get_logger(__name__)

NOUNS: tuple[ModuleType, ...] = (
    door,
    account,
    users,
    today,
    audit,
    prompts,
    notices,
    listening,
    surveys,
    testimonies,
    lessons,
    services,
    settings,
    schemes,
    flows,
    statistics,
    broadcasts,
    lists,
    sayings,
    members,
    contributions,
    imports,
    tasks,
    claims,
    health,
    phone,
)
STATIC = Path(__file__).resolve().parent.parent / "static"
MOST_FORGOTTEN = 128 * 2**20  # bytes
A_YEAR = timedelta(days=365)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "media-src 'self' blob:; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def all_routes() -> list[Route]:
    """Every page, part and form of the console."""
    return [route for noun in NOUNS for route in noun.routes.all]


def furnish(app: Flask, gateway: Gateway, entry: WSGIApplication) -> None:
    """Give an application all pages of the console, its cookie, its protection against forged forms, its templates and languages.

    `entry` is that of the whole application, which the browser phone rings.
    """
    https = gateway.settings.public_base_url.startswith("https:")
    app.config.update(
        SECRET_KEY=_key(gateway),
        SESSION_COOKIE_NAME="__Host-aawaj" if https else "aawaj",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=visits.LONGEST,
        WTF_CSRF_TIME_LIMIT=None,  # it ends with the visit
        WTF_CSRF_SSL_STRICT=False,  # the token is proof enough, and a proxy in front may leave out where a request comes from
    )
    app.before_request(partial(_take_no_more, {route.endpoint: route.most for route in all_routes() if route.most != FORM}))
    app.extensions[phone.EXCHANGE] = Exchange.of(gateway, entry)
    CSRFProtect(app)
    Compress(app)
    for noun in NOUNS:
        app.register_blueprint(_blueprint(gateway, noun))
    app.add_url_rule("/static/<version>/<path:name>", "static_file", _static)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]  # of the extension
    app.jinja_env.optimized = False  # else `"meeting"|said("notice")` stays in the language in which its page was asked for first
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        {**showing.FILTERS, **faults.FILTERS, "phrase": showing.of_phrase(gateway), "ago": showing.of_ago(gateway)}
    )
    app.jinja_env.globals.update(file=_address_of, languages=words.LANGUAGES)
    app.context_processor(partial(_around, gateway))
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, partial(_fault, gateway))
    app.after_request(_guard)


def _blueprint(gateway: Gateway, noun: ModuleType) -> Blueprint:
    pages = Blueprint(noun.routes.noun, noun.__name__)
    for route in noun.routes.all:
        pages.add_url_rule(route.path, route.name, _view(Door(gateway, route)), methods=[route.method])
    return pages


def _view(door: Door) -> Callable[..., Response]:
    """The door as Flask's libraries want a view: with a name."""

    def view(**parts: str) -> Response:
        return door(**parts)

    view.__name__ = door.route.name
    return view


def _key(gateway: Gateway) -> bytes:
    """The key of the cookie: from the installation's, so that all its processes have the same."""
    return hmac.digest(gateway.settings.secret_key.encode(), b"console cookie", "sha256")


def _static(version: str, name: str) -> Response:  # noqa: ARG001  # the version is in the address so that a new one is fetched
    """A file that a browser may keep for ever: a changed one has another address."""
    response = send_from_directory(STATIC, name, max_age=int(A_YEAR.total_seconds()))
    response.cache_control.immutable = True
    return response


@cache
def _version(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def _address_of(name: str) -> str:
    """The address of a file below `static`."""
    return url_for("static_file", version=_version(name), name=name)


def _around(gateway: Gateway) -> dict[str, object]:
    """What every page has around it."""
    visit = g.get("visit") or arrive(gateway)
    noun = g.route.noun if "route" in g else ""
    return {
        "visit": visit,
        "actor": visit.known,
        "organisation": gateway.settings.organisation,
        "lang": visit.language,
        "entries": menu.seen_by(visit.known, has_phone=gateway.settings.has_phone) if visit.known else [],
        "here": menu.UNDER.get(noun, noun),
        "problem": g.get("problem"),
        "is_part": bool(request.headers.get("HX-Request")) and not request.headers.get("HX-Boosted"),
        "simulated": gateway.settings.uses_simulator,
    }


def _take_no_more(most: Mapping[str, int]) -> None:
    """Before anybody reads the form: how large it may be."""
    if request.endpoint is not None and request.endpoint in most:
        request.max_content_length = most[request.endpoint]


def _forged(_error: CSRFError) -> tuple[str, int]:
    return render_template("console/stale.html"), 400


def _fault(gateway: Gateway, error: HTTPException) -> tuple[str, int] | HTTPException:
    """Werkzeug's own refusals as a page; a fault of ours with a reference that stands in the log as well."""
    if error.code is None or error.code < 400 or isinstance(error, SecurityError):
        return error  # of another host's name no page of ours can be made
    reference = ""
    if error.code == 413:
        _let_it_finish()
    if error.code >= 500:
        reference = gateway.new_id()
        log.error("page failed", reference=reference, endpoint=request.endpoint, exc_info=getattr(error, "original_exception", None))
    return render_template("console/fault.html", error=None, code=error.code, reference=reference), error.code


def _let_it_finish() -> None:
    """Read what is too large and forget it: a browser that is cut off while it sends shows a fault of its own instead of our answer."""
    left = min(request.content_length or 0, MOST_FORGOTTEN)
    while left > 0 and (part := request.environ["wsgi.input"].read(min(left, 2**16))):
        left -= len(part)


def _guard(response: Response) -> Response:
    """What a page tells is for whoever asked, and stays nowhere on the way."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if not re.match(r"/static/", request.path):
        response.headers["Cache-Control"] = "no-store"
    return response
