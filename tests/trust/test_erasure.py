"""A member is erased: nothing tells who she was, and every sum is as before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from calls.conftest import Installation
from click.testing import CliRunner
from fakes.everything import HER_NOTE, HER_PHONE, HER_VILLAGE, HER_WORDS, MEMBER, SHE, plant
from sqlalchemy import LargeBinary, select

from gateway.cli import main
from gateway.core.reference import with_check_digit
from gateway.errors import GatewayError
from gateway.services import audit, erasure, recordings, track
from gateway.services.access import Actor, note, terminal
from gateway.services.dossier import dossier
from gateway.store.models import metadata

ADMIN = terminal("main")
NUMBER = with_check_digit(1001)  # of the sample's first member
CANARIES = (SHE, "Tamang", HER_VILLAGE, HER_PHONE, HER_PHONE[4:], HER_WORDS, HER_NOTE)

AGGREGATES = (
    "SELECT month, payer, count(*), sum(amount) FROM contributions GROUP BY month, payer ORDER BY 1, 2",
    "SELECT state, count(*) FROM contribution_decisions GROUP BY state ORDER BY 1",
    "SELECT kind, state, count(*), sum(amount) FROM claims GROUP BY kind, state ORDER BY 1, 2",
    "SELECT state, count(*) FROM claim_events GROUP BY state ORDER BY 1",
    "SELECT answer, count(*) FROM rsvps GROUP BY answer ORDER BY 1",
    "SELECT trade, place, sex, language, count(*) FROM members GROUP BY trade, place, sex, language ORDER BY 1, 2, 3, 4",
    "SELECT medium, count(*) FROM deliveries GROUP BY medium ORDER BY 1",
    "SELECT direction, count(*) FROM messages GROUP BY direction ORDER BY 1",
    "SELECT status, count(*), sum(seconds) FROM calls GROUP BY status ORDER BY 1",
    "SELECT kind, count(*) FROM session_events GROUP BY kind ORDER BY 1",
    "SELECT count(*) FROM enrolments",
    "SELECT count(*) FROM skips",
    "SELECT count(*) FROM flow_sessions",
)


@pytest.fixture
def planted(here: Installation) -> Installation:
    plant(here.gateway)
    return here


def everything(here: Installation) -> str:
    """All that stands in the database, with what is sealed opened."""
    seal, found = here.gateway.seal, []
    with here.gateway.database.read() as db:
        for table in metadata.sorted_tables:
            for row in db.execute(select(table)):
                for column, value in zip(table.columns, row, strict=True):
                    sealed = isinstance(column.type, LargeBinary) and bytes(value or b"").startswith(seal.current_name)
                    found.append(seal.open(bytes(value)) if sealed else str(value))
    return "\n".join(found)


def aggregates(here: Installation) -> list[list[tuple[object, ...]]]:
    return [here.rows(statement) for statement in AGGREGATES]


def test_nothing_tells_who_she_was_and_every_sum_is_as_before(planted):
    before, words = aggregates(planted), everything(planted)
    assert all(canary in words for canary in CANARIES)
    erasure.erase(planted.gateway, ADMIN, MEMBER)
    left = everything(planted)
    assert [canary for canary in CANARIES if canary in left] == []
    assert aggregates(planted) == before
    member = "SELECT state, name_clip, sealed_pin, user_id FROM members WHERE id = 'sample-1'"
    assert planted.rows(member) == [("erased", None, None, None)]
    assert planted.rows("SELECT state, error FROM deliveries WHERE id = 7001") == [("suppressed", "send:erased")]
    assert planted.rows("SELECT state, done_by FROM tasks WHERE id = 'her-task'") == [("done", "terminal")]
    hers = "SELECT state, sign_in_index, sealed_sign_in, sealed_password, sealed_totp FROM users WHERE id = 'her-user'"
    assert planted.rows(hers) == [("disabled", None, None, None, None)]
    for table in ("visits", "invitations", "recovery_codes"):
        assert planted.rows(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608
    assert planted.rows("SELECT count(*) FROM tokens WHERE revoked_at IS NULL") == [(0,)]


def test_her_voice_is_gone(planted):
    data = planted.gateway.settings.data_dir
    assert sum(b"canary" in file.read_bytes() for file in data.rglob("*.wav")) == 2
    erasure.erase(planted.gateway, ADMIN, MEMBER)
    assert list(data.rglob("*.wav")) == []


def test_a_recording_that_comes_after_she_was_erased_is_not_kept(planted, monkeypatch):
    with planted.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE recordings SET state = 'pending', file = NULL")

    async def download(gateway, *_: str) -> bytes:
        erasure.erase(gateway, ADMIN, MEMBER)
        return b"RIFF canary sound"

    monkeypatch.setattr(recordings, "_download", download)
    recordings.fetch(planted.gateway, "her-recording")
    assert list(planted.gateway.settings.data_dir.rglob("*.wav")) == []


def test_whoever_has_her_number_now_is_a_stranger(planted):
    erasure.erase(planted.gateway, ADMIN, MEMBER)
    ((phones,),) = planted.rows("SELECT count(*) FROM phones")
    assert "20014" not in planted.phone(HER_PHONE).text("dabi")[0]
    assert planted.rows("SELECT count(*) FROM phones") == [(phones + 1,)]
    track.sweep(planted.gateway)


def test_her_stop_outlives_her_and_her_number_comes_back_only_when_she_does(planted):
    phone = planted.phone(HER_PHONE)
    phone.text("STOP")
    erasure.erase(planted.gateway, ADMIN, MEMBER)
    assert planted.rows("SELECT count(*) FROM phones WHERE stopped_at IS NOT NULL AND sealed IS NULL AND blind_index IS NOT NULL") == [(1,)]
    phone.ring().press("2")
    assert planted.rows("SELECT count(*) FROM phones WHERE stopped_at IS NOT NULL AND sealed IS NOT NULL") == [(1,)]


def test_a_phone_that_another_shares_stays_and_nothing_links_her_to_it(planted):
    shared = "+9779720000003"
    planted.phone(shared).ring().press("2").press("7391")
    planted.phone(shared).text("dabi")
    assert planted.rows("SELECT count(*) FROM flow_sessions WHERE member_id = 'sample-3' AND phone_id = 3") == [(1,)]
    erasure.erase(planted.gateway, ADMIN, "sample-3")
    assert planted.rows("SELECT count(*) FROM phones WHERE id = 3 AND sealed IS NOT NULL") == [(1,)]
    assert planted.rows("SELECT count(*) FROM flow_sessions WHERE member_id = 'sample-3' AND phone_id = 3") == [(0,)]
    of_call = "SELECT c.phone_id FROM calls c JOIN flow_sessions s ON s.external_id = c.external_id WHERE s.member_id = 'sample-3'"
    ((nobodys,),) = planted.rows(of_call)
    assert planted.rows("SELECT id FROM phones WHERE sealed IS NULL AND blind_index IS NULL") == [(nobodys,)]
    assert [row["member_id"] for row in dossier(planted.gateway, ADMIN, "sample-4")["member_phones"]] == ["sample-4"]
    assert planted.phone(shared).ring().press("2").press("5064").heard


def test_what_is_on_its_way_is_left_at_that(planted):
    with planted.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE deliveries SET state = 'sending', token = 'w', lease_until = NULL")
    erasure.erase(planted.gateway, ADMIN, MEMBER)
    assert planted.rows("SELECT state, error, token FROM deliveries") == [("unknown", "send:closed", None)]
    planted.clock.move(days=2)
    track.sweep(planted.gateway)


def test_it_is_noted_by_her_id_alone_and_may_be_repeated(planted):
    erasure.erase(planted.gateway, ADMIN, MEMBER)
    erasure.erase(planted.gateway, ADMIN, MEMBER)
    rows = [row.entry for row in audit.page(planted.gateway, ADMIN, 0, 100)]
    assert [(row.action, row.subject, row.detail) for row in rows] == [("erase", f"member:{MEMBER}", "{}")] * 2
    assert audit.verify(planted.gateway).fault is None


@pytest.mark.parametrize(
    ("actor", "refusal"),
    [(Actor("main", "organiser", "user:1", "1"), "access:denied"), (terminal("other"), "member:unknown")],
)
def test_only_an_admin_of_her_organisation_may(planted, actor, refusal):
    with pytest.raises(GatewayError, match=refusal):
        erasure.erase(planted.gateway, actor, MEMBER)
    assert SHE in everything(planted)


def test_who_was_erased_is_erased_again_after_a_restore(installation_of, sqlite_url, tmp_path):
    here = installation_of(sqlite_url)
    plant(here.gateway)
    file, backup = Path(sqlite_url.removeprefix("sqlite:///")), tmp_path / "backup"
    with here.gateway.database.write() as db:
        note(here.gateway, db, ADMIN, "backup", "installation")
    here.gateway.database.forget()
    shutil.copy(file, backup)
    erasure.erase(here.gateway, ADMIN, MEMBER)
    erasure.erase(here.gateway, ADMIN, "sample-2")
    here.gateway.database.close()
    for each in (file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
        each.unlink(missing_ok=True)
    shutil.copy(backup, file)
    here.restart()
    assert SHE in everything(here)
    assert sorted(erasure.again(here.gateway, ADMIN)) == [MEMBER, "sample-2"]
    assert [canary for canary in CANARIES if canary in everything(here)] == []
    assert erasure.again(here.gateway, ADMIN) == []


def test_no_file_holds_her_words_afterwards(installation_of, sqlite_url, tmp_path):
    here = installation_of(sqlite_url)
    plant(here.gateway)
    # One text in clear, so that this shows what is overwritten and not only that it was sealed.
    with here.gateway.database.write() as db:
        db.exec_driver_sql(f"UPDATE deliveries SET sealed_body = CAST('{HER_WORDS}' AS BLOB)")  # noqa: S608 - our own words
    here.gateway.database.forget()
    assert HER_WORDS.encode() in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    erasure.erase(here.gateway, ADMIN, MEMBER)
    left = {str(file): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    for canary in CANARIES:
        assert [name for name, content in left.items() if canary.encode() in content] == []


def test_the_command_asks_first(planted, monkeypatch):
    for name, value in planted.environ.items():
        monkeypatch.setenv(name, value)

    def run(*words: str, **options: str):
        return CliRunner().invoke(main, ["members", "erase", *words], **options)

    assert run(NUMBER, input="n\n").exit_code == 1
    assert SHE in everything(planted)
    assert run("99999", "--yes").exit_code == 1
    assert run().exit_code == run(NUMBER, "--again").exit_code == 2
    done = run(NUMBER, "--yes")
    assert (done.exit_code, done.output) == (0, f"Member {NUMBER} is erased.\n")
    assert SHE not in everything(planted)
    assert run("--again").output == "0 members were erased again.\n"
    assert (planted.gateway.settings.data_dir / erasure.FILE).stat().st_mode & 0o777 == 0o600
