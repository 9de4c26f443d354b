"""No phone number can be read from the database, nor guessed from it without the key."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.exceptions import InvalidTag
from fakes.rows import CHANNEL, MEMBER, World, a_session, populate

from gateway.store import calls, flow_sessions, members, messages, phones, receipts
from gateway.store.database import open_database
from gateway.store.secrets import Seal, link_with

CANARY = "+9779851987654"


def forms(e164: str) -> dict[str, bytes]:
    """The ways in which a number could lie about in a file."""
    digits, local = e164[1:], e164[4:]
    return {
        "local": local.encode(),  # E.164 and international forms contain it
        "parted": f"{local[:3]}-{local[3:]}".encode(),
        "spaced": f"{local[:5]} {local[5:]}".encode(),
        "devanagari": local.translate({ord("0") + n: 0x966 + n for n in range(10)}).encode(),
        "utf-16": local.encode("utf-16-le"),
        "hexadecimal": local.encode().hex().encode(),
        "integer": int(digits).to_bytes(6, "big"),
        "local integer": int(local).to_bytes(5, "big"),
        "little integer": int(digits).to_bytes(6, "little"),
        **{
            f"{name} of {text}": getattr(hashlib, name)(text.encode()).digest()
            for name in ("md5", "sha1", "sha256")
            for text in (e164, digits, local)
        },
    }


def use(world: World) -> None:
    """Everything that a call and a text from the canary write."""
    with world.database.write() as db:
        phone_id = phones.find_or_create(db, world.seal, CANARY, world.now)
        members.attach_phone(db, MEMBER, phone_id)
        flow_sessions.insert(db, world.seal, a_session(world, phone_id=phone_id))
        receipts.insert(db, world.seal, receipts.Receipt("twilio", "CA1", 0, "canary answer", world.now))
        calls.begin(db, calls.CallRow("twilio", "CA1", CHANNEL, phone_id, "in", "answered", world.now))
        messages.log(db, world.seal, [messages.MessageRow(CHANNEL, phone_id, "in", "canary text", "SM-canary-row", world.now)])
        phones.stop(db, phone_id, world.now)
    with world.database.read() as db:
        assert phones.open_many(db, world.seal, [phone_id]) == {phone_id: CANARY}


def found_in(files: list[Path]) -> set[str]:
    everything = b"".join(file.read_bytes() for file in files)
    assert b"SM-canary-row" in everything, "these are not the files in which the rows are"
    return {name for name, form in forms(CANARY).items() if form in everything}


def test_no_number_lies_in_the_sqlite_file_or_its_log(sqlite_url, seal, now):
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(open_database(sqlite_url)) as database:
        use(populate(database, seal, now))
        assert found_in([file, file.with_name(f"{file.name}-wal")]) == set()


def test_no_number_lies_in_the_files_of_postgresql(postgres_url, seal, now):
    with closing(open_database(postgres_url)) as database:
        use(populate(database, seal, now))
        with database.read() as db:
            db.exec_driver_sql("CHECKPOINT")
    data = Path(parse_qs(urlsplit(postgres_url).query)["host"][0]) / "data"
    assert found_in([file for folder in ("base", "pg_wal") for file in (data / folder).rglob("*") if file.is_file()]) == set()


def test_the_canary_would_be_found(tmp_path):
    for name, form in forms(CANARY).items():
        (tmp_path / "file").write_bytes(b"SM-canary-row" + form)
        assert name in found_in([tmp_path / "file"])


def test_a_sealed_number_opens_with_its_own_key_only(seal):
    sealed = seal.seal(CANARY)
    assert Seal("the secret key of the tests, long enough").open(sealed) == CANARY
    with pytest.raises(InvalidTag):
        Seal("another secret key, which is as long as that").open(sealed)


@pytest.mark.parametrize("place", [0, 11, 12, 20, -1])
def test_a_changed_seal_does_not_open(seal, place):
    sealed = bytearray(seal.seal(CANARY))
    sealed[place] ^= 1
    with pytest.raises(InvalidTag):
        seal.open(bytes(sealed))


def test_indexes_and_links_depend_on_the_key_and_on_their_purpose(seal):
    other = Seal("another secret key, which is as long as that")
    results = {seal.index("1234"), other.index("1234"), seal.link(b"", b"1234"), other.link(b"", b"1234"), seal.index("1235")}
    assert len(results) == 5
    assert {len(result) for result in results} == {32}


def test_what_an_earlier_key_sealed_still_opens_and_is_told_apart(seal):
    before = Seal("an earlier secret key, which is as long as that")
    today = Seal("the secret key of the tests, long enough", "an earlier secret key, which is as long as that")
    assert today.open(before.seal(CANARY)) == CANARY
    assert not today.is_current(before.seal(CANARY))
    assert today.is_current(seal.seal(CANARY))
    assert today.earlier_indexes(CANARY) == [before.index(CANARY)]
    assert before.link(b"", b"row") in {link_with(key, b"", b"row") for key in today.chain_keys}
