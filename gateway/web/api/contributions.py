"""The ledger of contributions: noted, confirmed or questioned, taken back by a reversing entry, never edited."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.core.roles import Permission
from gateway.services import contributions
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import Amount, Asked, Code, Given, Id, Month, Note, Page, next_of, one_of

routes = Routes("contributions")

State = Annotated[str, one_of(("noted", "questioned", "confirmed", "reversed", "reversal"))]


class Entry(Given):
    id: str
    member_id: str
    member: str = Field(description="her membership number")
    amount: int = Field(description="paisa; less than 0 in an entry that reverses another")
    month: str
    payer: str
    scheme: str | None
    state: str
    reference: str
    reverses: str | None
    receipt: str | None
    noted_by: str
    noted_at: datetime
    note: str | None


class Entries(Given):
    items: list[Entry]
    next: str | None


class Wanted(Page):
    state: State | None = None
    month: Month | None = None


class NewEntry(Asked):
    member_id: Id
    amount: Amount
    month: Month | None = Field(default=None, description="Bikram Sambat; this month, where it is not named")
    scheme: Code | None = Field(default=None, max_length=24, description="the one that she pays into, where it is not named")
    receipt: Code | None = Field(default=None, max_length=40)
    note: Note | None = None
    again: bool = Field(default=False, description="the same was noted within a day, and was paid twice indeed")


class Word(Asked):
    note: Note | None = None


class DueDate(Given):
    month: str
    amount: int


class Standing(Given):
    total: int
    confirmed: int
    noted: int
    months_paid: tuple[str, ...]
    months_open: tuple[str, ...]
    next_due: DueDate | None
    government_awaited: int


@routes.get("/contributions", Permission.SEE_CONTRIBUTIONS)
def list_(call: Call, query: Wanted) -> Entries:
    """List the entries in the order in which they were noted."""
    found = contributions.page(call.gateway, call.actor, query.after, query.limit, query.state, query.month)
    return Entries(items=[Entry.model_validate(row) for row in found], next=next_of(found, query.limit))


@routes.post("/contributions", Permission.NOTE_CONTRIBUTIONS, status=201)
def note(call: Call, body: NewEntry) -> Entry:
    """Note what a member paid."""
    report = contributions.Report(**body.model_dump(exclude={"member_id"}))
    return Entry.model_validate(contributions.note(call.gateway, call.actor, body.member_id, report))


@routes.post("/contributions/match", Permission.CHECK_CONTRIBUTIONS, status=201)
def match(call: Call, body: NewEntry) -> Entry:
    """Enter what the government paid for a member, as its statement says."""
    report = contributions.Report(**body.model_dump(exclude={"member_id"}))
    return Entry.model_validate(contributions.match(call.gateway, call.actor, body.member_id, report))


@routes.get("/contributions/{contribution_id}", Permission.SEE_CONTRIBUTIONS)
def get(call: Call, contribution_id: str) -> Entry:
    """Look at an entry."""
    return Entry.model_validate(contributions.get(call.gateway, call.actor, contribution_id))


@routes.post("/contributions/{contribution_id}/confirm", Permission.CHECK_CONTRIBUTIONS)
def confirm(call: Call, contribution_id: str, body: Word) -> Entry:
    """Make an entry final."""
    return Entry.model_validate(contributions.confirm(call.gateway, call.actor, contribution_id, body.note))


@routes.post("/contributions/{contribution_id}/question", Permission.CHECK_CONTRIBUTIONS)
def question(call: Call, contribution_id: str, body: Word) -> Entry:
    """Doubt an entry: a task to clear it up is opened."""
    return Entry.model_validate(contributions.question(call.gateway, call.actor, contribution_id, body.note))


@routes.post("/contributions/{contribution_id}/reverse", Permission.CHECK_CONTRIBUTIONS, status=201)
def reverse(call: Call, contribution_id: str, body: Word) -> Entry:
    """Take an entry back by one of the negative amount, which is the answer."""
    return Entry.model_validate(contributions.reverse(call.gateway, call.actor, contribution_id, body.note))


@routes.get("/members/{member_id}/contributions", Permission.SEE_CONTRIBUTIONS)
def of_member(call: Call, member_id: str, query: Page) -> Entries:
    """List a member's entries in the order in which they were noted."""
    found = contributions.of_member(call.gateway, call.actor, member_id, query.after, query.limit)
    return Entries(items=[Entry.model_validate(row) for row in found], next=next_of(found, query.limit))


@routes.get("/members/{member_id}/standing", Permission.SEE_CONTRIBUTIONS)
def standing(call: Call, member_id: str) -> Standing:
    """Tell how far a member has come: what she paid, which months are paid and open, what is due next."""
    return Standing.model_validate(contributions.standing(call.gateway, call.actor, member_id))
