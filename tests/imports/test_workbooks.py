"""Workbooks: what is a table in them, and what is an attack or an accident."""

from __future__ import annotations

import io
import re
import resource
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from imports.conftest import rezipped
from openpyxl.styles import PatternFill

from gateway.errors import GatewayError
from gateway.services.imports import archive, reading, workbook

NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
HEADING = '<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c><c r="B1" t="inlineStr"><is><t>phone</t></is></c></row>'


def sheet(rows: str, before: str = "") -> bytes:
    return f'<?xml version="1.0"?>{before}<worksheet {NS}><sheetData>{HEADING}{rows}</sheetData></worksheet>'.encode()


def row(number: int, name: str, phone: str = "9841234567") -> str:
    cells = f'<c r="A{number}" t="inlineStr"><is><t>{name}</t></is></c><c r="B{number}"><v>{phone}</v></c>'
    return f'<row r="{number}">{cells}</row>'


@pytest.fixture
def made(office):
    """A workbook whose sheet is this XML, as a file."""
    plain = office.workbook(["name", "phone"], ["x", "y"])

    def make(content: bytes | None = None, **parts: bytes) -> object:
        return office.file(rezipped(plain, **({"sheet": content} if content else {}), **parts), "made.xlsx")

    return make


def refused(office, path, code="import:damaged"):
    with pytest.raises(GatewayError) as raised:
        office.take(path)
    assert raised.value.code == code
    return str(raised.value)


def test_a_workbook_is_a_table_like_any_other(anywhere):
    path = anywhere.workbook(
        ["नाम", "मोबाइल", "सहमति मिति", "private", "usual_instalment"],
        ["राधा", 9841234567, date(2026, 11, 20), True, 300],
        [],
        ["सीता", "+977 9841234568", datetime(2026, 11, 20), False, 250.5],  # noqa: DTZ001  # as spreadsheets have them
    )
    assert anywhere.take(path, dry_run=True).counts == (2, 0, 0, 0)
    assert anywhere.take(path).counts == (2, 0, 0, 0)
    assert anywhere.rows("SELECT sealed_name, private, usual_instalment FROM members ORDER BY usual_instalment") == [
        ("सीता", False, 250_50),
        ("राधा", True, 300_00),
    ]
    assert anywhere.people() == [("राधा", "+9779841234567"), ("सीता", "+9779841234568")]


def test_of_several_sheets_the_first_is_read_and_this_is_said(office):
    taken = office.take(office.workbook(["name", "phone"], ["राधा", 9841234567], second=[["name", "phone"], ["x", 9841234568]]))
    assert taken.counts == (1, 0, 0, 0)
    assert "2 sheets" in taken.notes[0].reason


def test_a_formula_gives_the_value_that_was_saved_and_is_never_computed(office, made):
    cells = '<row r="2"><c r="A2" t="str"><f>HYPERLINK("http://x")</f><v>राधा</v></c><c r="B2"><f>1+1</f><v>9841234567</v></c></row>'
    assert office.take(made(sheet(cells))).counts == (1, 0, 0, 0)
    assert office.people() == [("राधा", "+9779841234567")]
    taken = office.take(office.workbook(["name", "phone"], ["=1+1", 9841234567]))
    assert [(refusal.row, refusal.column) for refusal in taken.refusals] == [(2, "name")]
    assert "never computed" in taken.refusals[0].reason


def test_an_error_of_the_spreadsheet_is_one_of_its_row(office, made):
    cells = row(2, "राधा") + '<row r="3"><c r="A3" t="e"><v>#REF!</v></c><c r="B3"><v>9841234568</v></c></row>'
    taken = office.take(made(sheet(cells)))
    assert taken.counts == (1, 0, 0, 1)
    assert (taken.refusals[0].row, taken.refusals[0].column) == (3, "name")


@pytest.mark.parametrize(
    ("number", "read"), [("9.841234567E9", "+9779841234567"), ("9841234567.0", "+9779841234567"), ("9779841234567", "+9779841234567")]
)
def test_a_phone_stored_as_a_number_is_a_phone(office, made, number, read):
    assert office.take(made(sheet(row(2, "राधा", number)))).counts == (1, 0, 0, 0)
    assert office.people() == [("राधा", read)]


def test_shared_strings_rich_text_and_how_it_is_pronounced(office):
    strings = f'<sst {NS}><si><r><t>रा</t></r><r><t>धा</t></r><rPh sb="0" eb="1"><t>radha</t></rPh></si></sst>'.encode()
    cells = '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2"><v>9841234567</v></c></row>'
    book = office.workbook(["name", "phone"], ["x", "y"])
    with zipfile.ZipFile(book) as file:
        relations = file.read("xl/_rels/workbook.xml.rels").decode()
    relations = relations.replace("</Relationships>", '<Relationship Id="rId9" Target="sharedStrings.xml" Type="x"/></Relationships>')
    content = rezipped(book, sheet=sheet(cells), strings=strings, relations=relations.encode())
    assert office.take(office.file(content, "made.xlsx")).counts == (1, 0, 0, 0)
    assert office.people() == [("राधा", "+9779841234567")]


@pytest.mark.parametrize("place", ["7", "-1", "x", "99999999999999999999"])
def test_a_shared_string_that_is_not_there_is_an_error_of_its_row(office, made, place):
    cells = f'<row r="2"><c r="A2" t="s"><v>{place}</v></c><c r="B2"><v>9841234567</v></c></row>' + row(3, "राधा")
    assert office.take(made(sheet(cells))).counts == (1, 0, 0, 1)


def test_rows_and_cells_without_their_numbers_are_counted(office, made):
    cells = '<row><c t="inlineStr"><is><t>राधा</t></is></c><c><v>9841234567</v></c></row>'
    assert office.take(made(sheet(cells))).counts == (1, 0, 0, 0)


def test_names_with_prefixes_are_the_same_names(office, made):
    prefixed = sheet(row(2, "राधा")).decode().replace("xmlns=", "xmlns:x=")
    prefixed = re.sub("<(/?)([a-zA-Z]+)", r"<\1x:\2", prefixed)
    assert office.take(made(prefixed.encode())).counts == (1, 0, 0, 0)


def test_a_cell_beyond_the_heading_is_an_error_of_its_row_and_an_empty_one_is_not(office, made):
    beyond = '<row r="2"><c r="A2" t="inlineStr"><is><t>x</t></is></c><c r="B2"><v>9841234567</v></c><c r="{}2" s="0">{}</c></row>'
    assert office.take(made(sheet(beyond.format("XFD", "<v>1</v>")))).counts == (0, 0, 0, 1)
    assert office.take(made(sheet(beyond.format("D", "<v>1</v>")))).counts == (0, 0, 0, 1)
    assert office.take(made(sheet(beyond.format("D", "")))).counts == (1, 0, 0, 0)


# --- attacks -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
@pytest.mark.parametrize("part", ["sheet", "strings", "book", "styles"])
def test_a_document_type_is_refused_wherever_it_stands(office, made, doctype, part):
    path = made(**{part: f'<?xml version="1.0"?>{doctype}<x>&e;</x>'.encode()})
    if part == "strings":  # only where the workbook says that it has some
        assert "/etc" not in str(office.take(path, dry_run=True).refusals)
    else:
        assert "document type" in refused(office, path)
    assert office.people() == []


def test_a_sheet_that_would_unpack_into_gigabytes_is_refused_before_it_is(office, made, monkeypatch):
    path = made(sheet(" " * (archive.SMALL + 1)))
    assert path.stat().st_size < 200_000
    assert "would unpack into" in refused(office, path)


def test_a_part_that_lies_about_its_size_gives_no_more_than_it_says(office, made):
    honest = made(sheet("".join(row(number, "x" * 50) for number in range(2, 2_000)))).read_bytes()
    with zipfile.ZipFile(io.BytesIO(honest)) as file:
        part = file.getinfo("xl/worksheets/sheet1.xml")
    lying = honest.replace(part.file_size.to_bytes(4, "little"), (5_000).to_bytes(4, "little"))
    assert lying != honest
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "cut off" in refused_or_rows(office, office.file(lying, "lying.xlsx"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def refused_or_rows(office, path):
    with pytest.raises(GatewayError) as raised:
        office.take(path)
    return str(raised.value)


@pytest.mark.parametrize("number", ["0", "1", "1048577", "-5", "99999999999999", "x", "१", ""])
def test_rows_that_cannot_be_are_refused(office, made, number):
    refused(office, made(sheet(f'<row r="{number}"><c r="A2"><v>1</v></c></row>')))


def test_rows_that_go_backwards_are_refused_and_the_ones_before_stay_in_their_batch(office, made):
    refused(office, made(sheet(row(5, "a") + row(4, "b"))))


def test_a_last_row_far_away_costs_nothing(office, made):
    assert office.take(made(sheet(row(2, "राधा") + row(1_048_576, "सीता", "9841234568")))).counts == (2, 0, 0, 0)
    assert office.rows("SELECT row FROM imports") == [(1_048_576,)]


def test_a_sheet_of_styles_only_is_empty(office, tmp_path):
    book = openpyxl.Workbook()
    for number in range(1, 200):
        book.active.cell(number, number).fill = PatternFill("solid", "FF0000")
    book.save(tmp_path / "styles.xlsx")
    refused(office, tmp_path / "styles.xlsx", "import:empty")


def test_a_token_without_end_is_not_kept_in_memory(office, made, monkeypatch):
    monkeypatch.setattr(archive, "SMALL", 2**40)
    path = made(sheet(f'<row r="2" x="{"a" * (3 * archive.LONGEST_TOKEN)}"></row>'))
    refused(office, path)


def test_ten_million_elements_deep_or_wide_end_in_a_sentence(office, made):
    refused(office, made(sheet("<a>" * 200_000)))


@pytest.mark.parametrize("cut", [10, 300, -30])
def test_a_workbook_that_is_cut_off_is_refused(office, made, cut):
    content = made(sheet(row(2, "राधा"))).read_bytes()
    refused(office, office.file(content[:cut], "cut.xlsx"), "import:damaged")


def test_a_sheet_that_ends_in_the_middle_is_refused_when_it_is_reached(office, made):
    refused(office, made(sheet(row(2, "राधा"))[:-40]))


def test_an_archive_that_is_no_workbook_is_refused(office):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        new.writestr("members.csv", "name,phone\n")
    refused(office, office.file(out.getvalue(), "a.xlsx"), "import:not-a-table")


def test_a_relation_out_of_the_archive_leads_nowhere(office, made):
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Target="../../../etc/passwd" Type="x"/><Relationship Id="rId2" Target="http://x/" TargetMode="External"/>'
        "</Relationships>"
    )
    plain = office.workbook(["name", "phone"])
    out = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            new.writestr(part, rels if part.endswith("workbook.xml.rels") else old.read(part))
    assert "it has no sheet" in refused(office, office.file(out.getvalue(), "rels.xlsx"))


def test_an_encrypted_part_is_refused_with_a_remedy(office, made):
    content = bytearray(made(sheet(row(2, "x"))).read_bytes())
    at = content.rfind(b"PK\x01\x02")
    content[at + 8] |= 1
    assert "password" in refused(office, office.file(bytes(content), "locked.xlsx"))


def test_a_workbook_of_fifty_thousand_rows_needs_hardly_any_memory(office, tmp_path):
    book = openpyxl.Workbook(write_only=True)
    sheet_ = book.create_sheet()
    for number in range(50_000):
        sheet_.append([f"नाम {number}", "x" * 100, number])
    book.save(tmp_path / "long.xlsx")
    table = reading.open_table(tmp_path / "long.xlsx")
    assert isinstance(table, workbook.Workbook)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(1 for _ in table.rows(set())) == 50_000
    assert table.share() == 1.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes
