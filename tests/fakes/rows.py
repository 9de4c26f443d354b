"""An organisation with one channel and one member, to which tests add what they are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.store import channels, flow_sessions, members, organisations, phones
from gateway.store.database import Connection, Database
from gateway.store.secrets import Seal

ORGANISATION = "home-workers"
CHANNEL = "main-number"
MEMBER = "sita"
NUMBER = "+9779841234567"


@dataclass(frozen=True, slots=True)
class World:
    """An open database in which `MEMBER` of `ORGANISATION` has the phone `NUMBER`."""

    database: Database
    seal: Seal
    now: datetime
    phone_id: int


def populate(database: Database, seal: Seal, now: datetime) -> World:
    """Write the organisation, its channel and its member."""
    with database.write() as db:
        organisations.ensure(db, ORGANISATION, "Home Workers")
        channels.ensure(db, channels.Channel(CHANNEL, ORGANISATION, "twilio", "+97714000000", "ne", 1, 1, 140, 200))
        phone_id = phones.find_or_create(db, seal, NUMBER, now)
        add_member(db, seal, MEMBER, now, number="10005")
        members.attach_phone(db, MEMBER, phone_id)
    return World(database, seal, now, phone_id)


def add_member(db: Connection, seal: Seal, member_id: str, now: datetime, **details) -> None:
    """Write one more member; `details` are fields of `NewMember`."""
    members.add(db, seal, members.NewMember(id=member_id, organisation_id=ORGANISATION, language="ne", **details), now)


def a_session(world: World, session_id: str = "call-1", **details) -> flow_sessions.SessionRow:
    """The row of a call's conversation after its first step; `details` replace fields."""
    row = {
        "id": session_id,
        "provider": "twilio",
        "external_id": session_id,
        "channel_id": CHANNEL,
        "phone_id": world.phone_id,
        "member_id": None,
        "medium": "voice",
        "version": 1,
        "state": "{}",
        "open": True,
        "updated_at": world.now,
    }
    return flow_sessions.SessionRow(**(row | details))
