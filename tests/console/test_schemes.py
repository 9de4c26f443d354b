"""Schemes: taken, made, given a new rate from a month on, closed."""

from __future__ import annotations

from datetime import date

import pytest
from fakes.console import Client, Console

from gateway.core.schemes import rate_of
from gateway.errors import GatewayError
from gateway.services import schemes
from gateway.services.access import terminal

ADMIN = terminal("main")
NEW = {"code": "fund", "title_ne": "कोष", "schedule": "monthly", "from_month": "2083-08", "amount": "३००", "source": "Meeting"}


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.get_data(as_text=True))


def test_a_shipped_scheme_is_taken_once(console: Console):
    client = console.as_("admin")
    assert "Social Security Fund" in page(client, "/schemes")
    client.post("/schemes/shipped", {"code": "ssf-informal"})
    shown = page(client, "/schemes/ssf-informal")
    assert "Rs 1,338.70" in shown
    assert "Rs 1,140.33" in shown
    assert 'value="ssf-informal"' not in page(client, "/schemes")


def test_a_scheme_is_made_in_a_form_and_gets_a_new_rate_from_a_month_on(console: Console):
    client = console.as_("admin")
    assert client.post("/schemes", NEW).headers["Location"] == "/schemes/fund"
    client.post("/schemes/fund/rates", {"from_month": "2083-10", "amount": "350", "source": "Meeting"})
    found = schemes.get(console.gateway, ADMIN, "fund")
    assert [rate_of(found.rates, month).amount for month in ("2083-09", "2083-10")] == [300_00, 350_00]
    client.post(
        "/schemes/fund/rates", {"from_month": "2083-11", "base": "12170", "member_share": "11", "government_share": "9.37", "source": "Law"}
    )
    assert rate_of(schemes.get(console.gateway, ADMIN, "fund").rates, "2083-11").of_government == 1_140_33
    assert "Rs 300" in page(console.as_("organiser"), "/schemes/fund")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("code", {"code": "Our Fund"}),
        ("code", {"code": "new"}),
        ("title_ne", {"title_ne": ""}),
        ("schedule", {"schedule": "seasonal"}),
        ("schedule", {"schedule": "seasonal", "season": "²"}),
        ("from_month", {"from_month": "soon"}),
        ("amount", {"amount": "much"}),
        ("member_share", {"base": "100", "member_share": "101"}),
        ("source", {"source": " "}),
    ],
)
def test_a_faulty_scheme_is_told_beside_its_field(console: Console, field: str, wrong: dict[str, str]):
    answer = console.as_("admin").post("/schemes", {**NEW, **wrong})
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.get_data(as_text=True)
    assert schemes.list_all(console.gateway, ADMIN) == []


def test_a_code_that_is_taken_adds_nothing_to_the_scheme_that_has_it(console: Console):
    client = console.as_("admin")
    client.post("/schemes", NEW)
    assert client.post("/schemes", {**NEW, "amount": "900"}).status_code == 422
    assert schemes.get(console.gateway, ADMIN, "fund").rates[0].amount == 300_00


def test_closing_ends_it_for_all_and_lets_nobody_join(console: Console):
    client = console.as_("admin")
    client.post("/schemes", NEW)
    schemes.enrol(console.gateway, ADMIN, "sample-1", schemes.Plan("fund", "2083-08"))
    assert "nothing is due from anybody" in page(client, "/schemes/fund/close")
    schemes.enrol(console.gateway, ADMIN, "sample-3", schemes.Plan("fund", "2083-11"))
    client.post("/schemes/fund/close", {"last": "2083-09"})
    shown = page(client, "/schemes/fund")
    assert "It is closed" in shown
    assert "<form" not in shown.partition("<main")[2].partition("</main")[0]
    with console.gateway.database.read() as db:
        assert db.exec_driver_sql("SELECT until_month FROM enrolments").scalars().all() == ["2083-09", "2083-09"]
        hers = {one: schemes.standings(db, one, date(2027, 3, 1))[0].standing for one in ("sample-1", "sample-3")}
    assert [one.next_due for one in hers.values()] == [None, None]
    assert (hers["sample-1"].months_paid, hers["sample-1"].months_open) == (("2083-08", "2083-09"), ())
    assert (hers["sample-3"].months_paid, hers["sample-3"].months_open) == ((), ())
    with pytest.raises(GatewayError) as caught:
        schemes.enrol(console.gateway, ADMIN, "sample-2", schemes.Plan("fund", "2083-10"))
    assert caught.value.code == "scheme:closed"
    assert client.post("/schemes/fund/close", {"last": "2083-12"}).status_code == 422


def test_who_may_not_change_schemes_sees_them_without_forms(console: Console):
    console.as_("admin").post("/schemes", NEW)
    client = console.as_("collector")
    for path in ("/schemes", "/schemes/fund"):
        assert "<form" not in page(client, path).partition("<main")[2].partition("</main")[0]
    assert client.post("/schemes/fund/rates", NEW).status_code == 403
    assert client.get("/schemes/new").status_code == 403
