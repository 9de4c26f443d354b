"""How the organisation sends: gap, budget, who must agree, what messages cost, and on which days nothing goes out."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from gateway.core.events import MEDIA
from gateway.core.money import PAISA_PER_RUPEE
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import sending_settings
from gateway.services.broadcast import planning
from gateway.web.api.routes import Call, Routes
from gateway.web.api.shapes import Amount, Asked, Given, Text, one_of

routes = Routes("sending")

MOST_ROWS = 400


class Month(Given):
    month: str = Field(description="Bikram Sambat")
    budget: int = Field(description="paisa")
    planned: int = Field(description="what broadcasts cost that begin in it")
    left: int


class Sending(Given):
    two_persons_above: int | None = Field(description="recipients above which two people approve; null: one always does")
    monthly_budget: int | None = Field(description="paisa")
    gap_hours: int = Field(description="at least so long between two broadcasts to one phone")
    month: Month | None = Field(description="where the budget of this month stands")


class Changes(Asked):
    two_persons_above: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    monthly_budget: Amount | None = None
    gap_hours: Annotated[int, Field(ge=0, le=planning.MOST_GAP)] = 0


class Price(Given):
    medium: str
    operator: str = Field(description="empty: all that have no price of their own")
    from_day: str
    paisa: int = Field(description="of a segment, or of a begun minute")
    source: str = Field(description="where it was published")


class Prices(Given):
    items: list[Price]


class NewPrice(Asked):
    medium: Annotated[str, one_of(MEDIA)]
    operator: Annotated[str, one_of(sending_settings.OPERATORS)] = ""
    from_day: Annotated[date, Field(strict=False)]
    paisa: Annotated[int, Field(ge=0, le=sending_settings.DEAREST)]
    source: Text


class NewPrices(Asked):
    items: list[NewPrice] = Field(min_length=1, max_length=MOST_ROWS)


class RestDay(Given):
    day: date
    title: str


class RestDays(Given):
    items: list[RestDay]


class NewRestDay(Asked):
    day: Annotated[date, Field(strict=False)]
    title: Annotated[Text, StringConstraints(max_length=80)]


class NewRestDays(Asked):
    items: list[NewRestDay] = Field(min_length=1, max_length=MOST_ROWS)


def _sending(call: Call) -> Sending:
    shown = sending_settings.show(call.gateway, call.actor)
    return Sending(**shown.sending._asdict(), month=Month.model_validate(shown.month) if shown.month else None)


def _prices(call: Call) -> Prices:
    rows, _ = sending_settings.prices_of(call.gateway, call.actor)
    return Prices(items=[Price(**{name: getattr(row, name) for name in Price.model_fields}) for row in rows])


def _rest_days(call: Call) -> RestDays:
    return RestDays(items=[RestDay.model_validate(day) for day in sending_settings.rest_days_of(call.gateway, call.actor)])


@routes.get("/sending", Permission.SEE_BROADCASTS)
def get(call: Call) -> Sending:
    """Tell how the organisation sends."""
    return _sending(call)


@routes.patch("/sending", Permission.MANAGE_SENDING)
def change(call: Call, body: Changes) -> Sending:
    """Change how the organisation sends; what is not named stays as it is, and null lifts the budget or the threshold."""
    sending_settings.change(call.gateway, call.actor, **body.model_dump(exclude_unset=True))
    return _sending(call)


@routes.get("/sending/prices", Permission.SEE_BROADCASTS)
def prices(call: Call) -> Prices:
    """List what a segment and a begun minute cost, by operator and from which day on."""
    return _prices(call)


@routes.post("/sending/prices", Permission.MANAGE_SENDING)
def set_prices(call: Call, body: NewPrices) -> Prices:
    """Write prices down, all or none; one of the same medium, operator and day is replaced."""
    rows = []
    for row in body.items:
        rupees, paisa = divmod(row.paisa, PAISA_PER_RUPEE)
        named = {"medium": row.medium, "operator": row.operator, "source": row.source}
        rows.append(named | {"from": row.from_day.isoformat(), "rupees": f"{rupees}.{paisa:02}"})
    sending_settings.set_prices(call.gateway, call.actor, rows)
    return _prices(call)


@routes.get("/sending/rest-days", Permission.SEE_BROADCASTS)
def rest_days(call: Call) -> RestDays:
    """List the days on which no broadcast goes out."""
    return _rest_days(call)


@routes.post("/sending/rest-days", Permission.MANAGE_SENDING)
def add_rest_days(call: Call, body: NewRestDays) -> RestDays:
    """Send nothing on these days."""
    sending_settings.add_rest_days(call.gateway, call.actor, [sending_settings.RestDay(row.day, row.title) for row in body.items])
    return _rest_days(call)


@routes.delete("/sending/rest-days/{day}", Permission.MANAGE_SENDING)
def remove_rest_day(call: Call, day: str) -> None:
    """Send on this day again."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise GatewayError("request:unknown") from None
    sending_settings.remove_rest_day(call.gateway, call.actor, wanted)
