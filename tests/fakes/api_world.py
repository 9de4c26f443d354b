"""The same people in two organisations, put there by the verbs themselves; only what tells them apart is different."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.services import access, claims, members, tokens, users
from gateway.services.context import Gateway
from gateway.store import tasks as task_rows

CONSENT = {"consent_how": "paper", "consent_wording": "form-2083"}


@dataclass
class World:
    """The ids of one organisation's people and records. `marks` are the texts by which its answers are known."""

    organisation_id: str
    ids: dict[str, str] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)

    def all_marks(self) -> list[str]:
        return [*self.marks, *(value for name, value in self.ids.items() if not name.startswith("number"))]


def populate(gateway: Gateway, organisation_id: str, mark: str, prefix: str) -> World:
    """Write two collectors with a member each, and one of every record about the first; `prefix` are the first digits of the phones."""
    actor = access.terminal(organisation_id)
    world = World(organisation_id)
    for which in ("own", "other"):
        collector = users.add(gateway, actor, f"Collector {mark} {which}", "collector")
        details = members.Details(name=f"Sita {mark} {which}", village=f"Village {mark}", collector_id=collector.id, **CONSENT)
        phone = f"+977{prefix}{len(world.ids):07}"
        person = members.register(gateway, actor, details, [phone], None)
        claim = claims.take_up(gateway, actor, person.id, claims.Opening("health", f"note {mark} {which}", f"ref-{mark}-{which}"))
        task = task_rows.NewTask(gateway.new_id(), organisation_id, "write_down_name", member_id=person.id)
        with gateway.database.write() as db:
            task_rows.open_task(db, task, gateway.clock())
        made = tokens.create(gateway, actor, tokens.NewToken(f"token {mark} {which}", user_id=collector.id))
        world.ids |= {f"collector.{which}": collector.id, f"member.{which}": person.id, f"claim.{which}": claim.id}
        world.ids |= {f"task.{which}": task.id, f"token.{which}": made.id, f"secret.{which}": made.secret}
        world.ids |= {f"number.{which}": person.number, f"phone.{which}": phone}
        world.marks += [phone, phone[4:]]
    world.marks.append(mark)
    return world
