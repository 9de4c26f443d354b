"""The Flask application: webhooks, clips, health, and behind it the API and the console.

It holds no state; any number of processes may serve one installation.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response

from gateway import bootstrap
from gateway.config import LOOPBACK
from gateway.services import callers, sayings, studio
from gateway.web import health, media, webhooks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from gateway.services.context import Gateway

LARGEST_BODY = 64 * 1024  # of a webhook; anything larger is not from a provider


def create_app(gateway: Gateway | None = None) -> Flask:
    """Build the application for this installation, by default the one that the environment describes."""
    if gateway is None:
        gateway = bootstrap.from_environment(os.environ)
        gateway.flows.keep_looking()
    app = _application(gateway)
    for provider in gateway.providers.by_name.values():
        app.register_blueprint(webhooks.blueprint(gateway, provider))
    spoken = (studio.FOLDER, callers.NAMES, sayings.FOLDER)
    for pages in (media.blueprint(gateway.settings.audio_dir, gateway.settings.data_dir, spoken=spoken), health.blueprint(gateway)):
        pages.after_request(_harden)
        app.register_blueprint(pages)
    app.wsgi_app = _host_in_small_letters(_with_rooms(gateway, app))  # type: ignore[method-assign, assignment]  # Flask's own way
    return app


def create_api(gateway: Gateway) -> Flask:
    """Build the application of what lies below `/api/`."""
    from gateway.web import api

    app = _application(gateway)
    app.after_request(_harden)
    app.register_blueprint(api.blueprint(gateway))
    return app


def _application(gateway: Gateway) -> Flask:
    app = Flask(__name__, static_folder=None)
    public_host = urlsplit(gateway.settings.public_base_url).hostname or ""
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_BODY, TRUSTED_HOSTS=[public_host, *sorted(LOOPBACK)])
    return app


def create_console(gateway: Gateway, entry: WSGIApplication | None = None) -> Flask:
    """Build the application of organisers' pages; `entry` is that of the whole application, by default a new one."""
    from gateway.web import console

    app = _application(gateway)
    app.after_request(_harden)
    console.furnish(app, gateway, entry or create_app(gateway).wsgi_app)
    return app


def _with_rooms(gateway: Gateway, app: Flask) -> WSGIApplication:
    """Hand what lies below `/api/` to the API, and what is none of this application's to the console; each is built when first asked for.

    Most web processes answer providers alone: the API's descriptions take a fifth of a process's memory, the console as much.
    """
    answered_here = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    answering, api, console = app.wsgi_app, cache(lambda: create_api(gateway)), cache(lambda: create_console(gateway, answer))

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        room = environ.get("PATH_INFO", "").split("/", 2)[1:2]
        if room and room[0] in answered_here:
            return answering(environ, start_response)
        return (api() if room == ["api"] else console())(environ, start_response)

    return answer


def _host_in_small_letters(application: WSGIApplication) -> WSGIApplication:
    """Names of hosts mean the same in capitals, and Flask compares them letter by letter."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "HTTP_HOST" in environ:
            environ["HTTP_HOST"] = environ["HTTP_HOST"].lower()
        return application(environ, start_response)

    return answer


def _harden(response: Response) -> Response:
    """No page of ours loads anything from elsewhere, is framed, or is guessed to be another type."""
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
