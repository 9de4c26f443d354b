"""The page on imports says what the code reads: each column of each kind of file, and how else it is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.services.imports import KINDS
from gateway.services.imports.reading import LARGEST_FILE

PAGE = (Path(__file__).parent.parent.parent / "docs" / "import.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_lists_every_column_in_order_with_its_other_names(kind):
    section = PAGE.partition(f"\n## {kind.capitalize()}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{column.name}` | {', '.join(column.aliases.split(','))} | {column.holds} |" for column in KINDS[kind].columns]


def test_no_heading_means_two_columns():
    for kind in KINDS.values():
        headings = [heading for column in kind.columns for heading in set(column.headings)]
        assert sorted(set(headings)) == sorted(headings)


def test_the_page_names_the_largest_file():
    assert f"at most {LARGEST_FILE // 2**20} MB" in PAGE
