"""Claims: taken up, moved from state to state, papers ticked off."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from gateway.core import claims as rules
from gateway.core.roles import Permission
from gateway.services import claims
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import Amount, Asked, Code, Given, Id, Note, Page, Version, next_of, one_of

routes = Routes("claims")

Kind = Annotated[str, one_of(rules.KINDS)]
State = Annotated[str, one_of(rules.STATES)]
PaperName = Annotated[str, one_of(rules.ALL_PAPERS)]


class Paper(Given):
    name: str
    received_at: datetime | None


class Claim(Given):
    id: str
    member_id: str
    member: str = Field(description="her membership number")
    number: str
    kind: str
    state: str
    amount: int | None
    reason: str | None
    review_until: datetime | None
    paid_at: datetime | None
    insurer_reference: str | None
    papers: tuple[Paper, ...]
    days_in_state: int
    opened_at: datetime
    changed_at: datetime
    version: int
    note: str | None


class Claims(Given):
    items: list[Claim]
    next: str | None


class Event(Given):
    state: str
    by: str
    at: datetime
    note: str | None
    amount: int | None
    reason: str | None


class Events(Given):
    items: list[Event]


class Wanted(Page):
    state: State | None = None
    kind: Kind | None = None


class NewClaim(Asked):
    member_id: Id
    kind: Kind
    note: Note | None = None
    insurer_reference: Code | None = Field(default=None, max_length=40)
    task_id: Id | None = Field(default=None, description="the call-back from which it came, which is done with it")
    again: bool = Field(default=False, description="it is another one, though one of this kind is open for her")


class NewMove(Asked):
    version: Version
    state: State
    amount: Amount | None = Field(default=None, description="paisa; of `approved` and `paid`")
    reason: Annotated[str, one_of(rules.REASONS)] | None = Field(default=None, description="of `refused`")
    review_until: AwareDatetime | None = Field(default=None, description="of `review`")
    paid_on: date | None = Field(default=None, description="of `paid`; today, where it is not named")
    papers: list[PaperName] = Field(default=[], max_length=rules.MOST_PAPERS, description="of `paper_missing`")
    note: Note | None = None


class Tick(Asked):
    paper: PaperName
    came: bool = Field(default=True, description="false takes the tick back")


@routes.get("/claims", Permission.SEE_CLAIMS)
def list_(call: Call, query: Wanted) -> Claims:
    """List claims, of one state and kind where they are named."""
    found = claims.page(call.gateway, call.actor, query.after, query.limit, state=query.state, kind=query.kind)
    return Claims(items=[Claim.model_validate(claim) for claim in found], next=next_of(found, query.limit))


@routes.post("/claims", Permission.MOVE_CLAIMS, status=201)
def open_(call: Call, body: NewClaim) -> Claim:
    """Take up a member's claim."""
    opening = claims.Opening(body.kind, body.note, body.insurer_reference, body.task_id, body.again)
    return Claim.model_validate(claims.take_up(call.gateway, call.actor, body.member_id, opening))


@routes.get("/claims/{claim_id}", Permission.SEE_CLAIMS)
def get(call: Call, claim_id: str) -> Claim:
    """Look at a claim."""
    return Claim.model_validate(claims.get(call.gateway, call.actor, claim_id))


@routes.get("/claims/{claim_id}/events", Permission.SEE_CLAIMS)
def events(call: Call, claim_id: str) -> Events:
    """List the moves of a claim: to which state, by whom, when."""
    return Events(items=[Event.model_validate(event) for event in claims.events(call.gateway, call.actor, claim_id)])


@routes.post("/claims/{claim_id}/move", Permission.MOVE_CLAIMS)
def move(call: Call, claim_id: str, body: NewMove) -> Claim:
    """Move a claim to its next state, for who still has this version. The member hears of it on her next call."""
    fields = body.model_dump(exclude={"version", "papers"})
    wanted = claims.Move(**fields, papers=tuple(body.papers))
    return Claim.model_validate(claims.move(call.gateway, call.actor, claim_id, body.version, wanted))


@routes.post("/claims/{claim_id}/papers", Permission.MOVE_CLAIMS)
def tick(call: Call, claim_id: str, body: Tick) -> Claim:
    """Tick a paper off that came; with the last one the claim goes on to the review by itself."""
    verb = claims.tick if body.came else claims.untick
    return Claim.model_validate(verb(call.gateway, call.actor, claim_id, body.paper))


@routes.get("/members/{member_id}/claims", Permission.SEE_CLAIMS)
def of_member(call: Call, member_id: str) -> Claims:
    """List a member's claims, the latest first."""
    found = claims.of_member(call.gateway, call.actor, member_id)
    return Claims(items=[Claim.model_validate(claim) for claim in found], next=None)
