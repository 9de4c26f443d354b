"""Members from a file: a row is one member with one phone.

She is who has the membership number of the row, or else who has its phone and its name, however that is spelt. What a file cannot do:
make somebody answer who stopped us, bring back who left, change what somebody consented to, or empty a field by an empty cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gateway.core import people, places
from gateway.core.calendar import NEPAL
from gateway.core.ids import number_of
from gateway.core.phone import operator
from gateway.language import names
from gateway.services.imports import columns
from gateway.services.imports.batches import Kind, Outcome, Setting
from gateway.services.imports.columns import Column, Refusal, Repaired, Row, Unfit, read_cells
from gateway.services.imports.tally import Tally
from gateway.store import bulk

if TYPE_CHECKING:
    from gateway.store.database import Connection

DETAILS = (
    *("language", "script", "private", "usual_instalment", "trade", "place", "sex", "birth_year", "household_role"),
    *("preferred_medium", "best_hour", "reminders"),
)
SEALED = {"name": "sealed_name", "village": "sealed_village"}
DEFAULTS: Mapping[str, object] = {
    **dict.fromkeys(bulk.CHANGED),
    "state": "active",
    "private": False,
    "preferred_medium": "voice",
    "reminders": False,
    "consent_how": "paper",
    "consent_wording": "import",
}

OWN = frozenset({"number", "name", "phone", "village", "consent_wording"})  # cells that are hardly ever alike
REMEMBERED = 16_384  # values of each of the other columns, and words of names

SHARED = "the phone is another member's already; if they share it, run it again with --shared-phones"
UNNAMED = "the phone is of a member whose name is still to be written down; do that task first"
NOBODY = "a new member needs a name"
UNREACHED = "a row needs a phone or a membership number"


def _place(text: str) -> str:
    if not places.is_place(text):
        raise Unfit("a place is a code such as 3-27-02-05; `gateway places` finds it")
    return text


def _birth_year(text: str) -> int:
    return columns.whole(1900, 2030)(text)


COLUMNS = (
    Column(
        "number",
        "membership number,member number,member no,id,सदस्य नम्बर,सदस्यता नम्बर",
        "her membership number; empty for a new member",
        columns.membership_number,
    ),
    Column("name", "full name,member name,नाम,पूरा नाम,नाम थर,सदस्यको नाम", "her name, in any script", columns.name),
    Column(
        "phone",
        "phone number,mobile,mobile number,telephone,contact,फोन,फोन नम्बर,मोबाइल,मोबाइल नम्बर,सम्पर्क",
        "one phone; for a second one write the row again",
        columns.phone_number,
    ),
    Column("village", "tole,address,गाउँ,टोल,ठेगाना,बसोबास", "where she lives, as she says it", columns.name),
    Column("language", "भाषा", "`ne`, `en`, `mai`, ...: a language of the flows", str),
    Column("script", "लिपि", "`devanagari` or `romanised`: how she wants to be written to", columns.one_of(people.SCRIPTS)),
    Column(
        "trade",
        "work,occupation,काम,पेशा",
        "`" + "`, `".join(people.TRADES) + "`",
        columns.one_of(people.TRADES, सिलाइ="sewing", हस्तकला="craft", खानेकुरा="food", अरू="other_work"),
    ),
    Column("place", "place code,स्थान", "the code of her ward or municipality, such as `3-27-02-05`", _place),
    Column(
        "sex",
        "gender,लिङ्ग",
        "`female`, `male` or `other`",
        columns.one_of(people.SEXES, f="female", m="male", woman="female", man="male", महिला="female", पुरुष="male", अन्य="other"),
    ),
    Column("birth_year", "year of birth,जन्म साल", "the year of the common era, such as `1988`", _birth_year),
    Column("household_role", "role,घरमा भूमिका", "`" + "`, `".join(people.HOUSEHOLD_ROLES) + "`", columns.one_of(people.HOUSEHOLD_ROLES)),
    Column("usual_instalment", "instalment,usual amount,किस्ता", "rupees that she usually pays", columns.amount),
    Column("private", "गोप्य", "`yes`: nothing personal without her PIN", columns.yes_or_no),
    Column("preferred_medium", "medium,माध्यम", "`voice` or `sms`", columns.one_of(people.MEDIA, call="voice", text="sms", फोन="voice")),
    Column("best_hour", "hour,समय", "the hour at which to call her, 0 to 23", columns.whole(0, 23)),
    Column("reminders", "सम्झाउने", "`yes`: she agreed to be reminded of instalments", columns.yes_or_no),
    Column("state", "status,अवस्था", "of a new member, `active` or `left`; of a known one it stays as it is", columns.one_of(people.STATES)),
    Column("consented_on", "consent date,सहमति मिति", "the day she agreed to be in this register; else today", columns.day),
    Column("consent_how", "consent,सहमति", "`" + "`, `".join(people.CONSENT_HOW) + "`; else paper", columns.one_of(people.CONSENT_HOW)),
    Column("consent_wording", "wording,सहमति पत्र", "what she agreed to, such as the name of the paper; else `import`", columns.note),
)


@dataclass(slots=True)
class MemberEntry:
    """A row that was read."""

    row: int
    values: dict[str, object]
    index: bytes | None
    phone: bulk.NewPhone | None
    spelt: str
    words: tuple[bytes, ...]
    sealed: dict[str, bytes]
    notes: tuple[Refusal, ...]
    seen_before: bool | None = None  # in a dry run: an earlier row of the file was she
    same_before: bool = False
    phone_taken: bool = False


@dataclass(slots=True)
class _Member:
    """A member as she stands while a batch is decided about."""

    id: str
    number: str
    fields: dict[str, Any]
    version: int
    name: str | None
    village: str | None = None
    spelt: str = ""
    words: tuple[bytes, ...] = ()
    new: bool = False
    changed: bool = False
    renamed: bool = False
    phones: set[bytes] = field(default_factory=set)


class MemberWriter:
    """Takes the rows of a file of members."""

    recalls = False  # the database knows who was taken
    import_id: str | None = None

    def __init__(self, setting: Setting) -> None:
        self._setting, self._gateway = setting, setting.gateway
        self._organisation = setting.actor.organisation_id
        readers = {**KIND.readers, "language": columns.one_of(self._gateway.catalogue.languages)}
        self._readers = {name: read if name in OWN else lru_cache(REMEMBERED)(read) for name, read in readers.items()}
        self._word = lru_cache(REMEMBERED)(self._gateway.seal.word)
        self._language = self._gateway.settings.language
        self._digits = bulk.FEWEST_DIGITS
        self._seen = Tally() if setting.dry_run else None

    def prepare(self, row: Row) -> MemberEntry | list[Refusal]:
        """Read a row, seal its name and phone, and hash what they are found by."""
        values, refusals = read_cells(row, self._readers)
        if refusals:
            return refusals
        phone, name = values.pop("phone", None), values.get("name")
        if phone is None and "number" not in values:
            return [Refusal(row.number, "phone", UNREACHED)]
        consented = values.get("consented_on")
        if isinstance(consented, date) and consented > self._gateway.clock().astimezone(NEPAL).date():
            return [Refusal(row.number, "consented_on", "it lies in the future; dates are of the common era, not of Bikram Sambat")]
        seal = self._gateway.seal
        spelt = names.spelt(name) if isinstance(name, str) else ""
        return MemberEntry(
            row=row.number,
            values=values,
            index=seal.index(phone) if isinstance(phone, str) else None,
            phone=bulk.NewPhone(seal.seal(phone), operator(phone)) if isinstance(phone, str) else None,
            spelt=spelt,
            words=tuple(map(self._word, sorted(set(spelt.split())))),
            sealed={sealed: seal.seal(text) for plain, sealed in SEALED.items() if isinstance(text := values.get(plain), str)},
            notes=(Refusal(row.number, "phone", f"{phone.how}; read as ...{phone[-2:]}"),) if isinstance(phone, Repaired) else (),
        )

    def recall(self, db: Connection, entries: Sequence[MemberEntry]) -> None:
        """Nothing is needed of them."""

    def take(self, db: Connection, entries: Sequence[MemberEntry], now: datetime) -> list[Outcome]:
        """Decide about a batch of rows and write it."""
        batch = _Batch(self, db, entries)
        outcomes = [batch.place(entry, now) for entry in entries]
        if self._setting.dry_run:
            return outcomes
        batch.write(db, now)
        return outcomes

    # What a batch asks its writer.

    @property
    def setting(self) -> Setting:
        return self._setting

    def new_member(self, entry: MemberEntry, now: datetime) -> _Member:
        """A member whom nobody knew."""
        values = entry.values
        fields = {**DEFAULTS, "language": self._language, **{name: values[name] for name in DETAILS if name in values}, **entry.sealed}
        if values.get("state") == "left":
            fields["state"] = "left"
        fields |= {name: values[name] for name in ("consent_how", "consent_wording") if name in values}
        consented = values.get("consented_on")
        fields["consented_at"] = datetime.combine(consented, time(), NEPAL) if isinstance(consented, date) else now
        name = values["name"]
        number = values.get("number")
        return _Member(
            id=self._gateway.new_id(),
            number=number if isinstance(number, str) else "",
            fields=fields,
            version=0,
            name=name if isinstance(name, str) else None,
            spelt=entry.spelt,
            words=entry.words,
            new=True,
            renamed=True,
        )

    def known_member(self, row: bulk.KnownMember) -> _Member:
        """A member as the database has her."""
        opened = [self._gateway.seal.open(sealed) if sealed else None for sealed in (row.sealed_name, row.sealed_village)]
        name = opened[0]
        fields = {name: getattr(row, name) for name in bulk.CHANGED}
        return _Member(row.id, row.number, fields, row.version, name, opened[1], names.spelt(name or ""))

    def seen(self, entry: MemberEntry) -> None:
        """In a dry run: whether an earlier row of the file was she, or had her phone. A real run finds that in the database."""
        if self._seen is not None and entry.seen_before is None:
            who = (entry.values.get("number"),) if "number" in entry.values else (entry.index, entry.spelt)
            entry.seen_before = self._seen.count("who", who) > 1
            entry.same_before = self._seen.count("same", who, entry.index, sorted(entry.values.items(), key=str)) > 1
            if entry.index is not None:
                of_phone = self._seen.count("phone", entry.index)
                entry.phone_taken = of_phone > self._seen.count("phone of", entry.index, who)

    def numbers(self, db: Connection, count: int, besides: set[str]) -> list[str]:
        """Free membership numbers."""
        wanted = bulk.Wanted("members", count, number_of(self._gateway.new_id()), self._digits)
        drawn, self._digits = bulk.free_numbers(db, self._organisation, wanted, besides)
        return drawn

    def look_up(
        self, db: Connection, entries: Sequence[MemberEntry]
    ) -> tuple[dict[bytes, int], dict[bytes, list[bulk.KnownMember]], dict[str, bulk.KnownMember]]:
        """Who is known of these rows: the phones, who has them, who has the numbers."""
        indexes = {entry.index for entry in entries if entry.index is not None}
        wanted = {number for entry in entries if isinstance(number := entry.values.get("number"), str)}
        ids, of_phones = bulk.of_phones(db, self._organisation, indexes) if indexes else ({}, {})
        return ids, of_phones, bulk.of_numbers(db, self._organisation, wanted) if wanted else {}

    @property
    def organisation(self) -> str:
        return self._organisation


class _Batch:
    """The members whom a batch of rows concerns: as the database has them, and as the rows decided about leave them."""

    def __init__(self, writer: MemberWriter, db: Connection, entries: Sequence[MemberEntry]) -> None:
        self._writer = writer
        self._phone_ids, of_phones, of_numbers = writer.look_up(db, entries)
        self._by_id: dict[str, _Member] = {}
        self._by_phone = {index: [self._of(row) for row in rows] for index, rows in of_phones.items()}
        for index, found in self._by_phone.items():
            for member in found:
                member.phones.add(index)
        self._by_number = {number: self._of(row) for number, row in of_numbers.items()}
        if self._by_number:
            for member_id, indexes in bulk.phones_of(db, [member.id for member in self._by_number.values()]).items():
                self._by_id[member_id].phones |= indexes
        self._new_phones: dict[bytes, bulk.NewPhone] = {}
        self._attached: list[tuple[str, bytes]] = []

    def _of(self, row: bulk.KnownMember) -> _Member:
        member = self._by_id.get(row.id)
        if member is None:
            member = self._by_id[row.id] = self._writer.known_member(row)
        return member

    def place(self, entry: MemberEntry, now: datetime) -> Outcome:
        """Decide about one row."""
        self._writer.seen(entry)
        with_phone = self._by_phone.setdefault(entry.index, []) if entry.index is not None else []
        member = self._named(entry, with_phone)
        if member is not None:
            return self._compare(member, entry, with_phone)
        if "name" not in entry.values:
            return Outcome("refused", (Refusal(entry.row, "name", NOBODY),))
        others = [other for other in with_phone if other.fields["state"] != "left"]
        if any(other.name is None for other in others):
            return Outcome("refused", (Refusal(entry.row, "phone", UNNAMED),))
        if (others or entry.phone_taken) and not entry.seen_before and not self._writer.setting.shared_phones:
            return Outcome("refused", (Refusal(entry.row, "phone", SHARED),))
        self._add(self._writer.new_member(entry, now), entry, with_phone)
        if entry.seen_before:
            return Outcome("known" if entry.same_before else "changed", entry.notes)
        return Outcome("added", entry.notes)

    def _named(self, entry: MemberEntry, with_phone: Sequence[_Member]) -> _Member | None:
        number = entry.values.get("number")
        if isinstance(number, str):
            return self._by_number.get(number)
        return next((member for member in with_phone if member.name is not None and member.spelt == entry.spelt), None)

    def _add(self, member: _Member, entry: MemberEntry, with_phone: list[_Member]) -> None:
        self._by_id[member.id] = member
        if member.number:
            self._by_number[member.number] = member
        self._attach(member, entry, with_phone)

    def _attach(self, member: _Member, entry: MemberEntry, with_phone: list[_Member]) -> None:
        if entry.index is not None and entry.phone is not None:
            with_phone.append(member)
            member.phones.add(entry.index)
            self._attached.append((member.id, entry.index))
            if entry.index not in self._phone_ids:
                self._new_phones[entry.index] = entry.phone

    def _compare(self, member: _Member, entry: MemberEntry, with_phone: list[_Member]) -> Outcome:
        """What the row says of somebody who is known. An empty cell says nothing."""
        values = entry.values
        changed = [name for name in DETAILS if name in values and values[name] != member.fields[name]]
        member.fields.update({name: values[name] for name in changed})
        for name, sealed in SEALED.items():
            if name in values and values[name] != people.clean(getattr(member, name) or ""):
                setattr(member, name, values[name])
                member.fields[sealed] = entry.sealed[sealed]
                changed.append(name)
        if "name" in changed:
            member.spelt, member.words, member.renamed = entry.spelt, entry.words, True
        member.changed = member.changed or bool(changed)
        if entry.index is not None and entry.index not in member.phones:
            if (any(other.id != member.id for other in with_phone) or entry.phone_taken) and not self._writer.setting.shared_phones:
                return Outcome("refused", (Refusal(entry.row, "phone", SHARED),))
            self._attach(member, entry, with_phone)
            changed.append("phone")
        notes = tuple(Refusal(entry.row, name, "changed") for name in changed)
        return Outcome("changed" if changed else "known", (*entry.notes, *notes))

    def write(self, db: Connection, now: datetime) -> None:
        """Write what was decided."""
        new = [member for member in self._by_id.values() if member.new]
        unnumbered = [member for member in new if not member.number]
        if unnumbered:
            numbers = self._writer.numbers(db, len(unnumbered), set(self._by_number))
            for member, number in zip(unnumbered, numbers, strict=True):
                member.number = number
        common = {"organisation_id": self._writer.organisation, "import_id": self._writer.import_id, "created_at": now}
        bulk.add_members(db, [{"id": member.id, "number": member.number, **member.fields, **common} for member in new])
        changed = [member for member in self._by_id.values() if member.changed and not member.new]
        bulk.change_members(db, [{"id": member.id, "version": member.version, **member.fields} for member in changed])
        ids = self._phone_ids | bulk.add_phones(db, self._new_phones, now)
        bulk.attach(db, [(member_id, ids[index]) for member_id, index in self._attached])
        renamed = [member for member in self._by_id.values() if member.renamed]
        words = [(member.id, word) for member in renamed for word in member.words]
        bulk.keep_words(db, words, [member.id for member in renamed if not member.new])


KIND = Kind("members", COLUMNS, (("name", "number"), ("phone", "number")), MemberWriter)
