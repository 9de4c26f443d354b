"""How a route of the API is declared: its address, who may take it, and a view whose annotations say what comes in and goes out.

    @routes.post("/members/search", Permission.SEE_MEMBERS)
    def search(call: Call, body: Search) -> Members:
        "Find members by number, phone or words of the name."

A view's `body` and `query` are pydantic models, `upload` is a file, the other names are parts of the address. The same declaration
is what the request is checked against, what `/openapi.json` says, and what the tests' matrix walks.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, get_type_hints

from pydantic import BaseModel

from gateway.core.roles import Permission

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.web.api.shapes import Upload

View = Callable[..., Any]


class Anybody(Enum):
    """Who may take a route that no `Permission` guards."""

    WITH_A_TOKEN = "any token"  # noqa: S105  # not one


class Call(NamedTuple):
    """Who asks, and of which installation."""

    gateway: Gateway
    actor: Actor


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address. `once`: it has an effect that a repeat must not have, so it takes an Idempotency-Key."""

    method: str
    path: str
    permission: Permission | Anybody
    once: bool
    noun: str
    view: View
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    upload: type[Upload] | None
    gives: Any  # a model, File or None
    status: int

    @property
    def rule(self) -> str:
        """The address as Flask writes it."""
        return self.path.replace("{", "<").replace("}", ">")

    @property
    def name(self) -> str:
        """As the address of a view in Flask, and as `operationId`."""
        return f"{self.noun}_{self.view.__name__}".rstrip("_")

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.view) or "").partition("\n")[0]

    @property
    def description(self) -> str:
        return (inspect.getdoc(self.view) or "").partition("\n")[2].strip()


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes of one noun. There is no way to declare one without saying who may take it."""

    noun: str
    all: list[Route] = field(default_factory=list)

    def get(self, path: str, permission: Permission | Anybody) -> Callable[[View], View]:
        return self._add("GET", path, permission, once=False)

    def post(self, path: str, permission: Permission | Anybody, *, status: int = 200, once: bool = True) -> Callable[[View], View]:
        return self._add("POST", path, permission, once=once, status=status)

    def put(self, path: str, permission: Permission | Anybody) -> Callable[[View], View]:
        return self._add("PUT", path, permission, once=False)

    def patch(self, path: str, permission: Permission | Anybody) -> Callable[[View], View]:
        return self._add("PATCH", path, permission, once=False)

    def delete(self, path: str, permission: Permission | Anybody) -> Callable[[View], View]:
        return self._add("DELETE", path, permission, once=False)

    def _add(self, method: str, path: str, permission: Permission | Anybody, *, once: bool, status: int = 200) -> Callable[[View], View]:
        def declare(view: View) -> View:
            hints = get_type_hints(view)
            gives = None if hints["return"] is type(None) else hints["return"]
            route = Route(
                method,
                path,
                permission,
                once,
                self.noun,
                view,
                body=hints.get("body"),
                query=hints.get("query"),
                upload=hints.get("upload"),
                gives=gives,
                status=204 if gives is None else status,
            )
            self.all.append(route)
            return view

        return declare
