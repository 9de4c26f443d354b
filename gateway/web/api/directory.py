"""The directory of services near members: health posts, legal aid, day care, each with a number to call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from gateway.core import people
from gateway.core.roles import Permission
from gateway.services import directory
from gateway.web.api.broadcasts import Language
from gateway.web.api.imports import Refusal
from gateway.web.api.members import Place
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import Asked, Code, Given, Id, Phone, Query, Text, Upload

routes = Routes("services")


class Service(Given):
    id: str
    kind: str
    place: str
    number: str
    names: Mapping[str, str]
    saying_id: str | None


class Services(Given):
    items: list[Service]


class NewService(Asked):
    kind: Code = Field(description="a phrase of the flows, such as health_post")
    place: Place
    number: Phone
    names: dict[Language, Annotated[Text, StringConstraints(max_length=people.LONGEST_NAME)]] = Field(default={}, max_length=16)
    saying_id: Id | None = Field(default=None, description="its name in words of your own, recorded")


class Tried(Query):
    dry_run: bool = Field(default=False, description="say what would happen and write nothing")


class ServicesTaken(Given):
    added: int
    changed: int
    known: int
    refusals: tuple[Refusal, ...]


@routes.get("/services", Permission.SEE_BROADCASTS)
def list_(call: Call) -> Services:
    """List the directory by kind and place."""
    return Services(items=[Service.model_validate(entry) for entry in directory.list_all(call.gateway, call.actor)])


@routes.post("/services", Permission.PLAN_BROADCASTS, status=201)
def add(call: Call, body: NewService) -> Service:
    """Write an entry down; the same kind, place and number once more changes only how it is called."""
    return Service.model_validate(directory.add(call.gateway, call.actor, directory.NewService(**body.model_dump())))


@routes.post("/services/import", Permission.PLAN_BROADCASTS, once=False)
def take_in(call: Call, query: Tried, upload: Upload) -> ServicesTaken:
    """Take the entries of a CSV or XLSX file. The same file again changes nothing, so no Idempotency-Key is needed."""
    return ServicesTaken.model_validate(directory.take_in(call.gateway, call.actor, Path(upload.path), dry_run=query.dry_run))


@routes.delete("/services/{service_id}", Permission.PLAN_BROADCASTS)
def remove(call: Call, service_id: str) -> None:
    """Take an entry away."""
    directory.remove(call.gateway, call.actor, service_id)
