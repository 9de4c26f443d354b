"""Channels: our own numbers at providers, each with its language, pace and price."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, literal, select, update

from gateway.core import phone
from gateway.store.database import Connection
from gateway.store.models import channels, deliveries, metadata
from gateway.store.rows import columns, insert_into


class Channel(NamedTuple):
    """One of our numbers. `address` is as the provider writes it; prices are paisa, per segment and per begun minute.
    `missed_calls`: its rings are not answered but called back."""

    id: str
    organisation_id: str
    provider: str
    address: str
    language: str
    messages_per_second: float
    calls_per_second: float
    segment_price: int
    minute_price: int
    missed_calls: bool = False


_ENSURE = insert_into(channels)
_ENSURE = _ENSURE.on_conflict_do_update(
    index_elements=["id"], set_={name: _ENSURE.excluded[name] for name in Channel._fields if name != "id"}
)
_ADOPT = update(channels).where(channels.c.id == bindparam("channel_id"), channels.c.address == "").values(address=bindparam("new_address"))
COLUMNS = columns(channels, Channel)

_CHANNELS = select(*COLUMNS)
_BY_ADDRESS = _CHANNELS.where(channels.c.provider == bindparam("provider"), channels.c.address == bindparam("address"))
_BY_ID = _CHANNELS.where(channels.c.id == bindparam("id"))
_EVERY = _CHANNELS.order_by(channels.c.id)
_OF_PROVIDER = _CHANNELS.where(channels.c.provider == bindparam("provider")).order_by(channels.c.address)
_OURS = select(channels.c.id).where(channels.c.address.in_(bindparam("written", expanding=True))).limit(1)
_OF_ORGANISATION = _CHANNELS.where(channels.c.organisation_id == bindparam("organisation_id")).order_by(channels.c.id)
_LOCK = select(channels.c.id).where(channels.c.id.in_(bindparam("these", expanding=True))).order_by(channels.c.id)
_LOCK = _LOCK.with_for_update(key_share=True)  # whoever writes a row that refers to a channel need not wait
# What was put back, or is to be sent again, did not go out; what nobody can tell of may have.
_COUNTED = (
    select(deliveries.c.channel_id, func.count())
    .where(
        deliveries.c.channel_id.in_(bindparam("these", expanding=True)),
        deliveries.c.counted_on == bindparam("day"),
        deliveries.c.state.not_in(("queued", "suppressed")),
    )
    .group_by(deliveries.c.channel_id)
)


def ensure(db: Connection, channel: Channel) -> None:
    """Have this channel with these settings; the transaction ends in Conflict where another channel has its address."""
    db.execute(_ENSURE, channel._asdict())


_HIDE = update(channels).where(channels.c.id == bindparam("channel_id")).values(address="~" + channels.c.id)
_DROP = delete(channels).where(channels.c.id == bindparam("channel_id"))
_USES = [
    select(literal(1)).where(column == bindparam("channel_id")).limit(1)
    for table in metadata.sorted_tables
    for column in table.columns
    if any(key.column is channels.c.id for key in column.foreign_keys)
]


def give_up_number(db: Connection, channel_id: str) -> None:
    """Let others have the number of a channel that gets another one in the same transaction."""
    db.execute(_HIDE, {"channel_id": channel_id})


def drop_unused(db: Connection, channel_id: str) -> bool:
    """Forget a channel to which nothing refers; False where something does."""
    if any(db.execute(use, {"channel_id": channel_id}).first() for use in _USES):
        return False
    db.execute(_DROP, {"channel_id": channel_id})
    return True


def adopt(db: Connection, channel_id: str, address: str) -> None:
    """Give a channel that has no number yet the one at which it was reached."""
    db.execute(_ADOPT, {"channel_id": channel_id, "new_address": address})


def by_address(db: Connection, provider: str, address: str) -> Channel | None:
    """The channel on which a provider received something."""
    row = db.execute(_BY_ADDRESS, {"provider": provider, "address": address}).first()
    return Channel(*row) if row else None


def is_ours(db: Connection, e164: str) -> bool:
    """Whether a number is one of our own, at whatever provider, however that writes it."""
    return db.execute(_OURS, {"written": [e164, e164.removeprefix("+"), phone.local(e164)]}).first() is not None


def get(db: Connection, channel_id: str) -> Channel | None:
    """The channel of this id."""
    row = db.execute(_BY_ID, {"id": channel_id}).first()
    return Channel(*row) if row else None


def of_provider(db: Connection, provider: str) -> list[Channel]:
    """All channels on a provider, by address."""
    return [Channel(*row) for row in db.execute(_OF_PROVIDER, {"provider": provider})]


def every(db: Connection) -> list[Channel]:
    """All channels of all organisations, by id."""
    return [Channel(*row) for row in db.execute(_EVERY)]


def of_organisation(db: Connection, organisation_id: str) -> list[Channel]:
    """All channels of an organisation, by id."""
    return [Channel(*row) for row in db.execute(_OF_ORGANISATION, {"organisation_id": organisation_id})]


def lock(db: Connection, these: Collection[str]) -> None:
    """Until the end of the transaction nobody else counts what these channels may still send."""
    db.execute(_LOCK, {"these": list(these)})


def counted(db: Connection, these: Collection[str], day: str) -> dict[str, int]:
    """How much went out, or may have, over each of these channels on a day of Nepal; those over which nothing did are missing."""
    return {row[0]: row[1] for row in db.execute(_COUNTED, {"these": list(these), "day": day})}
