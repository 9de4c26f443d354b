"""Pictures of the console for the README and the docs, taken where somebody asks for them:

    PICTURES=1 pytest tests/console/test_pictures.py

An installation with the sample and some weeks of its life is looked at on a desk and, where that tells more, on a phone beside it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from console.conftest import DESK, PHONE, Open
from fakes.console import Console
from fakes.numbers import SIM, Numbers, numbers
from PIL import Image
from sqlalchemy import update

from gateway.services import access, broadcast, claims, contributions, members, missed_calls, sample
from gateway.services.sample import OPEN_MEMBER
from gateway.store.models import deliveries

pytestmark = pytest.mark.skipif(not os.environ.get("PICTURES"), reason="only where it is asked for")

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
MOST = 120_000  # bytes of a picture
COLOURS, BETWEEN, WIDE = 96, 48, 1400
GIVEN = ("सीता", "गीता", "माया", "कमला", "विमला", "सुनिता", "लक्ष्मी", "पार्वती", "राधा", "सरस्वती")
FAMILY = ("तामाङ", "राई", "थारू", "गुरुङ", "महर्जन")
WARDS = ("3-25-04", "3-25-05", "5-58-01", "3-27-11")
TRADES = ("sewing", "craft", "food", "weaving")
CONSENT = {"consent_how": "paper", "consent_wording": "सदस्यता फारम"}
TEXT = "नमस्ते {name}, शनिबार बिहान १० बजे वडा कार्यालयमा बैठक छ। तपाईंको ज्यालाबारे कुरा गर्छौँ।"


def lived_in(console: Console) -> str:
    """Members, what they paid, claims, a broadcast under way whose id is the answer, calls."""
    gateway, us = console.gateway, access.Actor("main", "admin", "user:sample-admin", "sample-admin")
    sample.let_in(gateway)
    for at in range(40):
        name, phone = f"{GIVEN[at % 10]} {FAMILY[at % 4]}", f"+97798411{at:05}"
        told = members.Details(name=name, place=WARDS[at % 4], trade=TRADES[at * 7 // 3 % 4], collector_id="sample-didi", **CONSENT)
        person = members.register(gateway, us, told, [phone], None)
        if at % 3:
            entry = contributions.note(gateway, us, person.id, contributions.Report((200 + 100 * (at % 4)) * 100))
            if at % 6 > 1:
                contributions.confirm(gateway, us, entry.id)
        if at % 9 == 4:
            claims.take_up(gateway, us, person.id, claims.Opening("health"))
    made = broadcast.create(gateway, us, broadcast.Draft("ज्यालाको बैठक", {"ne": TEXT}))
    broadcast.create(gateway, us, broadcast.Draft("स्वास्थ्य शिविर", {"ne": "भोलि वडा कार्यालयमा निःशुल्क स्वास्थ्य शिविर छ।"}))
    broadcast.approve(gateway, us, made)
    broadcast.expand(gateway, made)
    mine = deliveries.c.broadcast_id == made
    for state, part in (("delivered", 5), ("sent", 3)):
        with gateway.database.write() as db:
            sent = {"state": state, "updated_at": gateway.clock() - timedelta(seconds=20)}
            db.execute(update(deliveries).where(mine, deliveries.c.id % 7 < part, deliveries.c.state != "delivered").values(**sent))
    client = console.as_("admin")
    for at in range(9):
        call = {"call": client.post("/phone/ring", {"number": OPEN_MEMBER}).json["call"]}
        if at % 3:
            client.post("/phone/step", {**call, "step": "1", "keys": "2"})
        client.post("/phone/end", call)
    return made


class TestOurNumbers:
    @pytest.fixture
    def console(self, environ: dict[str, str], now: datetime) -> Iterator[Numbers]:
        with numbers(environ, now) as console:
            yield console

    def test_a_picture_of_our_numbers_is_taken(self, console: Numbers, open_as: Open):
        gateway = console.gateway
        for each in range(34):
            missed_calls.came(gateway, "drawer", f"ring-{each}", f"+9779841{each % 27:06}", SIM, gateway.clock())
        gateway.pacer.hold("sim:sms")
        seen = []
        for width in (DESK, PHONE):
            with open_as("organiser", "ne" if width == PHONE else "en", width=width, reduced_motion="reduce") as page:
                page.goto("/installation")
                page.evaluate("document.querySelector('#number-sim').scrollIntoView()")
                page.wait_for_load_state("networkidle")
                seen.append(page.screenshot())
        keep("numbers", *seen)


def keep(name: str, *seen: bytes) -> None:
    """What was seen side by side, as a picture of few colours."""
    parts = [Image.open(io.BytesIO(each)).convert("RGB") for each in seen]
    size = (sum(part.width for part in parts) + BETWEEN * (len(parts) - 1), max(part.height for part in parts))
    whole, at = Image.new("RGB", size, "#ffffff"), 0
    for part in parts:
        whole.paste(part, (at, 0))
        at += part.width + BETWEEN
    if whole.width > WIDE:
        whole = whole.resize((WIDE, whole.height * WIDE // whole.width), Image.Resampling.LANCZOS)
    file = IMAGES / f"console-{name}.png"
    whole.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    assert file.stat().st_size < MOST, f"{file.name}: {file.stat().st_size}"


@pytest.mark.timeout(300)
def test_pictures_are_taken(console: Console, open_as: Open):
    made = lived_in(console)
    compose = {"title": "ज्यालाको बैठक", "text_ne": TEXT}

    def write(page) -> None:
        for name, value in compose.items():
            page.fill(f"[name={name}]", value)
        page.wait_for_selector("#glance .phone")

    def ring(page) -> None:
        page.click("#green")
        page.wait_for_timeout(3000)

    def look_at_steps(page) -> None:
        page.evaluate("document.querySelector('.picture').scrollIntoView()")

    wanted = {
        "today": ("/", (DESK, PHONE), None),
        "member": ("/members/sample-1", (DESK, PHONE), None),
        "compose": ("/broadcasts/new", (DESK,), write),
        "progress": (f"/broadcasts/{made}", (DESK, PHONE), None),
        "prompt": ("/prompts/ne/claim_status/paid-1", (DESK, PHONE), None),
        "flow": ("/flows/main_menu", (DESK,), look_at_steps),
        "phone": ("/phone", (PHONE,), ring),
        "statistics": ("/statistics", (DESK, PHONE), None),
    }
    for name, (address, widths, act) in wanted.items():
        seen = []
        for width in widths:
            with open_as("admin", "ne" if width == PHONE else "en", width=width, reduced_motion="reduce") as page:
                page.goto(address)
                if act:
                    act(page)
                page.wait_for_load_state("networkidle")
                seen.append(page.screenshot())
        keep(name, *seen)
