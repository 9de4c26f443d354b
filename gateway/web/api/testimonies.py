"""Testimonies: what members said for others to hear, as far as each agreed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from gateway.core.roles import Permission
from gateway.services import testimonies
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import WAV, Asked, File, Given, Page, next_of, readable

routes = Routes("testimonies")

Told = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=testimonies.LONGEST_WORDS), AfterValidator(readable)
]


class Testimony(Given):
    id: str
    state: str = Field(description="waiting, kept or withdrawn")
    consent: str = Field(description="named or unnamed")
    consent_wording: str = Field(description="the prompt she agreed to, and its version")
    language: str
    created_at: datetime
    name: str | None = Field(description="hers, where she agreed to be named")
    words: str | None = Field(description="as somebody wrote them down")
    recording: bool = Field(description="there is something to listen to")


class Testimonies(Given):
    items: list[Testimony]
    next: str | None


class HerWords(Asked):
    words: Told


def _shown(found: testimonies.Testimony) -> Testimony:
    fields = {name: getattr(found, name) for name in Testimony.model_fields if name != "recording"}
    return Testimony(**fields, recording=found.file is not None)


@routes.get("/testimonies", Permission.SEE_TESTIMONIES)
def list_(call: Call, query: Page) -> Testimonies:
    """List testimonies, the oldest first."""
    found = testimonies.page(call.gateway, call.actor, query.after, query.limit)
    return Testimonies(items=[_shown(one) for one in found], next=next_of(found, query.limit))


@routes.get("/testimonies/{testimony_id}/recording", Permission.SEE_TESTIMONIES)
def listen(call: Call, testimony_id: str) -> File:
    """Give what she said, as a WAV."""
    return File.at(testimonies.listen(call.gateway, call.actor, testimony_id), WAV)


@routes.put("/testimonies/{testimony_id}/words", Permission.SEE_TESTIMONIES)
def write_down(call: Call, testimony_id: str, body: HerWords) -> None:
    """Write down what she said."""
    testimonies.write_down(call.gateway, call.actor, testimony_id, body.words)


@routes.post("/testimonies/{testimony_id}/keep", Permission.SEE_TESTIMONIES)
def keep(call: Call, testimony_id: str) -> None:
    """Let it be exported, with or without her name as she agreed."""
    testimonies.keep(call.gateway, call.actor, testimony_id)


@routes.delete("/testimonies/{testimony_id}", Permission.SEE_TESTIMONIES)
def withdraw(call: Call, testimony_id: str) -> None:
    """She wants it back: her voice and her words are deleted. What remains says that she did."""
    testimonies.withdraw(call.gateway, call.actor, testimony_id)
