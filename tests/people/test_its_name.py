"""Whose name a caller hears: that of the organisation whose number she rang or wrote to, never another one's."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from fakes.sounds import words
from people.conftest import OTHERS, Installation

from gateway import config
from gateway.audio import taking, wav
from gateway.cli import main
from gateway.services import broadcast, members, organisations

OURS, THEIRS, NOBODYS = "आवाज सञ्जाल", "महिला सङ्घ", "हाम्रो सञ्जाल"
THEIR_PHRASE = '  organisation_mahila_sangh: {ne: "महिला सङ्घ", ne_latn: "Mahila Sangh", en: "Mahila Sangh"}\n'
STRANGER = "+9779841000001"


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, str]:
    """Flows and clips of which a test may change some; the menu by SMS names the organisation."""
    for name in ("flows", "audio_prompts"):
        shutil.copytree(config.PACKAGE_ROOT / name, tmp_path / name)
    menu = tmp_path / "flows" / "main_menu.yaml"
    menu.write_text(menu.read_text(encoding="utf-8").replace('ne: "5 नाम', 'ne: "{organisation}: 5 नाम'), encoding="utf-8")
    return {"GATEWAY_FLOWS_DIR": str(tmp_path / "flows"), "GATEWAY_AUDIO_DIR": str(tmp_path / "audio_prompts")}


def name_them(folders: dict[str, str]) -> None:
    phrases = Path(folders["GATEWAY_FLOWS_DIR"]) / "phrases.yaml"
    text = phrases.read_text(encoding="utf-8")
    phrases.write_text(text.replace("phrases:\n", f"phrases:\n{THEIR_PHRASE}", 1), encoding="utf-8")


def record_them(folders: dict[str, str], tmp_path: Path) -> None:
    wav.write(tmp_path / "said.wav", words(44100, 6000))
    for language, text in (("ne", THEIRS), ("en", "Mahila Sangh")):
        clip = taking.clean(tmp_path / "said.wav")
        taking.install(Path(folders["GATEWAY_AUDIO_DIR"]), language, "phrase/organisation_mahila_sangh", text, clip)


@pytest.fixture
def two_of(installation_of, sqlite_url):
    """An installation with a second organisation, as the settings say."""

    def build(**more: str) -> Installation:
        here = installation_of(sqlite_url, **more)
        organisations.add(here.gateway, "mahila-sangh", "Mahila Sangh", number="+97714000001")
        return here

    return build


def phone_to(here: Installation, gateway_number: str, number: str = STRANGER):
    phone = here.phone(number)
    phone.gateway_number = gateway_number
    return phone


def test_each_organisation_greets_by_its_own_name(two_of, folders, tmp_path) -> None:
    name_them(folders)
    record_them(folders, tmp_path)
    here = two_of(**folders)
    ours, theirs = phone_to(here, "+97714000000"), phone_to(here, "+97714000001", "+9779841000002")
    for phone, clip in ((ours, "organisation_main"), (theirs, "organisation_mahila_sangh")):
        assert phone.ring().heard[1] == f"ne/phrase/{clip}"  # "Namaste! Welcome to", on her first call
        assert phone.ring().heard[0] == f"ne/phrase/{clip}"
    assert ours.text("9")[0].startswith(OURS)
    assert theirs.text("9")[0].startswith(THEIRS)


def test_a_member_of_one_who_rings_the_other_is_greeted_by_the_other(two_of, folders, tmp_path) -> None:
    name_them(folders)
    record_them(folders, tmp_path)
    here = two_of(**folders)
    assert phone_to(here, "+97714000001", "+9779720000001").ring().heard[0] == "ne/phrase/organisation_mahila_sangh"
    assert phone_to(here, "+97714000000", "+9779720000001").ring().heard[0] == "ne/phrase/organisation_main"


def test_an_organisation_without_a_name_of_its_own_is_called_by_none(two_of, folders) -> None:
    here = two_of(**folders)
    phone = phone_to(here, "+97714000001")
    heard = [*phone.ring().heard, *phone.ring().heard]
    assert heard.count("ne/phrase/organisation") == 2
    assert "ne/phrase/organisation_main" not in heard
    assert phone.text("9")[0].startswith(NOBODYS)


def test_a_call_of_ours_begins_with_the_name_of_whose_it_is(two_of, folders, tmp_path, details) -> None:
    name_them(folders)
    record_them(folders, tmp_path)
    here = two_of(**folders)
    theirs = replace(OTHERS, organisation_id="mahila-sangh")
    members.register(here.gateway, theirs, details(), ["9841000009"])
    created = broadcast.create(here.gateway, theirs, broadcast.Draft("x", phrase="message_signatures"))
    broadcast.approve(here.gateway, theirs, created)
    broadcast.expand(here.gateway, created)
    [[delivery]] = here.rows("SELECT id FROM deliveries WHERE broadcast_id IS NOT NULL")
    assert phone_to(here, "+97714000001", "+9779841000009").pick_up(delivery).heard[:2] == [
        "ne/phrase/organisation_mahila_sangh",
        "ne/broadcast/greeting-1",
    ]


def test_a_name_without_its_clip_or_a_language_is_a_fault(folders) -> None:
    name_them(folders)
    checked = CliRunner().invoke(main, ["check"], env={**folders})
    assert checked.exit_code == 1
    assert "ne/phrase/organisation_mahila_sangh: there is no clip." in checked.output
    assert "en/phrase/organisation_mahila_sangh: there is no clip." in checked.output


def test_who_adds_an_organisation_is_told_where_its_name_goes(on_sqlite: Installation) -> None:
    added = CliRunner().invoke(main, ["organisations", "add", "Mahila Sangh", "--id", "mahila-sangh"], env=on_sqlite.environ)
    assert "flows/phrases.yaml as organisation_mahila_sangh" in added.output
