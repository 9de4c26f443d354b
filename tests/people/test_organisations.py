"""Organisations on one installation, and who works for them."""

from __future__ import annotations

import pytest
from people.conftest import ADMIN, ORGANISER, OTHERS, READER, Installation, audited

from gateway.errors import GatewayError
from gateway.services import broadcast, members, organisations, tasks, users
from gateway.services.access import Actor


def test_an_organisation_gets_a_channel_of_its_own(here: Installation) -> None:
    added = organisations.add(here.gateway, "sangh", " Mahila\u202e Sangh ", number="+97714000001", language="en")
    assert (added.name, added.numbers) == ("Mahila Sangh", ("+97714000001",))
    assert [each.id for each in organisations.list_all(here.gateway)] == ["main", "sangh"]
    assert here.rows("SELECT organisation_id, address, language FROM channels ORDER BY id") == [
        ("main", "+97714000000", "ne"),
        ("sangh", "+97714000001", "en"),
    ]
    assert audited(here)[-1] == ("terminal", "add_organisation", "organisation:sangh")


def test_who_rings_the_number_of_an_organisation_is_registered_there(two: Installation) -> None:
    phone = two.phone("+9779841000001")
    phone.gateway_number = "+97714000001"
    phone.ring().press("5").press("1").speak(3).press("2")
    assert members.find(two.gateway, ADMIN, "9841000001") == []
    assert len(members.find(two.gateway, OTHERS, "9841000001")) == 1
    assert tasks.list_open(two.gateway, ADMIN) == []
    [task] = tasks.list_open(two.gateway, OTHERS)
    with pytest.raises(GatewayError, match="task:unknown"):
        tasks.finish(two.gateway, ADMIN, task.id)
    tasks.finish(two.gateway, OTHERS, task.id)
    assert tasks.list_open(two.gateway, OTHERS) == []


@pytest.mark.parametrize(
    ("organisation_id", "name", "more", "code"),
    [
        ("Sangh", "x", {}, "organisation:id"),
        ("1", "x", {}, "organisation:id"),
        ("a" * 37, "x", {}, "organisation:id"),
        ("main", "x", {}, "organisation:already"),
        ("new", " ", {}, "member:invalid"),
        ("new", "x", {"number": "call us"}, "member:invalid"),
        ("new", "x", {"number": "+97714000000"}, "channel:already"),
        ("new", "x", {"language": "mai"}, "language:unknown"),
    ],
)
def test_an_organisation_that_cannot_be_is_refused(here: Installation, organisation_id: str, name: str, more: dict, code: str) -> None:
    with pytest.raises(GatewayError, match=code):
        organisations.add(here.gateway, organisation_id, name, **more)
    assert [each.id for each in organisations.list_all(here.gateway)] == ["main"]


def test_a_broadcast_goes_to_the_members_of_its_organisation_from_its_number(two: Installation, details) -> None:
    members.register(two.gateway, OTHERS, details(), ["9841000009"])
    draft = broadcast.Draft("x", {"ne": "नमस्ते", "en": "Hello"})
    assert broadcast.plan(two.gateway, OTHERS, draft).recipients == 1
    assert broadcast.plan(two.gateway, ADMIN, draft).recipients == 3
    created = broadcast.create(two.gateway, OTHERS, draft)
    assert [(each.id, each.sender) for each in broadcast.latest(two.gateway, OTHERS)] == [(created, "+97714000001")]
    assert broadcast.latest(two.gateway, ADMIN) == []
    for act in (broadcast.status, broadcast.approve, broadcast.cancel):
        with pytest.raises(GatewayError, match="broadcast:unknown"):
            act(two.gateway, ADMIN, created)


# --- users -------------------------------------------------------------------------------------------------------------------------


def test_a_user_has_a_name_a_role_and_may_be_a_member(here: Installation) -> None:
    [sita] = members.find(here.gateway, ADMIN, "9720000001")
    user = users.add(here.gateway, ADMIN, "सीता", "collector", sita.number)
    assert (user.name, user.role, user.state, user.member_number) == ("सीता", "collector", "active", sita.number)
    assert user in users.page(here.gateway, ADMIN, "", 10)
    assert members.get(here.gateway, ADMIN, sita.id).user_id == user.id
    assert users.set_role(here.gateway, ADMIN, user.id, "organiser").role == "organiser"
    assert users.disable(here.gateway, ADMIN, user.id).state == "disabled"
    assert users.enable(here.gateway, ADMIN, user.id).state == "active"
    with here.gateway.database.read() as db:
        assert "सीता" not in repr(db.exec_driver_sql("SELECT * FROM users").all())


@pytest.mark.parametrize(
    ("role", "number", "code"),
    [("boss", None, "user:role"), ("reader", "99999", "member:unknown"), ("collector", "10010", "user:already")],
)
def test_a_user_who_cannot_be_is_refused(here: Installation, role: str, number: str | None, code: str) -> None:
    [sita] = members.find(here.gateway, ADMIN, "9720000001")
    users.add(here.gateway, ADMIN, "x", "collector", sita.number)
    before = users.page(here.gateway, ADMIN, "", 100)
    with pytest.raises(GatewayError, match=code):
        users.add(here.gateway, ADMIN, "y", role, sita.number if code == "user:already" else number)
    assert users.page(here.gateway, ADMIN, "", 100) == before


def test_users_of_another_organisation_are_not_there(two: Installation) -> None:
    ours = users.add(two.gateway, ADMIN, "x", "organiser")
    assert users.page(two.gateway, OTHERS, "", 10) == []
    for verb in (users.disable, users.enable, lambda *given: users.set_role(*given, "admin")):
        with pytest.raises(GatewayError, match="user:unknown"):
            verb(two.gateway, OTHERS, ours.id)
    assert users.page(two.gateway, ADMIN, "", 10)[0] == ours
    [sita] = members.find(two.gateway, ADMIN, "9720000001")
    with pytest.raises(GatewayError, match="member:unknown"):
        users.add(two.gateway, OTHERS, "y", "collector", sita.number)


@pytest.mark.parametrize("actor", [ORGANISER, READER])
def test_only_an_admin_manages_users(here: Installation, actor: Actor) -> None:
    for verb in (
        lambda: users.add(here.gateway, actor, "x", "reader"),
        lambda: users.page(here.gateway, actor, "", 10),
        lambda: users.disable(here.gateway, actor, "sample-didi"),
        lambda: users.set_role(here.gateway, actor, "sample-didi", "admin"),
    ):
        with pytest.raises(GatewayError, match="access:denied"):
            verb()


def test_tasks_are_for_who_may_do_them(here: Installation, collector: Actor) -> None:
    for actor in (READER, collector):
        with pytest.raises(GatewayError, match="access:denied"):
            tasks.list_open(here.gateway, actor)
        with pytest.raises(GatewayError, match="access:denied"):
            tasks.finish(here.gateway, actor, "x")
