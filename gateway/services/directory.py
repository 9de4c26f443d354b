"""The directory of services near a member: health posts, day-care centres, legal aid, social security offices, each with a number to call.

Whoever calls hears the nearest first: those of her ward, of her municipality, of her district; then our own office, which is what a
stranger hears, and a member whose place nobody has written down. The number of a person who answers stands in for the office where the
directory has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core import people, phone, places, sms
from gateway.errors import GatewayError
from gateway.services import access, sayings
from gateway.services.access import Actor, Permission
from gateway.services.imports import columns
from gateway.services.imports.columns import Column, Refusal, Row, Unfit
from gateway.services.imports.reading import open_table
from gateway.store import members
from gateway.store import services as stored

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

OFFICE = "our_office"  # the kind that everybody hears
LONGEST_KIND = 24  # characters, of the column
NAME_COLUMNS: Mapping[str, str] = {"name_ne": "ne", "name_en": "en"}


@dataclass(frozen=True, slots=True)
class Service:
    """An entry of the directory. `kind` is a phrase, `place` a code, `number` of `phone.of_service`, `names` a text for each language."""

    id: str
    kind: str
    place: str
    number: str
    names: Mapping[str, str]
    saying_id: str | None = None

    @property
    def local_number(self) -> str:
        """As people here dial it."""
        return phone.local(self.number)


@dataclass(frozen=True, slots=True)
class NewService:
    """An entry as an organiser gives it: `number` as people write numbers."""

    kind: str
    place: str
    number: str
    names: Mapping[str, str]
    saying_id: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a file: `refusals` tell of each row that was not taken, its column and why, and repeat nothing of the cell."""

    added: int
    changed: int
    known: int
    refusals: tuple[Refusal, ...]


# --- what a caller hears ---------------------------------------------------------------------------------------------------------------


def near(gateway: Gateway, organisation_id: str, member_id: str | None) -> list[Service]:
    """The services for this caller, the nearest first, and behind them the office's."""
    with gateway.database.read() as db:
        member = members.get(db, member_id) if member_id is not None else None
        place = (member.place if member is not None else None) or ""
        rows = stored.within(db, organisation_id, places.above(place, "district") or "", OFFICE)
    found = [_service(row) for row in rows]
    of_office = [entry for entry in found if entry.kind == OFFICE]
    if not of_office and gateway.settings.person_number:
        of_office = [Service(OFFICE, OFFICE, "", gateway.settings.person_number, {})]
    around = [entry for entry in found if entry.kind != OFFICE]
    return [*sorted(around, key=lambda entry: -_shared(entry.place, place)), *of_office]  # a sort that keeps what is equally near in order


def _shared(place: str, hers: str) -> int:
    """How many levels two places have in common: 4 for a ward, 2 for a district."""
    pairs = zip(place.split("-"), hers.split("-"), strict=False)
    return next((level for level, (one, other) in enumerate(pairs) if one != other), min(place.count("-"), hers.count("-")) + 1)


def spoken_name(gateway: Gateway, service: Service, language: str, *, by_text: bool, romanised: bool) -> str | None:
    """Its name for a slot `{x:saying}`: written where it is read, else as it was recorded. Without a recording only the kind is said."""
    if not by_text:
        return sayings.value(gateway, service.saying_id, language) if service.saying_id else None
    name = service.names.get(language)
    if romanised and name and not set(name) <= sms.GSM:
        name = service.names.get("en")  # one letter of Devanagari would make all of it dear
    return f" {name}" if name else None


def _service(row: stored.ServiceRow) -> Service:
    return Service(row.id, row.kind, row.place, row.number, row.names, row.saying_id)


# --- what organisers do ----------------------------------------------------------------------------------------------------------------


def list_all(gateway: Gateway, actor: Actor) -> list[Service]:
    """All entries by kind and place."""
    actor.require(Permission.SEE_BROADCASTS)
    with gateway.database.read() as db:
        return [_service(row) for row in stored.list_all(db, actor.organisation_id)]


def add(gateway: Gateway, actor: Actor, new: NewService) -> Service:
    """Write an entry down; the same kind, place and number once more changes only how it is called.

    GatewayErrors `service:kind`, `place:unknown`, `service:number`, `service:name`, `service:saying`.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    row = _row(gateway, actor, new)
    with gateway.database.write() as db:
        if row.saying_id is not None and not stored.may_be_named(db, actor.organisation_id, row.saying_id):
            raise GatewayError("service:saying", id=row.saying_id)
        outcome = _take(gateway, db, row)
        if outcome != "known":
            access.note(gateway, db, actor, "add_service", f"service:{row.kind}", place=row.place, outcome=outcome)
        entries = stored.list_all(db, actor.organisation_id)
    return next(_service(entry) for entry in entries if _key(entry) == _key(row))


def remove(gateway: Gateway, actor: Actor, service_id: str) -> None:
    """Take an entry away; GatewayError `service:unknown`."""
    actor.require(Permission.PLAN_BROADCASTS)
    with gateway.database.write() as db:
        if not stored.remove(db, actor.organisation_id, service_id):
            raise GatewayError("service:unknown", id=service_id)
        access.note(gateway, db, actor, "remove_service", f"service:{service_id}")


def take_in(gateway: Gateway, actor: Actor, file: Path, *, dry_run: bool = False) -> Taken:
    """Take the entries of a table, CSV or XLSX; the same file once more changes nothing. A row with a fault is refused alone.

    Raises what `imports.reading.open_table` and `columns.headed` raise where the file is none.
    """
    actor.require(Permission.PLAN_BROADCASTS)
    read = [_read(gateway, actor, row) for row in columns.headed(open_table(file), table_columns(gateway), REQUIRED)]
    refusals = tuple(refusal for _, refused in read for refusal in refused)
    rows = [row for row, _ in read if row is not None]
    counts = dict.fromkeys(("added", "changed", "known"), 0)
    if dry_run:
        with gateway.database.read() as db:
            for outcome in _would(stored.list_all(db, actor.organisation_id), rows):
                counts[outcome] += 1
    else:
        with gateway.database.write() as db:
            for row in rows:
                counts[_take(gateway, db, row)] += 1
            access.note(gateway, db, actor, "import_services", "services", refused=len(refusals), **counts)
    return Taken(**counts, refusals=refusals)


REQUIRED = (("kind",), ("place",), ("number",))


def table_columns(gateway: Gateway) -> tuple[Column, ...]:
    """The columns of a table of services: for docs/lessons.md, which lists them."""
    return (
        Column("kind", "type,किसिम", "a phrase of `flows/phrases.yaml`, such as `health_post`", _kind_of(gateway)),
        Column("place", "place code,ward,स्थान", "the code of the ward, municipality or district that it serves", columns.place_code),
        Column(
            "number",
            "phone,telephone,फोन",
            "the number to call: 01-4200105 with the code of its area, 9841234567, 1098, 1660-01-22222",
            _number,
        ),
        Column("name_ne", "name,नाम", "what it is called in Nepali", columns.name),
        Column("name_en", "english name", "what it is called in English", columns.name),
    )


def _read(gateway: Gateway, actor: Actor, row: Row) -> tuple[stored.ServiceRow | None, list[Refusal]]:
    if row.fault is not None:
        return None, [row.fault]
    known = table_columns(gateway)
    values, refusals = columns.read_cells(row, {column.name: column.read for column in known})
    refusals += [Refusal(row.number, name, "it is missing") for (name,) in REQUIRED if name not in row.cells]
    if refusals:
        return None, refusals
    names = {language: str(values[column]) for column, language in NAME_COLUMNS.items() if column in values}
    new_id, kind, place, number = gateway.new_id(), str(values["kind"]), str(values["place"]), str(values["number"])
    return stored.ServiceRow(new_id, actor.organisation_id, kind, place, number, names, None), []


def _take(gateway: Gateway, db: Connection, row: stored.ServiceRow) -> str:
    """Write a row, and say whether it was added, changed or known."""
    if stored.add(db, row, gateway.clock()):
        return "added"
    before = next(entry for entry in stored.list_all(db, row.organisation_id) if _key(entry) == _key(row))
    after = _called(before, row)
    if after == before:
        return "known"
    stored.name(db, after)
    return "changed"


def _would(before: list[stored.ServiceRow], rows: list[stored.ServiceRow]) -> Iterator[str]:
    """What would come of each row."""
    known = {_key(entry): entry for entry in before}
    for row in rows:
        entry = known.get(_key(row))
        known[_key(row)] = row if entry is None else _called(entry, row)
        yield "added" if entry is None else "known" if known[_key(row)] == entry else "changed"


def _called(entry: stored.ServiceRow, row: stored.ServiceRow) -> stored.ServiceRow:
    """An entry called as a row says; what the row does not say stays."""
    return entry._replace(names={**entry.names, **row.names}, saying_id=row.saying_id or entry.saying_id)


def _key(row: stored.ServiceRow) -> tuple[str, str, str]:
    return row.kind, row.place, row.number


def _row(gateway: Gateway, actor: Actor, new: NewService) -> stored.ServiceRow:
    for name in new.names.values():
        if not people.is_name(name):
            raise GatewayError("service:name", most=people.LONGEST_NAME)
    try:
        kind = _kind_of(gateway)(new.kind)
    except Unfit as unfit:
        raise GatewayError("service:kind", kind=new.kind, reason=str(unfit)) from None
    try:
        number = _number(new.number)
    except Unfit:
        raise GatewayError("service:number") from None
    place = places.find(new.place).code
    return stored.ServiceRow(gateway.new_id(), actor.organisation_id, kind, place, number, dict(new.names), new.saying_id)


def _kind_of(gateway: Gateway) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in gateway.catalogue.phrases or len(text) > LONGEST_KIND:
            raise Unfit(f"a kind is a phrase of flows/phrases.yaml with at most {LONGEST_KIND} letters, such as health_post or legal_aid")
        return text

    return read


def _number(text: str) -> str:
    number = phone.of_service(text)
    if number is None:
        raise Unfit("the number cannot be read; write a line with the code of its area, as 01-4200105, and others as 1098 or 1660-01-22222")
    return number
