"""Broadcasts: planned, drafted, agreed upon, stopped and continued, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from gateway.core import people
from gateway.core.audience import CONTRIBUTION, RSVP
from gateway.core.audience import Audience as Selection
from gateway.core.claims import STATES
from gateway.core.roles import Permission
from gateway.services import broadcast
from gateway.services.broadcast import planning
from gateway.web.api.imports import Form, table
from gateway.web.api.problems import Problem
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import (
    MOST_IN_A_PAGE,
    Amount,
    Asked,
    Code,
    File,
    Given,
    Id,
    Month,
    Page,
    Phone,
    Query,
    Text,
    next_of,
    one_of,
    readable,
)

routes = Routes("broadcasts")

MOST_CHOSEN = 200  # values of one field of an audience
LONGEST_BODY = 1600  # characters, ten segments in plain letters

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_latn)?$")]
Body = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_BODY), AfterValidator(readable)]
Chosen = Annotated[list[Code], Field(max_length=MOST_CHOSEN)]


class Audience(Asked):
    trades: list[Annotated[str, one_of(people.TRADES)]] = Field(default=[], max_length=MOST_CHOSEN)
    places: Chosen = Field(default=[], description="codes of places, each with all that lies within")
    languages: Chosen = Field(default=[])
    schemes: Chosen = Field(default=[], description="codes of schemes in which she is enrolled")
    claims: list[Annotated[str, one_of(STATES)]] = Field(default=[], max_length=MOST_CHOSEN)
    contribution: Annotated[str, one_of(CONTRIBUTION)] | None = Field(default=None, description="whether she paid for `month`")
    month: Month | None = None
    notice_id: Id | None = None
    rsvp: Annotated[str, one_of(RSVP)] | None = Field(default=None, description="what she answered to the notice")
    lists: Chosen = Field(default=[])
    imports: Chosen = Field(default=[])
    collectors: Chosen = Field(default=[])
    not_reached_by: Id | None = Field(default=None, description="a broadcast that she did not hear")
    but_lists: Chosen = Field(default=[], description="and she is on none of these")
    not_told_for: Annotated[int, Field(ge=1, le=365)] | None = Field(default=None, description="days without a broadcast to her phone")


class Announcement(Asked):
    """To whom something goes, how and when."""

    texts: dict[Language, Body] = Field(default={}, max_length=16, description="by language; `ne_latn` in Latin letters; with slots")
    medium: Annotated[str, one_of(broadcast.MEDIA)] | None = Field(default=None, description="null: by what there is to say")
    audience: Audience = Field(default=Audience(), description="everybody, where nothing is chosen")
    starts_at: AwareDatetime | None = Field(default=None, description="null: as soon as it is approved")
    best_hour: bool = Field(default=False, description="each in her own best hour")
    expires_at: AwareDatetime | None = Field(default=None, description="pointless from then on")
    heads_up: bool = Field(default=False, description="a text some minutes before the call")
    tries: int = Field(default=3, ge=1, le=planning.MOST_TRIES, description="calls to one person at most")
    gap_hours: Annotated[int, Field(ge=0, le=planning.MOST_GAP)] | None = Field(default=None, description="null: the organisation's")
    budget: Amount | None = None
    on_ambiguous: Annotated[str, one_of(("hold", "resend"))] = "hold"
    life_safety_by: Text | None = Field(default=None, description="who answers for sending it at night, because lives depend on it")

    def draft(self) -> broadcast.Draft:
        """As the verbs take it."""
        fields = self.model_dump(exclude={"audience", "medium"})
        chosen = Selection.from_json({name: value for name, value in self.audience.model_dump().items() if value})
        return broadcast.Draft(**{"title": "", **fields}, medium=self.medium or "", audience=chosen)


class NewBroadcast(Announcement):
    title: Text
    phrase: Code | None = Field(default=None, description="what is said by voice, a phrase of the flows; or")
    saying_id: Id | None = Field(default=None, description="words of your own, recorded; or")
    flow: Code | None = Field(default=None, description="a flow in which she can answer")
    purpose: Annotated[str, one_of(("message", "notice", "reminder"))] = "message"
    notice_id: Id | None = None


class Repeated(Asked):
    title: Text | None = Field(default=None, description="null: as the first time")
    starts_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None


class Try(Asked):
    phone: Phone = Field(description="the one in your hand")
    language: Language | None = Field(default=None, description="null: the first that it has")


class Decision(Asked):
    resend: bool = Field(description="send them again at the risk of a second copy; false leaves them as they are")


class Part(Given):
    medium: str
    language: str
    operator: str
    recipients: int
    units: int = Field(description="segments of one text, or begun minutes of one call")
    price: int = Field(description="paisa of all")


class Dear(Given):
    language: str
    segments: int
    plain: int = Field(description="segments in plain letters")
    saves: int = Field(description="paisa")


class Plan(Given):
    medium: str
    parts: tuple[Part, ...]
    recipients: int
    price: int = Field(description="paisa")
    left_out: Mapping[str, int] = Field(description="who gets nothing, by reason")
    later: int = Field(description="who gets it after the gap to another broadcast, at most")
    texts: Mapping[str, str] = Field(description="as they go out")
    dear: tuple[Dear, ...] = Field(description="texts that are Unicode, and what plain letters would save")
    begins: datetime
    ends: datetime
    missed: int = Field(description="who would not get it before it expires")
    persons: int = Field(description="how many must approve it")
    blocks: tuple[Problem, ...] = Field(description="why it cannot be approved")


class Broadcast(Given):
    id: str
    title: str
    state: str
    reason: str | None = Field(description="why it paused itself")
    purpose: str
    medium: str
    texts: Mapping[str, str]
    phrase: str | None
    saying_id: str | None
    flow: str | None
    notice_id: str | None
    again_of: str | None
    audience: dict[str, Any] = Field(description="what is chosen; empty is everybody")
    starts_at: datetime | None
    best_hour: bool
    expires_at: datetime | None
    heads_up: bool
    tries: int
    gap_hours: int | None
    budget: int | None
    on_ambiguous: str
    life_safety_by: str | None
    created_by: str
    created_at: datetime
    approved_at: datetime | None
    finished_at: datetime | None


class Broadcasts(Given):
    items: list[Broadcast]
    next: str | None


class Why(Given):
    code: str
    sentence: str
    number: int


class Heard(Given):
    people: int = Field(description="whom it reached: a text that arrived, an answer, a call that a person listened to for a while")
    calls: int = Field(description="picked up by a person")
    seconds: int = Field(description="listened to in all")
    half: int | None = Field(description="calls listened to for half of what is said or longer")
    whole: int | None


class Unknown(Given):
    asked: int = Field(description="the provider is being asked")
    held: int = Field(description="a person decides, by `resolve`")
    closed: int


class Charge(Given):
    currency: str
    amount: int = Field(description="millionths of the currency, as the provider reports")
    priced: int = Field(description="messages that have a price so far")


class Cost(Given):
    planned: int | None = Field(description="paisa")
    so_far: int = Field(description="paisa of all that went out, by the same prices")
    sent: int = Field(description="messages")
    charged: tuple[Charge, ...]


class Progress(Given):
    broadcast: Broadcast
    agreed: tuple[str, ...]
    missing: int = Field(description="how many more must approve it")
    people: int
    states: Mapping[str, int] = Field(description="people by the state of their latest try")
    heard: Heard
    answered: int
    failed: tuple[Why, ...]
    suppressed: tuple[Why, ...]
    unknown: Unknown
    flagged: int = Field(description="who can have got it twice")
    rounds: Mapping[int, int] = Field(description="people by the number of their tries that went out")
    a_minute: int
    through_at: datetime | None
    cost: Cost
    replies: int
    answers: Mapping[str, int] = Field(description="to its notice: yes, no")


class Decided(Given):
    decided: int


class Answered(Query):
    after: int = Field(default=0, ge=0, le=2**53)
    limit: int = Field(default=50, ge=1, le=MOST_IN_A_PAGE)


class Reply(Given):
    id: int
    at: datetime
    member_id: str | None = Field(description="to whom it had been sent; null where that is nobody's record")
    number: str | None
    name: str | None
    shared: bool = Field(description="others have her phone too, so that any of them may have written")
    words: str = Field(description="empty where they are kept no longer")


class Replies(Given):
    items: list[Reply]
    next: int | None


class Tried(Given):
    id: str = Field(description="the test is a broadcast of its own")


def _shown(found: Any) -> Broadcast:  # noqa: ANN401  # of the store, which is not ours to name
    fields = {name: getattr(found, name) for name in Broadcast.model_fields}
    return Broadcast(**fields | {"audience": found.audience.as_json()})


def seen(call: Call, broadcast_id: str) -> Progress:
    """A broadcast and what came of it until now."""
    found = broadcast.progress(call.gateway, call.actor, broadcast_id)
    fields = {name: getattr(found, name) for name in Progress.model_fields if name != "broadcast"}
    return Progress(**fields, broadcast=_shown(found.broadcast))


@routes.post("/broadcasts/plan", Permission.PLAN_BROADCASTS, once=False)
def plan(call: Call, body: NewBroadcast) -> Plan:
    """Tell who would get it, what it costs and when it is through. Nothing is written."""
    found = broadcast.plan(call.gateway, call.actor, body.draft())
    fields = {name: getattr(found, name) for name in Plan.model_fields}
    dear = tuple(
        Dear(language=each.text.language, segments=each.text.segments, plain=each.text.plain, saves=each.saves) for each in found.dear
    )
    return Plan(**fields | {"dear": dear, "blocks": tuple(map(Problem.of, found.blocks))})


@routes.get("/broadcasts", Permission.SEE_BROADCASTS)
def list_(call: Call, query: Page) -> Broadcasts:
    """List broadcasts, the newest first."""
    found = broadcast.latest(call.gateway, call.actor, query.limit, query.after)
    return Broadcasts(items=[_shown(each) for each in found], next=next_of(found, query.limit))


@routes.post("/broadcasts", Permission.PLAN_BROADCASTS, status=201)
def create(call: Call, body: NewBroadcast) -> Progress:
    """Keep a draft. Nothing is sent until it is approved."""
    return seen(call, broadcast.create(call.gateway, call.actor, body.draft()))


@routes.get("/broadcasts/{broadcast_id}", Permission.SEE_BROADCASTS)
def get(call: Call, broadcast_id: str) -> Progress:
    """Look at a broadcast and what came of it until now."""
    return seen(call, broadcast_id)


@routes.post("/broadcasts/{broadcast_id}/approve", Permission.APPROVE_BROADCASTS)
def approve(call: Call, broadcast_id: str) -> Progress:
    """Agree that it goes out. It begins when as many have agreed as must: `missing` is 0 then."""
    call.gateway.enqueue(broadcast.approve(call.gateway, call.actor, broadcast_id))
    return seen(call, broadcast_id)


@routes.post("/broadcasts/{broadcast_id}/pause", Permission.APPROVE_BROADCASTS)
def pause(call: Call, broadcast_id: str) -> Progress:
    """Send nothing more until it is resumed."""
    broadcast.pause(call.gateway, call.actor, broadcast_id)
    return seen(call, broadcast_id)


@routes.post("/broadcasts/{broadcast_id}/resume", Permission.APPROVE_BROADCASTS)
def resume(call: Call, broadcast_id: str) -> Progress:
    """Go on after a pause."""
    call.gateway.enqueue(broadcast.resume(call.gateway, call.actor, broadcast_id))
    return seen(call, broadcast_id)


@routes.post("/broadcasts/{broadcast_id}/cancel", Permission.APPROVE_BROADCASTS)
def cancel(call: Call, broadcast_id: str) -> Progress:
    """Send nothing more of it, ever."""
    broadcast.cancel(call.gateway, call.actor, broadcast_id)
    return seen(call, broadcast_id)


@routes.post("/broadcasts/{broadcast_id}/resolve", Permission.APPROVE_BROADCASTS)
def resolve(call: Call, broadcast_id: str, body: Decision) -> Decided:
    """Decide about the messages that may or may not have gone out, and of which the provider does not know."""
    number, jobs = broadcast.resolve(call.gateway, call.actor, broadcast_id, resend=body.resend)
    call.gateway.enqueue(jobs)
    return Decided(decided=number)


@routes.post("/broadcasts/{broadcast_id}/again", Permission.PLAN_BROADCASTS, status=201)
def again(call: Call, broadcast_id: str, body: Repeated) -> Progress:
    """Draft the same once more, for those who did not hear it."""
    changes = {name: value for name, value in body.model_dump().items() if value is not None}
    draft = broadcast.again(call.gateway, call.actor, broadcast_id, **changes)
    return seen(call, broadcast.create(call.gateway, call.actor, draft))


@routes.post("/broadcasts/{broadcast_id}/test", Permission.PLAN_BROADCASTS, status=201)
def test(call: Call, broadcast_id: str, body: Try) -> Tried:
    """Send it to one phone, exactly as members will get it."""
    draft = broadcast.Draft.of(broadcast.status(call.gateway, call.actor, broadcast_id).broadcast)
    tried, jobs = broadcast.try_out(call.gateway, call.actor, draft, body.phone, body.language or "")
    call.gateway.enqueue(jobs)
    return Tried(id=tried)


@routes.get("/broadcasts/{broadcast_id}/export", Permission.EXPORT)
def export(call: Call, broadcast_id: str, query: Form) -> File:
    """Give what became of each recipient as a file in which no cell is a formula."""
    return table("broadcast", query, lambda path: broadcast.export(call.gateway, call.actor, broadcast_id, path))


@routes.get("/broadcasts/{broadcast_id}/replies", Permission.SEE_MEMBERS)
def replies(call: Call, broadcast_id: str, query: Answered) -> Replies:
    """List what members texted back, in its order. Needs `see_broadcasts` as well."""
    found = broadcast.replies(call.gateway, call.actor, broadcast_id, query.after, query.limit)
    items = [Reply.model_validate(reply) for reply in found]
    return Replies(items=items, next=items[-1].id if len(items) == query.limit else None)
