"""Lists: members named one by one, to write to them or to leave them out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from gateway.core import people
from gateway.core.roles import Permission
from gateway.services import lists
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import Asked, Given, Numbers, Page, Text, Unknown, next_of

routes = Routes("lists")


class MemberList(Given):
    id: str
    title: str
    members: int
    by: str
    created_at: datetime


class MemberLists(Given):
    items: list[MemberList]


class OnList(Given):
    number: str
    name: str | None


class Listed(MemberList):
    items: list[OnList] = Field(description="those on it, by number")
    next: str | None


class NewList(Asked):
    title: Annotated[Text, StringConstraints(max_length=people.LONGEST_NAME)]
    numbers: Numbers = Field(default=[])


class ListMembers(Asked):
    numbers: Numbers


class ListChanged(Given):
    id: str
    added: int = Field(description="how many were put on it, or struck off it, as was asked")
    unknown: Unknown


@routes.get("/lists", Permission.PLAN_BROADCASTS)
def list_(call: Call) -> MemberLists:
    """List the lists by title, and how many are on each."""
    return MemberLists(items=[MemberList(**row._asdict()) for row in lists.list_all(call.gateway, call.actor)])


@routes.post("/lists", Permission.PLAN_BROADCASTS, status=201)
def create(call: Call, body: NewList) -> ListChanged:
    """Make a list of those who are named, or put them on the list that has this title."""
    return ListChanged.model_validate(lists.create(call.gateway, call.actor, body.title, body.numbers))


@routes.get("/lists/{list_id}", Permission.PLAN_BROADCASTS)
def get(call: Call, list_id: str, query: Page) -> Listed:
    """Look at a list and those on it."""
    found, page = lists.show(call.gateway, call.actor, list_id, query.after, query.limit)
    items = [OnList.model_validate(each) for each in page]
    return Listed(**found._asdict(), items=items, next=next_of(page, query.limit, "number"))


@routes.post("/lists/{list_id}/add", Permission.PLAN_BROADCASTS)
def add(call: Call, list_id: str, body: ListMembers) -> ListChanged:
    """Put more members on a list."""
    return ListChanged.model_validate(lists.add(call.gateway, call.actor, list_id, body.numbers))


@routes.post("/lists/{list_id}/remove", Permission.PLAN_BROADCASTS)
def remove(call: Call, list_id: str, body: ListMembers) -> ListChanged:
    """Strike members off a list."""
    return ListChanged.model_validate(lists.remove(call.gateway, call.actor, list_id, body.numbers))


@routes.delete("/lists/{list_id}", Permission.PLAN_BROADCASTS)
def delete(call: Call, list_id: str) -> None:
    """Take a list away that no broadcast needs."""
    lists.delete(call.gateway, call.actor, list_id)
