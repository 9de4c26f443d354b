"""The door: who gets in, how often she may try, and what her browser holds."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import pyotp
import pytest
from fakes.console import BASE, Client, Console

from gateway import bootstrap, config
from gateway.core.passwords import derived
from gateway.errors import GatewayError
from gateway.services import access, installation, passwords, sample, second_steps, sign_in, tokens, users
from gateway.services.sign_in import Entrance
from gateway.store import users as user_rows
from gateway.store.models import sign_in_tries, visits
from gateway.web.console import sign_in as door

PASSWORD = "नदी किनार धारो"


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock(now) -> Clock:
    return Clock(now)


@pytest.fixture
def built(sqlite_url, redis_url, tmp_path, clock):
    """Build a console; with `https` behind a real provider."""
    made = []

    def build(*, https: bool = False, **more: str) -> Console:
        environ = {
            "SECRET_KEY": "the secret key of the tests, long enough",
            "PUBLIC_BASE_URL": "https://localhost" if https else BASE,
            "DATABASE_URL": sqlite_url,
            "REDIS_URL": redis_url,
            "GATEWAY_DATA_DIR": str(tmp_path / "data"),
            **({"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "of the tests"} if https else {}),
            **more,
        }
        gateway = bootstrap.build(config.load(environ), clock=clock)
        installation.prepare(gateway)
        made.append(gateway)
        return Console(gateway)

    yield build
    for gateway in made:
        gateway.database.close()


@pytest.fixture
def here(built) -> Console:
    return built()


def with_password(console: Console, role: str, name: str = "sita") -> str:
    user_id = console.user(role)
    with console.gateway.database.write() as db:
        user_rows.set_sign_in(db, console.gateway.seal, user_id, name)
        user_rows.set_password(db, console.gateway.seal, user_id, passwords.hashed(PASSWORD))
    return user_id


def browser(console: Console) -> Client:
    client = console.app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return Client(client)


def enter(client: Client, name: str = "sita", password: str = PASSWORD, **more: Any):
    return client.post("/sign-in", {"name": name, "password": password, **more})


def entrance(name: str = "sita", password: str = PASSWORD, address: str = "192.0.2.1") -> Entrance:
    return Entrance(name, password, address)


def cookie(client: Client) -> str:
    found = client.flask.get_cookie("aawaj", domain="127.0.0.1")
    assert found is not None
    return str(found.value)


def with_cookie(console: Console, value: str) -> Client:
    client = browser(console)
    client.flask.set_cookie("aawaj", value, domain="127.0.0.1")
    return client


# --- the password ------------------------------------------------------------------------------------------------------------------


def test_she_comes_in_with_her_name_however_she_writes_it_and_goes_where_she_wanted(here):
    with_password(here, "organiser")
    client = browser(here)
    answer = enter(client, "  SITA ", next="/account?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account?x=1")
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize(("name", "password"), [("sita", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("new", ""), ("", "")])
def test_whatever_is_wrong_the_answer_is_the_same(here, name, password):
    with_password(here, "organiser")
    gone = with_password(here, "reader", "gone")
    users.disable(here.gateway, access.terminal("main"), gone)
    new = here.user("collector")
    with here.gateway.database.write() as db:
        user_rows.set_sign_in(db, here.gateway.seal, new, "new")
    right = enter(browser(here), "other", "wrong")
    answer = enter(browser(here), name, password)
    assert answer.status_code == right.status_code == 422
    assert "do not belong together" in answer.get_data(as_text=True)
    assert PASSWORD not in answer.get_data(as_text=True)


def test_how_long_a_refusal_takes_tells_nothing(here, clock):
    with_password(here, "organiser")
    took: dict[str, list[float]] = {"sita": [], "nobody": []}
    for _ in range(8):
        for name, times in took.items():
            clock.at += timedelta(days=2)
            began = perf_counter()
            with pytest.raises(GatewayError):
                sign_in.enter(here.gateway, entrance(name, "wrong"))
            times.append(perf_counter() - began)
    known, unknown = (median(times) for times in took.values())
    assert abs(known - unknown) < 0.25 * max(known, unknown)


@pytest.mark.parametrize(
    "address", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/\t/evil.example", "\\\\e"]
)
def test_nobody_is_sent_elsewhere(here, address):
    with_password(here, "organiser")
    client = browser(here)
    assert enter(client, next=address).headers["Location"] == "/"
    assert client.get("/sign-in", query_string={"next": address}).headers["Location"] == "/"
    assert client.post("/language", {"language": "ne", "next": address}).headers["Location"] == "/"


# --- tries -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sita", "nobody"])
def test_of_twenty_tries_at_once_five_are_looked_at_whether_the_name_is_known_or_not(here, name):
    with_password(here, "organiser")
    said: list[str] = []

    def attempt() -> None:
        try:
            sign_in.enter(here.gateway, entrance(name, "wrong"))
        except GatewayError as error:
            said.append(error.code)

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["sign-in:wait"] * 15 + ["sign-in:wrong"] * 5
    answer = enter(browser(here), name)
    assert answer.status_code == 422
    assert "Try again in 1 min." in answer.get_data(as_text=True)


def test_waits_grow_and_a_right_password_ends_them(here, clock):
    with_password(here, "organiser")

    def wrong() -> GatewayError:
        with pytest.raises(GatewayError) as caught:
            sign_in.enter(here.gateway, entrance(password="wrong"))
        return caught.value

    for _ in range(5):
        assert wrong().code == "sign-in:wrong"
    waits = []
    for _ in range(6):
        refused = wrong()
        assert refused.code == "sign-in:wait"
        waits.append(refused.values["minutes"])
        clock.at += timedelta(minutes=int(refused.values["minutes"]))
        assert wrong().code == "sign-in:wrong"
    assert waits == [1, 5, 15, 30, 60, 60]
    clock.at += timedelta(hours=1)
    sign_in.enter(here.gateway, entrance())
    assert [wrong().code for _ in range(6)] == ["sign-in:wrong"] * 5 + ["sign-in:wait"]


def test_who_goes_through_many_names_is_stopped_by_her_address_and_nobody_else_is(here):
    with_password(here, "organiser")
    for number in range(50):
        with pytest.raises(GatewayError, match="belong together"):
            sign_in.enter(here.gateway, entrance(f"name {number}", "wrong"))
    with pytest.raises(GatewayError, match="many tries"):
        sign_in.enter(here.gateway, entrance())
    assert sign_in.enter(here.gateway, entrance(address="192.0.2.2"))


@pytest.mark.parametrize(
    ("proxies", "written", "address"),
    [
        (0, "198.51.100.7", "127.0.0.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "10.1.1.1, 198.51.100.7", "198.51.100.7"),
        (2, "10.1.1.1, 198.51.100.7, 192.0.2.9", "198.51.100.7"),
        (2, "198.51.100.7", "127.0.0.1"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "<script>", ""),
    ],
)
def test_what_somebody_says_of_where_she_comes_from_counts_behind_our_own_proxies_alone(here, proxies, written, address):
    with here.app.test_request_context("/sign-in", headers={"X-Forwarded-For": written}, environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        assert door.came_from(proxies) == address


def test_neither_a_name_nor_a_password_is_written_anywhere_in_clear(here, capfd, sqlite_url):
    with_password(here, "organiser", "sitadidi")
    enter(browser(here), "sitadidi", "wrongpassword")
    enter(browser(here), "sitadidi")
    said = "".join(capfd.readouterr())
    here.gateway.database.forget()
    stored = Path(sqlite_url.removeprefix("sqlite:///")).read_bytes()
    for word in ("sitadidi", "wrongpassword", PASSWORD):
        assert word not in said
        assert word.encode() not in stored


# --- visits ------------------------------------------------------------------------------------------------------------------------


def test_signing_in_takes_a_new_secret_and_a_new_token_for_forms(here):
    with_password(here, "organiser")
    client = browser(here)
    planted = client.token()
    before = cookie(client)
    enter(client)
    assert cookie(client) != before
    assert client.flask.post("/sign-out", base_url=BASE, data={"csrf_token": planted}).status_code == 400
    assert with_cookie(here, before).get("/account").status_code == 303
    first = cookie(client)
    enter(client)
    assert with_cookie(here, first).get("/account").status_code == 303, "the visit before ended"


def test_an_old_cookie_is_dead_after_signing_out(here):
    with_password(here, "organiser")
    client = browser(here)
    enter(client)
    kept = cookie(client)
    assert client.post("/sign-out").status_code == 303
    assert with_cookie(here, kept).get("/account").status_code == 303


def test_a_visit_ends_when_nobody_came_for_a_night_and_after_a_week_in_any_case(here, clock):
    with_password(here, "organiser")
    client = browser(here)
    enter(client)
    clock.at += sign_in.IDLE + timedelta(minutes=1)
    assert client.get("/account").status_code == 303
    enter(client)
    for _ in range(int(sign_in.LONGEST / timedelta(hours=11))):
        clock.at += timedelta(hours=11)
        assert client.get("/account").status_code == 200
    clock.at += timedelta(hours=11)
    assert client.get("/account").status_code == 303


def test_whoever_is_disabled_is_out_with_her_next_request_and_does_not_come_back_with_the_old_cookie(here):
    client, admin = here.as_("organiser"), access.terminal("main")
    assert client.get("/account").status_code == 200
    users.disable(here.gateway, admin, "organiser-main")
    assert client.get("/account").status_code == 303
    users.enable(here.gateway, admin, "organiser-main")
    assert client.get("/account").status_code == 303


def test_another_role_asks_for_a_new_sign_in(here):
    client = here.as_("organiser")
    users.set_role(here.gateway, access.terminal("main"), "organiser-main", "reader")
    assert client.get("/account").status_code == 303
    client = here.as_("admin")
    users.set_role(here.gateway, access.terminal("main"), "admin-main", "admin")
    assert client.get("/users").status_code == 200, "the same role changes nothing"


def test_she_sees_where_she_is_signed_in_and_ends_it_there(here):
    with_password(here, "organiser")
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    office, lost = browser(here), browser(here)
    enter(office)
    form = {"name": "sita", "password": PASSWORD}
    lost.post("/sign-in", form, headers={"User-Agent": agent})
    page = office.get("/account").get_data(as_text=True)
    assert "Firefox, Linux" in page
    assert office.post("/account/visits/end-others").status_code == 303
    assert lost.get("/account").status_code == 303
    assert office.get("/account").status_code == 200


def test_nobody_ends_the_visit_of_somebody_else(here):
    theirs = here.as_("admin")
    with here.gateway.database.read() as db:
        (visit_id,) = db.execute(visits.select().with_only_columns(visits.c.id)).one()
    assert here.as_("organiser").post(f"/account/visits/{visit_id}/end").status_code == 404
    assert theirs.get("/account").status_code == 200


def test_the_cookie_is_for_this_host_for_https_and_for_no_script(built):
    console = built(https=True)
    answer = console.app.test_client().get("/sign-in", base_url="https://localhost")
    flags = {part.strip() for part in answer.headers["Set-Cookie"].split(";")[1:]}
    assert answer.headers["Set-Cookie"].startswith("__Host-aawaj=")
    assert flags == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_another_hosts_name_is_refused(here):
    assert here.app.test_client().get("/sign-in", headers={"Host": "evil.example"}).status_code == 400


# --- the second step ---------------------------------------------------------------------------------------------------------------


def set_up(console: Console, client: Client, path: str = "/account/second-step") -> tuple[str, list[str]]:
    """Take the second step that a page offers; its key and the recovery codes."""
    page = client.get(path if path.startswith("/account") else "/sign-in/second-step").get_data(as_text=True)
    offer = page.partition('name="offer" value="')[2].partition('"')[0]
    key = page.partition('class="key">')[2].partition("<")[0].replace(" ", "")
    answer = client.post(path, {"offer": offer, "code": pyotp.TOTP(key).at(console.gateway.clock())})
    assert answer.status_code == 200
    return key, [part.partition("<")[0] for part in answer.get_data(as_text=True).split("<li><code>")[1:]]


def test_with_a_second_step_the_password_alone_shows_nothing(here, clock):
    with_password(here, "organiser")
    client, other = browser(here), browser(here)
    enter(client)
    enter(other)
    key, codes = set_up(here, client)
    assert len(codes) == 8
    assert (client.get("/account").status_code, other.get("/account").status_code) == (200, 303)
    clock.at += timedelta(minutes=1)
    client = browser(here)
    assert enter(client, next="/account").headers["Location"] == "/sign-in/second-step?next=/account"
    half = cookie(client)
    for path in ("/", "/account", "/account/second-step"):
        assert client.get(path).headers["Location"] == "/sign-in/second-step"
    code = pyotp.TOTP(key).at(clock.at)
    assert client.post("/sign-in/second-step", {"code": "000000", "next": "/account"}).status_code == 422
    answer = client.post("/sign-in/second-step", {"code": f"{code[:3]} {code[3:]}", "next": "/account"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert client.get("/account").status_code == 200
    assert with_cookie(here, half).get("/account").headers["Location"].startswith("/sign-in?"), "a new secret after the second step"


def test_a_code_serves_once_and_a_recovery_code_too(here, clock):
    with_password(here, "organiser")
    client = browser(here)
    enter(client)
    key, codes = set_up(here, client)
    used = pyotp.TOTP(key).at(clock.at)
    for code, status in ((used, 422), (codes[0].upper(), 303), (codes[0], 422), (codes[1].replace("-", " "), 303)):
        client = browser(here)
        enter(client)
        assert client.post("/sign-in/second-step", {"code": code}).status_code == status
    assert "You have 6 left" in client.get("/account/second-step").get_data(as_text=True)


def test_tries_of_codes_are_counted_and_a_new_sign_in_begins_no_new_count(here, clock):
    with_password(here, "organiser")
    client = browser(here)
    enter(client)
    key, _codes = set_up(here, client)
    clock.at += timedelta(minutes=1)
    for _ in range(5):
        client = browser(here)
        enter(client)
        assert "does not fit" in client.post("/sign-in/second-step", {"code": "123456"}).get_data(as_text=True)
    enter(client)
    answer = client.post("/sign-in/second-step", {"code": pyotp.TOTP(key).at(clock.at)})
    assert "many tries" in answer.get_data(as_text=True)
    clock.at += timedelta(minutes=2)
    assert client.post("/sign-in/second-step", {"code": pyotp.TOTP(key).at(clock.at)}).status_code == 303


def test_an_admin_is_offered_one_and_where_real_people_are_reached_she_must_have_it(here, built, clock):
    with_password(here, "admin")
    client = browser(here)
    assert enter(client, next="/audit").headers["Location"] == "/account/second-step?next=/audit"
    assert 'href="/audit"' in client.get("/account/second-step?next=/audit").get_data(as_text=True)
    assert client.get("/audit").status_code == 200, "later"
    earlier = here.secrets.setdefault("admin-main", sign_in.begin(here.gateway, "admin-main", proved=True))

    real = built(https=True)
    assert sign_in.visitor(real.gateway, earlier).proved_at is None, "also where she was signed in before"
    secret = sign_in.enter(real.gateway, entrance())
    visitor = sign_in.visitor(real.gateway, secret)
    assert visitor.proved_at is None
    page = real.app.test_client()
    with page.session_transaction(base_url="https://localhost") as kept:
        kept["visit"] = secret
    told = page.get("/sign-in/second-step", base_url="https://localhost").get_data(as_text=True)
    assert 'name="offer"' in told
    assert "Later" not in told
    assert page.get("/users", base_url="https://localhost").headers["Location"] == "/sign-in/second-step"


def test_where_one_is_needed_it_cannot_be_given_up_nor_taken_over(built, clock):
    real = built(https=True)
    with_password(real, "admin")
    visitor = sign_in.visitor(real.gateway, sign_in.enter(real.gateway, entrance()))
    actor = sign_in.actor_of(visitor)
    offer = second_steps.offer(real.gateway, actor)
    secret, _codes = sign_in.set_up_second_step(real.gateway, visitor, offer.sealed, pyotp.TOTP(offer.key).at(clock.at))
    assert sign_in.visitor(real.gateway, secret).proved_at is not None
    with pytest.raises(GatewayError, match="must keep"):
        second_steps.give_up(real.gateway, actor)
    another = second_steps.offer(real.gateway, actor)
    with pytest.raises(GatewayError, match="already"):
        second_steps.take_up(real.gateway, actor, another.sealed, pyotp.TOTP(another.key).at(clock.at))


def test_only_the_key_that_was_offered_to_her_is_taken(here, clock):
    with_password(here, "organiser")
    client = browser(here)
    enter(client)
    theirs = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    other = second_steps.offer(here.gateway, access.Actor("main", "admin", "user:admin-main", here.user("admin")))
    for offer, key in ((theirs, theirs), ("", theirs), (other.sealed, other.key)):
        assert client.post("/account/second-step", {"offer": offer, "code": pyotp.TOTP(key).at(clock.at)}).status_code == 422


# --- her password, changed ---------------------------------------------------------------------------------------------------------


def test_another_password_takes_a_new_secret_and_ends_all_other_visits(here):
    with_password(here, "organiser")
    client, other = browser(here), browser(here)
    enter(client)
    enter(other)
    before = cookie(client)
    new = "घाम छाया चौतारी"
    form = {"old": PASSWORD, "password": new, "repeated": new}
    assert client.post("/account/password", form).status_code == 303
    assert client.get("/account").status_code == 200
    for gone in (other, with_cookie(here, before)):
        assert gone.get("/account").status_code == 303
    assert enter(browser(here)).status_code == 422
    assert enter(browser(here), password=new).status_code == 303


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"old": "wrong", "password": "three little words", "repeated": "three little words"}, "This is not your password"),
        ({"old": PASSWORD, "password": "short", "repeated": "short"}, "at least 10 letters"),
        ({"old": PASSWORD, "password": "password123", "repeated": "password123"}, "Many people use"),
        ({"old": PASSWORD, "password": "three little words", "repeated": "three little word"}, "not the same"),
        ({"old": PASSWORD, "password": "दिदी organiser", "repeated": "दिदी organiser"}, "must not be your own name"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_a_sentence_beside_the_field(here, form, said):
    with_password(here, "organiser")
    client = browser(here)
    enter(client)
    page = client.post("/account/password", form)
    assert page.status_code == 422
    assert said in page.get_data(as_text=True).partition('class="wrong"')[2]
    assert "three little words" not in page.get_data(as_text=True)


def test_grave_things_ask_for_the_password_again_after_a_while(here, clock):
    with_password(here, "admin")
    client = browser(here)
    enter(client)
    assert client.get("/users/new").status_code == 200
    clock.at += sign_in.AGAIN_AFTER + timedelta(seconds=1)
    assert client.get("/users/new").headers["Location"] == "/account/again?next=/users/new"
    assert client.post("/users", {"name": "Hari", "sign_in": "hari", "role": "reader"}).status_code == 200, "time to fill it in"
    clock.at += sign_in.TIME_TO_FILL_IN
    answer = client.post("/users/admin-main/link")
    assert answer.headers["Location"] == "/account/again?next=/users/admin-main"
    assert client.post("/account/again", {"old": "wrong", "next": "/users/new"}).status_code == 422
    assert client.post("/account/again", {"old": PASSWORD, "next": "/users/new"}).headers["Location"] == "/users/new"
    assert client.get("/users/new").status_code == 200


# --- newcomers ---------------------------------------------------------------------------------------------------------------------


def test_a_newcomer_signs_in_as_the_sample_says_while_the_simulator_is_used(here, built):
    assert sample.let_in(here.gateway)
    assert not sample.let_in(here.gateway)
    key = here.gateway.settings.secret_key
    for role in ("admin", "organiser", "reader"):
        assert enter(browser(here), role, derived(key, role)).status_code == 303
    secret = sign_in.enter(here.gateway, entrance("organiser", derived(key, "organiser")))
    real = built(https=True)
    assert sign_in.visitor(real.gateway, secret) is None
    with pytest.raises(GatewayError, match="belong together"):
        sign_in.enter(real.gateway, entrance("organiser", derived(key, "organiser")))


def test_tries_are_counted_without_anybodys_name(here):
    with pytest.raises(GatewayError):
        sign_in.enter(here.gateway, entrance("sita", "wrong"))
    with here.gateway.database.read() as db:
        rows = db.execute(sign_in_tries.select()).all()
    assert {row.bucket for row in rows} == {"name", "address"}
    assert all(len(row.subject) == 32 and b"sita" not in bytes(row.subject) for row in rows)
    assert tokens.digest("sita") not in {bytes(row.subject) for row in rows}
