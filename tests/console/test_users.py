"""Users and their links, as an admin sees them; and the page of whoever opens a link."""

from __future__ import annotations

import html
import re

import pyotp
import pytest
from click.testing import CliRunner
from fakes.console import Client, Console

from gateway.cli import main
from gateway.errors import GatewayError
from gateway.services import access, sign_in, tokens, users
from gateway.services.sign_in import Entrance
from gateway.services.users import LINK_HOLDS, Newcomer
from gateway.store.models import audit, invitations

WORDS = "तीन साना ढुङ्गा"


def browser(console: Console) -> Client:
    client = console.app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return Client(client)


def link_on(page: str) -> str:
    found = re.search(r"<textarea[^>]*>http[^<]*?(/invitation\?key=[^<]+)</textarea>", html.unescape(page))
    assert found
    return found[1]


def text(answer) -> str:
    return str(answer.get_data(as_text=True))


def new_user(console: Console, sign_in_name: str = "gita") -> tuple[str, str]:
    """Her id and the way to her page."""
    link = users.welcome(console.gateway, access.terminal("main"), Newcomer("Gita Rai", "organiser", sign_in_name))
    return link.user.id, link.address.removeprefix(console.base)


def choose(client: Client, way: str, password: str = WORDS):
    assert client.get(way).status_code == 303
    return client.post("/invitation", {"password": password, "repeated": password})


def test_an_admin_lets_somebody_in_who_chooses_her_own_password(console):
    admin = console.as_("admin")
    page = admin.post("/users", {"name": "Gita Rai", "sign_in": " Gita ", "role": "reader"})
    assert page.status_code == 200
    way = link_on(text(page))
    hers = browser(console)
    assert "Welcome, Gita Rai" in text(hers.get(way, follow_redirects=True))
    answer = hers.post("/invitation", {"password": WORDS, "repeated": WORDS})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "Gita Rai" in text(hers.get("/account"))
    assert sign_in.enter(console.gateway, Entrance("GITA", WORDS, "192.0.2.1"))


def test_the_secret_of_a_link_stands_in_the_address_once_and_goes_nowhere_else(console, capfd):
    _, way = new_user(console)
    hers, secret = browser(console), way.partition("=")[2]
    answer = hers.get(way)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/invitation")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    page = hers.get("/invitation")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert secret not in text(page)
    assert secret not in "".join(capfd.readouterr())
    with console.gateway.database.read() as db:
        assert all(secret not in str(row) for table in (audit, invitations) for row in db.execute(table.select()))


def test_looking_at_a_link_uses_nothing_up_and_choosing_does(console):
    _, way = new_user(console)
    for _ in range(3):
        assert browser(console).get(way, follow_redirects=True).status_code == 200
    assert choose(browser(console), way).status_code == 303
    late = browser(console)
    assert late.get(way, follow_redirects=True).status_code == 422
    assert "was used already" in text(late.post("/invitation", {"password": WORDS, "repeated": WORDS}))


def test_a_password_that_will_not_do_leaves_the_link_as_it_was(console):
    _, way = new_user(console)
    hers = browser(console)
    for password in ("short", "gita", "1234567890", "Gita Rai Rai"[:8], "giTa raI !!"):
        assert choose(hers, way, password).status_code == 422
    assert choose(hers, way).status_code == 303


def test_a_new_link_ends_the_one_before_and_time_ends_it_too(console, monkeypatch):
    user_id, way = new_user(console)
    newer = users.invite(console.gateway, access.terminal("main"), user_id)
    assert browser(console).get(way, follow_redirects=True).status_code == 422
    later = console.gateway.clock() + LINK_HOLDS
    object.__setattr__(console.gateway, "clock", lambda: later)
    assert browser(console).get(newer.address.removeprefix(console.base), follow_redirects=True).status_code == 422


def test_a_link_ends_with_her_for_whom_it_is_and_with_her_who_made_it(console):
    user_id, way = new_user(console)
    users.disable(console.gateway, access.terminal("main"), user_id)
    users.enable(console.gateway, access.terminal("main"), user_id)
    assert browser(console).get(way, follow_redirects=True).status_code == 422
    admin_id = console.user("admin")
    made = users.invite(console.gateway, access.Actor("main", "admin", f"user:{admin_id}", admin_id), user_id)
    users.set_role(console.gateway, access.terminal("main"), admin_id, "reader")
    assert browser(console).get(made.address.removeprefix(console.base), follow_redirects=True).status_code == 422


def test_forgetting_a_password_is_healed_with_a_new_link_which_signs_her_out_everywhere(console):
    user_id, way = new_user(console)
    hers = browser(console)
    choose(hers, way)
    for _ in range(5):
        with pytest.raises(GatewayError):
            sign_in.enter(console.gateway, Entrance("gita", "forgotten", "192.0.2.1"))
    page = console.as_("admin").post(f"/users/{user_id}/link")
    fresh = browser(console)
    choose(fresh, link_on(text(page)), "another set of words")
    assert hers.get("/account").status_code == 303
    assert fresh.get("/account").status_code == 200
    assert sign_in.enter(console.gateway, Entrance("gita", "another set of words", "192.0.2.1"))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "Maya", "sign_in": "gita", "role": "reader"}, "Somebody signs in with this name already"),
        ({"name": "Maya", "sign_in": "x", "role": "reader"}, "2 to 60 letters"),
        ({"name": "Maya", "sign_in": "maya", "role": "queen"}, "There is no role"),
        ({"name": " ", "sign_in": "maya", "role": "reader"}, "1 to 200 characters"),
        ({"name": "Maya", "sign_in": "maya", "role": "collector", "member_number": "99"}, "There is no member 99"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nobody_is_added(console, form, said):
    new_user(console)
    client = console.as_("admin")
    before = len(users.page(console.gateway, access.terminal("main"), "", 100))
    page = client.post("/users", form)
    assert page.status_code == 422
    assert said in html.unescape(text(page))
    assert len(users.page(console.gateway, access.terminal("main"), "", 100)) == before


def test_nobody_takes_her_own_rights_away(console):
    client = console.as_("admin")
    assert client.post("/users/admin-main/role", {"role": "reader"}).status_code == 422
    assert client.post("/users/admin-main/disable").status_code == 422
    assert client.get("/users").status_code == 200


def test_a_token_is_shown_once_and_opens_nothing_after_it_was_ended(console):
    client = console.as_("admin")
    page = text(client.post("/users/tokens", {"label": "मासिक तालिका", "role": "reader", "days": "90"}))
    secret = re.search(r"aawaj_[\w-]+", page)
    assert secret
    listed = text(client.get("/users/tokens"))
    assert "मासिक तालिका" in listed
    assert secret[0] not in listed
    way = re.search(r"/users/tokens/[\w-]+", listed.partition("<tbody>")[2])
    assert way
    assert client.post(f"{way[0]}/revoke").status_code == 303
    assert tokens.visit(console.gateway, secret[0]) is None
    assert client.post("/users/tokens", {"label": "x", "role": "collector", "days": "90"}).status_code == 422
    assert client.post("/users/tokens", {"label": "x", "role": "reader", "days": "99999"}).status_code == 422


def test_a_page_of_somebody_with_a_hostile_name_shows_it_as_text(console):
    name = "<img src=x onerror=alert(1)>"
    link = users.welcome(console.gateway, access.terminal("main"), Newcomer(name, "reader", "<b>x</b>"))
    for path in ("/users", f"/users/{link.user.id}", f"/users/{link.user.id}/disable"):
        assert "<img src=x" not in text(console.as_("admin").get(path))
        assert "<b>x" not in text(console.as_("admin").get(path))


def test_the_first_admin_of_an_installation_gets_in_by_the_command_line(console, monkeypatch):
    for name, value in {
        "SECRET_KEY": console.gateway.settings.secret_key,
        "PUBLIC_BASE_URL": console.base,
        "DATABASE_URL": console.gateway.settings.database_url,
        "REDIS_URL": console.gateway.settings.redis_url,
        "GATEWAY_DATA_DIR": str(console.gateway.settings.data_dir),
    }.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(main, ["users", "add", "Sarita", "--role", "admin", "--sign-in", "sarita"])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{console.base}/invitation?key=")
    way = done.stdout.strip().removeprefix(console.base)
    hers = browser(console)
    object.__setattr__(console.gateway, "clock", lambda: sign_in_time(console))
    choose(hers, way)
    user = next(each for each in users.page(console.gateway, access.terminal("main"), "", 100) if each.name == "Sarita")
    assert user.has_password
    again = CliRunner().invoke(main, ["users", "invite", user.id])
    assert again.stdout.startswith(f"{console.base}/invitation?key=")
    assert CliRunner().invoke(main, ["users", "reset", user.id]).exit_code == 0


def sign_in_time(console: Console):
    """The command line has the clock of this machine."""
    with console.gateway.database.read() as db:
        return max(row.created_at for row in db.execute(invitations.select()))


def test_she_does_all_of_it_in_a_real_browser(console, server, open_as):
    _, way = new_user(console)
    with open_as(None, "ne", width=360) as page:
        page.goto(way)
        assert page.url == f"{server}/invitation"
        page.fill("#password", WORDS)
        page.fill("#repeated", WORDS)
        page.get_by_role("button", name="यही पासवर्ड राख्नुहोस्").click()
        page.wait_for_url(f"{server}/")
        page.get_by_role("link", name="मेरो खाता").click()
        page.get_by_role("link", name="मिलाउनुहोस्").click()
        assert page.locator("svg.qr").bounding_box()["width"] > 150
        key = page.locator(".key").inner_text().replace(" ", "")
        page.fill("#code", pyotp.TOTP(key).at(console.gateway.clock()))
        page.get_by_role("button", name="सुरु गर्नुहोस्").click()
        assert page.locator(".codes li").count() == 8
        page.get_by_role("link", name="मैले सारेँ").click()
        page.wait_for_url(f"{server}/account")
