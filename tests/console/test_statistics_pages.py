"""The pages of statistics: pictures beside their tables, narrowed, taken along, printed."""

from __future__ import annotations

import re

import pytest
from fakes.console import Console
from fakes.drawn import OURS, draw
from sqlalchemy import select

from gateway.services import statistics
from gateway.services.access import Actor
from gateway.services.statistics import Filters
from gateway.store import models

ORGANISER = Actor(OURS, "organiser", "user:1", user_id="1")


@pytest.fixture
def drawn(console: Console):
    made = draw(1, console.gateway.clock(), people=300)
    for table, key in (
        ("phones", "id"),
        ("calls", "phone_id"),
        ("messages", "phone_id"),
        ("deliveries", "phone_id"),
        ("member_phones", "phone_id"),
    ):
        for row in made.rows.get(table, ()):
            row[key] = row[key] and row[key] + 10_000  # beside the phones of the sample members
    made.write(console.gateway.database)
    return made


def page(console: Console, path: str, language: str = "en", role: str = "reader") -> str:
    answer = console.as_(role, language, OURS).get(path)
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


@pytest.mark.parametrize("group", ["members", "contributions", "claims", "reach"])
@pytest.mark.parametrize("language", ["ne", "en"])
def test_each_table_of_a_group_stands_beside_its_picture(console: Console, drawn, group: str, language: str):
    html = page(console, f"/statistics?of={group}", language)
    names = statistics.of_group(ORGANISER, group)
    assert names
    for name in names:
        assert f'id="{name}"' in html
        assert statistics.title(name, language) in html
    assert html.count('<svg xmlns="http://www.w3.org/2000/svg"') == html.count("<figure>")
    assert not re.search(r"\sstyle=|<style", html)


def test_every_table_is_in_a_group():
    admin = Actor(OURS, "admin", "user:1", user_id="1")
    found = [name for group in statistics.GROUPS for name in statistics.of_group(admin, group)]
    assert sorted(found) == sorted(statistics.TABLES)


def test_a_page_is_narrowed_by_what_each_table_knows(console: Console, drawn):
    html = page(console, "/statistics?of=members&place=3&trade=sewing")
    table = statistics.count(console.gateway, ORGANISER, ["members-by-sex"], Filters(place="3", trade="sewing"), language="en")[0]
    section = html[html.index('id="members-by-sex"') :]
    section = section[: section.index("</section>")]
    assert "Bagmati Province" in section
    total = table.rows[-1][1]
    assert f">{total}<" in section
    assert "cannot be narrowed so" in page(console, "/statistics?of=reach&place=3")


def test_payments_are_narrowed_by_scheme(console: Console, drawn):
    with console.gateway.database.read() as db:
        wanted = select(models.contributions.c.id).where(
            models.contributions.c.organisation_id == OURS,
            models.contributions.c.scheme_id == f"{OURS}-ssf",
            models.contributions.c.reverses.is_(None),
            models.contributions.c.id.not_in(select(models.contributions.c.reverses).where(models.contributions.c.reverses.is_not(None))),
        )
        number = len(db.execute(wanted).all())
    table = statistics.count(console.gateway, ORGANISER, ["contributions-by-payer"], Filters(scheme="ssf"))[0]
    assert table.rows[-1][1] == number
    assert "SSF" in page(console, "/statistics?of=contributions&scheme=ssf")


def test_only_an_admin_sees_the_counts_of_all_organisations(console: Console, drawn):
    assert "of=platform" not in page(console, "/statistics")
    assert "of=platform" in page(console, "/statistics", role="admin")
    assert console.as_("reader", "en", OURS).get("/statistics?of=platform").status_code == 403
    assert console.as_("collector", "en", OURS).get("/statistics").status_code == 403


def test_a_table_can_be_taken_along_as_a_spreadsheet_and_as_a_picture(console: Console, drawn):
    client = console.as_("reader", "ne", OURS)
    answer = client.get("/statistics/members-by-trade.csv?place=3")
    assert answer.get_data(as_text=True).startswith("\ufeffकाम,सदस्य")
    assert 'filename="members-by-trade.csv"' in answer.headers["Content-Disposition"]
    assert client.get("/statistics/members-by-trade.svg").get_data(as_text=True).startswith("<svg")
    assert client.get("/statistics/nothing.csv").status_code == 404


def test_the_report_shows_with_its_own_looks_under_a_strict_policy(console: Console, drawn, open_as):
    answer = console.as_("reader", "ne", OURS).get("/statistics/report?place=3")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "'unsafe" not in policy
    with open_as("reader", "en") as browser:
        browser.goto("/statistics/report")
        assert browser.evaluate("getComputedStyle(document.querySelector('figure')).breakInside") == "avoid"


def test_what_cannot_be_is_said_in_words(console: Console, drawn):
    client = console.as_("reader", "ne", OURS)
    assert client.get("/statistics?place=9").status_code == 404
    answer = client.get("/statistics?since=2083-08&until=2083-01")
    assert answer.status_code == 422
    assert "पहिलो महिना" in answer.get_data(as_text=True)


def test_each_look_is_written_down_once(console: Console, drawn):
    page(console, "/statistics?of=claims&place=3")
    with console.gateway.database.read() as db:
        rows = db.execute(select(models.audit.c.subject).where(models.audit.c.action == "see_statistics")).scalars().all()
    assert rows == ["statistics:claims"]


def test_a_page_prints_on_a4_with_no_menu(console: Console, drawn, open_as):
    with open_as("organiser", "ne") as browser:
        browser.goto("/statistics?of=members")
        browser.emulate_media(media="print")
        assert not browser.locator("nav.menu.whole").is_visible()
        assert not browser.locator("form.narrow").is_visible()
        assert browser.locator(".source").is_visible()
        assert browser.pdf(format="A4")[:5] == b"%PDF-"
