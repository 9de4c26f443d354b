"""Another SECRET_KEY: everything is sealed anew while calls go on, and afterwards the old key opens nothing and is needed for nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from calls.conftest import Installation
from click.testing import CliRunner
from cryptography.exceptions import InvalidTag
from fakes.everything import SHE, plant
from sqlalchemy import LargeBinary, select
from trust.conftest import let_it_be_changed

from gateway.cli import main
from gateway.services import audit, keys, pins
from gateway.services.access import note, terminal
from gateway.store import members, phones, sealed, users
from gateway.store.models import metadata
from gateway.store.secrets import Seal

OLD, NEW, NEWER = (f"the {name} secret key of the tests which is long enough" for name in ("old", "new", "newer"))
OPEN_MEMBER, PRIVATE_MEMBER = "+9779720000001", "+9779720000002"


@pytest.fixture
def old(installation_of, database_url) -> Installation:
    return installation_of(database_url, SECRET_KEY=OLD)


def with_keys(installation: Installation, key: str, *previous: str) -> Installation:
    """The same installation, started again with other keys."""
    installation.environ |= {"SECRET_KEY": key, "GATEWAY_PREVIOUS_SECRET_KEYS": ",".join(previous)}
    installation.gateway.database.close()
    installation.restart()
    return installation


def rotated(installation: Installation) -> Counter[str]:
    rows: Counter[str] = Counter()
    for progress in keys.rotate(installation.gateway):
        rows[progress.table] += progress.rows
    return rows


def left(installation: Installation) -> int:
    return sum(row.earlier + row.unknown for row in keys.status(installation.gateway))


def everything(installation: Installation, seal: Seal) -> dict[str, list[str | None]]:
    """All that is sealed, opened, table by table."""
    found = {}
    with installation.gateway.database.read() as db:
        for table, columns in sealed.SEALED.items():
            rows = db.execute(select(*(table.c[name] for name in columns)).order_by(*table.primary_key.columns))
            found[table.name] = [None if value is None else seal.open(bytes(value)) for row in rows for value in row]
    return found


def test_every_column_of_bytes_is_sealed_or_follows_from_what_is_or_needs_no_key():
    columns = {
        f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.c if isinstance(column.type, LargeBinary)
    }
    named = [f"{table.name}.{name}" for table, names in sealed.SEALED.items() for name in names] + [*sealed.INDEXES, *sealed.DIGESTS]
    assert sorted(named) == sorted(columns)


def test_after_a_rotation_the_old_key_opens_nothing_and_is_not_needed(old):
    plant(old.gateway)
    before = everything(old, Seal(OLD))
    assert all(any(values) for values in before.values()), "a table without anything sealed proves nothing"
    here = with_keys(old, NEW, OLD)
    assert left(here) == sum(value is not None for values in before.values() for value in values)
    with here.gateway.database.read() as db:
        assert users.keys(db, here.gateway.seal, SHE) is not None, "she signs in meanwhile too"
    rotated(here)
    assert left(here) == 0
    with_keys(here, NEW)
    assert left(here) == 0
    assert everything(here, Seal(NEW)) == before
    with pytest.raises(InvalidTag):
        everything(here, Seal(OLD))
    with here.gateway.database.read() as db:
        found = phones.find(db, here.gateway.seal, OPEN_MEMBER)
        assert found is not None
        assert members.caller(db, Seal(OLD).index(OPEN_MEMBER)) is None
        names = metadata.tables["member_names"]
        words = set(db.execute(select(names.c.word).where(names.c.member_id == "sample-1")).scalars())
        hers = users.keys(db, Seal(NEW), SHE)
    assert hers is not None
    assert (hers.user_id, hers.password) == ("her-user", "a hash")
    assert words == {Seal(NEW).word("sit"), Seal(NEW).word("tamang")}
    assert here.phone(PRIVATE_MEMBER).ring().press("2").press("4826").heard[-1]
    assert "Dabi" in here.phone(OPEN_MEMBER).text("dabi")[0]


def test_a_rotation_that_is_broken_off_goes_on_where_it_was(old, monkeypatch):
    plant(old.gateway)
    before = everything(old, Seal(OLD))
    here = with_keys(old, NEW, OLD)
    monkeypatch.setattr(keys, "BATCH", 1)
    for _, progress in zip(range(3), keys.rotate(here.gateway), strict=False):
        assert progress.rows == 1
    done = sum(row.current for row in keys.status(here.gateway))
    assert 3 <= done < left(here)
    assert everything(here, here.gateway.seal) == before
    assert sum(rotated(here).values()) > 0
    assert (left(here), everything(here, Seal(NEW))) == (0, before)
    assert sum(rotated(here).values()) == 0


def test_before_and_during_a_rotation_everybody_is_known_and_none_becomes_two(old):
    call = old.phone(OPEN_MEMBER).ring()
    here = with_keys(old, NEW, OLD)
    call.phone = here.phone(OPEN_MEMBER)
    call.press("2")
    assert not call.over
    phone = here.phone(PRIVATE_MEMBER)
    assert phone.ring().press("2").press("4826").heard
    assert "Dabi" in here.phone(OPEN_MEMBER).text("dabi")[0]
    ((number,),) = here.rows("SELECT count(*) FROM phones")
    rotated(here)
    assert here.rows("SELECT count(*) FROM phones") == [(number,)] == [(3,)]
    assert left(here) == 0


def test_a_row_that_changes_meanwhile_keeps_its_newer_words(old, monkeypatch):
    plant(old.gateway)
    here = with_keys(old, NEW, OLD)
    anew = sealed.anew

    def somebody_is_faster(seal, table, row):
        if table == "members" and row.key == ("sample-1",):
            with here.gateway.database.write() as db:
                db.execute(
                    metadata.tables["members"].update().values(sealed_name=seal.seal("faster")).where(members.members.c.id == "sample-1")
                )
        return anew(seal, table, row)

    monkeypatch.setattr(sealed, "anew", somebody_is_faster)
    rotated(here)
    with here.gateway.database.read() as db:
        assert members.names(db, Seal(NEW), ["sample-1"]) == {"sample-1": "faster"}


def test_pins_are_still_the_same_and_their_hashes_still_sealed(old):
    here = with_keys(old, NEW, OLD)
    rotated(here)
    with_keys(here, NEW)
    with here.gateway.database.read() as db:
        phone = phones.find(db, here.gateway.seal, PRIVATE_MEMBER)
    assert phone is not None
    assert pins.verify(here.gateway, pins.Attempt("main", phone.id, ("sample-2",)), "4826") == ("ok", "sample-2")


def test_the_audit_log_can_be_checked_when_the_old_keys_are_gone(old):
    def write(installation: Installation, subject: str) -> None:
        with installation.gateway.database.write() as db:
            note(installation.gateway, db, terminal("main"), "see_members", subject)

    write(old, "member:1")
    kept = audit.head(old.gateway)
    for key, previous in ((NEW, OLD), (NEWER, NEW)):
        with_keys(old, key, previous)
        write(old, "member:during")
        rotated(old)
        rotated(old)
        with_keys(old, key)
        write(old, "member:after")
        verdict = audit.verify(old.gateway, kept)
        assert verdict.fault is None
    assert verdict.rows == 7
    forged = replace(old.gateway, seal=Seal(OLD))
    with forged.database.write() as db:
        let_it_be_changed(db)
        db.exec_driver_sql("DELETE FROM audit WHERE id = 7")
        note(forged, db, terminal("main"), "see_members", "member:forged with a key that leaked")
    assert audit.verify(old.gateway).row == 7


def test_a_key_that_was_forgotten_at_first_is_taken_along_later(old):
    with old.gateway.database.write() as db:
        note(old.gateway, db, terminal("main"), "see_members", "member:1")
    here = with_keys(old, NEW)
    rotated(here)
    assert audit.verify(here.gateway).row == 1
    with_keys(here, NEW, OLD)
    rotated(here)
    rotated(here)
    with_keys(here, NEW)
    assert audit.verify(here.gateway) == audit.Verdict(3, audit.head(here.gateway))


def test_what_a_key_sealed_that_nobody_has_is_counted_and_left(old):
    here = with_keys(old, NEW)
    assert rotated(here) == Counter()
    assert left(here) > 0
    assert sum(row.unknown for row in keys.status(here.gateway)) == left(here)


def test_the_commands_tell_what_is_left_to_do(old, monkeypatch):
    here = with_keys(old, NEW, OLD)

    def run(*words: str):
        for name, value in here.environ.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(main, ["keys", *words])

    status = run("status")
    assert (status.exit_code, status.output.splitlines()[1].split()) == (0, ["phones", "0", "3", "0"])
    done = run("rotate")
    assert (done.exit_code, done.stdout.splitlines()[-1][:27]) == (0, "Nothing rests on an earlier")
    assert run("status").output.splitlines()[1].split() == ["phones", "3", "0", "0"]
    with_keys(here, NEWER)
    broken = run("rotate")
    assert broken.exit_code == 1
    assert "still rest on another key" in broken.stderr


@pytest.mark.parametrize("value", ["short", f"{OLD},short"])
def test_an_earlier_key_that_is_too_short_is_refused_and_not_shown(value, old, monkeypatch):
    for name, given in old.environ.items():
        monkeypatch.setenv(name, given)
    monkeypatch.setenv("GATEWAY_PREVIOUS_SECRET_KEYS", value)
    refused = CliRunner().invoke(main, ["keys", "status"])
    assert refused.exit_code == 2
    assert "GATEWAY_PREVIOUS_SECRET_KEYS is 'too short'" in refused.stderr
    assert OLD not in refused.output
