"""What must stand in the database before the first call: the organisation, our number, the versions of the flows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from gateway.config import SETTINGS
from gateway.services import versions
from gateway.services.access import Permission
from gateway.store import channels, organisations

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.services.access import Actor
    from gateway.services.context import Gateway

ORGANISATION = "main"
CHANNEL = "main"
SAMPLE = "sample-"  # ids of the sample begin so
SIMULATED_NUMBER = "+9779720000000"  # beside the sample members, in a range that no operator uses


def prepare(gateway: Gateway) -> None:
    """Write them, or bring them up to date with the settings. Repeating it changes nothing."""
    settings = gateway.settings
    with gateway.database.write() as db:
        before = channels.get(db, CHANNEL)
        organisations.ensure(db, ORGANISATION, settings.organisation)
        channels.ensure(
            db,
            channels.Channel(
                id=CHANNEL,
                organisation_id=ORGANISATION,
                provider=gateway.providers.main.name,
                address=settings.number or (before.address if before else _first_address(settings)),
                language=settings.language,
                messages_per_second=settings.messages_per_second,
                calls_per_second=settings.calls_per_second,
                segment_price=settings.segment_price,
                minute_price=settings.minute_price,
            ),
        )
    versions.remember(gateway.database, gateway.catalogue, gateway.clock())


@dataclass(frozen=True, slots=True)
class Decided:
    """A variable of the environment, what it is for, and what it says. `value` None: it is set, and a secret."""

    variable: str
    help: str
    value: str | None


def decided(gateway: Gateway, actor: Actor) -> list[Decided]:
    """What the environment decides for this installation, without its secrets, as docs/settings.md lists it."""
    actor.require(Permission.MANAGE_SENDING)
    shown = {each.name for each in fields(gateway.settings) if each.repr}
    found = []
    for name, setting in SETTINGS.items():
        value = getattr(gateway.settings, name)
        written = ("yes" if value else "no") if isinstance(value, bool) else str(value)
        found.append(Decided(setting.variable, setting.help, written if name in shown else None if value else ""))
    return found


def _first_address(settings: Settings) -> str:
    """Our number where none is set: the simulator's own, or none until the provider forwards the first call or text to one."""
    return SIMULATED_NUMBER if settings.uses_simulator else ""
