"""What must stand in the database before the first call: the organisation, our number, the versions of the flows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from gateway.config import SETTINGS
from gateway.errors import GatewayError
from gateway.services import versions
from gateway.services.access import Permission
from gateway.store import channels, organisations

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

ORGANISATION = "main"
CHANNEL = "main"
SAMPLE = "sample-"  # ids of the sample begin so
SIMULATED_NUMBER = "+9779720000000"  # beside the sample members, in a range that no operator uses


def prepare(gateway: Gateway) -> None:
    """Write them, or bring them up to date with the settings and channels.yaml. Repeating it changes nothing."""
    with gateway.database.write() as db:
        organisations.ensure(db, ORGANISATION, gateway.settings.organisation)
        for channel in _written(gateway, db) if gateway.ways else [_only(gateway, db)]:
            channels.ensure(db, channel)
    versions.remember(gateway.database, gateway.catalogue, gateway.clock())


def _written(gateway: Gateway, db: Connection) -> Iterator[channels.Channel]:
    """The channels of channels.yaml. GatewayError `access:no-organisation` where one is of an organisation that is not there."""
    for name, entry in gateway.ways.channels.items() if gateway.ways else ():
        if not organisations.exists(db, entry.organisation):
            raise GatewayError("access:no-organisation", organisation=entry.organisation)
        yield channels.Channel(
            id=name,
            organisation_id=entry.organisation,
            provider=entry.provider,
            address=entry.number,
            language=entry.language or gateway.settings.language,
            messages_per_second=entry.messages_per_second,
            calls_per_second=entry.calls_per_second,
            segment_price=entry.segment_price,
            minute_price=entry.minute_price,
            missed_calls=entry.missed_calls,
        )


def _only(gateway: Gateway, db: Connection) -> channels.Channel:
    """The one channel of an installation without channels.yaml."""
    settings, before = gateway.settings, channels.get(db, CHANNEL)
    return channels.Channel(
        id=CHANNEL,
        organisation_id=ORGANISATION,
        provider=gateway.providers.main.name,
        address=settings.number or (before.address if before else _first_address(settings)),
        language=settings.language,
        messages_per_second=settings.messages_per_second,
        calls_per_second=settings.calls_per_second,
        segment_price=settings.segment_price,
        minute_price=settings.minute_price,
        missed_calls=settings.missed_calls,
    )


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
