"""Everything that a request of a call needs to know, in one statement: two more would cost more than the flow machine does.

Whose a phone is, is asked of one organisation, the one whose number was rung: what it is to another stays with that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, bindparam, literal, select

from gateway.store import channels, flow_sessions, members, receipts
from gateway.store.channels import Channel
from gateway.store.database import Connection
from gateway.store.flow_sessions import SessionRow
from gateway.store.members import CallerRow
from gateway.store.models import channels as channel_table
from gateway.store.models import flow_sessions as session_table
from gateway.store.models import member_phones, phones
from gateway.store.models import members as member_table
from gateway.store.prepared import Prepared

if TYPE_CHECKING:
    from gateway.store.secrets import Seal


class Arrival(NamedTuple):
    """A request of a call: its name at the provider, our number that was rung, the index of her phone (None: withheld)."""

    provider: str
    external_id: str
    step: int
    address: str
    blind_index: bytes | None


class Known(NamedTuple):
    """What we know of it: the answer that this very request got before, her conversation, our channel, and who she may be.

    Without a channel nobody is known to have the phone: ask `who` once the organisation is clear.
    """

    answer: str | None
    row: SessionRow | None
    channel: Channel | None
    caller: CallerRow | None


_SESSION = len(flow_sessions.COLUMNS)
_CHANNEL = len(channels.COLUMNS)
_one_row = select(literal(1).label("one")).subquery("one_row")  # so that there is a row where nothing is known
_OLDEST_FIRST = (member_table.c.created_at, member_table.c.id)
_KNOWN = Prepared(
    select(receipts.FIND.scalar_subquery(), *flow_sessions.COLUMNS, *channels.COLUMNS, *members.CALLER_COLUMNS)
    .select_from(_one_row)
    .outerjoin(
        session_table,
        and_(session_table.c.provider == bindparam("provider"), session_table.c.external_id == bindparam("external_id")),
    )
    .outerjoin(channel_table, and_(channel_table.c.provider == bindparam("provider"), channel_table.c.address == bindparam("address")))
    .outerjoin(phones, and_(phones.c.blind_index == bindparam("blind_index"), phones.c.sealed.is_not(None)))
    .outerjoin(member_phones, members.OF_THIS_PHONE)
    .outerjoin(member_table, and_(members.KNOWN_BY_IT, member_table.c.organisation_id == channel_table.c.organisation_id))
    .order_by(*_OLDEST_FIRST)
)
_WHO = Prepared(
    select(*members.CALLER_COLUMNS)
    .select_from(phones)
    .outerjoin(member_phones, members.OF_THIS_PHONE)
    .outerjoin(member_table, and_(members.KNOWN_BY_IT, member_table.c.organisation_id == bindparam("organisation_id")))
    .where(phones.c.blind_index == bindparam("blind_index"), phones.c.sealed.is_not(None))
    .order_by(*_OLDEST_FIRST)
)


def look_up(db: Connection, seal: Seal, arrival: Arrival) -> Known:
    """What we know of a request of a call."""
    rows = _KNOWN.rows(db, arrival._asdict())
    answer, *first = rows[0]
    session, channel, caller = first[:_SESSION], first[_SESSION : _SESSION + _CHANNEL], _SESSION + _CHANNEL
    return Known(
        seal.open(bytes(answer)) if answer is not None else None,
        flow_sessions.opened(seal, session) if session[0] is not None else None,
        Channel(*channel) if channel[0] is not None else None,
        members.caller_of([row[1 + caller :] for row in rows]) if first[caller] is not None else None,
    )


def who(db: Connection, seal: Seal, e164: str, organisation_id: str) -> CallerRow | None:
    """Who of an organisation may be calling from this phone, though it be sealed with an earlier key still. None: we never saw it."""
    for blind_index in (seal.index(e164), *seal.earlier_indexes(e164)):
        if rows := _WHO.rows(db, {"blind_index": blind_index, "organisation_id": organisation_id}):
            return members.caller_of(rows)
    return None
