"""Who is calling, and whom: rows of the database as the flow machine sees them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from gateway.core import phone
from gateway.engine.interpreter import Caller, MemberView
from gateway.engine.session import FlowSession
from gateway.store import arrivals, channels, members, phones

if TYPE_CHECKING:
    from gateway.providers.base import Inbound
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel
    from gateway.store.database import Connection
    from gateway.store.flow_sessions import SessionRow
    from gateway.store.members import CallerRow, MemberRow

log = structlog.get_logger(__name__)

NAMES = "names"  # recorded names: the folder below the data directory, and below /audio/
GONE = frozenset({"left", "erased"})


def channel_of(gateway: Gateway, db: Connection, inbound: Inbound) -> Channel | None:
    """Our own number that was rung or texted. An installation that names none takes whatever its provider forwards."""
    channel = channels.by_address(db, inbound.provider, inbound.recipient)
    if channel is None and not gateway.settings.number:
        channel = next(iter(channels.of_provider(db, inbound.provider)), None)
    if channel is None:
        log.error("not_our_number", provider=inbound.provider)
    elif not channel.address and inbound.recipient:
        with gateway.database.write() as writing:
            channels.adopt(writing, channel.id, inbound.recipient)  # what we send later comes from this number
    return channel


def number_reached(gateway: Gateway, provider: str, told: str) -> str:
    """Our number that was reached, where a phone may not know its own: what it told, if that is one of ours, else that of its channel."""
    with gateway.database.read() as db:
        if told and channels.by_address(db, provider, told):
            return told
        ours = channels.of_provider(db, provider)
    return ours[0].address if ours else told


def number_texted(gateway: Gateway, provider: str, told: str, country: str) -> str:
    """Our number to which a text came, where a provider may write it in another way, or name a sender's word by its short code, or tell
    none: the only one that we have there, else the one that it told."""
    with gateway.database.read() as db:
        ours = [channel.address for channel in channels.of_provider(db, provider)]
    if len(ours) == 1:
        return ours[0]
    e164 = phone.parse(told, country)
    return e164 if e164 is not None and e164 in ours else told


def meet(gateway: Gateway, sender: str, organisation_id: str, now: datetime) -> CallerRow:
    """The phone that wrote or rang, made known to us on its first contact."""
    with gateway.database.read() as db:
        person = arrivals.who(db, gateway.seal, sender, organisation_id)
    if person is not None:
        return person
    with gateway.database.write() as db:
        phones.find_or_create(db, gateway.seal, sender, now)
    with gateway.database.read() as db:
        person = arrivals.who(db, gateway.seal, sender, organisation_id)
    if person is None:
        raise LookupError("a phone vanished")
    return person


def caller_of(gateway: Gateway, channel: Channel, person: CallerRow | None, *, new: bool, guest: MemberRow | None = None) -> Caller:
    """Who may be calling. She is written to in the script that she chose, else in that of her last text.

    `guest` is who has proved in this call that she is somebody else than the phone tells.
    """
    rows = (guest,) if guest else person.members if person else ()
    shared = len(rows) > 1
    views = tuple(view(gateway, row, named=shared) for row in rows)
    only = None if shared or not views else views[0]
    spoken = (only.language if only else None) or (person.phone_language if person else None)
    chosen = rows[0].script if only else None
    return Caller(
        phone_id=person.phone_id if person else None,
        organisation_id=channel.organisation_id,
        member=only,
        sharing=views if shared else (),
        language=spoken if spoken in gateway.catalogue.languages else channel.language,
        new=new,
        romanised=(chosen or (person.phone_script if person else None)) == "romanised",
        channel_id=channel.id,
        elsewhere=guest is not None,
    )


def view(gateway: Gateway, row: MemberRow, *, named: bool = False) -> MemberView:
    """A member as a conversation sees her; `named`: with the clip of her recorded name, where there is one."""
    return MemberView(
        id=row.id,
        number=row.number,
        language=row.language,
        private=row.private,
        has_pin=row.has_pin,
        usual_instalment=row.usual_instalment,
        state=row.state,
        trade=row.trade,
        consented=row.consented,
        welcomed=row.welcomed,
        collects=row.collects,
        user_id=row.user_id,
        invited=row.pin_code_until is not None and row.pin_code_until > gateway.clock(),
        name_clip=name_clip(gateway, row.name_clip) if named else None,
    )


def name_clip(gateway: Gateway, name: str | None) -> str | None:
    """A recorded name as a clip by its full name; None where there is no such file."""
    if name is None or not (gateway.settings.data_dir / NAMES / f"{name}.wav").is_file():
        return None
    return f"/{NAMES}/{name}"


def guest_of(db: Connection, row: SessionRow | None, person: CallerRow | None, organisation_id: str) -> MemberRow | None:
    """Who has proved in this call that it is hers, though the phone is not: she gave her number and her PIN."""
    if row is None or row.member_id is None or (person and row.member_id in {member.id for member in person.members}):
        return None
    if not FlowSession.from_json(row.state).verified:
        return None
    member = members.get(db, row.member_id)
    return member if member and member.organisation_id == organisation_id and member.state not in GONE else None
