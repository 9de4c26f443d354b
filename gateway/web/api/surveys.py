"""Surveys: flows whose answers are kept. What concerns fewer than five people is withheld."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from gateway.core.roles import Permission
from gateway.services import exports, surveys
from gateway.web.api.imports import Form, table
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import File, Given, Id, Query

routes = Routes("surveys")


class Survey(Given):
    flow: str
    title: Mapping[str, str]
    listeners: int = Field(description="how many answered")
    last_at: datetime | None


class Surveys(Given):
    items: list[Survey]


class Question(Given):
    step: str
    answered: int | None = Field(description="null is withheld")
    answers: Mapping[str, int | None] = Field(description="how often each was given; empty for her own words")


class Questions(Given):
    items: list[Question]


class To(Query):
    broadcast_id: Id | None = Field(default=None, description="only what was answered to this broadcast")


class ToIn(To, Form):
    """The same, as a file."""


@routes.get("/surveys", Permission.SEE_BROADCASTS)
def list_(call: Call) -> Surveys:
    """List the surveys and how many answered them."""
    return Surveys(items=[Survey.model_validate(survey) for survey in surveys.list_all(call.gateway, call.actor)])


@routes.get("/surveys/{survey}", Permission.SEE_BROADCASTS)
def get(call: Call, survey: str, query: To) -> Questions:
    """Count the answers, step by step."""
    found = surveys.show(call.gateway, call.actor, survey, query.broadcast_id)
    return Questions(items=[Question.model_validate(question) for question in found])


@routes.get("/surveys/{survey}/export", Permission.EXPORT)
def export(call: Call, survey: str, query: ToIn) -> File:
    """Give a row for each who answered and a column for each step, as a file in which no cell is a formula."""
    rows = surveys.sheet(call.gateway, call.actor, survey, query.broadcast_id)
    return table(survey, query, lambda path: exports.write_rows(call.gateway, call.actor, f"survey:{survey}", path, rows))
