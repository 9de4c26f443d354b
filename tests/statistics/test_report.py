"""Pictures, tables for spreadsheets and the report hold whatever people typed, and nothing that runs."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from defusedxml import ElementTree
from fakes.drawn import OURS, THEIRS, draw

from gateway.cli import main
from gateway.errors import GatewayError
from gateway.services import report as reports
from gateway.services import statistics
from gateway.services.access import Actor
from gateway.services.context import Gateway
from gateway.services.statistics import TABLES, Table
from gateway.store import models

HOSTILE = (
    "</title><script>alert(1)</script>",
    "'\"><img src=x onerror=alert(1)>",
    '=HYPERLINK("http://x","y")',
    "{{ 7*7 }} {% raw %} ${x} {members}",
    "\x1b[31mred\x07\x00\ud800",
    "\u202eevil ]]> &amp; <!--",
    "सीता " * 60,
)


def table(title: str, name: str = "members-by-trade", **details: object) -> Table:
    values: dict = {
        "rows": ((title, 12, None), ("b", None, 7), ("All", 19, 9)),
        "header": ("Work", title, "c"),
        "plotted": (1, 2),
    } | details
    return Table(name=name, language="en", title=title, formats=("text", "count", "count"), **values)


@pytest.mark.parametrize("plot", ["bar", "line"])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_picture_is_xml_without_scripts_whatever_was_typed(text: str, plot: str) -> None:
    drawn = statistics.as_svg(table(text, plot=plot))
    tree = ElementTree.fromstring(drawn)
    assert {element.tag.rpartition("}")[2] for element in tree.iter()} <= {
        *("svg", "title", "desc", "text", "rect", "line", "circle", "polyline", "defs", "pattern"),
    }
    attributes = {name for element in tree.iter() for name in element.attrib}
    assert not [name for name in attributes if name.startswith("on") or name in {"style", "href", "class"}]
    title = tree.find("{http://www.w3.org/2000/svg}title").text
    assert title
    assert not {"\u202e", "\x1b"} & set(title)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_a_spreadsheet_begins_a_formula(text: str) -> None:
    rows = list(csv.reader(io.StringIO(statistics.as_csv(table(text.replace("\x00", ""))))))
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_money_is_in_rupees_and_what_is_withheld_says_so() -> None:
    shown = Table("x", "en", "t", ("a", "b"), ("text", "money"), (("one", 123450), ("two", None)), totals=False)
    assert statistics.as_csv(shown) == "a,b\r\none,1234.50\r\ntwo,withheld\r\n"


def test_the_terminal_gets_no_control_characters() -> None:
    assert "\x1b" not in statistics.as_text(table(HOSTILE[4]))


def test_a_picture_tells_its_numbers_in_words_and_shows_no_withheld_one() -> None:
    drawn = statistics.as_svg(table("Members by trade"))
    tree = ElementTree.fromstring(drawn)
    told = tree.find("{http://www.w3.org/2000/svg}desc").text
    assert told == "Members by trade: Members by trade 12, c withheld; b: Members by trade withheld, c 7"
    assert len(tree.findall(".//{http://www.w3.org/2000/svg}rect[@height='11']")) == 4  # two bars, and two of the legend


class Reading(HTMLParser):
    """The tags of a page, and the words in it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("language", ["ne", "en"])
@pytest.mark.parametrize("name", HOSTILE[:4])
def test_a_report_needs_nothing_from_elsewhere_and_runs_nothing(
    name: str, language: str, gateway: Gateway, admin: Actor, now: datetime
) -> None:
    drawn = draw(3, now)
    for row in drawn.rows["organisations"]:
        row["name"] = name if row["id"] == OURS else "THE OTHERS"
    drawn.write(gateway.database)
    page = reports.report(gateway, admin, language=language)
    read = Reading()
    read.feed(page)
    assert not {"script", "img", "iframe", "link", "object", "a", "form"} & set(read.tags)
    assert not [key for key, _ in read.attributes if key.startswith("on") or key in {"src", "href"}]
    assert "url(http" not in page
    assert name in " ".join(read.words)
    assert "THE OTHERS" not in page
    assert page.count("<svg") == 1 + page.count("<figure>") == 1 + page.count("<figcaption>")
    assert ("वि.सं. ५ मंसिर २०८३" if language == "ne" else "21 November 2026") in page


def test_a_report_of_a_place_shows_what_lies_in_it(gateway: Gateway, admin: Actor, now: datetime) -> None:
    draw(3, now).write(gateway.database)
    assert "Members by province" in reports.report(gateway, admin, language="en")
    assert "Members by district" in reports.report(gateway, admin, language="en", place="3")
    assert "Members by municipality" in reports.report(gateway, admin, language="en", place="3-27")
    assert "Kathmandu-5" in reports.report(gateway, admin, language="en", place="3-27-06-05")


def test_a_report_is_one_look(gateway: Gateway, admin: Actor, now: datetime) -> None:
    draw(3, now).write(gateway.database)
    reports.report(gateway, admin)
    with gateway.database.read() as db:
        assert [row.subject for row in db.execute(models.audit.select())] == ["statistics:report"]


def test_a_report_of_nobody_is_a_page_all_the_same(gateway: Gateway, now: datetime) -> None:
    draw(3, now, people=0).write(gateway.database)
    assert "</html>" in reports.report(gateway, Actor(THEIRS, "reader", "user:5", user_id="5"))


@pytest.mark.parametrize("text", [None, "[", "title: x", "- a\n- b", "title: {ne: क}", "!!python/object:os.system {}"])
def test_a_faulty_text_of_the_report_is_named(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "report.yaml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(GatewayError, match="report:text"):
        reports._texts(file, "ne")


def test_the_command_line_writes_all_of_it(gateway: Gateway, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(3, now).write(gateway.database)
    settings = gateway.settings
    monkeypatch.setenv("SECRET_KEY", "the secret key of the tests, long enough")
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PUBLIC_BASE_URL", "http://localhost:1")
    monkeypatch.setenv("REDIS_URL", settings.redis_url)
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path))
    plot, sheet, page = tmp_path / "a.svg", tmp_path / "a.csv", tmp_path / "a.html"
    arguments = ["statistics", "show", "members", "--by", "trade", "--organisation", OURS, "--svg", str(plot), "--csv", str(sheet)]
    shown = CliRunner().invoke(main, arguments)
    assert shown.exit_code == 0, shown.output
    assert "Sewing or knitting" in shown.output
    assert ElementTree.parse(plot)
    assert sheet.read_text(encoding="utf-8-sig").startswith("Trade,Members")
    assert CliRunner().invoke(main, ["report", str(page), "--organisation", OURS]).exit_code == 0
    assert "महासन्धि १७७" in page.read_text(encoding="utf-8")
    listed = CliRunner().invoke(main, ["statistics", "list"])
    assert all(re.search(rf"^{name} ", listed.output, re.MULTILINE) for name in TABLES)


def test_a_withheld_month_is_a_gap_with_a_word_and_never_a_mark_that_reads_as_a_number() -> None:
    rows = (("Baisakh 2083", 40), ("Jeth 2083", None), ("Asar 2083", 50))
    drawn = statistics.as_svg(table("Members", rows=rows, header=("Month", "Members"), plotted=(1,), plot="line", totals=False))
    assert drawn.count("<circle") == 2
    assert "<polyline" not in drawn, "one month on either side of the gap is no line"
    assert drawn.count('stroke-dasharray="2 4"') == 2, "the month, and the legend"
    assert ">withheld</text>" in drawn
