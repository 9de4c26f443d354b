"""The page of settings says what the code reads: every setting, its default, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.config import PACKAGE_ROOT, SETTINGS

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|$", re.MULTILINE)


def test_the_page_lists_every_setting_in_order_with_its_default():
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert [(variable, default) for variable, default, _ in rows] == [
        (setting.variable, shown(setting.default)) for setting in SETTINGS.values()
    ]


def test_the_page_explains_every_setting_in_the_words_of_the_code():
    rows = {variable: words for variable, _, words in ROW.findall(PAGE.read_text(encoding="utf-8"))}
    for setting in SETTINGS.values():
        assert rows[setting.variable].startswith(setting.help), setting.variable


def shown(default: str | None) -> str:
    if default is None:
        return "required"
    return f"`{default.removeprefix(f'{PACKAGE_ROOT}/')}`" if default else "empty"
