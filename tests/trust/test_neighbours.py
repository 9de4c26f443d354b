"""Two organisations know the same phone: what one shows or takes away of its member leaves alone what the other knows of the phone."""

from __future__ import annotations

import json

import pytest
from calls.conftest import Installation

from gateway.errors import GatewayError
from gateway.services import contributions, erasure, imports, keys, members, organisations
from gateway.services.access import terminal
from gateway.services.dossier import dossier
from gateway.services.members import Details

PHONE, SECRET = "+9779841777001", "ghar ma kutpit bhayo"
OURS, THEIRS = terminal("main"), terminal("sangh")


@pytest.fixture
def member(here: Installation) -> str:
    """Our member, whose phone has texted the other organisation and asked it for a call back."""
    organisations.add(here.gateway, "sangh", "Mahila Sangh", number="+97714000001")
    phone = here.phone(PHONE)
    phone.gateway_number = "+97714000001"
    phone.text(SECRET)
    phone.text("phone")
    details = Details(name="Hira Lama", consent_how="paper", consent_wording="form-1")
    return members.register(here.gateway, OURS, details, [PHONE], None).id


MESSAGES = "SELECT sealed_body FROM messages m JOIN channels c ON c.id = m.channel_id WHERE c.organisation_id = 'sangh' ORDER BY m.id"
TASKS = """SELECT kind, t.state, sealed FROM tasks t JOIN phones p ON p.id = t.phone_id WHERE organisation_id = 'sangh' ORDER BY t.id"""


def theirs(here: Installation) -> list[tuple[object, ...]]:
    """What the other organisation knows."""
    return [*here.rows(MESSAGES), *here.rows(TASKS)]


def test_a_dossier_tells_nothing_of_another_organisation(here: Installation, member: str):
    found = json.dumps(dossier(here.gateway, OURS, member), ensure_ascii=False)
    assert "Hira Lama" in found
    assert SECRET not in found
    assert "sangh" not in found


def test_an_erasure_leaves_alone_what_another_organisation_knows(here: Installation, member: str):
    before = theirs(here)
    assert any(SECRET in str(row) for row in before)
    assert any(PHONE in str(row) for row in before)
    erasure.erase(here.gateway, OURS, member)
    assert theirs(here) == before
    assert "Hira" not in str(here.rows("SELECT * FROM members"))


def test_nothing_is_noted_for_who_was_erased(here: Installation, member: str):
    erasure.erase(here.gateway, OURS, member)
    with pytest.raises(GatewayError, match="member:unknown"):
        contributions.note(here.gateway, OURS, member, contributions.Report(300_00, note="for Hira Lama"))


def test_an_import_waits_until_every_phone_can_be_found(installation_of, sqlite_url):
    earlier = "an earlier secret key of the tests which is long enough"
    here = installation_of(sqlite_url, SECRET_KEY=earlier)
    details = Details(name="Hira Lama", consent_how="paper", consent_wording="form-1")
    member = members.register(here.gateway, OURS, details, [PHONE], None).id
    here.environ |= {"SECRET_KEY": "another secret key of the tests which is long enough", "GATEWAY_PREVIOUS_SECRET_KEYS": earlier}
    here.restart()
    file = here.gateway.settings.data_dir / "again.csv"
    file.write_text(f"name,phone\nHira Lama,{PHONE}\n", encoding="utf-8")
    assert [found.id for found in members.find(here.gateway, OURS, PHONE)] == [member]
    with pytest.raises(GatewayError, match="import:keys"):
        imports.take_in(here.gateway, OURS, "members", file)


def test_a_name_in_any_script_is_found_before_and_after_its_words_are_sealed_anew(installation_of, sqlite_url):
    earlier = "an earlier secret key of the tests which is long enough"
    here = installation_of(sqlite_url, SECRET_KEY=earlier)
    details = Details(name="山田 Lama", consent_how="paper", consent_wording="form-1")
    member = members.register(here.gateway, OURS, details, [PHONE], None).id
    assert [found.id for found in members.find(here.gateway, OURS, "山田")] == [member]
    here.environ |= {"SECRET_KEY": "another secret key of the tests which is long enough", "GATEWAY_PREVIOUS_SECRET_KEYS": earlier}
    here.restart()
    list(keys.rotate(here.gateway))
    assert [found.id for found in members.find(here.gateway, OURS, "山田")] == [member]
