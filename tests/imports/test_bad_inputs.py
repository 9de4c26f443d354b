"""The bad inputs C1 to C23 of imports, each by its name, with exactly what is expected of it."""

from __future__ import annotations

import pytest
from imports.conftest import HEADING

from gateway.errors import GatewayError
from gateway.services.imports import reading

ONE = ("राधा", "+9779841234567")


def refused(office, content, code, **wish):
    with pytest.raises(GatewayError) as raised:
        office.take(content, **wish)
    assert raised.value.code == code
    assert office.people() == []
    assert office.rows("SELECT id FROM imports") == []
    return str(raised.value)


def test_c1_a_byte_order_mark_is_no_part_of_the_heading(office):
    assert office.take(b"\xef\xbb\xbf" + f"{HEADING}राधा,9841234567\n".encode()).counts == (1, 0, 0, 0)
    assert office.people() == [ONE]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_c2_utf_16_is_known_by_its_mark(office, encoding):
    mark = "" if encoding == "utf-16" else "\ufeff"
    assert office.take((mark + HEADING + "राधा,9841234567\n").encode(encoding)).counts == (1, 0, 0, 0)
    assert office.people() == [ONE]


def test_utf_16_without_its_mark_is_no_text(office):
    refused(office, (HEADING + "राधा,9841234567\n").encode("utf-16-le"), "import:not-a-table")


@pytest.mark.parametrize("rows_before", [0, 60_000])
def test_c4_another_encoding_is_refused_with_the_byte_and_nothing_goes_in(office, rows_before):
    before = (HEADING + "sita,9841000000\n" * rows_before).encode()
    said = refused(office, before + "Renée,9841234567\n".encode("cp1252"), "import:not-utf-8")
    assert f"at byte {len(before) + 3}." in said
    assert "Preeti" in said


def test_c4_the_byte_is_right_where_a_character_is_cut_off_at_the_end(office):
    content = (HEADING + "राधा").encode()[:-1]
    assert f"at byte {len(content) - 2}." in refused(office, content, "import:not-utf-8")


def test_c4_names_in_an_old_font_are_remarked_upon(office):
    preeti = "".join(f"{name},98410000{n:02}\n" for n, name in enumerate([";Ltf tfdfª", "dfof /fO{", "uLtf yf?", "/Ltf yfk", "s'df/L"]))
    taken = office.take(HEADING + preeti, dry_run=True)
    assert [(note.row, note.column) for note in taken.notes if "Preeti" in note.reason] == [(2, "name")]
    romanised = "".join(
        f"{name},98410000{n:02}\n" for n, name in enumerate(["Sita Tamang", "Maya Rai", "O'Neil K.C.", "D. B. Thapa", "Gita"])
    )
    assert office.take(HEADING + romanised, dry_run=True).notes == []


def test_c6_a_file_of_one_column_is_a_table(office):
    office.take("number,name,phone\n10008,राधा,9841234567\n")
    assert office.take("number\n10008\n").counts == (0, 0, 1, 0)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_c7_any_line_end_will_do(office, end):
    assert office.take(end.join(["name,phone", "राधा,9841234567", "सीता,9841234568", ""])).counts == (2, 0, 0, 0)


def test_c7_mixed_line_ends_and_lines_within_quotes(office):
    taken = office.take('name,phone,village\rराधा,9841234567,"वडा ५\r\nबनेपा"\r\nसीता,9841234568,\nमाया,9841234569,\r\n\r\n')
    assert taken.counts == (3, 0, 0, 0)
    assert ("वडा ५ बनेपा",) in office.rows("SELECT sealed_village FROM members")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_the_heading(office, delimiter):
    rows = [["name", "phone", "village"], ["राधा", "9841234567", 'a,b;c|d "e"'], ["सीता", "9841234568", ""]]
    content = "\n".join(
        delimiter.join(f'"{cell}"' if not cell.isalnum() and cell else cell for cell in row).replace('"e""', '""e"""') for row in rows
    )
    assert office.take(content.replace(' "e', ' ""e')).counts == (2, 0, 0, 0)


def test_a_spreadsheets_own_word_for_the_delimiter_is_heeded(office):
    taken = office.take("sep=;\nname;phone\nराधा;12\n")
    assert [(refusal.row, refusal.column) for refusal in taken.refusals] == [(3, "phone")]


def test_c9_a_cell_too_long_is_an_error_of_its_row(office):
    content = HEADING + f"{'x' * 131_073},9841234567\nराधा,9841234567\n"
    taken = office.take(content)
    assert taken.counts == (1, 0, 0, 1)
    assert taken.refusals[0].row == 2
    assert office.people() == [ONE]


def test_c11_a_double_heading_is_refused_under_any_of_its_names(office):
    assert "more than one column for phone" in refused(office, "name,phone,मोबाइल\nराधा,1,2\n", "import:heading")


def test_c12_an_unknown_heading_is_refused_with_those_that_are_known(office):
    said = refused(office, "name,phone,caste\nराधा,9841234567,x\n", "import:heading")
    assert "'caste'" in said
    assert "Known are number, name, phone," in said


def test_c12_a_missing_heading_is_named(office):
    assert "There is no column phone or number." in refused(office, "name\nराधा\n", "import:heading")


def test_c12_headings_in_nepali_and_as_people_write_them(office):
    assert office.take(" नाम ;Mobile-Number (NTC);Usual_Instalment\nराधा;9841234567;३००\n").counts == (1, 0, 0, 0)
    assert office.rows("SELECT sealed_name, usual_instalment FROM members") == [("राधा", 300_00)]


def test_c12_a_heading_alone_is_a_table_without_rows(office):
    assert office.take(HEADING).counts == (0, 0, 0, 0)


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", " , ,\n"])
def test_c12_an_empty_file_is_refused(office, content):
    refused(office, content, "import:empty")


def test_c13_extra_and_missing_cells_are_errors_of_their_rows(office):
    taken = office.take(HEADING + "राधा\nराधा,9841234567,x\nराधा,9841234567\n")
    assert taken.counts == (1, 0, 0, 2)
    assert [refusal.reason for refusal in taken.refusals] == [f"the row has {n} cells, and the heading 2" for n in (1, 3)]


@pytest.mark.parametrize(
    ("written", "repaired"),
    [
        ("9841234567", False),
        ("+9779841234567", False),
        ("9841234567.0", True),
        ("9.841234567E+09", True),
        ("9779841234567", True),
        ("09841234567", True),
        ("984 123 4567", True),
        ("984-1234567", True),
        ("'+9779841234567", False),  # as our own export writes it
        ("००९७७९८४१२३४५६७", True),
        ("+977 (0) 9841234567", True),
    ],
)
def test_c15_a_phone_that_a_spreadsheet_spoilt_is_repaired_and_shown(office, written, repaired):
    taken = office.take(HEADING + f'राधा,"{written}"\n', dry_run=True)
    assert taken.counts == (1, 0, 0, 0)
    assert [note.column for note in taken.notes] == ["phone"] * repaired
    assert not any("9841234567" in note.reason for note in taken.notes)
    office.take(HEADING + f'राधा,"{written}"\n')
    assert office.people() == [ONE]


def test_c15_a_line_that_lost_its_nought_is_repaired(office):
    office.take(HEADING + "राधा,14112233\n")
    assert office.people() == [("राधा", "+97714112233")]


@pytest.mark.parametrize(
    "written",
    [
        "9.84E+09",
        "9841234567 / 9841234568",
        "9841234567 or 9841234568",
        "9841234567,9841234568",
        "same as mother",
        "१२३",
        "984123456",
        "x" * 500,
    ],
)
def test_c15_c16_what_is_no_single_phone_is_an_error_of_its_row(office, written):
    taken = office.take(HEADING + f'राधा,"{written}"\nसीता,9841234568\n')
    assert taken.counts == (1, 0, 0, 1)
    assert [(refusal.row, refusal.column) for refusal in taken.refusals] == [(2, "phone")]
    assert written not in str(office.rows("SELECT * FROM import_refusals"))


@pytest.mark.parametrize("dry_run", [True, False])
def test_c17_the_same_row_twice_is_one_member(office, dry_run):
    taken = office.take(HEADING + "राधा,9841234567\n" * 2 + "x,9841234568\n" * 600 + "राधा,9841234567\n", dry_run=dry_run)
    assert taken.counts == (2, 0, 601, 0)


def test_c17_who_is_in_the_database_is_updated_and_the_update_is_shown(anywhere):
    assert anywhere.take("name,phone,trade\nराधा,9841234567,sewing\n").counts == (1, 0, 0, 0)
    for dry_run in (True, False):
        taken = anywhere.take("name,phone,trade\nRadha,+9779841234567,food\n", dry_run=dry_run)
        assert taken.counts == (0, 1, 0, 0)
        assert [note.column for note in taken.notes] == ["trade", "name"]
    assert anywhere.rows("SELECT sealed_name, trade, version FROM members") == [("Radha", "food", 2)]
    assert anywhere.take("name,phone,trade\nRADHA,9841234567,\n", dry_run=True).counts[1] == 1
    assert anywhere.take("name,phone,trade\nRadha,9841234567,\n").counts == (0, 0, 1, 0)


@pytest.mark.parametrize("between", [0, 600])
def test_c17_two_names_on_a_phone_go_in_only_when_somebody_says_so(office, between):
    content = HEADING + "राधा,9841234567\n" + "x,9841234568\n" * between + "सीता,9841234567\n"
    for wish in ({"dry_run": True}, {}):
        taken = office.take(content, **wish)
        assert (taken.last.added, taken.last.refused) == (1 + bool(between), 1)
        assert "--shared-phones" in taken.refusals[0].reason
    assert office.take(content, again=True, shared_phones=True).last.added == 1
    assert office.people()[-2:] == [("राधा", "+9779841234567"), ("सीता", "+9779841234567")] or between
    assert office.take(content, again=True).last.refused == 0


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "-1", "{{7*7}}", "<Dial>", "'; DROP TABLE members--", "＝1"])
def test_c18_formulas_are_names_and_stay_what_they_are(office, name):
    quoted = name.replace('"', '""')
    assert office.take(HEADING + f'"{quoted}",9841234567\n').counts == (1, 0, 0, 0)
    assert office.people() == [(name, "+9779841234567")]


@pytest.mark.parametrize(
    "written", ["2083-08-05", "31/02/2026", "1/2/26", "2026-02-31", "2026-11-22", "२०८३-०८-०५", "21.11.2026", "0001-01-01"]
)
def test_c19_only_iso_days_that_were_are_days(office, written):
    taken = office.take(f"name,phone,consented_on\nराधा,9841234567,{written}\n")
    assert [(refusal.row, refusal.column) for refusal in taken.refusals] == [(2, "consented_on")]


@pytest.mark.parametrize("written", ["2026-11-21", "२०२६-११-२१"])
def test_c19_an_iso_day_is_one_in_any_digits(office, written):
    assert office.take(f"name,phone,consented_on\nराधा,9841234567,{written}\n").counts == (1, 0, 0, 0)


def test_c21_a_file_too_large_is_refused_before_it_is_read(office, tmp_path):
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.truncate(reading.LARGEST_FILE + 1)
    assert "256 MB" in refused(office, path, "import:too-large")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"PK\x05\x06" + bytes(18)),
        ("a.csv", b"%PDF-1.7\n"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        ("a.xls", b"<html><table><tr><td>name</td></tr></table>"),
        ("a.csv", b"\xef\xbb\xbf  <?xml version='1.0'?><Workbook/>"),
        ("a.xlsx", b"name,phone\nx,9841234567\n"),
        ("a.csv", b"\x1f\x8b\x08\x00"),
        ("a.csv", b"\x89PNG\r\n\x1a\n"),
        ("a.csv", b"SQLite format 3\x00"),
        ("a.csv", b"name\x00,phone"),
    ],
)
def test_c21_what_is_something_else_is_refused(office, name, content):
    refused(office, office.file(content, name), "import:not-a-table")


def test_c21_a_workbook_with_another_name_is_refused_with_a_remedy(office, tmp_path):
    path = office.workbook(["name", "phone"], ["राधा", "9841234567"]).rename(tmp_path / "members.csv")
    assert "XLSX" in refused(office, path, "import:not-a-table")


def test_c23_who_stopped_us_stays_stopped_and_who_left_stays_away(anywhere):
    anywhere.take(HEADING + "राधा,9841234567\n")
    with anywhere.gateway.database.write() as db:
        db.exec_driver_sql(
            "UPDATE phones SET stopped_at = '2026-01-01 00:00:00.000000+00'"
            if db.dialect.name == "postgresql"
            else "UPDATE phones SET stopped_at = '2026-01-01 00:00:00.000000'"
        )
        db.exec_driver_sql("UPDATE members SET state = 'left', consent_wording = 'the paper of 2082'")
    before = anywhere.rows("SELECT stopped_at FROM phones")
    anywhere.take("name,phone,trade,state,consent_wording\nराधा,9841234567,food,active,another\n")
    assert anywhere.rows("SELECT state, trade, consent_wording FROM members") == [("left", "food", "the paper of 2082")]
    assert anywhere.rows("SELECT stopped_at FROM phones") == before
