"""The audit log, looked at: whether it is whole, where it ends, who did what.

Whoever can write to the database can change a row, but cannot link it anew without the key; and whoever cuts rows off at the end leaves
a chain that is whole but shorter than the head which was written down elsewhere (`head`, once a day in the log of the gateway).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from gateway.errors import GatewayError
from gateway.services import authors
from gateway.services.access import Actor, Permission, note
from gateway.services.installation import ORGANISATION
from gateway.store import audit, claims, members, organisations
from gateway.store.audit import BEGINNING, Filter, Row, chained
from gateway.store.sealed import open_all
from gateway.store.secrets import link_with

if TYPE_CHECKING:
    from gateway.services.context import Gateway
    from gateway.store.database import Connection
    from gateway.store.secrets import Seal

log = structlog.get_logger(__name__)

Keys = list[bytes]

ROTATED = "rotate_keys"
HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")
DAILY = timedelta(days=1)
OF_THE_LOG = "audit:head"
GATEWAY = Actor(ORGANISATION, "admin", "gateway")  # what it does by itself, day by day


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole log found. `fault` is a sentence about the first faulty row, whose number is `row`; None: all is well."""

    rows: int
    head: str
    row: int | None = None
    fault: str | None = None


def verify(gateway: Gateway, head: str | None = None) -> Verdict:
    """Walk the whole log; with a `head` that was written down earlier, also find rows that were cut off behind it.

    GatewayError `audit:head` where the head cannot be read.
    """
    number, link = _read(head) if head else (0, BEGINNING)
    before, expected = BEGINNING, 1
    with gateway.database.read() as db:
        keys = _chain_keys(db, gateway.seal)
        for row in audit.walk(db):
            key = _key_of(keys, before, row, expected)
            if key is None:
                at, fault = _diagnosis(db, keys, row, (expected, before))
                return Verdict(expected - 1, _written(expected - 1, before), at, fault)
            if row.number == number and row.hash != link:
                fault = f"Row {number} is not the one that the head names: the log was written anew."
                return Verdict(number, _written(number, row.hash), number, fault)
            if row.entry.action == ROTATED:
                keys = keys[: keys.index(key) + 1]  # from here on, who has an earlier key can forge nothing
            before, expected = row.hash, expected + 1
    found = expected - 1
    if found < number:
        return Verdict(found, _written(found, before), found + 1, f"Row {found + 1} is missing, up to row {number}: the end was cut off.")
    return Verdict(found, _written(found, before))


def note_rotation(gateway: Gateway) -> None:
    """Write down that the key is another one, once.

    The row holds the earlier keys of the chain, sealed, so that the log can be checked when the earlier keys themselves are gone.
    """
    name = gateway.seal.current_name.hex()
    with gateway.database.write() as db:
        audit.lock(db)
        earlier = _chain_keys(db, gateway.seal)[1:]
        for row in audit.with_action(db, ROTATED):
            if _said(row).get("key") == name and set(earlier) <= set(_sealed_in(gateway.seal, row)):
                return
        chain = gateway.seal.seal(",".join(key.hex() for key in earlier)).hex()
        note(gateway, db, GATEWAY, ROTATED, "keys", key=name, chain=chain)


def _chain_keys(db: Connection, seal: Seal) -> list[bytes]:
    """The keys of all links, the one of today first: ours, and those before them as the rows of rotations keep them."""
    keys = seal.chain_keys
    for row in reversed(audit.with_action(db, ROTATED)):
        for key in _sealed_in(seal, row):
            if key not in keys:
                keys.append(key)
    return keys


def _sealed_in(seal: Seal, row: Row) -> list[bytes]:
    try:
        opened = open_all(seal, {"chain": bytes.fromhex(_said(row).get("chain", ""))})
    except (TypeError, ValueError):
        opened = None
    return [bytes.fromhex(each) for each in opened["chain"].split(",") if each] if opened else []


def _said(row: Row) -> dict[str, Any]:
    """The detail of a row; nothing where somebody put there what it cannot have been."""
    try:
        said = json.loads(row.entry.detail)
    except (TypeError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def head(gateway: Gateway) -> str:
    """The number and the hash of the last row, as `17:ab..`: kept elsewhere, it shows later whether rows were cut off."""
    with gateway.database.read() as db:
        return _written(*(audit.last(db) or (0, BEGINNING)))


def page(gateway: Gateway, actor: Actor, after: int, limit: int, wanted: Filter | None = None) -> list[Row]:
    """The organisation's rows behind the number `after`, the oldest first. The look itself is noted, once, with the first page."""
    actor.require(Permission.SEE_AUDIT)
    wanted = wanted or Filter()
    with gateway.database.read() as db:
        rows = audit.page(db, actor.organisation_id, after, limit, wanted)
    if after == 0:
        used = [name for name, value in wanted._asdict().items() if value is not None]
        with gateway.database.write() as db:
            note(gateway, db, actor, "see_audit", "audit", filters=used)
    return rows


@dataclass(frozen=True, slots=True)
class Shown:
    """Rows for a person to read: with the names of who works here, and the numbers of the members and claims that they are about."""

    rows: Sequence[Row]
    people: Mapping[str, str]
    members: Mapping[str, str]
    claims: Mapping[str, str]


def newest(gateway: Gateway, actor: Actor, before: int, limit: int, wanted: Filter) -> Shown:
    """The organisation's rows before a number (0: from the last one on), the newest first. The look is noted with its first page."""
    actor.require(Permission.SEE_AUDIT)
    with gateway.database.read() as db:
        rows = audit.newest(db, actor.organisation_id, before, limit, wanted)
        about: dict[str, set[str]] = {"member": set(), "claim": set()}
        for row in rows:
            kind, _, which = row.entry.subject.partition(":")
            about.get(kind, set()).add(which)
        shown = Shown(
            rows, authors.names(gateway, actor), members.numbers(db, about["member"]), claims.numbers(db, actor.scope, about["claim"])
        )
    if not before:
        used = [name for name, value in wanted._asdict().items() if value is not None]
        with gateway.database.write() as db:
            note(gateway, db, actor, "see_audit", "audit", filters=used)
    return shown


def look(gateway: Gateway, actor: Actor) -> Verdict:
    """Verify the whole log for somebody of an organisation, who is noted."""
    actor.require(Permission.SEE_AUDIT)
    found = verify(gateway)
    with gateway.database.write() as db:
        note(gateway, db, actor, "verify_audit", "audit", rows=found.rows, whole=found.fault is None)
    return found


def tell_head(gateway: Gateway) -> None:
    """Write the head into the gateway's log, once a day, so that a copy of it lies where the database is not."""
    if once_a_day(gateway, OF_THE_LOG, "tell_head"):
        log.info("audit_head", head=head(gateway))


def is_due(gateway: Gateway, subject: str) -> bool:
    """Whether what is done every day, and noted under this subject, was not done today; never before there is an organisation."""
    with gateway.database.read() as db:
        return _is_due(db, subject, gateway.clock())


def once_a_day(gateway: Gateway, subject: str, action: str, **detail: object) -> bool:
    """Note that what is done every day is done; False where somebody noted it already."""
    if not is_due(gateway, subject):
        return False
    with gateway.database.write() as db:
        audit.lock(db)
        if not _is_due(db, subject, gateway.clock()):
            return False
        note(gateway, db, GATEWAY, action, subject, **detail)
    return True


def _is_due(db: Connection, subject: str, now: datetime) -> bool:
    before = audit.latest(db, subject)
    return (before is None or now - before >= DAILY) and organisations.exists(db, ORGANISATION)


def _read(written: str) -> tuple[int, bytes]:
    match = HEAD.fullmatch(written.strip())
    if match is None:
        raise GatewayError("audit:head")
    return int(match[1]), bytes.fromhex(match[2])


def _written(number: int, link: bytes) -> str:
    return f"{number}:{link.hex()}"


# --- what is wrong with a row ------------------------------------------------------------------------------------------------------


def _diagnosis(db: Connection, keys: Keys, row: Row, due: tuple[int, bytes]) -> tuple[int, str]:
    """The number of the first faulty row, and what is wrong with it, as far as the rows around it tell.

    `due` is the number that was due, and the hash of the row before it.
    """
    expected, before = due
    if row.number < 1:
        return row.number, f"Row {row.number} was put in: the log begins with row 1."
    if row.number != expected:
        many = f"Rows {expected} to {row.number - 1} are" if row.number - expected > 1 else f"Row {expected} is"
        return expected, f"{many} missing: somebody took out what stood before row {row.number}."
    return row.number, f"Row {row.number} {_what_became_of(db, keys, row, before)}"


def _what_became_of(db: Connection, keys: Keys, row: Row, before: bytes) -> str:
    following = next(iter(audit.page_behind(db, row.number)), None)
    if following is not None and _follows(keys, row.hash, following, following.number):
        return "was changed after it was written: what stands in it is not what its link covers."
    place = _place_of(db, keys, row)
    if place is not None and next(iter(audit.page_behind(db, place - 1)), row)._replace(number=row.number) == row:
        return f"was put in: it is a copy of row {place}."
    if place is not None:
        return f"stands in another place: it was written as row {place}."
    if following is not None and _follows(keys, before, following, row.number):
        return "was put in: the row behind it is the one that was written there."
    if following is not None and _follows(keys, row.hash, following, following.number + 1):
        return "is missing: somebody took it out, and counted those behind it anew."
    return "does not follow from the row before it: it was changed, or put in another's place."


def _key_of(keys: Keys, before: bytes, row: Row, number: int) -> bytes | None:
    """The key under which a row was written with this number behind the row with this hash; None: it was not."""
    covered = chained(number, row.entry, row.at)
    return next((key for key in keys if row.number == number and link_with(key, before, covered) == row.hash), None)


def _follows(keys: Keys, before: bytes, row: Row, number: int) -> bool:
    """The same of a row that may stand in another place now."""
    return _key_of(keys, before, row._replace(number=number), number) is not None


def _place_of(db: Connection, keys: Keys, row: Row) -> int | None:
    """The number under which a row was written that now stands elsewhere; the row before that place may have moved as well."""
    for other in audit.walk(db):
        for number in (other.number, other.number + 1):
            if number != row.number and _follows(keys, other.hash, row, number):
                return number
    return None
