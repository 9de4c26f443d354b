"""What the page about channels shows is what the gateway takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.bootstrap import check_channels
from gateway.config import PACKAGE_ROOT
from gateway.errors import GatewayError

PAGE = (PACKAGE_ROOT / "docs" / "channels.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```yaml\n(providers:.*?)```", PAGE, re.DOTALL)


def checked(folder: Path, text: str) -> list[str]:
    """The faults of a file, with long enough secrets."""
    file = folder / "channels.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        check_channels(file, dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "s" * 40))
    except ExceptionGroup as faults:
        return [str(each) for each in faults.exceptions if isinstance(each, GatewayError)]
    return []


def test_the_example_is_whole(tmp_path: Path):
    assert EXAMPLE
    assert checked(tmp_path, EXAMPLE[1]) == []


def test_a_key_that_is_none_is_a_fault_whatever_its_secret(tmp_path: Path):
    assert EXAMPLE
    file = tmp_path / "channels.yaml"
    file.write_text(EXAMPLE[1].replace("token: ${SPARROW_TOKEN}", "token: ${SPARROW_TOKEN}\n    pat: ${SPARROW_PATH}"), encoding="utf-8")
    with pytest.raises(ExceptionGroup) as caught:
        check_channels(file, None)
    said = [str(each).partition(": ")[2] for each in caught.value.exceptions]
    assert said == ["providers.sparrow.pat: there is no such key here. [channels:invalid]"]
