"""What needs a person now: everything that waits, by kind, in as many statements for thousands of tasks as for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from gateway.core.calendar import month_of
from gateway.core.statuses import TASK_KINDS
from gateway.errors import GatewayError
from gateway.services import access, backup, health, studio, tasks
from gateway.services.access import Permission
from gateway.services.backup import LastBackup
from gateway.services.health import Troubles
from gateway.services.tasks import OpenTask
from gateway.store import broadcasts, claims, contributions, members, testimonies
from gateway.store import tasks as task_rows
from gateway.store.broadcasts import Planned, Undecided
from gateway.store.claims import Ready
from gateway.store.contributions import EntryRow, Filter, Page, Sums

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

FIRST = 5  # of each kind on the page; the rest stands on a page of its own

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Some(Generic[Thing]):
    """The first few of many."""

    count: int = 0
    first: Sequence[Thing] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """What waits, as far as the actor may do it; `names` are those of the members that it is about, by their id.

    `numbers` None: Redis does not answer, so that nobody can tell and nothing is sent. `backup` None: she does not look after it.
    """

    tasks: Mapping[str, Some[OpenTask]] = field(default_factory=dict)
    claims: Some[Ready] = field(default_factory=Some)
    contributions: Some[EntryRow] = field(default_factory=Some)
    drafts: Some[Planned] = field(default_factory=Some)
    undecided: Sequence[Undecided] = ()
    testimonies: int = 0
    takes: int = 0
    numbers: Troubles | None = field(default_factory=Troubles)
    backup: LastBackup | None = None
    names: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many things wait."""
        tasks_waiting = sum(some.count for some in self.tasks.values())
        others = self.claims.count + self.contributions.count + self.drafts.count + self.testimonies + self.takes + len(self.undecided)
        troubles = (self.numbers is None or bool(self.numbers)) + bool(self.backup and self.backup.too_old)
        return tasks_waiting + others + troubles


@dataclass(frozen=True, slots=True)
class Summary:
    """How the actor's organisation, or her group, stands: active members, and what they paid this month."""

    members: int
    month: str
    paid: Sums | None


def day(gateway: Gateway, actor: Actor) -> Day:
    """What waits for the actor. That she saw whose tasks and contributions wait is noted."""
    with gateway.database.holding():
        with gateway.database.read() as db:
            waiting = _tasks(gateway, db, actor)
            ready = _ready(gateway, db, actor)
            noted = _noted(gateway, db, actor)
            about = {claim.member_id for claim in ready.first} | {entry.member_id for entry in noted.first}
            found = Day(
                tasks=waiting,
                claims=ready,
                contributions=noted,
                drafts=_drafts(db, actor),
                undecided=broadcasts.undecided(db, actor.organisation_id) if actor.may(Permission.APPROVE_BROADCASTS) else (),
                testimonies=testimonies.count_waiting(db, actor.organisation_id) if actor.may(Permission.SEE_TESTIMONIES) else 0,
                takes=studio.count_waiting(db) if actor.may(Permission.MANAGE_PROMPTS) else 0,
                numbers=_numbers(gateway, actor),
                backup=backup.last(gateway) if actor.may(Permission.SEE_HEALTH) else None,
                names=members.names(db, gateway.seal, about) if about else {},
            )
        _note(gateway, actor, found)
    return found


def summary(gateway: Gateway, actor: Actor) -> Summary:
    """The counts of whoever has no tasks: a collector's group, a reader's organisation. Sums are for those who may see contributions."""
    month = month_of(gateway.clock())
    with gateway.database.read() as db:
        paid = contributions.sums(db, actor.scope, Filter(month=month)) if actor.may(Permission.SEE_CONTRIBUTIONS) else None
        return Summary(members.count_active(db, actor.scope), month, paid)


def _tasks(gateway: Gateway, db: Connection, actor: Actor) -> Mapping[str, Some[OpenTask]]:
    kinds = tasks.may_do(actor)
    if not kinds:
        return {}
    due = task_rows.due(db, actor.scope, kinds, gateway.clock(), FIRST)
    told = {task.id: task for task in tasks.told(gateway, db, actor, [row for some in due.values() for row in some.first])}
    return {kind: Some(due[kind].many, [told[row.id] for row in due[kind].first]) for kind in TASK_KINDS if kind in due}


def _ready(gateway: Gateway, db: Connection, actor: Actor) -> Some[Ready]:
    return Some(*claims.ready(db, actor.scope, gateway.clock(), FIRST)) if actor.may(Permission.MOVE_CLAIMS) else Some()


def _noted(gateway: Gateway, db: Connection, actor: Actor) -> Some[EntryRow]:
    if not actor.may(Permission.CHECK_CONTRIBUTIONS):
        return Some()
    which = Filter(state="noted")
    return Some(contributions.count(db, actor.scope, which), contributions.page(db, gateway.seal, actor.scope, which, Page("", FIRST)))


def _drafts(db: Connection, actor: Actor) -> Some[Planned]:
    return Some(*broadcasts.drafts(db, actor.organisation_id, FIRST)) if actor.may(Permission.APPROVE_BROADCASTS) else Some()


def _numbers(gateway: Gateway, actor: Actor) -> Troubles | None:
    if not actor.may(Permission.SEE_HEALTH):
        return Troubles()
    try:
        return health.troubles(gateway, actor)
    except GatewayError:
        return None


def _note(gateway: Gateway, actor: Actor, found: Day) -> None:
    seen = [task.id for some in found.tasks.values() for task in some.first]
    with gateway.database.write() as db:
        if seen:
            access.note(gateway, db, actor, "see_tasks", "tasks", tasks=seen)
        if found.contributions.first:
            access.note(gateway, db, actor, "see_contributions", "contributions", entries=len(found.contributions.first), state="noted")
