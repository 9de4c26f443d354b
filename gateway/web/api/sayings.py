"""Sayings: the organisation's own words, written down and recorded."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from gateway.core.roles import Permission
from gateway.services import sayings
from gateway.web.api.broadcasts import Language
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import MOST_IN_A_PAGE, WAV, Asked, File, Given, Query, Recording, readable

routes = Routes("sayings")

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=sayings.LONGEST_TEXT), AfterValidator(readable)]


class Saying(Given):
    id: str
    number: int = Field(description="its place in the list")
    texts: Mapping[str, str]
    numbers: Mapping[str, str] = Field(description="what is keyed to record it by phone, by language")
    clips: Mapping[str, float] = Field(description="seconds of what is recorded, by language")


class Sayings(Given):
    items: list[Saying]
    next: int | None


class Behind(Query):
    after: int = Field(default=0, ge=0, le=2**31 - 1)
    limit: int = Field(default=50, ge=1, le=MOST_IN_A_PAGE)


class NewSaying(Asked):
    texts: dict[Language, Words] = Field(min_length=1, max_length=16, description="what is said, by language")


@routes.get("/sayings", Permission.SEE_BROADCASTS)
def list_(call: Call, query: Behind) -> Sayings:
    """List the organisation's own words by number."""
    found = sayings.page(call.gateway, call.actor, query.after, query.limit)
    items = [Saying.model_validate(saying) for saying in found]
    return Sayings(items=items, next=items[-1].number if len(items) == query.limit else None)


@routes.post("/sayings", Permission.PLAN_BROADCASTS, status=201)
def create(call: Call, body: NewSaying) -> Saying:
    """Write down words to be recorded, from a file or by phone."""
    return Saying.model_validate(sayings.create(call.gateway, call.actor, body.texts))


@routes.get("/sayings/{saying_id}", Permission.SEE_BROADCASTS)
def get(call: Call, saying_id: str) -> Saying:
    """Look at words and which of them are recorded."""
    return Saying.model_validate(sayings.show(call.gateway, call.actor, saying_id))


@routes.put("/sayings/{saying_id}/clips/{language}", Permission.PLAN_BROADCASTS)
def record(call: Call, saying_id: str, language: str, upload: Recording) -> Saying:
    """Take a recording of these words in a language: a WAV of a minute at most. It is cleaned, and replaces the one before."""
    with tempfile.TemporaryDirectory(prefix="aawaj-") as folder:
        path = Path(folder) / "recording.wav"  # a refusal says this name
        path.symlink_to(upload.path)
        return Saying.model_validate(sayings.record(call.gateway, call.actor, saying_id, language, path))


@routes.get("/sayings/{saying_id}/clips/{language}", Permission.SEE_BROADCASTS)
def listen(call: Call, saying_id: str, language: str) -> File:
    """Give the recording as callers hear it, a WAV of 8 kHz."""
    return File.at(sayings.recorded_file(call.gateway, call.actor, saying_id, language), WAV)


@routes.delete("/sayings/{saying_id}", Permission.PLAN_BROADCASTS)
def remove(call: Call, saying_id: str) -> None:
    """Take words away that nothing says."""
    sayings.remove(call.gateway, call.actor, saying_id)
