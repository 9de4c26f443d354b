"""What the pages show is what the gateway takes, and however it is broken, each fault is a sentence with its place."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import documented

from gateway.bootstrap import check_channels
from gateway.config import PACKAGE_ROOT
from gateway.errors import GatewayError
from gateway.providers.kinds import KINDS
from gateway.services.context import Gateway
from gateway.web.app import create_app

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


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_an_example_on_a_page_and_an_address_for_its_webhooks(kind: str, gateway_of: Callable[..., Gateway]):
    pages = [file.read_text(encoding="utf-8") for file in (PACKAGE_ROOT / "docs").glob("*.md")]
    shown = [block for page in pages for block in documented.BLOCK.findall(page) if re.search(rf"kind: {kind}\b", block)]
    whole = [block for block in shown if "\nchannels:" in block and block.startswith("providers:")]
    assert whole, f"no page of docs/ has a whole example of `kind: {kind}`"
    gateway = gateway_of(whole[0], dict.fromkeys(re.findall(r"\$\{(\w+)\}", whole[0]), "s" * 40))
    assert gateway.ways
    (name, *_) = [name for name, entry in gateway.ways.providers.items() if entry.kind == kind]
    addresses = [str(rule) for rule in create_app(gateway).url_map.iter_rules()]
    assert [address for address in addresses if address.startswith(f"/{name}")] or kind == "http"  # whose texts may go out alone


def test_a_key_that_is_none_is_a_fault_whatever_its_secret(tmp_path: Path):
    assert EXAMPLE
    file = tmp_path / "channels.yaml"
    file.write_text(EXAMPLE[1].replace("token: ${SPARROW_TOKEN}", "token: ${SPARROW_TOKEN}\n    pat: ${SPARROW_PATH}"), encoding="utf-8")
    with pytest.raises(ExceptionGroup) as caught:
        check_channels(file, None)
    said = [str(each).partition(": ")[2] for each in caught.value.exceptions]
    assert said == ["providers.sparrow.pat: there is no such key here. [channels:invalid]"]


DEBRIS = [
    "{",
    "}",
    "[",
    "]",
    ":",
    '"',
    "'",
    "\n",
    "  ",
    "- ",
    "*",
    "&a",
    "!x",
    "null",
    "1e400",
    "(a+)+",
    "${X}",
    "${",
    "\\",
    "\0",
    "\ufeff",
    "#",
    "?",
    "<<: ",
]


@pytest.mark.parametrize("seed", range(60))
def test_a_broken_example_is_a_fault_with_its_place(tmp_path: Path, seed: int):
    chance, blocks = random.Random(seed), documented.BLOCK.findall(documented.PAGE.read_text(encoding="utf-8"))
    for _ in range(10):
        text = chance.choice(blocks)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice([*DEBRIS, chance.choice(blocks)[at : at + 30]]) + text[at + chance.choice((0, 1, 5, 20)) :]
        said = checked(tmp_path, text)
        assert all(re.match(r"channels\.yaml(:[0-9]+:[0-9]+)?: ", each) for each in said), (text, said)
        assert "s" * 40 not in "".join(said)
