"""The directory of services: what organisers write down, and which of it a caller hears first."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls.conftest import Installation
from click.testing import CliRunner
from sqlalchemy import update

from gateway.cli import main
from gateway.core.digits import fold_digits
from gateway.errors import GatewayError
from gateway.services import directory, sayings
from gateway.services.access import Actor
from gateway.services.directory import NewService
from gateway.store.models import members

SITA, MAYA, SHARED, STRANGER = "+9779720000001", "+9779720000002", "+9779720000003", "+9779841000001"
UNREAD = "the number cannot be read; write a line with the code of its area, as 01-4200105, and others as 1098 or 1660-01-22222"
TABLE = """\
kind,place,number,name_ne,name_en
health_post,3-25-04-02,01-5570105,लेले स्वास्थ्य चौकी,Lele health post
legal_aid,3-25,01-4200105,,
dentist,3-25,01-4200106,,
day_care,9-99,12,,
"""


@pytest.fixture
def services(on_sqlite: Installation):
    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(main, ["services", *arguments], env=on_sqlite.environ)
        assert result.exit_code == code, result.output
        return result.output

    return run


def near(here: Installation, actor: Actor, *entries: tuple[str, str]) -> None:
    for index, (kind, place) in enumerate(entries):
        directory.add(here.gateway, actor, NewService(kind, place, f"01-557010{index}", {}))


def kinds(here: Installation, number: str) -> list[str]:
    """The kinds of services that are told in a call, in their order."""
    call = here.phone(number).ring().press("4").press("2")
    for _ in range(8):
        call.press("1")
        if "ne/services/nothing-1" in call.heard:
            break
    told = {"ne/phrase/health_post", "ne/phrase/day_care", "ne/phrase/legal_aid", "ne/phrase/social_security", "ne/phrase/our_office"}
    return [clip.removeprefix("ne/phrase/") for clip in call.heard if clip in told]


def lives_in(here: Installation, place: str | None) -> None:
    with here.gateway.database.write() as db:
        db.execute(update(members).where(members.c.id == "sample-1").values(place=place))


def test_her_ward_comes_before_her_municipality_and_that_before_her_district(here: Installation, organiser: Actor):
    lives_in(here, "3-25-04-02")
    near(here, organiser, ("legal_aid", "3-25"), ("day_care", "3-25-04"), ("health_post", "3-25-04-02"), ("social_security", "3-27-06"))
    assert kinds(here, SITA) == ["health_post", "day_care", "legal_aid"]


def test_who_lives_in_another_ward_hears_what_is_in_her_municipality(here: Installation, organiser: Actor):
    lives_in(here, "3-25-04-09")
    near(here, organiser, ("legal_aid", "3-25-01-02"), ("health_post", "3-25-04-02"))
    assert kinds(here, SITA) == ["health_post", "legal_aid"]


@pytest.mark.parametrize("number", [SITA, STRANGER, SHARED])
def test_who_has_no_place_that_we_know_hears_the_office_alone(here: Installation, organiser: Actor, number: str):
    lives_in(here, None)
    here.phone(number).ring()
    near(here, organiser, ("health_post", "3-25-04-02"), ("our_office", "3-27-06"))
    assert kinds(here, number) == ["our_office"]


def test_a_district_is_not_taken_for_one_whose_code_begins_alike(here: Installation, organiser: Actor):
    lives_in(here, "3-25-04")
    near(here, organiser, ("health_post", "3-27-06"), ("legal_aid", "3-25"))
    assert kinds(here, SITA) == ["legal_aid"]


def test_services_of_another_organisation_are_told_to_nobody(here: Installation, organiser: Actor):
    with here.gateway.database.write() as db:
        db.exec_driver_sql("INSERT INTO organisations (id, name) VALUES ('other', 'Other')")
    other = Actor("other", "organiser", "user:x", user_id="x")
    entry = directory.add(here.gateway, other, NewService("health_post", "3-25-04", "01-5570105", {}))
    assert kinds(here, SITA) == []
    assert directory.list_all(here.gateway, organiser) == []
    with pytest.raises(GatewayError, match="service:unknown"):
        directory.remove(here.gateway, organiser, entry.id)


def test_the_number_is_said_twice_and_sent_once_however_often_she_hears_it(here: Installation, organiser: Actor):
    near(here, organiser, ("health_post", "3-25-04"))
    call = here.phone(SITA).ring().press("4").press("2")
    assert call.heard.count("ne/digit/5") + call.heard.count("ne/digit/5.mid") == 4
    call.press("8").press("8")
    assert sum(clip.startswith("ne/services/tell-1") for clip in call.heard) == 3
    assert here.rows("SELECT count(*) FROM deliveries WHERE broadcast_id IS NULL") == [(1,)]


@pytest.mark.parametrize("number", ["1660-01-22222", "1618-01-33333", "100", "1098", "१०९८", "1145", "98413"])
def test_a_number_that_is_dialled_in_nepal_alone_is_said_and_sent_as_it_is_written(here: Installation, organiser: Actor, number: str):
    dialled = fold_digits(number).replace("-", "")
    entry = directory.add(here.gateway, organiser, NewService("health_post", "3-25-04", number, {}))
    assert (entry.number, entry.local_number) == (dialled, dialled)
    heard = here.phone(SITA).ring().press("4").press("2").heard
    digits = [clip.split(".")[0].removeprefix("ne/digit/") for clip in heard if clip.startswith("ne/digit/")]
    assert "".join(digits) == dialled * 2
    assert [
        text for (text,) in here.rows("SELECT sealed_body FROM deliveries WHERE broadcast_id IS NULL") if dialled in fold_digits(str(text))
    ]


def test_a_romanised_text_takes_the_latin_name(here: Installation, organiser: Actor):
    names = {"ne": "लेले स्वास्थ्य चौकी", "en": "Lele health post"}
    entry = directory.add(here.gateway, organiser, NewService("health_post", "3-25-04", "1098", names))
    said = [directory.spoken_name(here.gateway, entry, "ne", by_text=True, romanised=romanised) for romanised in (True, False)]
    assert said == [" Lele health post", " लेले स्वास्थ्य चौकी"]


def test_its_name_is_said_as_it_was_recorded(here: Installation, organiser: Actor):
    saying = sayings.create(here.gateway, organiser, {"ne": "लेले स्वास्थ्य चौकी"})
    sayings.record(here.gateway, organiser, saying.id, "ne", here.gateway.settings.audio_dir / "ne/notices/tell-1.wav")
    directory.add(here.gateway, organiser, NewService("health_post", "3-25-04", "01-5570105", {}, saying.id))
    heard = here.phone(SITA).ring().press("4").press("2").heard
    assert [clip for clip in heard if clip.startswith("sayings/")]


@pytest.mark.parametrize("number", [MAYA, SHARED])
def test_where_others_may_read_it_nothing_is_sent(here: Installation, organiser: Actor, number: str):
    near(here, organiser, ("our_office", "3-25-04"), ("health_post", "3-25-04"))
    call = here.phone(number).ring().press("4").press("2")
    assert "ne/services/tell-1" in " ".join(call.heard)
    assert here.rows("SELECT count(*) FROM deliveries WHERE broadcast_id IS NULL") == [(0,)]


# --- organisers ------------------------------------------------------------------------------------------------------------------------


def test_the_same_entry_twice_is_one_and_takes_the_new_name(here: Installation, organiser: Actor):
    first = directory.add(here.gateway, organiser, NewService("health_post", "3-25-04", "01-5570105", {}))
    again = directory.add(here.gateway, organiser, NewService("health_post", "3-25-04", "०१ ५५७०१०५", {"en": "Lele"}))
    assert (again.id, again.names) == (first.id, {"en": "Lele"})
    directory.add(here.gateway, organiser, NewService("health_post", "3-25-04", "+97715570105", {"en": "Lele"}))
    assert len(directory.list_all(here.gateway, organiser)) == 1
    outcomes = here.rows("SELECT detail FROM audit WHERE action = 'add_service' ORDER BY id")
    assert ["added" in str(detail) for (detail,) in outcomes] == [True, False]


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (NewService("dentist", "3-25-04", "01-5570105", {}), "service:kind"),
        (NewService("health_post", "3-99", "01-5570105", {}), "place:unknown"),
        (NewService("health_post", "3-25-04", "12", {}), "service:number"),
        (NewService("health_post", "3-25-04", "4200105", {}), "service:number"),
        (NewService("health_post", "3-25-04", "01-5570105", {"en": " "}), "service:name"),
        (NewService("health_post", "3-25-04", "01-5570105", {}, "nothing"), "service:saying"),
    ],
)
def test_what_cannot_be_an_entry_is_refused(on_sqlite: Installation, organiser: Actor, new: NewService, code: str):
    with pytest.raises(GatewayError, match=code):
        directory.add(on_sqlite.gateway, organiser, new)
    with pytest.raises(GatewayError, match="access:denied"):
        directory.add(on_sqlite.gateway, Actor("main", "reader", "user:r"), new)


def test_a_table_is_taken_in_row_by_row_and_the_same_one_again_changes_nothing(on_sqlite: Installation, services, tmp_path: Path):
    file = tmp_path / "services.csv"
    file.write_text(TABLE, encoding="utf-8")
    refused = [
        "services.csv:4: kind: a kind is a phrase of flows/phrases.yaml with at most 24 letters, such as health_post or legal_aid",
        "services.csv:5: place: a place is a code such as 3-27-02-05; `gateway places` finds it",
        f"services.csv:5: number: {UNREAD}",
    ]
    out = services("import", str(file), "--dry-run", code=1).splitlines()
    assert out == [*refused, "2 would be added, 0 would be changed, 0 known already, 3 refused."]
    assert on_sqlite.rows("SELECT count(*) FROM services") == [(0,)]
    assert services("import", str(file), code=1).splitlines()[-1] == "2 added, 0 changed, 0 known already, 3 refused."
    assert services("import", str(file), code=1).splitlines()[-1] == "0 added, 0 changed, 2 known already, 3 refused."
    file.write_text("\n".join(TABLE.replace("Lele health post", "Lele").splitlines()[:3]), encoding="utf-8")
    assert services("import", str(file), "--dry-run").splitlines() == ["0 would be added, 1 would be changed, 1 known already, 0 refused."]
    assert services("import", str(file)).splitlines() == ["0 added, 1 changed, 1 known already, 0 refused."]


def test_the_directory_in_a_terminal(services):
    added = services("add", "health_post", "3-25-04", "01-5570105", "--name", "en=Lele health post").split()[0]
    assert "015570105  Lele health post" in services("list")
    services("add", "health_post", "3-25-04", "01-5570105", "--name", "xx=Lele", code=2)
    services("remove", added)
    assert services("list") == ""
    assert "[service:unknown]" in services("remove", added, code=1)
