"""How an installation is: its queues and workers, its database, its channels, flows and clips, its disk and its backup."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.audio.catalogue import open_clips
from gateway.audio.coverage import Coverage, coverage
from gateway.core import calendar
from gateway.core.events import MEDIA
from gateway.queues.pacer import PacerDown
from gateway.services import backup, lines, routing
from gateway.services.access import Permission
from gateway.services.track import SWEPT
from gateway.store import channels, health, sweeps

if TYPE_CHECKING:
    from gateway.queues.watching import QueuesSeen
    from gateway.services.access import Actor
    from gateway.services.backup import LastBackup
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel
    from gateway.store.database import Connection
    from gateway.store.health import DatabaseSeen, Traffic

CLOCK_SILENT = timedelta(minutes=3)
DISK_LOW = 2_000_000_000  # bytes
FAILED = frozenset({"failed", "undelivered"})
WAITING = frozenset({"queued", "sending"})


@dataclass(frozen=True, slots=True)
class ChannelSeen:
    """One of our numbers today, by medium: what went out, what of it failed or may or may not have gone out, and in how many seconds a held
    one is tried again. `shares` are the parts of its paces that are used, 1 unless the provider complained; `limit` texts it may send
    in a day (None: as many as we like), `left` of them still; `callback_at` is when its provider last told of anything."""

    channel: Channel
    kind: str
    carries: Sequence[str]
    sent: Mapping[str, int]
    failed: Mapping[str, int]
    unknown: Mapping[str, int]
    waiting: Mapping[str, int]
    calls_in: int
    texts_in: int
    held: Mapping[str, float]
    shares: Mapping[str, float]
    limit: int | None
    left: int | None
    callback_at: datetime | None


@dataclass(frozen=True, slots=True)
class Health:
    """All of it. `queues` None: Redis does not answer; `is_swept`: the clock rings; `flows_warnings` harm nobody."""

    queues: QueuesSeen | None
    swept_at: datetime | None
    is_swept: bool
    database: DatabaseSeen
    channels: Sequence[ChannelSeen]
    flows: int
    flows_are_current: bool
    flows_warnings: int
    clips: Sequence[Coverage]
    disk_free: int
    disk_size: int
    backup: LastBackup
    versions: Mapping[str, str]

    @property
    def disk_is_low(self) -> bool:
        return self.disk_free < DISK_LOW

    @property
    def is_well(self) -> bool:
        """Whether nobody needs to look."""
        works = self.queues is not None and self.queues.alive > 0 and self.is_swept
        clips_there = not any(each.missing for each in self.clips)
        held = any(channel.held for channel in self.channels)
        return works and clips_there and self.flows_are_current and not (held or self.disk_is_low or self.backup.too_old)


def look(gateway: Gateway, actor: Actor) -> Health:
    """How the installation is; of the channels, those of the actor's organisation. It tells of nobody, so nothing is noted."""
    actor.require(Permission.SEE_HEALTH)
    now, catalogue = gateway.clock(), gateway.catalogue
    with gateway.database.read() as db:
        swept_at = sweeps.last(db, SWEPT)
        database = health.database(db)
        seen = _channels(gateway, db, channels.of_organisation(db, actor.organisation_id))
    disk = shutil.disk_usage(_there(gateway.settings.data_dir))
    return Health(
        queues=gateway.look_at_queues(),
        swept_at=swept_at,
        is_swept=swept_at is not None and now - swept_at < CLOCK_SILENT,
        database=database,
        channels=seen,
        flows=len(catalogue.flows),
        flows_are_current=gateway.flows.state == "current",
        flows_warnings=len(catalogue.warnings),
        clips=coverage(open_clips(gateway.settings.audio_dir), list(catalogue.clips())),
        disk_free=disk.free,
        disk_size=disk.total,
        backup=backup.last(gateway),
        versions={
            "Aawaj": __version__,
            "Python": platform.python_version(),
            {"sqlite": "SQLite"}.get(database.kind, "PostgreSQL"): database.version,
            **{name: version(name) for name in ("Flask", "SQLAlchemy", "rq")},
        },
    )


@dataclass(frozen=True, slots=True)
class Measures:
    """What a monitoring program counts, of all organisations: no ids but those of channels, and nothing of anybody."""

    at: datetime
    traffic: Sequence[Traffic]
    channels: Sequence[ChannelSeen]
    queues: QueuesSeen | None
    swept_at: datetime | None
    backup_at: datetime | None


def measure(gateway: Gateway) -> Measures:
    """The figures of today. GatewayError `database:unavailable`."""
    with gateway.database.read() as db:
        went = health.traffic(db, calendar.midnight(gateway.clock()))
        seen = _channels(gateway, db, channels.every(db), went)
        swept_at = sweeps.last(db, SWEPT)
    return Measures(gateway.clock(), went, seen, gateway.look_at_queues(), swept_at, backup.last(gateway).at)


def our_channels(gateway: Gateway, actor: Actor) -> list[ChannelSeen]:
    """The channels of the actor's organisation, as they stand now."""
    actor.require(Permission.SEE_HEALTH)
    with gateway.database.read() as db:
        return _channels(gateway, db, channels.of_organisation(db, actor.organisation_id))


def _channels(gateway: Gateway, db: Connection, these: Sequence[Channel], went: Sequence[Traffic] | None = None) -> list[ChannelSeen]:
    """Those of the file where there is one: others that the database still knows send nothing any more."""
    today = calendar.midnight(gateway.clock())
    went = health.traffic(db, today) if went is None else went
    limits = routing.limits(gateway)
    counted = channels.counted(db, limits, today.date().isoformat()) if limits else {}
    callbacks = health.last_callbacks(db)
    in_use = [channel for channel in these if gateway.ways is None or channel.id in gateway.ways.channels]
    found = [_channel(gateway, channel, went) for channel in in_use]
    return [
        replace(
            each,
            limit=limits.get(each.channel.id),
            left=max(0, limits[each.channel.id] - counted.get(each.channel.id, 0)) if each.channel.id in limits else None,
            callback_at=callbacks.get(each.channel.provider),
        )
        for each in found
    ]


def _channel(gateway: Gateway, channel: Channel, went: Sequence[Traffic]) -> ChannelSeen:
    ways = gateway.ways
    own = [each for each in went if each.channel_id == channel.id]

    def owed(states: Container[str] | None = None) -> dict[str, int]:
        """By medium, how many deliveries are in these states; None: how many are not waiting."""
        chosen = [each for each in own if each.what == "deliveries" and (each.state in states if states else each.state not in WAITING)]
        return {medium: sum(each.many for each in chosen if each.way == medium) for medium in MEDIA}

    return ChannelSeen(
        channel=channel,
        kind=ways.providers[ways.channels[channel.id].provider].kind if ways else channel.provider,
        carries=ways.channels[channel.id].carries if ways else MEDIA,
        sent=owed(),
        failed=owed(FAILED),
        unknown=owed({"unknown"}),
        waiting=owed(WAITING),
        calls_in=sum(each.many for each in own if (each.what, each.way) == ("calls", "in")),
        texts_in=sum(each.many for each in own if (each.what, each.way) == ("messages", "in")),
        held=_of_pacer(gateway.pacer.held, channel.id),
        shares=_of_pacer(gateway.pacer.share, channel.id),
        limit=None,
        left=None,
        callback_at=None,
    )


def _of_pacer(ask: Callable[[str], float | None], channel_id: str) -> dict[str, float]:
    """What the pacer says of a channel by medium; nothing where Redis does not answer, which is told elsewhere."""
    try:
        said = {medium: ask(lines.line_of(channel_id, medium)) for medium in MEDIA}
    except PacerDown:
        return {}
    return {medium: number for medium, number in said.items() if number is not None}


def _there(folder: Path) -> Path:
    """The folder, or that in which it will be made with the first recording."""
    return next(each for each in (folder, *folder.parents) if each.exists())
