"""The frame that every page stands in."""

from __future__ import annotations

import re

import pytest
from fakes.console import Console

from gateway.config import PACKAGE_ROOT
from gateway.web.console import menu


def test_whoever_is_not_signed_in_is_led_to_the_door_and_back(console: Console):
    client = console.app.test_client()
    answer = client.get("/audit?subject=member:1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/audit?subject%3Dmember:1")


@pytest.mark.parametrize(("language", "words", "other"), [("en", "Who did what", "Today"), ("ne", "कसले के गर्‍यो", "आज")])
def test_a_page_speaks_the_language_of_whoever_looks(console: Console, language: str, words: str, other: str):
    page = console.as_("admin", language).get("/audit").get_data(as_text=True)
    assert f'<html lang="{language}">' in page
    assert words in page
    assert other in page


def test_a_form_without_its_token_changes_nothing(console: Console):
    client = console.as_("organiser")
    answer = client.flask.post("/sign-out", base_url=console.base)
    assert answer.status_code == 400
    assert client.get("/").status_code == 200


def test_no_page_is_kept_on_the_way_nor_takes_anything_from_elsewhere(console: Console):
    answer = console.as_("admin").get("/audit")
    assert answer.headers["Cache-Control"] == "no-store"
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert "'unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", answer.get_data(as_text=True))


def test_the_guide_has_every_page_of_the_menu():
    guide = (PACKAGE_ROOT / "docs" / "console.md").read_text(encoding="utf-8")
    assert [entry.title for entry in menu.ENTRIES if f"\n| {entry.title} | " not in guide] == []
