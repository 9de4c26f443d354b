"""JSON as paths and texts, `data.valid.0.id` and `7`: so an answer is read, and so a body is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

MOST = 20_000  # values and what holds them
LONGEST = 2000  # characters of a value


def flat(text: str, *, nulls: bool = True) -> dict[str, str]:
    """The values of a JSON document by their paths, `nulls` too if wanted; empty where it is none.

    >>> flat('{"error": false, "data": {"valid": [{"id": 7, "network": null}]}}')
    {'error': 'false', 'data.valid.0.id': '7', 'data.valid.0.network': 'null'}
    """
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {
        path: (value if isinstance(value, str) else json.dumps(value))[:LONGEST]
        for path, value in _leaves(parsed)
        if nulls or value is not None
    }


def _leaves(document: object) -> Iterator[tuple[str, object]]:
    waiting, read = [("", document)], 0
    while waiting and read < MOST:
        path, value = waiting.pop()
        read += 1
        inside: Sequence[tuple[object, object]] = ()
        if isinstance(value, dict):
            inside = list(value.items())
        elif isinstance(value, list):
            inside = list(enumerate(value))
        elif path:
            yield path, value
        waiting += [(f"{path}.{name}" if path else str(name), each) for name, each in reversed(inside)]


def values_at(values: Mapping[str, str], path: str) -> list[str]:
    """What stands at a path, in which `*` is any name or place in a list.

    >>> values_at({"data.valid.0.id": "7", "data.valid.1.id": "8"}, "data.valid.*.id")
    ['7', '8']
    """
    if "*" not in path:
        return [values[path]] if path in values else []
    return [value for name, value in values.items() if _pattern(path).fullmatch(name)]


def each_at(values: Mapping[str, str], path: str) -> list[dict[str, str]]:
    """The parts of a document that stand at a path, in which `*` is any name or place in a list; each by the paths inside it.

    >>> each_at({"results.0.id": "7", "results.0.status.name": "SENT", "results.1.id": "8"}, "results.*")
    [{'id': '7', 'status.name': 'SENT'}, {'id': '8'}]
    """
    parts: dict[str, dict[str, str]] = {}
    inside = _pattern(path, inside=True)
    for name, value in values.items():
        if part := inside.fullmatch(name):
            parts.setdefault(part[1], {})[part[2]] = value
    return list(parts.values())


@lru_cache(maxsize=256)
def _pattern(path: str, *, inside: bool = False) -> re.Pattern[str]:
    pattern = re.escape(path).replace(r"\*", "[^.]+")
    return re.compile(rf"({pattern})\.(.+)" if inside else pattern, re.DOTALL)


def nested(values: Mapping[str, object]) -> object:
    """The document of these paths; ValueError where one of them lies inside the text of another.

    >>> nested({"to.0": "9841234567", "message.text": "dabi", "message.flash": False})
    {'to': ['9841234567'], 'message': {'text': 'dabi', 'flash': False}}
    """
    tree: dict[str, object] = {}
    for path, value in values.items():
        *outer, last = path.split(".")
        inside = tree
        for name in outer:
            below = inside.setdefault(name, {})
            if not isinstance(below, dict):
                raise ValueError(path)  # noqa: TRY004  # the value at fault is the path
            inside = below
        if last in inside:
            raise ValueError(path)
        inside[last] = value
    return _lists(tree)


def _lists(tree: object) -> object:
    if not isinstance(tree, dict):
        return tree
    found = {name: _lists(value) for name, value in tree.items()}
    return list(found.values()) if list(found) == [str(place) for place in range(len(found))] else found
