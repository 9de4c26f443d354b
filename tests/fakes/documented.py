"""The examples of docs/providers.md as they are written there, and the providers that they describe."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway import channels
from gateway.providers.base import Provider
from gateway.providers.kinds import KINDS

PAGE = Path(__file__).parent.parent.parent / "docs" / "providers.md"
BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
VARIABLES = set(re.findall(r"\$\{(\w+)\}", PAGE.read_text(encoding="utf-8")))
HOST = re.compile(r"https://[a-z0-9.]+(?=/)")


def example(name: str) -> str:
    """The channels.yaml of the page that describes this provider."""
    (found,) = [block for block in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if f"providers:\n  {name}:" in block]
    return found


def provider(text: str, name: str, url: str, environ: dict[str, str]) -> Provider:
    """The provider of a channels.yaml, with its API on this machine."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "channels.yaml"
        file.write_text(HOST.sub(url, text), encoding="utf-8")
        entry = channels.load(file).providers[name]
    kind = KINDS[entry.kind]
    return kind.build(name, channels.settings_of(entry, kind.settings, environ), "https://gateway.example")
