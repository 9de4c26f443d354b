"""What members pay into, and who pays into which."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from gateway.core import schemes as core
from gateway.core.roles import Permission
from gateway.services import schemes
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import Amount, Asked, Given, Month, Text, one_of

routes = Routes("schemes")

Schedule = Annotated[str, one_of(core.SCHEDULES)]
SchemeCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,23}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Share = Annotated[int, Field(ge=0, le=core.WHOLE, description="hundredths of a percent of the base: 1100 is 11 %")]


class Rate(Given):
    from_month: str
    amount: int | None
    base: int | None
    member_share: int | None
    government_share: int | None
    source: str


class Scheme(Given):
    code: str
    title: dict[str, str]
    schedule: str
    seasons: tuple[int, ...]
    rates: tuple[Rate, ...]


class Schemes(Given):
    items: list[Scheme]


class NewRate(Asked):
    from_month: Month = Field(description="it holds from this month until the next rate")
    amount: Amount | None = Field(default=None, description="paisa of one due date; or a share of `base`")
    base: Amount | None = Field(default=None, description="paisa a month")
    member_share: Share | None = None
    government_share: Share | None = None
    source: Text = Field(description="where it was published")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.amount is None) == (self.base is None) or (self.base is None) != (self.member_share is None):
            raise ValueError("A rate is an amount, or a base with a member_share")
        return self

    def rate(self) -> core.Rate:
        return core.Rate(**self.model_dump())


class NewScheme(Asked):
    code: SchemeCode
    title: dict[Language, Text] = Field(min_length=1, max_length=8)
    schedule: Schedule
    seasons: list[Annotated[int, Field(ge=1, le=12)]] = Field(default=[], max_length=12, description="of a seasonal scheme: its months")
    rates: list[NewRate] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.schedule == "seasonal") != bool(self.seasons):
            raise ValueError("A seasonal scheme has seasons, and no other has any")
        if len({rate.from_month for rate in self.rates}) != len(self.rates):
            raise ValueError("There is one rate for each month")
        return self

    def read(self) -> core.SchemeFile:
        rates = sorted((rate.rate() for rate in self.rates), key=lambda rate: rate.from_month)
        return core.SchemeFile(self.code, self.title, self.schedule, tuple(sorted(set(self.seasons))), tuple(rates))


class Enrolment(Asked):
    scheme: SchemeCode
    from_month: Month
    schedule: Schedule | None = Field(default=None, description="her own, where it is another than the scheme's")
    instalment: Amount | None = Field(default=None, description="paisa; her own, where it is another than the scheme's")


class OfMonth(Asked):
    scheme: SchemeCode
    month: Month


@routes.get("/schemes", Permission.SEE_CONTRIBUTIONS)
def list_(call: Call) -> Schemes:
    """List the schemes with their dated rates."""
    return Schemes(items=[Scheme.model_validate(found) for found in schemes.list_all(call.gateway, call.actor)])


@routes.post("/schemes", Permission.MANAGE_SCHEMES, status=201)
def add(call: Call, body: NewScheme) -> Scheme:
    """Take a scheme, or new rates of one that is there."""
    return Scheme.model_validate(schemes.add(call.gateway, call.actor, body.read()))


@routes.post("/members/{member_id}/enrolments", Permission.CHECK_CONTRIBUTIONS)
def enrol(call: Call, member_id: str, body: Enrolment) -> None:
    """Let a member pay into a scheme."""
    schemes.enrol(call.gateway, call.actor, member_id, schemes.Plan(body.scheme, body.from_month, body.schedule, body.instalment))


@routes.post("/members/{member_id}/enrolments/skip", Permission.CHECK_CONTRIBUTIONS)
def skip(call: Call, member_id: str, body: OfMonth) -> None:
    """Let nothing be due from a member in a month."""
    schemes.skip(call.gateway, call.actor, member_id, body.scheme, body.month)


@routes.post("/members/{member_id}/enrolments/end", Permission.CHECK_CONTRIBUTIONS)
def end(call: Call, member_id: str, body: OfMonth) -> None:
    """Let a member's paying into a scheme end with a month."""
    schemes.end(call.gateway, call.actor, member_id, body.scheme, body.month)
