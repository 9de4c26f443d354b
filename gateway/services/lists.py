"""Lists of members, made from membership numbers and phones as organisers have them: on paper, in a spreadsheet, in their heads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from gateway.core import people, phone, reference
from gateway.core.digits import fold_digits
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.access import Permission
from gateway.store import bulk, lists, members
from gateway.store.lists import ListRow

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

__all__ = ["ListAdded", "ListRow", "OnList", "add", "create", "delete", "id_of", "list_all", "remove", "show"]

LINES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ListAdded:
    """What became of the lines: how many members were added (or removed), and the numbers, from 1, of lines that name nobody.

    `lines` are those that are not empty; `was_there` is a list of this title that was to be made and is added to.
    """

    id: str
    added: int
    unknown: tuple[int, ...]
    lines: int
    was_there: bool = False


@dataclass(frozen=True, slots=True)
class OnList:
    """A member on a list; `name` is None until somebody wrote it down."""

    number: str
    name: str | None


def create(gateway: Gateway, actor: Actor, title: str, numbers: Iterable[str]) -> ListAdded:
    """Make a list of the members who are named, or add them to the list that has this title: the same file twice changes nothing.

    Each line is a membership number or a phone (then all the organisation's members with it); empty lines are nobody's.
    GatewayError `list:title`.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    cleaned = people.clean(title)
    if not people.is_name(cleaned):
        raise GatewayError("list:title", most=people.LONGEST_NAME)
    with gateway.database.write() as db:
        known = lists.find(db, actor.scope, cleaned)
        list_id = lists.begin(db, lists.NewList(gateway.new_id(), actor.organisation_id, cleaned, actor.name), gateway.clock())
        access.note(gateway, db, actor, "create_list", f"list:{list_id}")
    return replace(add(gateway, actor, list_id, numbers), was_there=known is not None and known.id == list_id)


def add(gateway: Gateway, actor: Actor, named: str, numbers: Iterable[str]) -> ListAdded:
    """Write more members on a list. GatewayError `list:unknown`."""
    return _each(gateway, actor, named, numbers, lists.add)


def remove(gateway: Gateway, actor: Actor, named: str, numbers: Iterable[str]) -> ListAdded:
    """Strike members off a list. GatewayError `list:unknown`."""
    return _each(gateway, actor, named, numbers, lists.remove)


def show(gateway: Gateway, actor: Actor, named: str, after: str = "", limit: int = LINES_AT_ONCE) -> tuple[ListRow, list[OnList]]:
    """A list, and a page of those on it behind the number `after`; the view is written down. GatewayError `list:unknown`."""
    actor.require(Permission.PLAN_BROADCASTS)
    with gateway.database.read() as db:
        found = _find(db, actor, named)
        page = lists.page(db, actor.scope, found.id, after, limit)
        names = members.names(db, gateway.seal, [member_id for member_id, _ in page])
    with gateway.database.write() as db:
        access.note(gateway, db, actor, "see_list", f"list:{found.id}", count=len(page))
    return found, [OnList(number, names.get(member_id)) for member_id, number in page]


def list_all(gateway: Gateway, actor: Actor) -> list[ListRow]:
    """The organisation's lists. They name nobody, so that no view is written down."""
    actor.require(Permission.PLAN_BROADCASTS)
    with gateway.database.read() as db:
        return lists.list_all(db, actor.scope)


def id_of(gateway: Gateway, actor: Actor, named: str) -> str:
    """The id of the list with this title or id. GatewayError `list:unknown`."""
    actor.require(Permission.PLAN_BROADCASTS)
    with gateway.database.read() as db:
        return _find(db, actor, named).id


def delete(gateway: Gateway, actor: Actor, named: str) -> None:
    """Take a list away. GatewayErrors `list:unknown`, `list:needed` while a broadcast that is not over names it."""
    actor.require(Permission.PLAN_BROADCASTS)
    with gateway.database.write() as db:
        found = _find(db, actor, named)
        if broadcast := lists.needed_by(db, actor.scope, found.id):
            raise GatewayError("list:needed", title=found.title, broadcast=broadcast)
        lists.drop(db, found.id)
        access.note(gateway, db, actor, "delete_list", f"list:{found.id}", count=found.members)


def _find(db: Connection, actor: Actor, named: str) -> ListRow:
    found = lists.find(db, actor.scope, named)
    if found is None:
        known = ", ".join(row.title for row in lists.list_all(db, actor.scope)) or "none"
        raise GatewayError("list:unknown", list=named, known=known)
    return found


def _each(
    gateway: Gateway, actor: Actor, named: str, numbers: Iterable[str], write: Callable[[Connection, str, Collection[str]], int]
) -> ListAdded:
    """Look up whom the lines name and write them, some hundreds in one transaction."""
    actor.require(Permission.PLAN_BROADCASTS)
    with gateway.database.read() as db:
        list_id = _find(db, actor, named).id
    changed, count, unknown = 0, 0, list[int]()
    each = enumerate(numbers, 1)
    while batch := list(islice(each, LINES_AT_ONCE)):
        lines = {line: fold_digits(text).strip() for line, text in batch if text.strip()}
        count += len(lines)
        with gateway.database.read() as db:
            found = _members_of(gateway, db, actor, lines)
        unknown += [line for line in lines if not found.get(line)]
        with gateway.database.write() as db:
            changed += write(db, list_id, sorted(set().union(*found.values())))
    with gateway.database.write() as db:
        access.note(gateway, db, actor, f"{write.__name__}_list", f"list:{list_id}", count=changed, unknown=len(unknown))
    return ListAdded(list_id, changed, tuple(unknown), count)


def _members_of(gateway: Gateway, db: Connection, actor: Actor, lines: dict[int, str]) -> dict[int, set[str]]:
    """By line, the ids of the members whom it names: by her number, else by a phone."""
    numbers = {line: text for line, text in lines.items() if reference.is_valid(text)}
    by_number = bulk.of_numbers(db, actor.organisation_id, set(numbers.values())) if numbers else {}
    found = {line: {by_number[text].id} for line, text in numbers.items() if text in by_number}
    seal = gateway.seal
    phones = {line: e164 for line, text in lines.items() if line not in found and (e164 := phone.parse(text))}
    indexes = {line: {seal.index(e164), *seal.earlier_indexes(e164)} for line, e164 in phones.items()}
    _, of_phones = bulk.of_phones(db, actor.organisation_id, set().union(*indexes.values())) if indexes else ({}, {})
    for line, each in indexes.items():
        found[line] = {member.id for index in each for member in of_phones.get(index, ())}
    return found
