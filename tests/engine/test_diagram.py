"""The pictures of flows: every step and way is in them, nothing overlaps, nothing escapes."""

from __future__ import annotations

import itertools
import re

import defusedxml.ElementTree
import pytest
from click.testing import CliRunner
from fakes.conversation import load_story
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli import main
from gateway.config import PACKAGE_ROOT
from gateway.engine.diagram import draw
from gateway.engine.layout import BETWEEN, Size, lay_out
from gateway.engine.loader import load
from gateway.services.actions import SPECS

SVG = "{http://www.w3.org/2000/svg}"
CATALOGUE = load(PACKAGE_ROOT / "flows", SPECS)


def texts(drawing):
    return ["".join(text.itertext()) for text in drawing.iter(f"{SVG}text")]


@pytest.mark.parametrize("language", ["ne", "en"])
@pytest.mark.parametrize("name", sorted(CATALOGUE.flows))
def test_every_step_and_every_way_is_in_the_picture(name, language):
    flow = CATALOGUE.flows[name]
    drawing = defusedxml.ElementTree.fromstring(draw(flow, language, CATALOGUE.defaults))
    said = texts(drawing)
    described = drawing.find(f"{SVG}desc").text
    for step_name, step in flow.steps.items():
        assert f"{step.kind} {step_name}" in said
        assert f"{step_name} ({step.kind}): " in described
    inner = {(one, way.target) for one, step in flow.steps.items() for way in step.ways() if way.target in flow.steps}
    arrows = [path for path in drawing.iter(f"{SVG}path") if path.get("marker-end")]
    assert len(arrows) == len(inner)
    assert drawing.get("role") == "img"
    assert flow.title[language] in drawing.find(f"{SVG}title").text


@pytest.mark.parametrize("name", sorted(CATALOGUE.flows))
def test_no_box_lies_on_another(name):
    drawing = defusedxml.ElementTree.fromstring(draw(CATALOGUE.flows[name], "ne", CATALOGUE.defaults))
    boxes = [[float(rect.get(side)) for side in ("x", "y", "width", "height")] for rect in drawing.findall(f".//{SVG}g/{SVG}g/{SVG}rect")]
    for (x, y, width, height), (other_x, other_y, other_width, other_height) in itertools.combinations(boxes, 2):
        beside = x + width <= other_x or other_x + other_width <= x
        assert beside or y + height <= other_y or other_y + other_height <= y


def test_what_a_text_holds_cannot_leave_its_place(tmp_path):
    words = {"ne": "<script>&\"'", "en": "</text><script>alert(1)</script> & ]]>"}
    flow = load_story(tmp_path, {"a": {"say": words, "next": "b"}, "b": {"end": words}}, title=words).flows["story"]
    drawing = defusedxml.ElementTree.fromstring(draw(flow, "en", CATALOGUE.defaults))
    assert not list(drawing.iter(f"{SVG}script"))
    assert any("</text><script>alert(1)</script>" in text for text in texts(drawing))


def test_the_command_draws_a_flow_and_suggests_a_name(tmp_path):
    out = tmp_path / "claim.svg"
    assert CliRunner().invoke(main, ["flows", "diagram", "claim_status", "--language", "en", "--out", str(out)]).exit_code == 0
    assert "Good news." in out.read_text(encoding="utf-8")
    wrong = CliRunner().invoke(main, ["flows", "diagram", "claim_statu"])
    assert (wrong.exit_code, "Did you mean 'claim_status'?" in wrong.output) == (2, True)
    assert CliRunner().invoke(main, ["flows", "diagram", "claim_status", "--language", "xx"]).exit_code == 2


names = st.sampled_from("abcdefgh")


@given(st.lists(st.tuples(names, names), max_size=20, unique=True))
def test_any_graph_gets_places_that_do_not_touch(edges):
    sizes = {name: Size(100, 40) for name in "abcdefgh"}
    layout = lay_out(sizes, edges, dict.fromkeys(sizes, 30.0))
    for layer in layout.layers:
        boxes = [layout.centre[item][0] for item in layer if isinstance(item, str)]
        assert all(right - left >= 100 + BETWEEN - 0.01 for left, right in itertools.pairwise(boxes))
    assert {item for layer in layout.layers for item in layer if isinstance(item, str)} == set(sizes)
    for a, b in edges:
        if a != b and (a, b) not in layout.backward:
            assert layout.centre[a][1] < layout.centre[b][1]


def test_the_words_in_a_box_are_cut_at_blanks():
    drawing = draw(CATALOGUE.flows["register"], "en", CATALOGUE.defaults)
    assert re.search(r">We keep your name and phone<", drawing)
