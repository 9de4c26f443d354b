"""What `gateway members` shows of a member, and the options that say something of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from gateway.core import money, people
from gateway.core.calendar import NEPAL
from gateway.core.phone import local
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.services.members import Details, Person

ANSWERS = {"yes": True, "no": False}

OPTIONS = (
    click.option("--name", help="As she writes it, in any script."),
    click.option("--village", help="As she says it."),
    click.option("--place", help="The code of her ward or municipality, as 3-27-02; `gateway places` finds it."),
    click.option("--trade", type=click.Choice(people.TRADES)),
    click.option("--sex", type=click.Choice(people.SEXES)),
    click.option("--birth-year", type=int, help="Of the common era, as 1985."),
    click.option("--household-role", type=click.Choice(people.HOUSEHOLD_ROLES)),
    click.option("--language", help="In which she is spoken to, as ne."),
    click.option("--script", type=click.Choice(people.SCRIPTS), help="In which she is written to."),
    click.option("--medium", "preferred_medium", type=click.Choice(people.MEDIA), help="How she wants to hear from us."),
    click.option("--best-hour", type=int, help="When she can talk: 8 to 19, Nepal time."),
    click.option("--private", type=click.Choice(tuple(ANSWERS)), help="Nothing of hers is said before her PIN."),
    click.option("--instalment", "usual_instalment", help="Her usual instalment in rupees."),
    click.option("--reminders", type=click.Choice(tuple(ANSWERS)), help="She agreed to be reminded of instalments."),
    click.option(
        "--consent", "consent_how", type=click.Choice(people.CONSENT_HOW), help="How she agreed that we keep her name and number."
    ),
    click.option("--wording", "consent_wording", help="To what she agreed: the name of the paper or leaflet."),
)


def says(perform: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a member's details."""
    for option in reversed(OPTIONS):
        perform = option(perform)
    return perform


def details_of(given: dict[str, Any], **more: object) -> Details:
    """The details that the options say; an empty text takes a value away."""
    from gateway.services.members import Details

    chosen = {name: value for name, value in given.items() if value is not None}
    for name in ("private", "reminders"):
        if name in chosen:
            chosen[name] = ANSWERS[chosen[name]]
    if chosen.get("usual_instalment"):
        chosen["usual_instalment"] = _paisa(chosen["usual_instalment"])
    taken_away = {name: None if value == "" else value for name, value in chosen.items()}
    return Details(**taken_away, **more)  # type: ignore[arg-type]  # each is checked by its own rule


def _paisa(text: str) -> int:
    amount = money.parse(text)
    if amount is None:
        raise GatewayError("member:invalid", where="--instalment", field="usual_instalment", wanted="an amount in rupees")
    return amount


def line(person: Person) -> str:
    """A member on one line."""
    numbers = " ".join(map(local, person.phones))
    return "  ".join(filter(None, (person.number, person.name or "(name to be written down)", person.state, numbers)))


def show(person: Person) -> None:
    """Print all that we hold of a member herself; her contributions and claims have commands of their own."""
    for field in fields(person):
        value = getattr(person, field.name)
        if value is None or field.name in {"id", "phones"}:
            continue
        if field.name.endswith("_at"):
            value = f"{value.astimezone(NEPAL):%Y-%m-%d %H:%M}"
        elif field.name == "usual_instalment":
            value = f"Rs {value / 100:g}"
        elif isinstance(value, bool):
            value = "yes" if value else "no"
        click.echo(f"{field.name.replace('_', ' '):<18} {value}")
    for number in person.phones:
        click.echo(f"{'phone':<18} {number}")
