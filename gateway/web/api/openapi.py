"""The API described for programs (OpenAPI 3.1) and for people, from the same declarations that requests are checked against.

spectree and its like were looked at and left: they answer faults in shapes of their own, accept a route without a permission, and
load their page from elsewhere, which our Content-Security-Policy forbids. What remains to be done is this file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.core.roles import Permission
from gateway.web.api.problems import CONTENT_TYPE, Problem
from gateway.web.api.shapes import File

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaMode

    from gateway.web.api.routes import Route

Json = dict[str, Any]

REF = "#/components/schemas/{model}"
DESCRIPTION = """Members, contributions, claims and what is said to many, of one organisation.

Send a token with each request: `Authorization: Bearer aawaj_...`. It belongs to one organisation and has a role; what it may not see
is as if it were not there (404). Bodies are JSON; money is in paisa, months are Bikram Sambat (`2083-08`), instants are UTC.

A POST with an effect takes an `Idempotency-Key`: repeated with the same key within a day, it has no second effect and gets the same
answer. Lists come in parts: ask again with `after` set to the `next` of the last answer, until that is null."""
REFUSALS = {
    "400": "It cannot be read, or its Idempotency-Key is missing",
    "401": "No token that holds",
    "403": "The token's role may not do this",
    "404": "It is not there, or not yours",
    "409": "It changed meanwhile, is there already, or is being done at this moment",
    "411": "No Content-Length",
    "413": "Too large",
    "415": "Another kind of body is needed",
    "422": "A field is not as it must be, or this cannot be done as things stand",
    "429": "The token asks too often",
    "500": "A fault of ours",
    "503": "The database does not answer",
}
ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"
KEY_PATTERN = "^[A-Za-z0-9_-]{8,64}$"


def document(routes: Sequence[Route], prefix: str) -> Json:
    """The OpenAPI document of these routes."""
    schemas = _schemas(routes)
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(prefix + route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Aawaj", "version": "1", "description": DESCRIPTION},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {
                status: {"description": says, "content": {CONTENT_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}}}
                for status, says in REFUSALS.items()
            },
        },
    }


def _schemas(routes: Sequence[Route]) -> Json:
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for route in routes:
        if route.body:
            models[route.body, "validation"] = None
        if isinstance(route.gives, type) and issubclass(route.gives, BaseModel):
            models[route.gives, "serialization"] = None
    _, definitions = models_json_schema(list(models), ref_template=REF)
    return dict(sorted(definitions["$defs"].items()))


def _operation(route: Route, schemas: Json) -> Json:
    operation: Json = {
        "operationId": route.name,
        "tags": [route.noun],
        "summary": route.summary,
        "description": _description(route),
        "parameters": _parameters(route),
        "responses": _responses(route, schemas),
    }
    if route.body:
        schema = {"$ref": REF.format(model=route.body.__name__)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if route.upload:
        schema = {"type": "string", "format": "binary"}
        operation["requestBody"] = {"required": True, "content": {route.upload.content_type: {"schema": schema}}}
    return operation


def _description(route: Route) -> str:
    needs = f"Needs `{route.permission}`." if isinstance(route.permission, Permission) else "Any token may ask this."
    key = "Takes an `Idempotency-Key`." if route.once else ""
    return " ".join(filter(None, (route.description, needs, key)))


def _parameters(route: Route) -> list[Json]:
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": ID_PATTERN}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    if route.query:
        schema = _asked(route.query)
        required = schema.get("required", [])
        for name, field in schema["properties"].items():
            parameters.append({"name": name, "in": "query", "required": name in required, "schema": field})
    if route.once:
        schema = {"type": "string", "pattern": KEY_PATTERN}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema})
    return parameters


def _asked(query: type[BaseModel]) -> Json:
    """The schema of a query, in which nothing can be null: what is not asked for is left out."""
    schema = query.model_json_schema(ref_template=REF)
    for name, field in schema["properties"].items():
        kinds = [kind for kind in field.get("anyOf", []) if kind.get("type") != "null"]
        if len(kinds) == 1:
            rest = {key: value for key, value in field.items() if key not in {"anyOf", "default"}}
            schema["properties"][name] = kinds[0] | rest
    return schema


def _responses(route: Route, schemas: Json) -> Json:
    refused = {status: {"$ref": f"#/components/responses/{status}"} for status in REFUSALS}
    done: Json = {"description": "Done"}
    if route.gives is File:
        done["content"] = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    elif route.gives is not None and route.gives.__name__ in schemas:
        done["content"] = {"application/json": {"schema": {"$ref": REF.format(model=route.gives.__name__)}}}
    return {str(route.status): done, **refused}


@dataclass(frozen=True, slots=True)
class Shown:
    """A route as the page for people shows it."""

    method: str
    path: str
    summary: str
    description: str
    query: list[tuple[str, str]]
    body: list[tuple[str, str]]


def sections(routes: Sequence[Route], described: Json) -> list[tuple[str, list[Shown]]]:
    """The routes by noun, for the page."""
    return [(noun, [_shown(route, described) for route in group]) for noun, group in groupby(routes, lambda route: route.noun)]


def _shown(route: Route, described: Json) -> Shown:
    schemas = described["components"]["schemas"]
    query = _asked(route.query) if route.query else {}
    body = schemas[route.body.__name__] if route.body else {}
    return Shown(route.method, route.path, route.summary, _description(route), _fields(query), _fields(body))


def _fields(schema: Json) -> list[tuple[str, str]]:
    required = schema.get("required", [])
    return [(name, _kind(field) + ("" if name in required else ", optional")) for name, field in schema.get("properties", {}).items()]


def _kind(field: Json) -> str:
    """What a field takes, in a few words.

    >>> _kind({"type": "integer", "description": "paisa"}), _kind({"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]})
    ('integer (paisa)', 'a | b or null')
    """
    if "anyOf" in field:
        kind = " or ".join(_kind(each) for each in field["anyOf"])
    elif "enum" in field:
        kind = " | ".join(map(str, field["enum"]))
    elif "items" in field:
        kind = f"list of {_kind(field['items'])}"
    else:
        kind = str(field.get("format") or field.get("type") or field.get("$ref", "").rpartition("/")[2])
    return f"{kind} ({field['description']})" if "description" in field else kind
