"""Who is calling: phones that are shared, lent, given to somebody else, known to two organisations, or sealed with an earlier key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from calls.conftest import Installation
from calls.test_calls import MAYA, SHARED, SITA, STRANGER, said
from click.testing import CliRunner

from gateway.cli import main
from gateway.config import PACKAGE_ROOT
from gateway.errors import GatewayError
from gateway.services import access, broadcast, callers, identity
from gateway.services.access import Actor, terminal
from gateway.store import channels, members, organisations, phones
from gateway.store.secrets import Seal

MAIN = terminal("main")

ADMIN = access.terminal("main")
ENDED = "/twilio/status/calls"
NAMES = {"sample-3": "0" * 31 + "3", "sample-4": "0" * 31 + "4"}
MAYAS_NUMBER, SITAS_NUMBER = "10024", "10019"
OTHER_NUMBER = "+97714000099"


def record_names(here: Installation, names: dict[str, str]) -> None:
    folder = here.gateway.settings.data_dir / callers.NAMES
    folder.mkdir(exist_ok=True)
    sound = (PACKAGE_ROOT / "audio_prompts" / "ne" / "number" / "5.wav").read_bytes()
    with here.gateway.database.write() as db:
        for member_id, name in names.items():
            (folder / f"{name}.wav").write_bytes(sound)
            db.exec_driver_sql(f"UPDATE members SET name_clip = '{name}' WHERE id = '{member_id}'")  # noqa: S608  # our own ids


# --- a phone that several share ------------------------------------------------------------------------------------------------------


def test_each_who_shares_a_phone_hears_her_own_name_and_keys_her_own_pin(here: Installation) -> None:
    record_names(here, NAMES)
    call = here.phone(SHARED).ring()
    before = len(call.heard)
    call.press("1")
    assert call.heard[before:] == [
        f"names/{NAMES['sample-3']}",
        "ne/pin/whose-1",
        "ne/number/1",
        "ne/pin/whose-2",
        f"names/{NAMES['sample-4']}",
        "ne/pin/whose-1",
        "ne/number/2",
        "ne/pin/whose-2",
    ]
    call.press("2")
    assert call.heard[-1] == "ne/pin/ask-1"
    call.press("5064")
    assert "ne/contribution/no_balance-1" in call.heard


def test_only_the_counter_of_whom_she_picked_moves(on_sqlite: Installation) -> None:
    record_names(on_sqlite, NAMES)
    call = on_sqlite.phone(SHARED).ring().press("1").press("2")
    call.press("7391")  # the other's
    assert call.heard[-2:] == ["ne/pin/wrong-1", "ne/pin/ask-1"]
    assert on_sqlite.rows("SELECT subject, tries FROM pin_tries WHERE bucket = 'own'") == [("sample-4", 1)]


def test_who_picked_herself_and_has_no_pin_talks_to_a_person(on_sqlite: Installation) -> None:
    record_names(on_sqlite, NAMES)
    with on_sqlite.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE members SET sealed_pin = NULL WHERE id = 'sample-4'")
    assert "ne/pin/no_pin-1" in on_sqlite.phone(SHARED).ring().press("1").press("2").heard
    assert "ne/pin/ask-1" in on_sqlite.phone(SHARED).ring().press("1").press("1").heard


@pytest.mark.parametrize("missing", ["row", "file"])
def test_where_one_name_is_missing_nobody_is_named(on_sqlite: Installation, missing: str) -> None:
    record_names(on_sqlite, NAMES if missing == "file" else {"sample-3": NAMES["sample-3"]})
    if missing == "file":
        (on_sqlite.gateway.settings.data_dir / callers.NAMES / f"{NAMES['sample-4']}.wav").unlink()
    call = on_sqlite.phone(SHARED).ring().press("1")
    assert call.heard[-1] == "ne/pin/ask-1"
    assert "names/" not in said(call)
    call.press("5064")
    assert "ne/contribution/no_balance-1" in call.heard


def test_by_text_nobody_is_named(on_sqlite: Installation) -> None:
    record_names(on_sqlite, NAMES)
    phone = on_sqlite.phone(SHARED)
    [answer] = phone.text("किस्ता")
    assert answer == "4 अङ्कको गोप्य नम्बर पठाउनुहोस्, अनि त्यो सन्देश मेटाउनुहोस्।"
    [answer] = phone.text("७३९१")
    assert answer == "सुन्न हामीलाई फोन गर्नुहोस्।"  # no amount on a phone that others read


def test_recorded_names_are_served_and_nothing_beside_them(on_sqlite: Installation) -> None:
    record_names(on_sqlite, NAMES)
    data: Path = on_sqlite.gateway.settings.data_dir
    (data / "secret.wav").write_bytes(b"RIFF")
    fetch = lambda path: on_sqlite.client.get(path, base_url="https://gateway.example")  # noqa: E731
    served = fetch(f"/audio/names/{NAMES['sample-3']}.wav")
    assert (served.status_code, served.headers["Cache-Control"]) == (200, "no-store")
    for path in (
        "/audio/names/../secret.wav",
        "/audio/names/%2e%2e/secret.wav",
        "/audio/names/other.wav",
        "/audio/names/.wav",
        "/audio/secret.wav",
    ):
        assert fetch(path).status_code == 404, path


# --- another phone than hers ---------------------------------------------------------------------------------------------------------


def prove(here: Installation, number: str = MAYAS_NUMBER, pin: str = "4826", wish: str = "2"):
    return here.phone(STRANGER).ring().press(wish).press("1").press(number).press(pin)


def test_a_member_on_a_neighbours_phone_has_the_whole_call(here: Installation) -> None:
    call = prove(here)
    assert "ne/claim_status/review_until-1" in call.heard
    call.press("9").press("1").press("2").press("450").press("1")
    assert "ne/contribution/noted_in_private-1" in call.heard
    assert here.rows("SELECT member_id, amount FROM contributions WHERE noted_by = 'voice'") == [("sample-2", 450_00)]
    assert here.rows("SELECT count(*) FROM member_phones WHERE member_id = 'sample-2'") == [(1,)]


def test_nothing_is_sent_to_the_phone_that_she_borrowed(on_sqlite: Installation) -> None:
    from gateway.services import pins

    pins.set_pin(on_sqlite.gateway, ADMIN, "sample-1", "0583")  # she did not ask for privacy: on her own phone she gets a text
    call = prove(on_sqlite, SITAS_NUMBER, "0583", wish="1").press("1")
    assert "ne/contribution/noted_in_private-1" in call.heard
    assert on_sqlite.rows("SELECT count(*) FROM deliveries") == [(0,)]


def test_the_next_call_from_there_is_a_strangers(here: Installation) -> None:
    call = prove(here, wish="1").press("2").press("450")
    call.hang_up(report_to=ENDED)
    call = here.phone(STRANGER).ring()
    assert "resume" not in said(call)
    assert call.heard[-1].startswith("ne/main_menu/stranger")
    assert "other_phone/which" in said(call.press("1"))


def test_a_restart_in_her_call_changes_nothing(on_sqlite: Installation) -> None:
    call = prove(on_sqlite)
    on_sqlite.restart()
    call.phone.post, call.phone.get = on_sqlite.phone(STRANGER).post, on_sqlite.phone(STRANGER).get
    assert "ne/claim_status/review_until-1" in call.press("8").heard[-6:]


def test_who_left_meanwhile_is_no_longer_known(on_sqlite: Installation) -> None:
    call = prove(on_sqlite)
    with on_sqlite.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE members SET state = 'left' WHERE id = 'sample-2'")
    before = len(call.heard)
    call.press("8")
    assert "claim_status" not in " ".join(call.heard[before:])


def test_who_proved_nothing_hears_nothing(on_sqlite: Installation) -> None:
    call = prove(on_sqlite, pin="4827")
    assert "claim_status" not in said(call)
    call = on_sqlite.phone(STRANGER).ring().press("2").press("1").press("10042")
    assert "ne/other_phone/number.wrong1-1" in call.heard
    assert on_sqlite.rows("SELECT max(tries) FROM pin_tries WHERE bucket = 'foreign'") == [(1,)]


def test_who_withholds_her_number_is_not_asked_for_a_pin(on_sqlite: Installation) -> None:
    call = on_sqlite.phone("anonymous").ring().press("2")
    assert "other_phone" not in said(call)
    assert call.heard[-1].startswith("ne/register") or "phrase/hear_again" in call.heard[-1]


# --- a number that somebody else has now ---------------------------------------------------------------------------------------------


def disown(here: Installation, number: str = MAYA):
    return here.phone(number).ring().press("5").press("4").press("6")


def test_the_new_owner_of_a_number_hears_nothing_of_the_old_one(here: Installation) -> None:
    call = disown(here)
    assert "ne/not_me/noted-1" in call.heard
    assert here.rows("SELECT kind, member_id FROM tasks") == [("check_phone", "sample-2")]
    again = here.phone(MAYA).ring()
    assert again.heard[-1].startswith("ne/main_menu/stranger")
    again.press("2")
    for heard in (call, again):
        assert "claim_status" not in said(heard)
    [answer] = here.phone(MAYA).text("दाबी")
    assert answer == "सदस्य हुनुहुन्छ भने फोन गर्नुहोस्। नयाँ नाम दर्ता गर्न 1 पठाउनुहोस्।"
    new = here.phone(MAYA).ring().press("5").press("1").speak(4).press("1")
    assert "ne/register/welcome_her-1" in new.heard
    assert here.rows("SELECT count(*) FROM member_phones WHERE stale_at IS NULL AND phone_id = (SELECT phone_id FROM tasks LIMIT 1)") == [
        (1,)
    ]


def test_her_records_stay_hers(on_sqlite: Installation) -> None:
    disown(on_sqlite)
    assert "ne/claim_status/review_until-1" in prove(on_sqlite).heard


def test_no_broadcast_goes_to_a_number_that_is_no_longer_hers(here: Installation) -> None:
    def reached() -> int:
        made = broadcast.create(here.gateway, MAIN, broadcast.Draft("alert", {"ne": "भोलि बैठक", "en": "Meeting"}))
        broadcast.approve(here.gateway, MAIN, made)
        while broadcast.expand(here.gateway, made) and here.rows(f"SELECT expanded FROM broadcasts WHERE id = '{made}'") == [(False,)]:  # noqa: S608
            pass
        return here.rows(f"SELECT count(*) FROM deliveries WHERE broadcast_id = '{made}' AND member_id = 'sample-2'")[0][0]  # noqa: S608

    assert reached() == 1
    disown(here)
    assert reached() == 0


def test_whoever_has_proved_herself_cannot_give_the_phone_away(on_sqlite: Installation) -> None:
    call = on_sqlite.phone(MAYA).ring().press("2").press("4826").press("9").press("5")
    assert "ne/not_me/sure-1" in call.heard
    call.press("4").press("6")
    assert on_sqlite.rows("SELECT count(*) FROM member_phones WHERE stale_at IS NOT NULL") == [(0,)]
    assert call.heard[-1].startswith("ne/main_menu/member")


def test_a_member_who_is_known_by_her_phone_alone_can_be_disowned_from_the_menu(on_sqlite: Installation) -> None:
    call = on_sqlite.phone(SITA).ring().press("5").press("4").press("6")
    assert "ne/not_me/noted-1" in call.heard
    assert "claim_status" not in said(on_sqlite.phone(SITA).ring().press("2"))


def test_all_who_share_a_phone_lose_it_together_and_an_organiser_gives_it_back(here: Installation) -> None:
    here.phone(SHARED).ring().press("5").press("2").press("4").press("6")
    assert here.rows("SELECT kind, member_id FROM tasks") == [("check_phone", None)]
    assert here.phone(SHARED).ring().heard[-1].startswith("ne/main_menu/stranger")
    for actor, code in ((access.terminal("another"), "member:unknown"), (Actor("main", "collector", "user:1", "1"), "access:denied")):
        with pytest.raises(GatewayError) as refused:
            identity.restore_phone(here.gateway, actor, "sample-3", SHARED)
        assert refused.value.code == code
    for member_id in ("sample-3", "sample-4"):
        identity.restore_phone(here.gateway, ADMIN, member_id, SHARED)
    assert "ne/contribution/balance-1" in here.phone(SHARED).ring().press("1").press("7391").heard
    with pytest.raises(GatewayError, match="nothing to restore"):
        identity.restore_phone(here.gateway, ADMIN, "sample-3", SHARED)
    seen = here.rows("SELECT actor, action FROM audit ORDER BY id")
    assert seen == [("voice", "phone.disowned")] * 2 + [("terminal", "phone.restored")] * 2


def test_an_organiser_sees_whose_phone_it_was_and_gives_it_back(on_sqlite: Installation) -> None:
    on_sqlite.phone(SHARED).ring().press("5").press("2").press("4").press("6")
    [(number,), (other,)] = on_sqlite.rows("SELECT number FROM members WHERE id IN ('sample-3', 'sample-4') ORDER BY number")
    cli = CliRunner(env=on_sqlite.environ)
    assert f"phone of {number}, {other}" in cli.invoke(main, ["tasks", "list"]).output
    assert "again" in cli.invoke(main, ["members", "phone", "restore", str(number), SHARED]).output
    assert on_sqlite.rows("SELECT state FROM tasks") == [("done",)]


def test_who_asks_twice_within_an_hour_is_called_back_once(on_sqlite: Installation) -> None:
    on_sqlite.phone(SITA).ring().press("0")
    on_sqlite.phone(SITA).ring().press("0")
    assert on_sqlite.rows("SELECT kind FROM tasks") == [("call_back",)]
    with on_sqlite.gateway.database.write() as db:
        db.exec_driver_sql("UPDATE tasks SET state = 'done'")
    on_sqlite.phone(SITA).ring().press("0")
    assert on_sqlite.rows("SELECT kind FROM tasks") == [("call_back",)] * 2


def test_an_open_conversation_by_text_does_not_outlive_the_phone(on_sqlite: Installation) -> None:
    phone = on_sqlite.phone(SITA)
    [asked] = phone.text("किस्ता")
    assert "जम्मा" in asked
    on_sqlite.phone(SITA).ring().press("5").press("4").press("6")
    [answer] = phone.text("1")
    assert on_sqlite.rows("SELECT count(*) FROM contributions WHERE noted_by = 'sms'") == [(0,)]
    assert "जम्मा" not in answer


# --- several organisations -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def two(here: Installation) -> Installation:
    """A second organisation with a number of its own; Sita's phone is another member's there, and Gita of there has no phone here."""
    gateway = here.gateway
    with gateway.database.write() as db:
        organisations.ensure(db, "other", "Another union")
        channels.ensure(db, channels.Channel("other", "other", "twilio", OTHER_NUMBER, "ne", 1, 1, 140, 200))
        new = members.NewMember("other-1", "other", "10019", "ne", usual_instalment=700_00, private=False)
        members.add(db, gateway.seal, new, gateway.clock())
        members.attach_phone(db, "other-1", phones.find_or_create(db, gateway.seal, SITA, gateway.clock()))
    return here


def at_the_other(here: Installation, number: str):
    phone = here.phone(number)
    phone.gateway_number = OTHER_NUMBER
    return phone


def test_each_number_of_ours_knows_its_own_members_alone(two: Installation) -> None:
    here = two.phone(SITA).ring().press("2")
    assert "ne/claim_status/approved-1" in here.heard  # one member, not two who share a phone
    there = at_the_other(two, SITA).ring().press("2")
    assert "ne/claim_status/no_claim-1" in there.heard
    assert at_the_other(two, MAYA).ring().heard[-1].startswith("ne/main_menu/stranger")
    found = two.rows("SELECT channel_id, member_id FROM flow_sessions")
    assert set(found) == {("main", "sample-1"), ("other", "other-1"), ("other", None)}


def test_a_text_is_answered_for_the_organisation_that_got_it(two: Installation) -> None:
    assert "900" in two.phone(SITA).text("kista")[0]
    [answer] = at_the_other(two, SITA).text("kista")
    assert "900" not in answer
    assert "700" in answer


def test_a_membership_number_is_of_one_organisation(two: Installation) -> None:
    call = at_the_other(two, STRANGER).ring().press("2").press("1").press(MAYAS_NUMBER).press("4826")
    assert "ne/pin/wrong-1" in call.heard


def test_what_broke_off_with_one_is_not_offered_by_the_other(two: Installation) -> None:
    two.phone(STRANGER).ring().press("5").press("1").hang_up(report_to=ENDED)
    assert "resume" not in said(at_the_other(two, STRANGER).ring())


def test_a_member_of_one_registers_with_the_other_from_the_same_phone(two: Installation) -> None:
    call = at_the_other(two, MAYA).ring().press("5").press("1").speak(4).press("1")
    assert "ne/register/welcome_her-1" in call.heard
    assert two.rows("SELECT state FROM members WHERE organisation_id = 'other' AND id <> 'other-1'") == [("pending",)]


def test_disowning_a_phone_touches_one_organisation(two: Installation) -> None:
    two.phone(SITA).ring().press("5").press("4").press("6")
    assert two.rows("SELECT member_id FROM member_phones WHERE stale_at IS NOT NULL") == [("sample-1",)]


# --- keys that change ----------------------------------------------------------------------------------------------------------------


def test_a_phone_that_is_sealed_with_an_earlier_key_is_still_found(on_sqlite: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = on_sqlite.gateway
    rotated = Seal("another secret key of the tests, long enough", on_sqlite.environ["SECRET_KEY"])
    monkeypatch.setattr(type(gateway), "seal", property(lambda _self: rotated))
    count = on_sqlite.rows("SELECT count(*) FROM phones")
    assert "ne/claim_status/approved-1" in on_sqlite.phone(SITA).ring().press("2").heard
    assert "ne/claim_status/review_until-1" in on_sqlite.phone(MAYA).ring().press("2").press("4826").heard
    assert on_sqlite.phone(SITA).text("dabi")
    assert on_sqlite.rows("SELECT count(*) FROM phones") == count
    with gateway.database.write() as db:
        assert phones.find(db, rotated, SITA).id == phones.find_or_create(db, rotated, SITA, gateway.clock())


def test_two_first_calls_at_once_from_one_phone_are_one_phone(here: Installation) -> None:
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: here.phone(STRANGER).ring(), range(2)))
    assert here.rows("SELECT count(*) FROM phones") == [(4,)]
