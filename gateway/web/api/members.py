"""Members: found, looked at, registered, changed, let go. Who somebody is stands in bodies only, never in an address."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, ConfigDict, Field

from gateway.core import people
from gateway.core.roles import Permission
from gateway.services import dossier, erasure, identity, members
from gateway.services.members import Details
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import Amount, Asked, Given, Id, Page, Phone, Text, Version, next_of, one_of, unsaid

routes = Routes("members")

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$", examples=["ne"])]
Place = Annotated[str, Field(pattern=r"^[1-7](-[0-9]{2}){0,3}$", description="a code of /places", examples=["3-27-06-05"])]
Pin = Annotated[str, Field(pattern=r"^[0-9]{4}$")]
State = Annotated[str, one_of(people.STATES)]
Trade = Annotated[str, one_of(people.TRADES)]
Sex = Annotated[str, one_of(people.SEXES)]


class Member(Given):
    id: str
    number: str
    name: str | None
    village: str | None
    language: str
    script: str | None
    state: str
    private: bool
    has_pin: bool
    has_voice: bool = Field(description="her recorded name can be played")
    usual_instalment: int | None
    trade: str | None
    place: str | None
    sex: str | None
    birth_year: int | None
    household_role: str | None
    preferred_medium: str
    best_hour: int | None
    collector_id: str | None
    user_id: str | None
    phones: tuple[str, ...]
    consented_at: datetime | None
    consent_how: str | None
    consent_wording: str | None
    reminders: bool
    welcomed_at: datetime | None
    version: int
    created_at: datetime


class Members(Given):
    items: list[Member]
    next: str | None


class Filters(Page):
    state: State | None = None
    trade: Trade | None = None
    language: Language | None = None
    sex: Sex | None = None
    place: Place | None = None
    collector_id: Id | None = None


class Search(Asked):
    words: Text = Field(description="a membership number, a phone in any form, or words of the name in any script")


class Said(Asked):
    """What is said of a member; what is not named stays as it is."""

    name: Text = unsaid()
    village: Text | None = None
    language: Language = unsaid()
    script: Annotated[str, one_of(people.SCRIPTS)] | None = None
    private: bool = unsaid()
    usual_instalment: Amount | None = None
    trade: Trade | None = None
    place: Place | None = None
    sex: Sex | None = None
    birth_year: int | None = Field(default=None, ge=1900, le=2100)
    household_role: Annotated[str, one_of(people.HOUSEHOLD_ROLES)] | None = None
    preferred_medium: Annotated[str, one_of(people.MEDIA)] = unsaid()
    best_hour: int | None = Field(default=None, ge=0, le=23, description="in Nepal")
    collector_id: Id | None = None
    reminders: bool = unsaid()
    consent_how: Annotated[str, one_of(people.CONSENT_HOW)] = unsaid()
    consent_wording: Text = unsaid()
    consented_at: AwareDatetime = unsaid()
    shares_phone: bool = Field(default=False, description="it is known that another member has one of these phones as well")

    def details(self) -> Details:
        """What was named, and nothing else."""
        named: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set if name in Details.__dataclass_fields__}
        return Details(**named)


class NewMember(Said):
    name: Text
    consent_how: Annotated[str, one_of(people.CONSENT_HOW)]
    consent_wording: Text = Field(description="what she agreed to: the prompt and its version, or the name of the paper")
    phones: list[Phone] = Field(max_length=5)
    pin: Pin | None = None


class Change(Said):
    version: Version


class NewPhone(Asked):
    phone: Phone
    shared: bool = Field(default=False, description="it is known that another member has it as well")


class OldPhone(Asked):
    phone: Phone


class Dossier(Given):
    """Each row that is held on her, by table, opened; and the files of her voice."""

    model_config = ConfigDict(extra="allow")

    written_at: str
    files: list[str]


@routes.get("/members", Permission.SEE_MEMBERS)
def list_(call: Call, query: Filters) -> Members:
    """List members by number."""
    filters = query.model_dump(exclude_none=True, exclude={"after", "limit"})
    found = members.page(call.gateway, call.actor, query.after, query.limit, **filters)
    return Members(items=[Member.model_validate(person) for person in found], next=next_of(found, query.limit, "number"))


@routes.post("/members/search", Permission.SEE_MEMBERS, once=False)
def search(call: Call, body: Search) -> Members:
    """Find members by number, phone or name."""
    found = members.find(call.gateway, call.actor, body.words)
    return Members(items=[Member.model_validate(person) for person in found], next=None)


@routes.post("/members", Permission.REGISTER_MEMBERS, status=201)
def register(call: Call, body: NewMember) -> Member:
    """Register a member who agreed to it. She is told her number."""
    return Member.model_validate(members.register(call.gateway, call.actor, body.details(), body.phones, body.pin))


@routes.get("/members/{member_id}", Permission.SEE_MEMBERS)
def get(call: Call, member_id: str) -> Member:
    """Look at a member."""
    return Member.model_validate(members.get(call.gateway, call.actor, member_id))


@routes.patch("/members/{member_id}", Permission.CHANGE_MEMBERS)
def change(call: Call, member_id: str, body: Change) -> Member:
    """Change what is named, for who still has this version."""
    return Member.model_validate(members.change(call.gateway, call.actor, member_id, body.version, body.details()))


@routes.post("/members/{member_id}/phones", Permission.CHANGE_MEMBERS)
def add_phone(call: Call, member_id: str, body: NewPhone) -> Member:
    """Let her be known by one more phone."""
    return Member.model_validate(members.add_phone(call.gateway, call.actor, member_id, body.phone, shared=body.shared))


@routes.post("/members/{member_id}/phones/drop", Permission.CHANGE_MEMBERS)
def drop_phone(call: Call, member_id: str, body: OldPhone) -> Member:
    """Let a phone be hers no more."""
    return Member.model_validate(members.drop_phone(call.gateway, call.actor, member_id, body.phone))


@routes.post("/members/{member_id}/phones/restore", Permission.CHANGE_MEMBERS)
def restore_phone(call: Call, member_id: str, body: OldPhone) -> Member:
    """Let a phone of which somebody said that it is hers no longer be hers again."""
    identity.restore_phone(call.gateway, call.actor, member_id, body.phone)
    return Member.model_validate(members.get(call.gateway, call.actor, member_id))


@routes.post("/members/{member_id}/leave", Permission.CHANGE_MEMBERS)
def leave(call: Call, member_id: str) -> Member:
    """Let her go: nothing is sent to her any more. What was recorded stays until it is erased."""
    return Member.model_validate(members.leave(call.gateway, call.actor, member_id))


@routes.delete("/members/{member_id}", Permission.ERASE_MEMBERS)
def erase(call: Call, member_id: str) -> None:
    """Erase who she is, for good. Sums and counts stay whole."""
    erasure.erase(call.gateway, call.actor, member_id)


@routes.get("/members/{member_id}/dossier", Permission.EXPORT)
def hers(call: Call, member_id: str) -> Dossier:
    """Tell all that is held on her, for herself."""
    return Dossier(**dossier.dossier(call.gateway, call.actor, member_id))
