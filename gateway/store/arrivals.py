"""Everything that a request of a call needs to know, in one statement: two more would cost more than the flow machine does."""

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
    """What we know of it: the answer that this very request got before, her conversation, our channel, and who she may be."""

    answer: str | None
    row: SessionRow | None
    channel: Channel | None
    caller: CallerRow | None


_SESSION = len(flow_sessions.COLUMNS)
_CHANNEL = len(channels.COLUMNS)
_one_row = select(literal(1).label("one")).subquery("one_row")  # so that there is a row where nothing is known
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
    .outerjoin(member_table, members.KNOWN_BY_IT)
    .order_by(member_table.c.created_at, member_table.c.id)
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
