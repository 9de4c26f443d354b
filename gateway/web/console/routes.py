"""How a page of the console is declared: its address, who may see it, and a view.

    @routes.page("/members/<member_id>", Permission.SEE_MEMBERS)
    def member(visit: Visit, member_id: str) -> Page:
        return Page("member.html", person=members.get(visit.gateway, visit.actor, member_id))

    @routes.form("/members/<member_id>/leave", Permission.CHANGE_MEMBERS, back=member)
    def leave(visit: Visit, member_id: str) -> Done:
        members.leave(visit.gateway, visit.actor, member_id)
        return Done(to("members.member", member_id=member_id), _("She has left."))

A `page` changes nothing and is asked for with GET; a `part` is a piece of a page that htmx fetches; a `form` is posted, and answers with
`Done`, the address to go on at, so that a reload repeats nothing. A GatewayError in a form shows the page `back` again, with what was
written into the form and the sentence beside the field that it is about. A form with a file says how many bytes it takes: `most=RECORDING`.
There is no way to declare one without saying who may.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, Unpack

from flask import Response, request

from gateway.core.roles import Permission

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.visits import Visitor

View = Callable[..., Any]
FORM = 64 * 1024  # bytes of a form without a file
RECORDING = 32 * 2**20  # bytes of a form with a recording: two minutes of the best studio's sound


class Anybody(Enum):
    """Who may see what no `Permission` guards."""

    SIGNED_IN = "whoever is signed in"
    AT_THE_DOOR = "whoever comes"


Allowed = Permission | Anybody


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at a page. At the door there may be nobody yet: then `visitor` is None and `actor` must not be asked for."""

    gateway: Gateway
    language: str
    visitor: Visitor | None
    known: Actor | None

    @property
    def actor(self) -> Actor:
        """Who is signed in."""
        assert self.known is not None  # noqa: S101  # the door lets nobody else in
        return self.known

    @property
    def query(self) -> MultiDict[str, str]:
        """What stands behind the `?`."""
        return request.args

    @property
    def form(self) -> MultiDict[str, str]:
        """What was posted; nothing where nothing was."""
        return request.form

    @contextmanager
    def file(self, name: str) -> Iterator[Path | None]:
        """The file of a form, on the disk while the `with` lasts, under the field's name; None where none was chosen.

        The form's route says with `most` how large it may be.
        """
        given = request.files.get(name)
        if given is None or not given.filename:
            yield None
            return
        with tempfile.TemporaryDirectory(prefix="aawaj-") as folder:
            path = Path(folder) / name
            given.save(path)
            yield path


class Page:
    """A template of `templates/console` and its values."""

    def __init__(self, template: str, /, status: int = 200, **values: object) -> None:
        self.template, self.status, self.values = template, status, values


class Done(NamedTuple):
    """A form did what it says. `said` is shown once on the page that follows."""

    address: str
    said: str = ""


Answer = Page | Done | Response


@dataclass(frozen=True, slots=True)
class Route:
    """One address of the console. `back` is the page that a form with a fault shows again; `fresh`: whoever comes must have given her
    password lately, else she is asked for it first."""

    method: str
    path: str  # as Flask writes it: /members/<member_id>
    allowed: Allowed
    noun: str
    view: View
    back: View | None = None
    is_part: bool = False
    fresh: bool = False
    most: int = FORM  # bytes that it takes

    @property
    def name(self) -> str:
        """As `to` takes it, behind its noun."""
        return self.view.__name__

    @property
    def endpoint(self) -> str:
        return f"{self.noun}.{self.name}"


class How(TypedDict, total=False):
    """What a form may be besides: see `Route`."""

    back: View
    is_part: bool
    fresh: bool
    most: int


@dataclass(frozen=True, slots=True)
class Routes:
    """The pages of one noun; they belong to its entry in the menu."""

    noun: str
    all: list[Route] = field(default_factory=list)

    def page(self, path: str, allowed: Allowed, *, fresh: bool = False) -> Callable[[View], View]:
        return self._add(lambda view: Route("GET", path, allowed, self.noun, view, fresh=fresh))

    def part(self, path: str, allowed: Allowed) -> Callable[[View], View]:
        return self._add(lambda view: Route("GET", path, allowed, self.noun, view, is_part=True))

    def form(self, path: str, allowed: Allowed, **how: Unpack[How]) -> Callable[[View], View]:
        return self._add(lambda view: Route("POST", path, allowed, self.noun, view, **how))

    def _add(self, route: Callable[[View], Route]) -> Callable[[View], View]:
        def declare(view: View) -> View:
            self.all.append(route(view))
            return view

        return declare
