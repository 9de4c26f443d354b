"""How an installation is: its queues and workers, its database, its channels, flows and clips, its disk and its backup."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.audio.catalogue import open_clips
from gateway.audio.coverage import Coverage, coverage
from gateway.core import calendar
from gateway.queues.pacer import PacerDown
from gateway.services import backup, send
from gateway.services.access import Permission
from gateway.services.track import SWEPT
from gateway.store import channels, health, sweeps

if TYPE_CHECKING:
    from gateway.queues.watching import QueuesSeen
    from gateway.services.access import Actor
    from gateway.services.backup import LastBackup
    from gateway.services.context import Gateway
    from gateway.store.channels import Channel
    from gateway.store.health import DatabaseSeen, Traffic

CLOCK_SILENT = timedelta(minutes=3)
DISK_LOW = 2_000_000_000  # bytes
FAILED = frozenset({"failed", "undelivered"})


@dataclass(frozen=True, slots=True)
class ChannelSeen:
    """One of our numbers today, by medium: what went out, what of it failed, and in how many seconds a held one is tried again."""

    channel: Channel
    sent: Mapping[str, int]
    failed: Mapping[str, int]
    waiting: Mapping[str, int]
    calls_in: int
    texts_in: int
    held: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Health:
    """All of it. `queues` None: Redis does not answer; `is_swept`: the clock rings; `flows_warnings` harm nobody."""

    queues: QueuesSeen | None
    swept_at: datetime | None
    is_swept: bool
    database: DatabaseSeen
    channels: Sequence[ChannelSeen]
    callback_at: datetime | None
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
        ours = channels.of_organisation(db, actor.organisation_id)
        went = health.traffic(db, calendar.midnight(now))
        callback_at = health.last_callback(db)
    disk = shutil.disk_usage(_there(gateway.settings.data_dir))
    return Health(
        queues=gateway.look_at_queues(),
        swept_at=swept_at,
        is_swept=swept_at is not None and now - swept_at < CLOCK_SILENT,
        database=database,
        channels=[_channel(gateway, channel, went) for channel in ours],
        callback_at=callback_at,
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

    traffic: Sequence[Traffic]
    held: Mapping[tuple[str, str], bool]
    queues: QueuesSeen | None
    swept_at: datetime | None
    backup_at: datetime | None


def measure(gateway: Gateway) -> Measures:
    """The figures of today. GatewayError `database:unavailable`."""
    with gateway.database.read() as db:
        went = health.traffic(db, calendar.midnight(gateway.clock()))
        every = channels.all_ids(db)
        swept_at = sweeps.last(db, SWEPT)
    held: dict[tuple[str, str], bool] = {}
    for channel_id in every:
        left_alone = _held(gateway, channel_id)
        held |= {(channel_id, medium): medium in left_alone for medium in send.MEDIA}
    return Measures(went, held, gateway.look_at_queues(), swept_at, backup.last(gateway).at)


def _channel(gateway: Gateway, channel: Channel, went: Sequence[Traffic]) -> ChannelSeen:
    own = [each for each in went if each.channel_id == channel.id]

    def count(what: str, way: str, *, waiting: bool = False, failed: bool = False) -> int:
        chosen = [each for each in own if (each.what, each.way) == (what, way)]
        if waiting:
            return sum(each.many for each in chosen if each.state in {"queued", "sending"})
        return sum(each.many for each in chosen if each.state not in {"queued", "sending"} and (not failed or each.state in FAILED))

    return ChannelSeen(
        channel=channel,
        sent={medium: count("deliveries", medium) for medium in send.MEDIA},
        failed={medium: count("deliveries", medium, failed=True) for medium in send.MEDIA},
        waiting={medium: count("deliveries", medium, waiting=True) for medium in send.MEDIA},
        calls_in=sum(each.many for each in own if (each.what, each.way) == ("calls", "in")),
        texts_in=sum(each.many for each in own if (each.what, each.way) == ("messages", "in")),
        held=_held(gateway, channel.id),
    )


def _held(gateway: Gateway, channel_id: str) -> dict[str, float]:
    """By which media a channel is left alone, and for how many seconds; nothing where Redis does not answer, which is told elsewhere."""
    try:
        seconds = {medium: gateway.pacer.held(f"{channel_id}:{medium}") for medium in send.MEDIA}
    except PacerDown:
        return {}
    return {medium: left for medium, left in seconds.items() if left is not None}


def _there(folder: Path) -> Path:
    """The folder, or that in which it will be made with the first recording."""
    return next(each for each in (folder, *folder.parents) if each.exists())
