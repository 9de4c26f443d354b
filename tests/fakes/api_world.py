"""The same people in two organisations, put there by the verbs themselves; only what tells them apart is different."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from fakes.sounds import words
from sqlalchemy import insert, select, update

from gateway.audio import wav
from gateway.core.ids import number_of
from gateway.core.schemes import Rate, SchemeFile
from gateway.services import (
    access,
    broadcast,
    claims,
    contributions,
    directory,
    imports,
    lists,
    members,
    notices,
    sayings,
    schemes,
    sending_settings,
    tokens,
    users,
)
from gateway.services.access import Actor
from gateway.services.context import Gateway
from gateway.store import channels
from gateway.store import members as member_rows
from gateway.store import phones as phone_rows
from gateway.store import tasks as task_rows
from gateway.store import testimonies as testimony_rows
from gateway.store.models import deliveries, flow_sessions, messages, recordings

CONSENT = {"consent_how": "paper", "consent_wording": "form-2083"}


@dataclass
class World:
    """One organisation's people and records. `ids` are theirs, as `member.own`; `marks` the texts by which its answers are known."""

    organisation_id: str
    mark: str
    ids: dict[str, str] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)

    def all_marks(self) -> list[str]:
        return [*self.marks, *(value for name, value in self.ids.items() if not name.startswith("number"))]


def populate(gateway: Gateway, organisation_id: str, mark: str, prefix: str) -> World:
    """Write two collectors with a member each, and one of every record about her; `prefix` are the first digits of the phones."""
    actor, world = access.terminal(organisation_id), World(organisation_id, mark, marks=[mark])
    for code in ("savings", "goats"):
        title = {"en": f"{code} {mark}"}
        rate = Rate("2080-01", 300_00, base=10_000_00, government_share=500, source="us")
        schemes.add(gateway, actor, SchemeFile(code, title, "monthly", (), (rate,)))
    world.ids |= dict.fromkeys(("import.own", "import.other"), _an_import(gateway, actor, mark, prefix))
    for which in ("own", "other"):
        world.ids |= {f"{kind}.{which}": found for kind, found in _about_one(gateway, actor, f"{mark} {which}", prefix).items()}
        phone = world.ids[f"phone.{which}"]
        world.marks += [phone, phone.removeprefix("+977")]
    for state, found in _broadcasts(gateway, actor, mark, prefix).items():
        world.ids |= {f"{state}.own": found, f"{state}.other": found}
    day = date(2027, 1, int(prefix[-1]))
    sending_settings.add_rest_days(gateway, actor, [sending_settings.RestDay(day, f"Day {mark}")])
    world.ids |= dict.fromkeys(("day.own", "day.other"), day.isoformat())
    for kind, found in _to_many(gateway, actor, world).items():
        world.ids |= {f"{kind}.own": found, f"{kind}.other": found}
    return world


def _to_many(gateway: Gateway, actor: Actor, world: World) -> dict[str, str]:
    """One of each record that is the whole organisation's: a list, a meeting, recorded words, a service, a testimony, a reply."""
    mark, number = world.mark, world.ids["number.own"]
    starts = gateway.clock() + timedelta(days=7)
    file = gateway.settings.data_dir / f"{mark}.wav"
    wav.write(file, words(8000, 9000))
    saying = sayings.create(gateway, actor, {"ne": f"बैठक {mark}", "en": f"Meeting {mark}"})
    sayings.record(gateway, actor, saying.id, "ne", file)
    service = directory.add(gateway, actor, directory.NewService("health_post", "3-25-04-02", "01-5570105", {"en": f"Post {mark}"}))
    return {
        "list": lists.create(gateway, actor, f"List {mark}", [number]).id,
        "notice": notices.publish(gateway, actor, notices.NewNotice("meeting", starts, place="ward_office")).id,
        "saying": saying.id,
        "service": service.id,
        "testimony": _said(gateway, actor, world),
    }


def _said(gateway: Gateway, actor: Actor, world: World) -> str:
    """A testimony with its recording, and an answer to the broadcast that is being sent."""
    now, member_id, file = gateway.clock(), world.ids["member.own"], f"recordings/{world.mark}.wav"
    call, recording, testimony = (gateway.new_id() for _ in range(3))
    channel = {"provider": gateway.providers.main.name, "external_id": call}
    wav.write(gateway.settings.data_dir / file, words(8000, 9000))
    to_her = select(deliveries).where(deliveries.c.broadcast_id == world.ids["sending.own"], deliveries.c.member_id == member_id)
    told = testimony_rows.NewTestimony(testimony, actor.organisation_id, member_id, recording, "named", "testimony@1", "ne")
    with gateway.database.write() as db:
        talked = {"channel_id": actor.organisation_id, "medium": "voice", "version": 1, "open": False, "created_at": now}
        state = gateway.seal.seal("{}")
        db.execute(insert(flow_sessions).values(id=call, state=state, updated_at=now, member_id=member_id, **talked, **channel))
        kept = {"seconds": 2, "state": "kept", "file": file, "created_at": now}
        db.execute(insert(recordings).values(id=recording, session_id=call, **kept, **channel))
        testimony_rows.keep(db, told, now)
        delivery = db.execute(to_her).one()
        answer = {"direction": "in", "sealed_body": gateway.seal.seal(f"I come {world.mark}"), "at": now}
        row = {"channel_id": actor.organisation_id, "phone_id": delivery.phone_id, "delivery_id": delivery.id}
        db.execute(insert(messages).values(**row, **answer))
    return testimony


def _broadcasts(gateway: Gateway, actor: Actor, mark: str, prefix: str) -> dict[str, str]:
    """A draft, one that is being sent and waits for a person's decision, and one that is paused."""
    ours = channels.Channel(
        actor.organisation_id, actor.organisation_id, gateway.providers.main.name, f"+97714{prefix}000", "ne", 10, 1, 140, 200
    )
    with gateway.database.write() as db:
        if actor.organisation_id != "main":
            channels.ensure(db, ours)
    said = broadcast.Draft(f"Fair {mark}", {"ne": "मेला भोलि छ।"})
    made = {state: broadcast.create(gateway, actor, said) for state in ("draft", "sending", "paused")}
    for state in ("sending", "paused"):
        broadcast.approve(gateway, actor, made[state])
        broadcast.expand(gateway, made[state])
    broadcast.pause(gateway, actor, made["paused"])
    held = update(deliveries).where(deliveries.c.broadcast_id == made["sending"])
    with gateway.database.write() as db:
        db.execute(held.values(state="unknown", error="send:unresolved", ever_unknown=True))
    return made


def _an_import(gateway: Gateway, actor: Actor, mark: str, prefix: str) -> str:
    file = gateway.settings.data_dir / f"{mark}.csv"
    file.write_text(f"name,phone\nGita {mark},{prefix}1234567\nMaya {mark},12\n", encoding="utf-8")
    *_, last = imports.take_in(gateway, actor, "members", file)
    return last.import_id


def _about_one(gateway: Gateway, actor: Actor, mark: str, prefix: str) -> dict[str, str]:
    collector = users.add(gateway, actor, f"Collector {mark}", "collector")
    details = members.Details(name=f"Sita {mark}", village=f"Village {mark}", collector_id=collector.id, **CONSENT)
    phone = f"+977{prefix}{int(mark.endswith('own')):07}"
    person = members.register(gateway, actor, details, [phone], None)
    schemes.enrol(gateway, actor, person.id, schemes.Plan("savings", "2082-01"))
    reference = mark.replace(" ", "-")[-40:]  # as long as one may be; its end tells it from the others
    claim = claims.take_up(gateway, actor, person.id, claims.Opening("health", f"note {mark}", reference))
    report = contributions.Report(300_00, note=f"note {mark}", receipt=reference)
    entry = contributions.note(gateway, actor, person.id, report)
    with gateway.database.read() as db:
        number = member_rows.new_number(db, actor.organisation_id, number_of(gateway.new_id()))
    spoken = member_rows.NewMember(gateway.new_id(), actor.organisation_id, number, "ne", state="pending")
    task = task_rows.NewTask(gateway.new_id(), actor.organisation_id, "write_down_name", member_id=spoken.id)
    lost = f"+977{prefix}{2 + int(mark.endswith('own')):07}"
    with gateway.database.write() as db:
        lost_id = phone_rows.find_or_create(db, gateway.seal, lost, gateway.clock())
        member_rows.attach_phone(db, person.id, lost_id)
        phone_rows.disown(db, lost_id, person.id, gateway.clock())
        member_rows.add(db, gateway.seal, spoken, gateway.clock())
        task_rows.open_task(db, task, gateway.clock())
    made = tokens.create(gateway, actor, tokens.NewToken(f"token {mark}", user_id=collector.id))
    return {
        "collector": collector.id,
        "member": person.id,
        "number": person.number,
        "phone": phone,
        "lost": lost,  # somebody said that it is hers no longer
        "claim": claim.id,
        "entry": entry.id,
        "task": task.id,
        "token": made.id,
        "secret": made.secret,
    }
