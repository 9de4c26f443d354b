"""How an organisation sends: limits, quiet hours, rest days, prices; and what the environment decides."""

from __future__ import annotations

import io
from datetime import date

import pytest
from fakes.console import Client, Console

from gateway.config import SETTINGS
from gateway.services import sending_settings
from gateway.services.access import terminal
from gateway.web.console import words

ADMIN = terminal("main")


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.get_data(as_text=True))


def main_of(shown: str) -> str:
    return shown.partition("<main")[2].partition("</main")[0]


def test_the_organisation_its_spoken_name_and_its_numbers_stand_first(console: Console):
    shown = page(console.as_("organiser"), "/settings")
    assert "आवाज सञ्जाल" in shown
    assert "9720000000" in shown
    assert "/settings/installation" not in shown


@pytest.mark.parametrize("path", ["/settings", "/settings/sending", "/settings/festivals", "/settings/prices"])
def test_who_may_not_change_sees_values_without_forms(console: Console, path: str):
    sending_settings.add_rest_days(console.gateway, ADMIN, sending_settings.known_rest_days())
    assert "<form" not in main_of(page(console.as_("organiser"), path))


def test_the_limits_are_changed_in_any_digits_and_lifted_by_an_empty_field(console: Console):
    client = console.as_("admin")
    client.post("/settings/sending", {"two_persons_above": "५०", "monthly_budget": "2,500.50", "gap_hours": "12"})
    assert sending_settings.show(console.gateway, ADMIN).sending == (50, 2_500_50, 12)
    shown = page(client, "/settings/sending")
    assert 'value="2,500.50"' in shown
    assert "Rs 2,500.50" in shown
    client.post("/settings/sending", {"two_persons_above": "", "monthly_budget": "", "gap_hours": "0"})
    assert sending_settings.show(console.gateway, ADMIN).sending == (None, None, 0)


@pytest.mark.parametrize(
    ("field", "value"), [("gap_hours", "x"), ("gap_hours", "-1"), ("monthly_budget", "much"), ("two_persons_above", "1.5")]
)
def test_a_faulty_limit_is_told_beside_its_field_and_changes_nothing(console: Console, field: str, value: str):
    before = sending_settings.show(console.gateway, ADMIN).sending
    answer = console.as_("admin").post("/settings/sending", {"gap_hours": "5", field: value})
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.get_data(as_text=True)
    assert sending_settings.show(console.gateway, ADMIN).sending == before


def test_festivals_are_added_shown_in_both_calendars_and_removed(console: Console):
    client = console.as_("admin", "ne")
    client.post("/settings/festivals/shipped")
    shown = page(client, "/settings/festivals?year=2083")
    assert "दसैँ" in shown
    assert "१ वैशाख" in shown or "१ बैशाख" in shown
    client.post("/settings/festivals", {"day": "२०८३-०८-२०", "title": "Our own % day"})
    assert "Our own % day" in page(client, "/settings/festivals")
    client.post("/settings/festivals/remove", {"day": "2026-12-06"})
    assert date(2026, 12, 6) not in {day.day for day in sending_settings.rest_days_of(console.gateway, ADMIN)}


def test_rest_days_and_prices_come_from_files(console: Console):
    client = console.as_("admin")
    days, prices = b"day,title\n2083-09-01,Fair\n", b"medium,operator,from,rupees,source\nsms,ncell,2083-08-01,1.25,Notice\n"
    for path, data in (("/settings/festivals/file", days), ("/settings/prices/file", prices)):
        answer = client.post(path, {"file": (io.BytesIO(data), "x.csv")}, content_type="multipart/form-data")
        assert answer.status_code == 303
    assert [day.title for day in sending_settings.rest_days_of(console.gateway, ADMIN)] == ["Fair"]
    assert "Rs 1.25" in page(client, "/settings/prices")
    answer = client.post("/settings/prices/file", {"file": (io.BytesIO(b"\xff\xfe"), "x.csv")}, content_type="multipart/form-data")
    assert answer.status_code == 422


def test_a_price_holds_from_its_day_on(console: Console):
    client = console.as_("admin")
    form = {"medium": "sms", "operator": "ncell", "rupees": "1.10", "from": "2083-01-01", "source": "Their notice"}
    client.post("/settings/prices", form)
    client.post("/settings/prices", {**form, "rupees": "9.90", "from": "2083-12-01"})
    _, today = sending_settings.prices_of(console.gateway, ADMIN)
    assert today.of("sms", "ncell") == 110
    shown = page(client, "/settings/prices")
    assert "Rs 9.90" in shown
    assert client.post("/settings/prices", {**form, "from": "soon"}).status_code == 422


def test_the_environment_is_shown_by_name_without_secrets(console: Console):
    shown = page(console.as_("admin"), "/settings/installation")
    assert all(setting.variable in shown for setting in SETTINGS.values())
    settings = console.gateway.settings
    assert not [secret for secret in (settings.secret_key, settings.redis_url, settings.database_url) if secret in shown]
    assert console.as_("organiser").get("/settings/installation").status_code == 403


def test_every_variable_and_every_shipped_festival_is_said_in_nepali(console: Console):
    with console.app.test_request_context():
        words.g.language = "ne"
        english = [setting.help for setting in SETTINGS.values()] + [day.title for day in sending_settings.known_rest_days()]
        assert [text for text in english if words.gettext(text) == text] == []


@pytest.mark.parametrize("role", ["reader", "collector", "organiser"])
def test_only_an_admin_changes_settings(console: Console, role: str):
    client = console.as_(role)
    for path in ("/settings/sending", "/settings/festivals", "/settings/festivals/remove", "/settings/prices"):
        assert client.post(path, {"gap_hours": "1"}).status_code == 403
