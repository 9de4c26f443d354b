"""`/api/v1`: the verbs of organisers for their programs. Each noun has a file; `frame` is what all requests go through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import HTTPException

from gateway.web.api import (
    audit,
    broadcasts,
    claims,
    contributions,
    directory,
    imports,
    lessons,
    lists,
    me,
    members,
    notices,
    openapi,
    organisation,
    pins,
    places,
    sayings,
    schemes,
    sending,
    statistics,
    surveys,
    tasks,
    testimonies,
    tokens,
    users,
)
from gateway.web.api.frame import Door
from gateway.web.api.problems import of_http, refusal

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.web.api.routes import Route

NAME = "api"
PREFIX = "/api/v1"
NOUNS = (
    me,
    organisation,
    members,
    pins,
    contributions,
    schemes,
    claims,
    broadcasts,
    sending,
    lists,
    notices,
    sayings,
    directory,
    surveys,
    testimonies,
    lessons,
    tasks,
    imports,
    statistics,
    places,
    users,
    tokens,
    audit,
)
PUBLIC = ("/openapi.json", "/docs")  # what these tell is the same everywhere


def all_routes() -> list[Route]:
    """Every route that needs a token."""
    return [route for noun in NOUNS for route in noun.routes.all]


def blueprint(gateway: Gateway) -> Blueprint:
    """All routes below `/api/v1`."""
    routes = Blueprint(NAME, __name__, url_prefix=PREFIX)
    declared = all_routes()
    for route in declared:
        routes.add_url_rule(route.rule, route.name, Door(gateway, route), methods=[route.method])
    document = openapi.document(declared, PREFIX)
    text = json.dumps(document, ensure_ascii=False)

    @routes.get("/openapi.json")
    def description() -> Response:
        return Response(text, content_type="application/json")

    @routes.get("/docs")
    def docs() -> str:
        return render_template("api.html", document=document, sections=openapi.sections(declared, document))

    routes.after_request(_private)
    routes.app_errorhandler(HTTPException)(_refuse)
    return routes


def _private(response: Response) -> Response:
    """What the API says is for whoever asked, and stays nowhere on the way."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _refuse(error: HTTPException) -> Response | HTTPException:
    """Below `/api` Flask's own refusals have the API's shape; elsewhere they stay as they are."""
    if not request.path.startswith("/api/") or (error.code or 500) < 400:
        return error
    response = refusal(of_http(error, request.method))
    valid = getattr(error, "valid_methods", None)
    if valid:
        response.headers["Allow"] = ", ".join(sorted(valid))
    return response
