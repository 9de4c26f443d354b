"""The pages of the flows, as an organiser sees them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import defusedxml.ElementTree
import pytest
from fakes.console import Console

from gateway.config import PACKAGE_ROOT
from gateway.engine import diagram
from gateway.engine.diagram import Mark
from gateway.engine.loader import load
from gateway.engine.session import FlowSession, Frame
from gateway.services import flow_review
from gateway.services.access import Actor
from gateway.services.actions import SPECS
from gateway.store import flow_sessions, flow_versions, step_counts
from gateway.store.step_counts import WHOLE, Count

HOSTILE = "<img src=x onerror=alert(1)>&\"'"
ORGANISER = Actor("main", "organiser", "user:1", user_id="1")
CATALOGUE = load(PACKAGE_ROOT / "flows", SPECS)


def counted(console: Console, *rows: Count) -> None:
    with console.gateway.database.write() as db:
        step_counts.add(db, "main", rows)


def today(console: Console) -> str:
    return str(console.gateway.clock().date())


def text_of(console: Console, path: str, language: str = "en") -> str:
    return console.as_("organiser", language).get(path).get_data(as_text=True)


def test_all_flows_stand_by_title_with_their_numbers(console: Console):
    counted(console, Count("claim_status", WHOLE, "voice", today(console), 8, 0, 0, 2, 0))
    page = text_of(console, "/flows")
    row = page[page.index('href="/flows/claim_status"') :]
    row = row[: row.index("</tr>")]
    assert ">8<" in row
    assert "6 <span" in row
    assert "(75%)" in row
    titles = re.findall(r'href="/flows/\w+">([^<]+)<', page)
    assert len(titles) == len(console.gateway.catalogue.flows)


@pytest.mark.parametrize("language", ["ne", "en"])
def test_every_flow_has_its_pages(console: Console, language: str):
    client = console.as_("organiser", language)
    for flow in CATALOGUE.flows:
        for path in ("", "/talks", "/source"):
            answer = client.get(f"/flows/{flow}{path}")
            assert answer.status_code == 200
            assert not re.search(r"\sstyle=|<style|<script(?![^>]*\bsrc=)", answer.get_data(as_text=True))


def test_the_picture_and_the_table_tell_where_callers_leave(console: Console):
    day = today(console)
    counted(
        console,
        Count("main_menu", WHOLE, "voice", day, 20, 0, 0, 6, 2),
        Count("main_menu", "member", "voice", day, 20, 5, 3, 6, 2),
        Count("main_menu", "gone", "voice", day, 7, 0, 0, 0, 0),
    )
    page = text_of(console, "/flows/main_menu")
    assert "20 came, 8 left here" in page
    assert "8 of 20 left here (40%): 6 hung up, 2 gave no answer." in page
    assert "gone" in page
    assert "in an older version" in page
    assert "२० पटक आए, ८ यहीँ छुटे" in text_of(console, "/flows/main_menu", "ne")
    assert "20 came" not in text_of(console, "/flows/main_menu?medium=sms")


def test_of_few_conversations_no_step_tells(console: Console):
    day = today(console)
    counted(console, Count("needs", WHOLE, "voice", day, 4, 0, 0, 0, 0), Count("needs", "ask", "voice", day, 4, 0, 0, 4, 0))
    page = text_of(console, "/flows/needs")
    assert "So far 4 conversations" in page
    assert "left here (" not in page


def test_versions_tell_what_changed_and_who_is_still_in_an_old_one(console: Console):
    gateway = console.gateway
    now, current = gateway.clock(), gateway.catalogue.flows["main_menu"]
    old = current.source.replace("  stranger:", "  alien:").replace("press four", "press vier")
    with gateway.database.write() as db:
        flow_versions.remember(db, [("0" * 64, "main_menu", old)], now.replace(year=2025))
        channel = db.exec_driver_sql("SELECT id FROM channels").scalar_one()
        frame = Frame("main_menu", "0" * 64, "member", {})
        state = FlowSession("s1", "voice", "ne", (frame,), 1, None, verified=False, missed=0, wait=None).to_json()
        row = flow_sessions.SessionRow("s1", "x", "s1", channel, None, None, "voice", 1, state, open=True, updated_at=now)
        flow_sessions.insert(db, gateway.seal, row)
    page = text_of(console, "/flows/main_menu")
    assert "1 conversation is in it now" in page
    newest, oldest = flow_review.versions(gateway, ORGANISER, "main_menu")
    assert (newest.added, newest.removed, newest.changed) == (("stranger",), ("alien",), ("member",))
    assert (newest.under_way, oldest.under_way, oldest.difference) == (0, 1, ())


def test_problems_stand_with_their_line_and_their_remedy(console: Console, tmp_path: Path):
    folder = Path(shutil.copytree(PACKAGE_ROOT / "flows", tmp_path / "flows"))
    file = folder / "goodbye.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "  unused: {end: {}}\n", encoding="utf-8")
    broken = folder / "help.yaml"
    found = flow_review._review(folder, PACKAGE_ROOT / "audio_prompts", "odd")
    assert [(one.flow, one.is_warning, one.fault.code) for one in found.problems] == [("goodbye", True, "flow:unreachable")]
    assert found.problems[0].line == len(file.read_text(encoding="utf-8").splitlines())
    broken.write_text(broken.read_text(encoding="utf-8").replace("steps:", "stepz:"), encoding="utf-8")
    faulty = flow_review._review(folder, PACKAGE_ROOT / "audio_prompts", "broken")
    assert {one.flow for one in faulty.problems} >= {"help"}
    assert all(not one.is_warning and one.line for one in faulty.problems)


def test_the_file_can_be_read_and_taken_along(console: Console):
    client = console.as_("organiser")
    answer = client.get("/flows/goodbye/source.yaml")
    assert answer.get_data(as_text=True) == (PACKAGE_ROOT / "flows" / "goodbye.yaml").read_text(encoding="utf-8")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="goodbye.yaml"'
    assert "chapters:" in text_of(console, "/flows/rights/source")
    assert client.get("/flows/nothing").status_code == 404


def test_what_is_heard_in_a_written_conversation_can_be_listened_to(console: Console):
    page = text_of(console, "/flows/contribution/talks")
    clips = re.findall(r'href="(/audio/ne/[^"]+\.wav)"', page)
    assert clips
    server = console.gateway.settings.audio_dir
    assert all((server / clip.removeprefix("/audio/")).is_file() for clip in clips)


def test_a_hostile_text_stays_in_its_place_in_the_picture():
    flow = CATALOGUE.flows["goodbye"]
    marks = {name: Mark(2.0, -1.0, HOSTILE) for name in flow.steps}
    drawn = diagram.draw(flow, "ne", CATALOGUE.defaults, marks, lambda words: f"{words}{HOSTILE}")
    read = defusedxml.ElementTree.fromstring(drawn)
    assert not [node for node in read.iter() if node.tag.endswith("img")]
    assert HOSTILE in "".join(read.itertext())
