"""How an installation is: its queues and workers, its database, its channels, flows and clips, its disk and its backup."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.audio.catalogue import open_clips
from gateway.audio.coverage import Coverage, coverage
from gateway.core import calendar
from gateway.core.call_backs import Caps
from gateway.core.events import MEDIA, Medium
from gateway.errors import GatewayError
from gateway.queues.pacer import PacerDown
from gateway.services import backup, lines, routing
from gateway.services.access import Permission
from gateway.services.broadcast import content
from gateway.services.track import SWEPT
from gateway.store import call_backs, channels, health, sweeps

if TYPE_CHECKING:
    from gateway.queues.watching import QueuesSeen
    from gateway.services.access import Actor
    from gateway.services.backup import LastBackup
    from gateway.services.context import Gateway
    from gateway.services.lines import HeldChannel
    from gateway.store.channels import Channel
    from gateway.store.database import Connection
    from gateway.store.health import DatabaseSeen, Traffic

CLOCK_SILENT = timedelta(minutes=3)
LONG = timedelta(minutes=2)  # what is held for less heals by itself
SILENT = timedelta(hours=1)  # so long a provider may tell nothing of what it took
DISK_LOW = 2_000_000_000  # bytes
FAILED = frozenset({"failed", "undelivered"})
WAITING = frozenset({"queued", "sending"})
STAYED = WAITING | {"suppressed"}  # what is not to be sent went over no number


@dataclass(frozen=True, slots=True)
class Stands:
    """How one of our numbers stands now: by which media it is held, and how many texts of its day are `left` (None: it has no limit)."""

    channel: Channel
    kind: str
    carries: Sequence[Medium]
    held: Mapping[Medium, HeldChannel]
    limit: int | None
    left: int | None

    def is_full(self, medium: Medium) -> bool:
        """Whether its day has no more of them."""
        return medium == "sms" and self.left == 0


@dataclass(frozen=True, slots=True)
class ChannelSeen(Stands):
    """One of our numbers today, by medium: what went out, what of it failed or may or may not have gone out.

    `shares` are the parts of its paces that are used, 1 unless the provider complained; `callback_at` is when its provider last told of
    anything, `unheard_since` when it took something after which it has told nothing for long. `is_rung`: texts ask members to ring it.
    `rings` counts who rang and hung up, by what became of it (`missed_calls.BECAME`), `caps` is how many are called back at most.
    """

    sent: Mapping[str, int]
    failed: Mapping[str, int]
    unknown: Mapping[str, int]
    calls_in: int
    texts_in: int
    shares: Mapping[str, float]
    callback_at: datetime | None
    unheard_since: datetime | None
    is_rung: bool
    rings: Mapping[str, int]
    caps: Caps


@dataclass(frozen=True, slots=True)
class WayOut:
    """What a route takes (None: whatever), and the numbers that may take it, the best first."""

    medium: Medium
    purpose: str | None
    country: str | None
    operator: str | None
    numbers: Sequence[Stands]

    @property
    def shut(self) -> str:
        """Why nothing goes out this way now: `held` or `full`; "" where something does."""
        if all(each.is_full(self.medium) for each in self.numbers):
            return "full"
        return "held" if all(self.medium in each.held or each.is_full(self.medium) for each in self.numbers) else ""

    @property
    def hurts(self) -> bool:
        """Whether somebody waits for it: that what goes to many is spread over days is as it was planned."""
        return self.shut == "held" or (self.shut == "full" and self.purpose != "broadcast")


@dataclass(frozen=True, slots=True)
class Troubles:
    """Ways by which nothing goes out to people who wait, and numbers that have been held for long."""

    ways: Sequence[WayOut] = ()
    held: Sequence[Stands] = ()

    def __bool__(self) -> bool:
        return bool(self.ways or self.held)


@dataclass(frozen=True, slots=True)
class Health:
    """All of it. `queues` None: Redis does not answer; `is_swept`: the clock rings; `waiting` are texts and calls that are not sent yet;
    `flows_warnings` harm nobody."""

    queues: QueuesSeen | None
    swept_at: datetime | None
    is_swept: bool
    database: DatabaseSeen
    channels: Sequence[ChannelSeen]
    ways: Sequence[WayOut]
    waiting: Mapping[str, int]
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
        trouble = any(channel.held or channel.unheard_since for channel in self.channels) or any(way.hurts for way in self.ways)
        return works and clips_there and self.flows_are_current and not (trouble or self.disk_is_low or self.backup.too_old)


def look(gateway: Gateway, actor: Actor) -> Health:
    """How the installation is; of the channels, those of the actor's organisation. It tells of nobody, so nothing is noted."""
    actor.require(Permission.SEE_HEALTH)
    now, catalogue = gateway.clock(), gateway.catalogue
    with gateway.database.read() as db:
        swept_at = sweeps.last(db, SWEPT)
        database = health.database(db)
        went = health.traffic(db, calendar.midnight(now))
        seen = _channels(gateway, db, channels.of_organisation(db, actor.organisation_id), went)
    ours = {each.channel.id for each in seen}
    waiting = [each for each in went if each.what == "deliveries" and each.state in WAITING and each.channel_id in ours]
    disk = shutil.disk_usage(_there(gateway.settings.data_dir))
    return Health(
        queues=gateway.look_at_queues(),
        swept_at=swept_at,
        is_swept=swept_at is not None and now - swept_at < CLOCK_SILENT,
        database=database,
        channels=seen,
        ways=_ways_out(gateway, actor.organisation_id, seen),
        waiting={medium: sum(each.many for each in waiting if each.way == medium) for medium in MEDIA},
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


def troubles(gateway: Gateway, actor: Actor) -> Troubles:
    """What of the numbers of the actor's organisation needs a person now. GatewayError `queue:unavailable` where Redis does not answer."""
    actor.require(Permission.SEE_HEALTH)
    held = lines.held_channels(gateway, actor)
    with gateway.database.read() as db:
        stand = _stand(gateway, db, channels.of_organisation(db, actor.organisation_id), held)
    ways = [way for way in _ways_out(gateway, actor.organisation_id, stand) if way.hurts]
    before = gateway.clock() - LONG
    shut = {each.channel.id for way in ways for each in way.numbers}
    away = [each for each in stand if each.held and (each.channel.id in shut or min(one.since for one in each.held.values()) < before)]
    return Troubles(ways, away)


def _ways_out(gateway: Gateway, organisation_id: str, stand: Sequence[Stands]) -> list[WayOut]:
    """The routes of an organisation; for a medium without any, all numbers that carry it."""
    ours = {each.channel.id: each for each in stand}
    found = routing.router(gateway, organisation_id)
    found_ways = []
    for medium in MEDIA:
        if found is None or not found.has_routes(medium):
            found_ways.append(WayOut(medium, None, None, None, [each for each in stand if medium in each.carries]))
            continue
        for route in found.routes:
            if route.medium == medium:
                numbers = [ours[name] for name in route.channels if name in ours]
                found_ways.append(WayOut(medium, route.purpose, route.country, route.operator, numbers))
    return [way for way in found_ways if way.numbers]


def _stand(gateway: Gateway, db: Connection, these: Sequence[Channel], held: Sequence[HeldChannel]) -> list[Stands]:
    """Those of the file, in its order, where there is one: others that the database still knows send nothing any more."""
    written = gateway.ways.channels if gateway.ways else {each.id: None for each in these}
    known, limits = {each.id: each for each in these}, routing.limits(gateway)
    counted = channels.counted(db, limits, calendar.midnight(gateway.clock()).date().isoformat()) if limits else {}
    ways = gateway.ways
    return [
        Stands(
            channel=known[name],
            kind=ways.providers[ways.channels[name].provider].kind if ways else known[name].provider,
            carries=ways.channels[name].carries if ways else MEDIA,
            held={each.medium: each for each in held if each.channel_id == name},
            limit=limits.get(name),
            left=max(0, limits[name] - counted.get(name, 0)) if name in limits else None,
        )
        for name in written
        if name in known
    ]


def _channels(gateway: Gateway, db: Connection, these: Sequence[Channel], went: Sequence[Traffic] | None = None) -> list[ChannelSeen]:
    today = calendar.midnight(gateway.clock())
    went = health.traffic(db, today) if went is None else went
    callbacks, stand = health.last_callbacks(db), _stand(gateway, db, these, _held(gateway, these))
    rings = call_backs.rings_on(db, [each.channel.id for each in stand], today.date().isoformat())
    rung = {organisation_id: _rung(gateway, db, organisation_id) for organisation_id in {each.channel.organisation_id for each in stand}}
    return [
        _channel(
            gateway,
            each,
            [row for row in went if row.channel_id == each.channel.id],
            callbacks.get(each.channel.provider),
            is_rung=each.channel.id == rung[each.channel.organisation_id],
            rings={became: many for (channel_id, became), many in rings.items() if channel_id == each.channel.id},
        )
        for each in stand
    ]


def _rung(gateway: Gateway, db: Connection, organisation_id: str) -> str | None:
    """The channel that members ring; None where an organisation has none yet."""
    try:
        return content.channel_to_ring(gateway, db, organisation_id).id
    except GatewayError:
        return None


def _channel(  # noqa: PLR0913  # what is known of one channel
    gateway: Gateway, stands: Stands, own: Sequence[Traffic], callback_at: datetime | None, *, is_rung: bool, rings: Mapping[str, int]
) -> ChannelSeen:
    def owed(states: Container[str] | None = None) -> dict[str, int]:
        """By medium, how many deliveries are in these states; None: how many left us."""
        chosen = [each for each in own if each.what == "deliveries" and (each.state in states if states else each.state not in STAYED)]
        return {medium: sum(each.many for each in chosen if each.way == medium) for medium in MEDIA}

    taken = [each.oldest for each in own if (each.what, each.state) == ("deliveries", "accepted") and each.oldest is not None]
    is_silent = taken and callback_at is not None and callback_at < min(taken) < gateway.clock() - SILENT
    return ChannelSeen(
        **{each.name: getattr(stands, each.name) for each in fields(stands)},
        sent=owed(),
        failed=owed(FAILED),
        unknown=owed({"unknown"}),
        calls_in=sum(each.many for each in own if (each.what, each.way) == ("calls", "in")),
        texts_in=sum(each.many for each in own if (each.what, each.way) == ("messages", "in")),
        shares=_shares(gateway, stands.channel.id),
        callback_at=callback_at,
        unheard_since=min(taken) if is_silent else None,
        is_rung=is_rung,
        rings=rings,
        caps=gateway.ways.channels[stands.channel.id].calls_back.caps if gateway.ways else Caps(),
    )


def _held(gateway: Gateway, these: Sequence[Channel]) -> list[HeldChannel]:
    """Which are held; none where Redis does not answer, which is told elsewhere."""
    try:
        return lines.held_of(gateway, these)
    except PacerDown:
        return []


def _shares(gateway: Gateway, channel_id: str) -> dict[str, float]:
    """By medium, the part of a channel's pace that is used; nothing where Redis does not answer, which is told elsewhere."""
    try:
        return {medium: gateway.pacer.share(lines.line_of(channel_id, medium)) for medium in MEDIA}
    except PacerDown:
        return {}


def _there(folder: Path) -> Path:
    """The folder, or that in which it will be made with the first recording."""
    return next(each for each in (folder, *folder.parents) if each.exists())
