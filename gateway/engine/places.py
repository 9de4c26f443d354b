"""Where in a flow file a prompt stands, found again from its name: for faults that show only once the clips are known."""

from __future__ import annotations

from pathlib import Path

from gateway.engine import document, lessons
from gateway.engine.definition import Prompt
from gateway.engine.document import Node
from gateway.engine.loader import LESSONS, PHRASES, read_text
from gateway.engine.steps import KINDS

PHRASE = "phrase"  # the folder of the phrases' clips


class Places:
    """The places of the prompts of a folder that could be loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Node] = {}

    def prompt(self, prompt: Prompt, language: str, *, written: bool = False) -> str:
        """`flows/x.yaml:14:7`: where the text of a prompt begins, or (`written`) its wording for messages."""
        flow, _, rest = prompt.name.partition("/")
        node = self._file(flow)
        step, _, suffix = rest.partition(".")
        if step in _inside(_inside(node).get("steps")):
            node = _inside(_inside(node)["steps"])[step]
        else:
            suffix = rest
        texts = _texts(node, suffix, written=written)
        return _inside(texts).get(language, texts).place

    def phrase(self, name: str, language: str) -> str:
        """Where the text of a phrase begins."""
        phrases = _inside(_inside(self._file(PHRASES)).get("phrases"))
        node = phrases.get(name)
        return _inside(node).get(language, node).place if node else f"{self._folder.name}/{PHRASES}.yaml:1:1"

    def _file(self, name: str) -> Node:
        if name not in self._files:
            file = f"{name}.yaml" if (self._folder / f"{name}.yaml").exists() else f"{LESSONS}/{name}.yaml"
            node = document.parse(read_text(self._folder / file, self._folder), f"{self._folder.name}/{file}")
            self._files[name] = lessons.as_flow(node, name, lessons.Around((), "")) if file.startswith(LESSONS) else node
        return self._files[name]


def _inside(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _texts(node: Node, suffix: str, *, written: bool) -> Node:
    """The texts of one prompt of a step (or of the defaults): that of its kind, `more`, `confirm`, `silence1`, ..."""
    stem, number = suffix.rstrip("0123456789"), suffix.lstrip("abcdefghijklmnopqrstuvwxyz_")
    if number and (listed := _inside(node).get(f"on_{stem}")):
        return listed.value[int(number) - 1] if isinstance(listed.value, list) else listed
    kind = next((_inside(node)[kind] for kind in KINDS if kind in _inside(node)), node)
    around = {**_inside(node), **_inside(kind)}  # a key stands beside the kind, or within it
    wanted = [f"{suffix}_sms"] * written + [suffix] if suffix else ["sms"] * written + ["prompt"]
    return next((around[key] for key in wanted if key in around), kind)
