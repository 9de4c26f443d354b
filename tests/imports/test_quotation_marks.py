"""A quotation mark that should not be there costs the row in which it stands, and no other."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from gateway.services.imports import reading
from gateway.services.imports.reading import Cells

HEADING = ["name", "phone", "village"]
cells = st.text("abc 1", max_size=4)
rows = st.lists(st.tuples(cells, cells, cells).map(list), min_size=1, max_size=70)


def read(text: str) -> list[Cells]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "members.csv"
        path.write_text(text, encoding="utf-8", newline="")
        return list(reading.open_table(path).rows(HEADING))


def line(row: list[str], quoted: set[int]) -> str:
    return ",".join(f'"{cell}"' if at in quoted else cell for at, cell in enumerate(row))


@given(rows, st.data())
def test_every_line_is_a_row_or_a_refusal_wherever_a_quotation_mark_strays(given_rows, data):
    """The rows before and behind it come out as they are; the one in which it stands, or from which it took some, is one row or refused."""
    quoted = data.draw(st.sets(st.sampled_from(range(3))))
    lines = [line(row, quoted) for row in given_rows]
    where = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[where])))
    lines[where] = f'{lines[where][:place]}"{lines[where][place:]}'
    found = read("\n".join([",".join(HEADING), *lines, ""]))[1:]
    assert len(found) == len(lines)
    for at, (row, got) in enumerate(zip(given_rows, found, strict=True)):
        assert got.number == at + 2
        assert at == where or (got.texts, got.fault) == (row, "")
    assert not found[where].fault or f"in line {where + 2} " in found[where].fault


@given(rows, st.sets(st.integers(0, 2)))
def test_a_cell_of_several_lines_stays_one(given_rows, wide):
    written = [[f"{cell}\nb\n" if at in wide else cell for at, cell in enumerate(row)] for row in given_rows]
    text = "\r\n".join([",".join(HEADING), *(line(row, {0, 1, 2}) for row in written), ""])
    assert [(row.texts, row.fault) for row in read(text)[1:]] == [(row, "") for row in written]


def test_the_refusal_names_the_line_and_how_many_it_took():
    found = read('name,phone,village\na,1,x\nb,"2,y\nc,3,z\n')
    assert [row.texts for row in found] == [HEADING, ["a", "1", "x"], [], ["c", "3", "z"]]
    assert found[2].fault == "a quotation begins in line 3 of the file and takes 2 lines; the others are read by themselves"


def test_an_endless_quotation_takes_no_more_lines_than_a_row_has():
    many = 3 * reading.MOST_LINES
    found = read('name,phone,village\n"a,1,x\n' + "c,3,z\n" * many)
    assert [row.texts for row in found[2:]] == [["c", "3", "z"]] * many
    assert f"takes {reading.MOST_LINES} lines" in found[1].fault
