"""Pages that tell of several numbers of ours, in a real Chromium: with one that is held, one whose day is full, and one that works."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from console.conftest import DESK, PHONE, Open
from console.test_every_page import TOO_SMALL, TOO_WIDE
from fakes.numbers import ROUTES, SIM, Numbers, numbers
from fakes.outbound import MAIN, People
from sqlalchemy import update

from gateway.services import broadcast, missed_calls
from gateway.store import models

DRAFT = broadcast.Draft("बैठक", {"ne": "भोलि बैठक छ।"})


@pytest.fixture
def console(environ: dict[str, str], now: datetime) -> Iterator[Numbers]:
    with numbers(environ | {"GATEWAY_PHONE": "yes"}, now, routes=ROUTES, a_day=4) as console:
        yield console


def fill(console: Numbers) -> dict[str, str]:
    """A broadcast under way over two numbers, a planned one, rings, and a landline that is held; the addresses of their pages."""
    gateway, row = console.gateway, models.deliveries.c
    People(gateway.database, gateway.seal, written=40_000_000)(20)
    made, planned = (broadcast.create(gateway, MAIN, DRAFT, key) for key in ("made", "planned"))
    broadcast.approve(gateway, MAIN, made)
    broadcast.expand(gateway, made)
    with gateway.database.write() as db:
        rows = list(db.execute(models.deliveries.select().where(row.state == "queued").order_by(row.id)))
        for over, these in (("sim", rows[:4]), ("short", rows[4:12])):
            sent = {"state": "accepted", "channel_id": over, "refused_by": "sim" if over == "short" else None, "external_id": "x"}
            sent |= {"counted_on": "2026-11-21"}
            db.execute(update(models.deliveries).where(row.id.in_([each.id for each in these])).values(sent))
    for each in range(3):
        missed_calls.came(gateway, "drawer", f"ring-{each}", f"+977984100000{each}", SIM, gateway.clock())
    gateway.pacer.hold("landline:voice")
    return {
        "Health": "/installation",
        "Today": "/",
        "the broadcast": f"/broadcasts/{made}",
        "the plan": f"/broadcasts/{planned}/plan",
        "prices": "/settings/prices?number=sim",
        "the phone": "/phone",
    }


@pytest.mark.parametrize(("language", "width"), [("ne", PHONE), ("en", DESK)])
def test_pages_of_several_numbers_are_whole(console: Numbers, open_as: Open, language: str, width: int):
    pages = fill(console)
    with open_as("organiser", language, width=width, reduced_motion="reduce") as page:
        for name, address in pages.items():
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, name
            assert page.evaluate(TOO_WIDE) + page.evaluate(TOO_SMALL) == [], name
            assert [each["id"] for each in Axe().run(page).response["violations"]] == [], name
        if language == "en":
            page.goto(pages["the broadcast"])
            assert "8 of them went over another number because the first one had refused them." in page.inner_text("main")
            page.goto(pages["the plan"])
            assert "31001 Text" in page.inner_text("main")
