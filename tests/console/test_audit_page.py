"""Who did what, in sentences."""

from __future__ import annotations

import re

from fakes.console import Console

from gateway.services import members
from gateway.services.access import terminal
from gateway.web.console.audit import DEEDS


def test_who_looked_at_whom_is_a_sentence_with_a_link(console: Console):
    console.user("organiser")
    console.as_("organiser").get("/claims/sample-1")
    page = console.as_("admin").get("/audit").get_data(as_text=True)
    assert "दिदी organiser" in page
    assert "looked at the claim" in page
    assert re.search(r'<a href="/claims/sample-1">Claim \d+</a>', page)


def test_the_same_in_nepali(console: Console):
    console.as_("organiser").get("/claims/sample-1")
    page = console.as_("admin", "ne").get("/audit").get_data(as_text=True)
    assert "दाबी हेर्नुभयो" in page
    assert "looked at" not in page


def test_it_is_narrowed_to_a_record_a_person_and_a_day(console: Console):
    members.get(console.gateway, terminal("main"), "sample-2")
    members.get(console.gateway, terminal("main"), "sample-1")
    client = console.as_("admin")
    about = client.get("/audit?subject=member:sample-2").get_data(as_text=True)
    assert about.count('href="/members/sample-2"') == 1
    assert 'href="/members/sample-1"' not in about
    assert "whoever looks after the machine" in client.get("/audit?actor=terminal").get_data(as_text=True)
    assert 'href="/members/sample-2"' in client.get("/audit?day=2026-11-21").get_data(as_text=True)
    assert "Nothing like that" in client.get("/audit?day=2026-11-20").get_data(as_text=True)


def test_long_logs_are_shown_a_page_at_a_time_newest_first(console: Console):
    for _ in range(60):
        members.get(console.gateway, terminal("main"), "sample-1")
    client = console.as_("admin")
    first = client.get("/audit?subject=member:sample-1").get_data(as_text=True)
    more = re.search(r'href="([^"]*before=[^"]*)"', first)
    assert more is not None
    rest = client.get(more[1].replace("&amp;", "&")).get_data(as_text=True)
    assert (first.count("<tr>"), rest.count("<tr>")) == (51, 11)


def test_a_whole_log_is_said_to_be_whole_and_a_changed_one_not(console: Console):
    client = console.as_("admin")
    members.get(console.gateway, terminal("main"), "sample-1")
    assert "lines are as they were written" in client.post("/audit/verify").get_data(as_text=True)
    with console.gateway.database.write() as db:
        for name in db.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'").scalars().all():
            db.exec_driver_sql(f"DROP TRIGGER {name}")
        db.exec_driver_sql("UPDATE audit SET actor = 'user:somebody' WHERE id = 1")
    assert "From line 1 on" in client.post("/audit/verify").get_data(as_text=True)


def test_only_who_may_see_the_log(console: Console):
    assert console.as_("organiser").get("/audit").status_code == 403
    assert console.as_("organiser").post("/audit/verify").status_code == 403


def test_every_deed_has_words_in_nepali(console: Console):
    page = console.as_("admin", "ne")
    assert page.get("/audit").status_code == 200
    from gateway.web.console.words import _translations

    assert set(DEEDS.values()) <= set(_translations("ne"))
