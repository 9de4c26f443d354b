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
    from gateway.channels import Ways
    from gateway.config import Settings
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

ORGANISATION = "main"
CHANNEL = "main"
SAMPLE = "sample-"  # ids of the sample begin so
SIMULATED_NUMBER = "+9779720000000"  # beside the sample members, in a range that no operator uses


def prepare(gateway: Gateway) -> None:
    """Write them, or bring them up to date with the settings and channels.yaml. Repeating it changes nothing.

    Raises an ExceptionGroup of GatewayErrors where channels.yaml says of a number or a name something else than it did before.
    """
    with gateway.database.write() as db:
        organisations.ensure(db, ORGANISATION, gateway.settings.organisation)
        wanted = _written(gateway.ways, gateway.settings.language) if gateway.ways else [_only(gateway, db)]
        if faults := list(_faults(gateway.ways, db, wanted)):
            raise ExceptionGroup("the channels cannot be written down", faults)
        for channel in wanted:
            channels.give_up_number(db, channel.id)  # two may have changed theirs
        for channel in wanted:
            channels.ensure(db, channel)
        names = {channel.id for channel in wanted}
        for channel in channels.every(db):
            if channel.missed_calls and channel.id not in names:  # it is not in use any more
                channels.ensure(db, channel._replace(missed_calls=False))
    versions.remember(gateway.database, gateway.catalogue, gateway.clock())


def _written(ways: Ways, language: str) -> list[channels.Channel]:
    """The channels of channels.yaml."""
    return [
        channels.Channel(
            id=name,
            organisation_id=entry.organisation,
            provider=entry.provider,
            address=entry.number,
            language=entry.language or language,
            messages_per_second=entry.messages_per_second,
            calls_per_second=entry.calls_per_second,
            segment_price=entry.segment_price,
            minute_price=entry.minute_price,
            missed_calls=entry.missed_calls,
        )
        for name, entry in ways.channels.items()
    ]


def _faults(ways: Ways | None, db: Connection, wanted: list[channels.Channel]) -> Iterator[GatewayError]:
    """A number keeps its name, and a name its organisation, once something went over it: what went out, calls, prices refer to it.
    An account that the file names otherwise than before still has its numbers."""
    known, names = channels.every(db), {channel.id for channel in wanted}
    owners = {channel.id: channel.organisation_id for channel in known}
    numbers = {(channel.provider, channel.address): channel.id for channel in known if channel.id not in names}
    accounts = {channel.provider for channel in wanted}
    left = {number: name for (account, number), name in numbers.items() if account not in accounts}
    for channel in wanted:
        holder = numbers.get((channel.provider, channel.address)) or left.get(channel.address)
        if ways is None:
            if holder:
                remedy = f"It is the number of the channel {holder!r}, of an organisation or of an earlier channels.yaml. Set another one."
                yield GatewayError("config:invalid", setting="GATEWAY_NUMBER", value=channel.address, remedy=remedy)
            continue
        if not organisations.exists(db, channel.organisation_id):
            problem = f"there is no organisation {channel.organisation_id!r}; `gateway organisations add` adds one"
            yield ways.fault(channel.id, "organisation", problem)
        elif owners.get(channel.id, channel.organisation_id) != channel.organisation_id and not channels.drop_unused(db, channel.id):
            problem = f"{channel.id} is a channel of the organisation {owners[channel.id]!r}, which has used it, and must stay so"
            yield ways.fault(channel.id, "organisation", problem)
        if holder and not channels.drop_unused(db, holder):
            yield ways.fault(channel.id, "number", f"this number is the channel {holder} already, which has been used; call it so")


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
