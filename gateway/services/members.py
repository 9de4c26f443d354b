"""Members: found, looked at, registered, changed, and let go, by people of their organisation.

Nothing of a member is kept without her consent, of which how, when and to which wording is kept with it. Caste, religion and diagnosis
are never asked and have no field; what is no field here does not belong into a note either.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from gateway.core import phone, reference
from gateway.core.digits import fold_digits
from gateway.core.ids import number_of
from gateway.core.jobs import Job
from gateway.errors import GatewayError
from gateway.language import names
from gateway.services import access, pins, voices, welcome
from gateway.services.access import Actor, Permission, Scope
from gateway.services.details import UNSET, Details, Unset, checked
from gateway.services.tasks import open_task
from gateway.store import deliveries, members, people, tasks, users
from gateway.store.database import Conflict
from gateway.store.people import Person

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

__all__ = [
    "UNSET",
    "Details",
    "Person",
    "Unset",
    "add_phone",
    "change",
    "drop_phone",
    "find",
    "get",
    "leave",
    "newest",
    "numbered",
    "page",
    "register",
    "write_down",
]

TO_WRITE_DOWN = "write_down_name"  # the kind of task

MOST_RACES = 5
HERE = frozenset({"pending", "active"})
Done = TypeVar("Done")


# --- looking -----------------------------------------------------------------------------------------------------------------------


def find(gateway: Gateway, actor: Actor, text: str) -> list[Person]:
    """By membership number, by phone in any form and script, or by words of the name in Devanagari or Latin letters.

    A number whose check digit is wrong finds nobody. At most `gateway.store.people.MOST_FOUND`.
    """
    actor.require(Permission.SEE_MEMBERS)
    digits, e164 = fold_digits(text).strip(), phone.parse(text)
    found: list[Person] = []
    with gateway.database.read() as db:
        if reference.is_valid(digits) and (person := people.with_number(db, gateway.seal, actor.scope, digits)):
            found.append(person)
        if e164 is not None:
            found += people.with_phone(db, gateway.seal, actor.scope, e164)
        elif words := sorted(names.words(text)):
            found += people.with_words(db, gateway.seal, actor.scope, words)
    _seen(gateway, actor, "members", members=[person.id for person in found])
    return found


def get(gateway: Gateway, actor: Actor, member_id: str) -> Person:
    """One member; GatewayError `member:unknown`."""
    actor.require(Permission.SEE_MEMBERS)
    with gateway.database.read() as db:
        person = _known(gateway, db, actor.scope, member_id)
    _seen(gateway, actor, f"member:{person.id}")
    return person


def numbered(gateway: Gateway, actor: Actor, number: str) -> Person:
    """The member with this membership number, in digits of any script; GatewayError `member:unknown`."""
    actor.require(Permission.SEE_MEMBERS)
    with gateway.database.read() as db:
        person = people.with_number(db, gateway.seal, actor.scope, fold_digits(number).strip())
    if person is None:
        raise GatewayError("member:unknown", number=number)
    _seen(gateway, actor, f"member:{person.id}")
    return person


def page(gateway: Gateway, actor: Actor, after: str, limit: int, **filters: str) -> list[Person]:
    """The members behind a number ("" for the first page), by number.

    `filters`: state, trade, language, sex, collector_id, and place with all that lies in it.
    """
    actor.require(Permission.SEE_MEMBERS)
    with gateway.database.read() as db:
        found = people.page(db, gateway.seal, actor.scope, (after, limit), filters)
    _seen(gateway, actor, "members", after=after, count=len(found), **filters)
    return found


def newest(gateway: Gateway, actor: Actor, after: str, limit: int, **filters: str) -> list[Person]:
    """The same, who came last first, behind the member with the id `after`."""
    actor.require(Permission.SEE_MEMBERS)
    with gateway.database.read() as db:
        found = people.newest(db, gateway.seal, actor.scope, (after, limit), filters)
    _seen(gateway, actor, "members", after=after, count=len(found), **filters)
    return found


def _seen(gateway: Gateway, actor: Actor, subject: str, **detail: object) -> None:
    with gateway.database.write() as db:
        access.note(gateway, db, actor, Permission.SEE_MEMBERS, subject, **detail)


def _known(gateway: Gateway, db: Connection, scope: Scope, member_id: str) -> Person:
    person = people.get(db, gateway.seal, scope, member_id)
    if person is None:
        raise GatewayError("member:unknown", number=member_id)
    return person


# --- registering -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Verb:
    """What every change works with, inside its transaction."""

    gateway: Gateway
    actor: Actor
    db: Connection

    def note(self, action: Permission, member_id: str, **detail: object) -> None:
        access.note(self.gateway, self.db, self.actor, action, f"member:{member_id}", **detail)

    def person(self, member_id: str) -> Person:
        return _known(self.gateway, self.db, self.actor.scope, member_id)


def register(  # noqa: PLR0913, PLR0917  # as every verb: gateway and actor, then what it is about
    gateway: Gateway, actor: Actor, details: Details, phones: Sequence[str], pin: str | None = None, member_id: str | None = None
) -> Person:
    """Write a member down who agreed to it, with her phones in any form, and tell her her number.

    `member_id`, where it is given, was drawn when the form was shown: sent twice, it writes her down once.

    `consent_how`, `consent_wording` and `name` must be set. Who is registered by a collector is of her group. GatewayErrors:
    `member:no-name`, `member:no-consent`, `member:invalid`, `member:pin`, `member:already` (of this name and phone), `phone:already`
    (another member has the phone, and `details.shares_phone` does not say that this is known).
    """
    actor.require(Permission.REGISTER_MEMBERS)
    given = checked(gateway, details)
    if "name" not in given:
        raise GatewayError("member:no-name")
    if not {"consent_how", "consent_wording"} <= given.keys():
        raise GatewayError("member:no-consent")
    numbers = sorted({_number(raw) for raw in phones})
    if actor.scope.collector_id is not None:
        given["collector_id"] = actor.scope.collector_id
    birth_year = given.get("birth_year")
    hashed = pins.hash_pin(pins.strong(pin, birth_year if isinstance(birth_year, int) else None)) if pin else None

    new_id = member_id or gateway.new_id()

    def write(verb: _Verb) -> tuple[Person, list[Job]]:
        if member_id and (known := people.get(verb.db, gateway.seal, actor.scope, member_id)):
            return known, []
        _check_collector(verb, given)
        for e164 in numbers:
            _check_sharing(verb, e164, str(given["name"]), details)
        new = {"language": gateway.settings.language, "consented_at": gateway.clock(), "pin_hash": hashed, **given}
        number = members.new_number(verb.db, actor.organisation_id, number_of(gateway.new_id()))
        row = members.NewMember(id=new_id, organisation_id=actor.organisation_id, number=number, **new)  # type: ignore[arg-type]  # by name
        members.add(verb.db, gateway.seal, row, gateway.clock())
        for e164 in numbers:
            members.attach_phone(verb.db, new_id, people.phone_id(verb.db, gateway.seal, e164, gateway.clock()))
        verb.note(Permission.REGISTER_MEMBERS, new_id, how=given["consent_how"], phones=len(numbers))
        return verb.person(new_id), welcome.owe(gateway, verb.db, new_id)

    return _performed(gateway, actor, write)


def _number(raw: str) -> str:
    e164 = phone.parse(raw)
    if e164 is None or not phone.may_call(e164):
        raise GatewayError(
            "member:invalid", where="phones", field="phone", wanted="a number that can be called, as +977 98... or ten digits"
        )
    return e164


def _check_collector(verb: _Verb, given: dict[str, object]) -> None:
    user_id = given.get("collector_id")
    if user_id is None:
        return
    user = users.get(verb.db, verb.gateway.seal, verb.actor.organisation_id, str(user_id))
    if user is None or (user.role, user.state) != ("collector", "active"):
        raise GatewayError("user:no-collector", id=user_id)


def _check_sharing(verb: _Verb, e164: str, name: str | None, details: Details) -> None:
    """Whether this phone may be one more member's. It is held until the transaction ends, so that of two at once the second is told."""
    people.phone_id(verb.db, verb.gateway.seal, e164, verb.gateway.clock())
    everybody = Scope(verb.actor.organisation_id)  # what a collector does not see is there all the same
    others = [person for person in people.with_phone(verb.db, verb.gateway.seal, everybody, e164) if person.state in HERE]
    words = names.words(name or "")
    if any(words and words == names.words(person.name or "") for person in others):
        raise GatewayError("member:already")
    if others and not details.shares_phone:
        raise GatewayError("phone:already")


def _performed(gateway: Gateway, actor: Actor, write: Callable[[_Verb], tuple[Done, Collection[Job]]]) -> Done:
    """Do it in one transaction, again where somebody else took the same number meanwhile; ring for what is owed after it."""
    for left in reversed(range(MOST_RACES)):
        try:
            with gateway.database.write() as db:
                done, jobs = write(_Verb(gateway, actor, db))
        except Conflict:
            if not left:
                raise
            continue
        gateway.enqueue(jobs)
        return done
    raise LookupError("not reached")


# --- changing ----------------------------------------------------------------------------------------------------------------------


def change(gateway: Gateway, actor: Actor, member_id: str, version: int, details: Details) -> Person:
    """Change what `details` names, for who still has this version, else GatewayError `member:changed`.

    Who waited for her name or her consent alone becomes a member in full, and is told her number.
    """
    actor.require(Permission.CHANGE_MEMBERS)
    given = checked(gateway, details)

    def write(verb: _Verb) -> tuple[Person, list[Job]]:
        before = verb.person(member_id)
        _check_collector(verb, given)
        jobs = _change(verb, replace(before, version=version), given)
        verb.note(Permission.CHANGE_MEMBERS, member_id, fields=sorted(given))
        return verb.person(member_id), jobs

    return _performed(gateway, actor, write)


def write_down(gateway: Gateway, actor: Actor, task_id: str, details: Details) -> Person:
    """Write down the name of who spoke or texted it: she becomes active, the task is done and the welcome owed.

    Who has not agreed herself yet (a collector brought her) waits for that. GatewayErrors `task:unknown` (for tasks of other kinds, too),
    `task:no-member`, `task:named` (she is a member in full already, and spoke of somebody else), `member:no-name`, `member:invalid`,
    `member:changed`.
    """
    actor.require(Permission.CHANGE_MEMBERS)
    given = checked(gateway, details)
    if "name" not in given:
        raise GatewayError("member:no-name")

    def write(verb: _Verb) -> tuple[Person, list[Job]]:
        task = open_task(verb.db, actor, task_id)
        if task.kind != TO_WRITE_DOWN:
            raise GatewayError("task:unknown", id=task_id)
        if task.member_id is None:
            raise GatewayError("task:no-member")
        _check_collector(verb, given)
        before = verb.person(task.member_id)
        if before.state != "pending":
            raise GatewayError("task:named", number=before.number)
        if not tasks.done(verb.db, actor.scope, task_id, actor.name, gateway.clock()):
            raise GatewayError("task:unknown", id=task_id)
        jobs = _change(verb, before, {**given, "name_clip": clip} if clip else given)
        verb.note(Permission.CHANGE_MEMBERS, task.member_id, fields=sorted(given), task=task_id)
        return verb.person(task.member_id), jobs

    with gateway.database.read() as db:
        task = open_task(db, actor, task_id)
        person = people.get(db, gateway.seal, actor.scope, task.member_id) if task.member_id else None
    # Before the transaction, since it takes a tenth of a second.
    clip = voices.cut_out(gateway, task.recording_id) if person and not person.has_voice else None
    try:
        return _performed(gateway, actor, write)
    except BaseException:
        voices.discard(gateway, clip)
        raise


def _change(verb: _Verb, before: Person, given: dict[str, object]) -> list[Job]:
    """Write checked values for who is still as `before`; make her active where nothing is missing any more, and owe her the welcome."""
    if before.state not in HERE:
        raise GatewayError("member:left")
    if ("consent_how" in given) != ("consent_wording" in given):
        raise GatewayError("member:no-consent")
    new = dict(given)
    if "consent_how" in new:
        new.setdefault("consented_at", verb.gateway.clock())
    complete = (new.get("name") or before.name) and (new.get("consented_at") or before.consented_at)
    begins = before.state == "pending" and complete
    if begins:
        new["state"] = "active"
    if not people.change(verb.db, verb.gateway.seal, verb.actor.scope, people.Change(before.id, before.version, new)):
        raise GatewayError("member:changed")
    return welcome.owe(verb.gateway, verb.db, before.id) if begins else []


def add_phone(gateway: Gateway, actor: Actor, member_id: str, number: str, *, shared: bool = False) -> Person:
    """Let her be known by one more phone; `shared` as `Details.shares_phone`. GatewayErrors as of `register`."""
    actor.require(Permission.CHANGE_MEMBERS)
    e164 = _number(number)

    def write(verb: _Verb) -> tuple[Person, list[Job]]:
        person = verb.person(member_id)
        if person.state not in HERE:
            raise GatewayError("member:left")
        if e164 not in person.phones:
            _check_sharing(verb, e164, person.name, Details(shares_phone=shared))
            members.attach_phone(verb.db, member_id, people.phone_id(verb.db, gateway.seal, e164, gateway.clock()))
        verb.note(Permission.CHANGE_MEMBERS, member_id, fields=["phones"])
        return verb.person(member_id), []

    return _performed(gateway, actor, write)


def drop_phone(gateway: Gateway, actor: Actor, member_id: str, number: str) -> Person:
    """Let one phone be hers no more; GatewayError `phone:not-hers`."""
    actor.require(Permission.CHANGE_MEMBERS)
    e164 = _number(number)

    def write(verb: _Verb) -> tuple[Person, list[Job]]:
        verb.person(member_id)
        if not people.drop_phone(verb.db, gateway.seal, member_id, e164):
            raise GatewayError("phone:not-hers")
        verb.note(Permission.CHANGE_MEMBERS, member_id, fields=["phones"])
        return verb.person(member_id), []

    return _performed(gateway, actor, write)


def leave(gateway: Gateway, actor: Actor, member_id: str) -> Person:
    """She withdraws her consent: no reminder, no broadcast, nothing that waits to be sent, and nobody calls her back.

    What was recorded of her stays until it is erased. Repeating it changes nothing.
    """
    actor.require(Permission.CHANGE_MEMBERS)

    def write(verb: _Verb) -> tuple[Person, list[Job]]:
        person = verb.person(member_id)
        if person.state in HERE:
            gone = people.Change(member_id, person.version, {"state": "left", "reminders": False})
            if not people.change(verb.db, gateway.seal, actor.scope, gone):
                raise Conflict
            deliveries.drop_owed(verb.db, member_id, gateway.clock())
            tasks.drop_open(verb.db, member_id, actor.name, gateway.clock())
            verb.note(Permission.CHANGE_MEMBERS, member_id, fields=["state"], state="left")
        return verb.person(member_id), []

    return _performed(gateway, actor, write)
