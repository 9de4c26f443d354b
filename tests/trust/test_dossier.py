"""What is held on one member: every table that can hold something of her is looked into, and nobody else's rows come along."""

from __future__ import annotations

import json
import stat

import pytest
from calls.conftest import Installation
from click.testing import CliRunner
from fakes.everything import HER_NOTE, HER_PHONE, HER_VILLAGE, HER_WORDS, MEMBER, SHE, plant

from gateway.cli import main
from gateway.core.reference import with_check_digit
from gateway.errors import GatewayError
from gateway.services import audit
from gateway.services.access import Actor, note, terminal
from gateway.services.dossier import dossier
from gateway.store.audit import Filter
from gateway.store.concerning import CONCERNING, OF_NOBODY
from gateway.store.models import metadata

ADMIN = terminal("main")
NUMBER = with_check_digit(1001)  # of the sample's first member


def test_every_table_is_looked_into_or_about_nobody():
    named = [table.name for table in CONCERNING]
    assert sorted([*named, *OF_NOBODY]) == sorted(metadata.tables)


@pytest.fixture
def planted(here: Installation) -> Installation:
    plant(here.gateway)
    for subject in (f"member:{MEMBER}", "claim:her-claim", "contribution:her-contribution", "member:sample-2"):
        with here.gateway.database.write() as db:
            note(here.gateway, db, ADMIN, "see_members", subject)
    return here


def test_a_row_in_every_table_is_found_again_and_can_be_read(planted):
    found = dossier(planted.gateway, ADMIN, MEMBER)
    assert set(found) == {"written_at", "files", *(table.name for table in CONCERNING)}
    assert all(found[table.name] for table in CONCERNING)
    text = json.dumps(found, ensure_ascii=False)
    for known in (SHE, "सीता Tamang", HER_VILLAGE, HER_PHONE, HER_WORDS, HER_NOTE, "her-enrolment", "2083-02", "bill", "90000001"):
        assert known in text, known
    assert found["files"] == ["recordings/her-recording.wav", "names/her-name.wav"]
    assert found["members"][0]["has_pin"] is True
    assert "$argon2" not in text
    assert [row["subject"] for row in found["audit"]] == [f"member:{MEMBER}", "claim:her-claim", "contribution:her-contribution"]


def test_nothing_of_others_comes_along(planted):
    planted.phone("+9779720000002").text("dabi")
    planted.phone("+9779720000003").text("words of the other one")
    ids = {"sample-2", "sample-3", "sample-4"}
    found = dossier(planted.gateway, ADMIN, "sample-3")
    text = json.dumps(found, ensure_ascii=False)
    assert not (ids - {"sample-3"}) & set(text.split('"'))
    assert "words of the other one" not in text, "two share this phone: nobody knows who wrote"
    assert HER_WORDS not in text
    assert found["phones"][0]["number"] == "+9779720000003"


def test_the_look_is_noted_and_only_who_may_export_gets_it(planted):
    dossier(planted.gateway, ADMIN, MEMBER)
    (row,) = [
        row for row in audit.page(planted.gateway, ADMIN, 0, 100, Filter(subject=f"member:{MEMBER}")) if row.entry.action == "dossier"
    ]
    assert SHE not in row.entry.detail
    for actor, refusal in (
        (Actor("main", "collector", "user:1", "1"), "access:denied"),
        (Actor("main", "reader", "user:1", "1"), "access:denied"),
        (terminal("other"), "member:unknown"),
    ):
        with pytest.raises(GatewayError, match=refusal):
            dossier(planted.gateway, actor, MEMBER)


def test_the_command_writes_a_file_that_its_owner_alone_can_read(planted, monkeypatch, tmp_path):
    for name, value in planted.environ.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "hers.json"
    done = CliRunner().invoke(main, ["members", "dossier", NUMBER, str(file)])
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["members"][0]["village"] == HER_VILLAGE
    assert SHE not in done.output
    assert CliRunner().invoke(main, ["members", "dossier", "99999", str(file)]).exit_code == 1
