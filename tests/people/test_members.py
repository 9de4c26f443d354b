"""Members as organisers register, find, look at and change them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from people.conftest import ADMIN, GITA, ORGANISER, OTHERS, PHONE, READER, Installation, audited

from gateway.core import people as words
from gateway.core import reference
from gateway.core.roles import Permission
from gateway.errors import GatewayError
from gateway.services import members
from gateway.services.members import Details


def fault(error: pytest.ExceptionInfo[GatewayError]) -> tuple[str, str]:
    return error.value.code, error.value.where


# --- registering -------------------------------------------------------------------------------------------------------------------


def test_a_member_is_registered_with_all_that_she_told(here: Installation, details) -> None:
    told = details(trade="bidi", place="3-25-04-05", sex="female", birth_year=1985, household_role="spouse", best_hour=17, reminders=True)
    person = members.register(here.gateway, ORGANISER, told, [PHONE, "९८४१-०००००८"], "4826")
    assert (person.name, person.village, person.state, person.version) == ("गीता थापा", "लेले", "active", 1)
    assert person.phones == ("+9779841000008", PHONE)
    assert (person.trade, person.place, person.sex, person.birth_year) == ("bidi", "3-25-04-05", "female", 1985)
    assert (person.household_role, person.best_hour, person.reminders, person.has_pin) == ("spouse", 17, True, True)
    assert (person.consent_how, person.consent_wording, person.consented_at) == ("paper", "form 1", here.clock())
    assert reference.is_valid(person.number)
    assert members.get(here.gateway, ORGANISER, person.id) == person


def test_nothing_that_tells_who_she_is_stands_in_the_database_in_clear(here: Installation, details) -> None:
    members.register(here.gateway, ORGANISER, details(), [PHONE], "4826")
    with here.gateway.database.read() as db:
        for table in ("members", "member_names", "member_phones", "phones", "audit"):
            written = "".join(map(repr, db.exec_driver_sql(f"SELECT * FROM {table}").all()))  # noqa: S608
            assert not any(secret in written for secret in ("गीता", "थापा", "लेले", "9841000009", "4826", "argon2"))


@pytest.mark.parametrize(
    ("more", "code", "where"),
    [
        ({"name": members.UNSET}, "member:no-name", ""),
        ({"name": " \u200d\u202e"}, "member:invalid", "name"),
        ({"name": "ग" * 201}, "member:invalid", "name"),
        ({"consent_how": members.UNSET}, "member:no-consent", ""),
        ({"consent_wording": members.UNSET}, "member:no-consent", ""),
        ({"consent_how": "hearsay"}, "member:invalid", "consent_how"),
        ({"trade": "banker"}, "member:invalid", "trade"),
        ({"place": "8-01"}, "member:invalid", "place"),
        ({"sex": "f"}, "member:invalid", "sex"),
        ({"birth_year": 2042}, "member:invalid", "birth_year"),
        ({"birth_year": True}, "member:invalid", "birth_year"),
        ({"best_hour": 20}, "member:invalid", "best_hour"),
        ({"language": "mai"}, "member:invalid", "language"),
        ({"script": "latin"}, "member:invalid", "script"),
        ({"preferred_medium": "post"}, "member:invalid", "preferred_medium"),
        ({"usual_instalment": 0}, "member:invalid", "usual_instalment"),
        ({"private": "yes"}, "member:invalid", "private"),
        ({"collector_id": "nobody"}, "user:no-collector", ""),
    ],
)
def test_what_cannot_be_is_refused_by_name(here: Installation, details, more: dict[str, object], code: str, where: str) -> None:
    before = here.rows("SELECT count(*) FROM members")
    with pytest.raises(GatewayError) as error:
        members.register(here.gateway, ORGANISER, details(**more), [PHONE])
    assert fault(error) == (code, where)
    assert here.rows("SELECT count(*) FROM members") == before


@pytest.mark.parametrize("number", ["+9791234567", "+881612345678", "+19005551234", "12345", "9841", "anonymous", ""])
def test_a_phone_that_is_none_of_the_country_is_refused(here: Installation, details, number: str) -> None:
    with pytest.raises(GatewayError) as error:
        members.register(here.gateway, ORGANISER, details(), [number])
    assert fault(error) == ("member:invalid", "phones")


@pytest.mark.parametrize("pin", ["1111", "1234", "123", "12345", "abcd"])
def test_a_pin_that_is_guessed_first_registers_nobody(here: Installation, details, pin: str) -> None:
    before = here.rows("SELECT count(*) FROM members")
    with pytest.raises(GatewayError, match="PIN"):
        members.register(here.gateway, ORGANISER, details(), [PHONE], pin)
    assert here.rows("SELECT count(*) FROM members") == before


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("\u202eतामाङ\u202c \x00सीता\n", "तामाङ सीता"),
        ("😀", "😀"),
        ("क\u094d\u200dष", "क\u094d\u200dष"),
        ("A\u030a", "Å"),
    ],
)
def test_a_name_is_kept_as_it_may_be_shown(written: str, kept: str) -> None:
    assert words.clean(written) == kept
    assert words.is_name(kept)


def test_there_is_no_field_for_caste_religion_or_diagnosis() -> None:
    fields = {*Details.__dataclass_fields__, *members.Person.__dataclass_fields__}
    assert not {name for name in fields if any(word in name for word in ("caste", "ethnic", "religion", "health", "diagnos", "disab"))}


def test_the_same_name_with_the_same_phone_is_one_member(here: Installation, details) -> None:
    members.register(here.gateway, ORGANISER, details(), [PHONE])
    with pytest.raises(GatewayError) as error:
        members.register(here.gateway, ORGANISER, details(name="Gita Thapa", shares_phone=True), [PHONE])
    assert error.value.code == "member:already"


def test_a_private_member_is_texted_nothing(here: Installation, details) -> None:
    members.register(here.gateway, ORGANISER, details(private=True), [PHONE])
    assert here.rows("SELECT count(*) FROM deliveries") == [(0,)]


def test_a_shared_phone_is_confirmed(here: Installation, details) -> None:
    members.register(here.gateway, ORGANISER, details(), [PHONE])
    rita = details(name="रीता थापा")
    with pytest.raises(GatewayError) as error:
        members.register(here.gateway, ORGANISER, rita, [PHONE])
    assert error.value.code == "phone:already"
    both = members.register(here.gateway, ORGANISER, details(name="रीता थापा", shares_phone=True), [PHONE])
    assert [person.name for person in members.find(here.gateway, ORGANISER, PHONE) if person.id == both.id] == ["रीता थापा"]
    assert len(members.find(here.gateway, ORGANISER, PHONE)) == 2


def test_two_who_register_one_phone_at_once_make_one_member(here: Installation, details) -> None:
    def register(name: str) -> str:
        try:
            return members.register(here.gateway, ORGANISER, details(name=name), [PHONE]).number
        except GatewayError as error:
            return error.code

    with ThreadPoolExecutor(4) as threads:
        came = list(threads.map(register, ["गीता थापा", "Rita", "Gita Thapa", "Mina"]))
    assert sum(outcome.isdigit() for outcome in came) == 1
    assert {outcome for outcome in came if not outcome.isdigit()} <= {"member:already", "phone:already"}
    assert len(members.find(here.gateway, ORGANISER, PHONE)) == 1


def test_another_organisation_may_know_the_same_phone(two: Installation, details) -> None:
    members.register(two.gateway, ORGANISER, details(), [PHONE])
    theirs = members.register(two.gateway, OTHERS, details(), [PHONE])
    assert [person.id for person in members.find(two.gateway, OTHERS, PHONE)] == [theirs.id]


# --- looking -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["9841000009", "+977 984-1000009", "९८४१०००००९", "गीता", "gita", "Geeta THAPA", "थापा गीता", "tapa", "geetaa"],
)
def test_she_is_found_by_phone_and_by_name_however_they_are_written(here: Installation, details, text: str) -> None:
    gita = members.register(here.gateway, ORGANISER, details(), [PHONE])
    assert gita.id in {person.id for person in members.find(here.gateway, ORGANISER, text)}


def test_she_is_found_by_her_number_and_not_by_a_mistyped_one(here: Installation, details) -> None:
    gita = members.register(here.gateway, ORGANISER, details(), [PHONE])
    assert members.find(here.gateway, ORGANISER, f" {gita.number} ") == [gita]
    in_devanagari = gita.number.translate(str.maketrans("0123456789", "०१२३४५६७८९"))
    assert members.find(here.gateway, ORGANISER, in_devanagari) == [gita]
    last = str((int(gita.number[-1]) + 1) % 10)
    assert members.find(here.gateway, ORGANISER, gita.number[:-1] + last) == []


@pytest.mark.parametrize("text", ["", "…", "nobody", "गीता राई", "' OR 1=1"])
def test_nobody_else_is_found(here: Installation, details, text: str) -> None:
    members.register(here.gateway, ORGANISER, details(), [PHONE])
    assert members.find(here.gateway, ORGANISER, text) == []


def test_pages_follow_the_numbers_and_filters(two: Installation, details, collector) -> None:
    places = ("3-25-02", "3-25-04", "3-26", "1-01")
    for index, place in enumerate(places):
        of = {"place": place, "trade": "beads", "collector_id": collector.user_id if index == 0 else None}
        members.register(two.gateway, ORGANISER, details(name=f"Maya {place}", **of), [])
    members.register(two.gateway, OTHERS, details(trade="beads"), [])
    first = members.page(two.gateway, ADMIN, "", 2, trade="beads")
    rest = members.page(two.gateway, ADMIN, first[-1].number, 10, trade="beads")
    assert sorted(str(person.place) for person in first + rest) == sorted(places)
    assert [person.number for person in first + rest] == sorted(person.number for person in first + rest)

    def placed(**filters: str) -> set[str | None]:
        return {person.place for person in members.page(two.gateway, ADMIN, "", 10, **filters)}

    assert placed(place="3-25", trade="beads") == {"3-25-02", "3-25-04"}
    assert placed(place="3-26", trade="beads") == {"3-26"}
    assert placed(collector_id=str(collector.user_id)) == {"3-25-02"}
    assert placed(state="left") == set()
    assert placed(language="en") == set()


# --- who sees whom -----------------------------------------------------------------------------------------------------------------


def test_who_is_out_of_scope_is_not_there(two: Installation, details, collector) -> None:
    gita = members.register(two.gateway, ORGANISER, details(), [PHONE])
    for actor in (OTHERS, collector):
        assert members.find(two.gateway, actor, gita.number) == []
        assert members.find(two.gateway, actor, PHONE) == []
        assert members.find(two.gateway, actor, "गीता") == []
        assert members.page(two.gateway, actor, "", 10) == []
        with pytest.raises(GatewayError, match="member:unknown"):
            members.get(two.gateway, actor, gita.id)
    verbs = (
        lambda: members.change(two.gateway, OTHERS, gita.id, 1, Details(village="x")),
        lambda: members.add_phone(two.gateway, OTHERS, gita.id, "9841000007"),
        lambda: members.drop_phone(two.gateway, OTHERS, gita.id, PHONE),
        lambda: members.leave(two.gateway, OTHERS, gita.id),
        lambda: members.numbered(two.gateway, OTHERS, gita.number),
    )
    for verb in verbs:
        with pytest.raises(GatewayError, match="member:unknown"):
            verb()
    assert members.get(two.gateway, ORGANISER, gita.id) == gita


def test_who_is_registered_by_a_collector_is_of_her_group(two: Installation, details, collector) -> None:
    gita = members.register(two.gateway, collector, details(consent_how="collector", collector_id="somebody"), [PHONE])
    assert gita.collector_id == collector.user_id
    assert members.page(two.gateway, collector, "", 10) == [gita]
    with pytest.raises(GatewayError, match="access:denied"):
        members.change(two.gateway, collector, gita.id, 1, Details(village="x"))
    with pytest.raises(GatewayError, match="user:no-collector"):
        members.register(two.gateway, OTHERS, details(collector_id=collector.user_id), [])


def test_a_reader_sees_and_changes_nobody(here: Installation, details) -> None:
    for verb in (
        lambda: members.find(here.gateway, READER, "गीता"),
        lambda: members.get(here.gateway, READER, "sample-1"),
        lambda: members.page(here.gateway, READER, "", 10),
        lambda: members.register(here.gateway, READER, details(), []),
        lambda: members.change(here.gateway, READER, "sample-1", 1, Details()),
        lambda: members.leave(here.gateway, READER, "sample-1"),
    ):
        with pytest.raises(GatewayError, match="access:denied"):
            verb()


# --- changing ----------------------------------------------------------------------------------------------------------------------


def test_a_change_names_only_what_changes(here: Installation, details) -> None:
    gita = members.register(here.gateway, ORGANISER, details(trade="food"), [PHONE])
    changed = members.change(here.gateway, ORGANISER, gita.id, gita.version, Details(name="Gita Rai", village=None))
    assert (changed.name, changed.village, changed.trade, changed.version) == ("Gita Rai", None, "food", 2)
    assert members.find(here.gateway, ORGANISER, "थापा") == []
    assert gita.id in {person.id for person in members.find(here.gateway, ORGANISER, "गीता राई")}


def test_of_two_organisers_the_second_is_told(here: Installation, details) -> None:
    gita = members.register(here.gateway, ORGANISER, details(), [PHONE])

    def change(village: str) -> str:
        try:
            return str(members.change(here.gateway, ORGANISER, gita.id, gita.version, Details(village=village)).village)
        except GatewayError as error:
            return error.code

    with ThreadPoolExecutor(4) as threads:
        came = sorted(threads.map(change, ["a", "b", "c", "d"]))
    assert came[1:] == ["member:changed"] * 3 or came[-3:] == ["member:changed"] * 3
    now = members.get(here.gateway, ORGANISER, gita.id)
    assert now.version == 2
    assert now.village in came


def test_phones_come_and_go(here: Installation, details) -> None:
    gita = members.register(here.gateway, ORGANISER, details(), [PHONE])
    members.register(here.gateway, ORGANISER, details(name="Rita"), ["9841000007"])
    with pytest.raises(GatewayError, match="phone:already"):
        members.add_phone(here.gateway, ORGANISER, gita.id, "9841000007")
    assert members.add_phone(here.gateway, ORGANISER, gita.id, "9841000007", shared=True).phones == (PHONE, "+9779841000007")
    assert members.drop_phone(here.gateway, ORGANISER, gita.id, PHONE).phones == ("+9779841000007",)
    with pytest.raises(GatewayError, match="phone:not-hers"):
        members.drop_phone(here.gateway, ORGANISER, gita.id, PHONE)
    assert members.add_phone(here.gateway, ORGANISER, gita.id, PHONE).phones == (PHONE, "+9779841000007")


def test_who_leaves_gets_nothing_more(here: Installation, details) -> None:
    gita = members.register(here.gateway, ORGANISER, details(reminders=True), [PHONE])
    gone = members.leave(here.gateway, ORGANISER, gita.id)
    assert (gone.state, gone.reminders) == ("left", False)
    assert members.leave(here.gateway, ORGANISER, gita.id) == gone
    assert here.rows("SELECT state, error FROM deliveries") == [("suppressed", "send:left")]
    assert here.phone(PHONE).ring().press("2").over is False  # a stranger now: she is asked whether to register
    with pytest.raises(GatewayError, match="member:left"):
        members.change(here.gateway, ORGANISER, gita.id, gone.version, Details(village="x"))


# --- the audit log -----------------------------------------------------------------------------------------------------------------


def test_every_view_and_change_is_written_down_without_a_name(here: Installation, details) -> None:
    gita = members.register(here.gateway, ORGANISER, details(), [PHONE])
    members.find(here.gateway, ORGANISER, "गीता")
    members.get(here.gateway, ORGANISER, gita.id)
    members.page(here.gateway, ORGANISER, "", 10)
    members.change(here.gateway, ORGANISER, gita.id, 1, Details(village="Lele"))
    me = f"member:{gita.id}"
    assert audited(here)[-5:] == [
        ("user:o", Permission.REGISTER_MEMBERS, me),
        ("user:o", Permission.SEE_MEMBERS, "members"),
        ("user:o", Permission.SEE_MEMBERS, me),
        ("user:o", Permission.SEE_MEMBERS, "members"),
        ("user:o", Permission.CHANGE_MEMBERS, me),
    ]
    details_of = [json.loads(str(detail)) for (detail,) in here.rows("SELECT detail FROM audit ORDER BY id")]
    assert details_of[-1] == {"fields": ["village"]}
    assert "Lele" not in str(details_of)
    assert GITA.name not in str(details_of)
