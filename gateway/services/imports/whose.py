"""Whose a row is: the columns by which a file names a member, and how she is found by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.language import names
from gateway.services.imports import members
from gateway.services.imports.columns import Refusal
from gateway.store import bulk

if TYPE_CHECKING:
    from gateway.store.bulk import KnownMember
    from gateway.store.database import Connection
    from gateway.store.secrets import Seal

COLUMNS = tuple(column for column in members.COLUMNS if column.name in {"number", "phone", "name"})
REQUIRED = ("number", "phone")

NOBODY = "no member has this number"
NO_PHONE = "no member has this phone"
SEVERAL = "several members share this phone; give her membership number or her name"
UNNAMED = "a row needs a membership number or a phone"


@dataclass(slots=True)
class Whose:
    """Who is meant: by her membership number, else by a phone and, where it is shared, her name."""

    number: str | None
    index: bytes | None
    spelt: str


def read(seal: Seal, values: dict[str, object]) -> Whose | None:
    """Take what names the member out of a row's values; None where nothing does."""
    number, phone, name = (values.pop(column, None) for column in ("number", "phone", "name"))
    if not isinstance(number, str) and not isinstance(phone, str):
        return None
    return Whose(
        number if isinstance(number, str) else None,
        seal.index(phone) if isinstance(phone, str) else None,
        names.spelt(name) if isinstance(name, str) else "",
    )


class Found:
    """The members whom a batch of rows names."""

    def __init__(self, db: Connection, seal: Seal, organisation_id: str, wanted: Sequence[Whose]) -> None:
        self._seal = seal
        numbers = {whose.number for whose in wanted if whose.number}
        indexes = {whose.index for whose in wanted if whose.index and not whose.number}
        self._by_number = bulk.of_numbers(db, organisation_id, numbers) if numbers else {}
        self._by_phone = bulk.of_phones(db, organisation_id, indexes)[1] if indexes else {}

    def member_id(self, row: int, whose: Whose) -> str | Refusal:
        """The member's id, or why nobody can tell who she is."""
        if whose.number:
            member = self._by_number.get(whose.number)
            return member.id if member else Refusal(row, "number", NOBODY)
        here = self._by_phone.get(whose.index or b"", [])
        if not here:
            return Refusal(row, "phone", NO_PHONE)
        if len(here) > 1:
            here = [member for member in here if whose.spelt and self._spelt(member) == whose.spelt]
        return here[0].id if len(here) == 1 else Refusal(row, "phone", SEVERAL)

    def _spelt(self, member: KnownMember) -> str:
        return names.spelt(self._seal.open(member.sealed_name)) if member.sealed_name else ""
