"""Lessons as their authors write them, `lessons/NAME.yaml`, made into flows: nothing of a lesson runs that a flow does not.

    lesson: posture
    title: {ne: "काम गर्दा शरीर जोगाउने", en: "Healthy at work"}
    chapters:
      - {ne: "...", en: "..."}
    check:
      - {question: {...}, right: 2, if_right: {...}, if_wrong: {...}}

Every text of the flow is the node of the file that an author wrote, so that a fault in it is told where it stands. What is said between
the chapters are phrases: `lesson_go_on`, `lesson_other`, `lesson_going_on`, `lesson_over`, `lesson_by_phone`, and `lesson_word` as a title.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.engine.definition import Lesson
from gateway.engine.document import Node
from gateway.engine.reading import Fields

QUESTIONS = 2
ANSWERS = ("1", "2")  # of a question: each has two
MOST_CHAPTERS = 12
HEARD = "heard"  # the steps that note a chapter are called `heard_1` and so on: gateway.services.actions.listen
ALL = "lessons"  # the flow that leads to the one she is in

# What stands in each question of a lesson's check.
QUESTION, RIGHT, IF_RIGHT, IF_WRONG = "question", "right", "if_right", "if_wrong"


@dataclass(frozen=True, slots=True)
class Around:
    """What a lesson is told among: the languages, drafts as well, and the lesson after this one ("" where it is alone)."""

    languages: Sequence[str]
    following: str


def read(fields: Fields, name: str, around: Around) -> tuple[Node, Lesson] | None:
    """The flow of a lesson's file, and what is counted of it; None where the file has faults, all of which are noted in `fields`."""
    before = len(fields.draft.faults)
    called = fields.text("lesson")
    if called and called != name:
        fields.fault(fields.known["lesson"], "flow:file-name", name=called, file=name)
    title = fields.title("title")
    chapters = fields.items("chapters") if fields.take("chapters", required=True) else []
    if fields.known.get("chapters") and not 1 <= len(chapters) <= MOST_CHAPTERS:
        fields.fault(fields.known["chapters"], "flow:shape", wanted=f"a list of 1 to {MOST_CHAPTERS} chapters")
    said = [*chapters, *_read_check(fields)]
    fields.words("keywords")
    fields.close()
    if len(fields.draft.faults) > before:  # it becomes no flow that would be read: its texts are looked at as they are
        for node in said:
            Fields(Node({QUESTION: node}, node.place, node.path), fields.draft).prompt(QUESTION)
        return None
    return as_flow(fields.node, name, around), Lesson(name, title, len(chapters))


def _read_check(fields: Fields) -> Iterator[Node]:
    """The texts of the questions, once the rest of them has been looked at."""
    questions = fields.items("check") if fields.take("check", required=True) else []
    if fields.known.get("check") and len(questions) != QUESTIONS:
        fields.fault(fields.known["check"], "flow:shape", wanted=f"a list of {QUESTIONS} questions")
    for node in questions:
        inside = fields.within(node)
        for key in (QUESTION, IF_RIGHT, IF_WRONG):
            if text := inside.take(key, required=True):
                yield text
        if inside.take(RIGHT, required=True):
            inside.one_of(RIGHT, ANSWERS, ANSWERS[0])
        inside.close()


def as_flow(lesson: Node, name: str, around: Around) -> Node:
    """The flow of a lesson that has no faults, as its file would have it."""
    known = lesson.value
    if not isinstance(known, dict):
        raise TypeError("a lesson is a mapping")
    title, chapters, check = known["title"], _list(known["chapters"]), _list(known["check"])
    steps: dict[str, Any] = {
        "title": {"say": title, "sms": _by_phone(title), "next": "medium"},
        "medium": {"branch": [{"when": "medium == sms", "next": "done"}, {"next": "place"}]},
        "place": {"do": "lesson_place", "next": "onward"},
        "onward": {"branch": [{"when": "lesson.chapter > 1", "next": "going_on"}, {"next": "chapter_1"}]},
        "going_on": {"say": _said(around, "{lesson_going_on}"), "next": "there"},
        "there": {"branch": [*(_at(place) for place in range(2, len(chapters) + 1)), {"next": "question_1"}]},
    }
    for place, chapter in enumerate(chapters, start=1):
        steps |= _chapter(place, chapter, around, "question_1" if place == len(chapters) else f"chapter_{place + 1}")
    for place, question in enumerate(check, start=1):
        steps |= _question(place, question, "checked" if place == len(check) else f"question_{place + 1}")
    steps |= {
        "checked": {"do": "lesson_checked", "next": "over"},
        "over": {"say": _said(around, "{lesson_over}"), "next": "after"},
        "after": _menu(around, {"8": "chapter_1"}),
        "done": {"end": {}},
    }
    flow = {"flow": name, "title": title, "keywords": known.get("keywords", []), "start": "title", "steps": steps}
    return _node(flow, lesson, "")


def _at(place: int) -> dict[str, str]:
    return {"when": f"lesson.chapter == {place}", "next": f"chapter_{place}"}


def _chapter(place: int, said: Node, around: Around, following: str) -> dict[str, Any]:
    """A chapter counts as heard once she goes on from it: who puts the phone down within it hears it again."""
    return {
        f"chapter_{place}": {"say": said, "next": f"after_{place}"},
        f"after_{place}": _menu(around, {"1": f"{HEARD}_{place}", "8": f"chapter_{place}"}, "{lesson_go_on}"),
        f"{HEARD}_{place}": {"do": "lesson_heard", "next": following},
    }


def _question(place: int, question: Node, following: str) -> dict[str, Any]:
    known = question.value
    if not isinstance(known, dict):
        raise TypeError("a question is a mapping")
    name = f"answer_{place}"
    choices = {key: "right" if key == str(known[RIGHT].value).strip() else "wrong" for key in ANSWERS}
    return {
        f"question_{place}": {
            "ask": {"prompt": known[QUESTION], "kind": "choice", "name": name, "choices": choices},
            "next": f"told_{place}",
            "on_give_up": "goodbye",
        },
        f"told_{place}": {"branch": [{"when": f"{name} == right", "next": f"right_{place}"}, {"next": f"wrong_{place}"}]},
        f"right_{place}": {"say": known[IF_RIGHT], "next": following},
        f"wrong_{place}": {"say": known[IF_WRONG], "next": following},
    }


def _menu(around: Around, keys: Mapping[str, str], first: str = "") -> dict[str, Any]:
    """What she may do between two chapters, and when the lesson is over. Giving up is goodbye: she goes on in another call."""
    other = "{lesson_other}" if around.following else ""
    named = {"2": around.following} if around.following else {}
    said = " ".join(filter(None, (first, other, "{hear_again}")))
    return {"menu": {"prompt": _said(around, said), "keys": {**keys, **named}}, "on_give_up": "goodbye"}


def _said(around: Around, phrases: str) -> dict[str, str]:
    return dict.fromkeys(around.languages, phrases)


def _by_phone(title: Node) -> dict[str, Any]:
    """By SMS a lesson is only named: it is there to be heard."""
    texts = title.value if isinstance(title.value, dict) else {}
    return {language: Node(f"{node.value}: {{lesson_by_phone}}", node.place, node.path) for language, node in texts.items()}


def _list(node: Node) -> list[Node]:
    return node.value if isinstance(node.value, list) else [node]


def _node(value: Any, near: Node, path: str) -> Node:  # noqa: ANN401 - a document as YAML has it
    """What we wrote as a part of the file: it stands where the author's nearest text does."""
    if isinstance(value, Node):
        return Node(value.value, value.place, value.path, value.key_place or value.place)
    if isinstance(value, list):
        return Node([_node(item, near, f"{path}.{place}") for place, item in enumerate(value, start=1)], near.place, path, near.place)
    if isinstance(value, dict):
        nearest = next((inside for inside in value.values() if isinstance(inside, Node)), near)
        inside = {str(key): _node(item, nearest, f"{path}.{key}".lstrip(".")) for key, item in value.items()}
        return Node(inside, nearest.place, path, nearest.key_place or nearest.place)
    return Node(value, near.place, path, near.place)


def written(node: Node) -> str:
    """A flow as its source: JSON, which is YAML. By it a conversation finds the version with which it began, though lessons change."""
    return json.dumps(_plain(node), ensure_ascii=False, separators=(",", ":"))


def _plain(node: Node) -> object:
    if isinstance(node.value, dict):
        return {key: _plain(inside) for key, inside in node.value.items()}
    return [_plain(inside) for inside in node.value] if isinstance(node.value, list) else node.value


def leading(names: Sequence[str], title: Mapping[str, str], *, intent: str) -> str:
    """The source of the flow `lessons`: to the lesson that the action `next_lesson` names, the first one where it names none."""
    ways = [{"when": f"lesson.name == {name}", "next": name} for name in names[1:]]
    steps = {"choose": {"do": "next_lesson", "next": "which"}, "which": {"branch": [*ways, {"next": names[0]}]}}
    flow = {"flow": ALL, "title": dict(title), "intents": [intent] if intent else [], "start": "choose", "steps": steps}
    return json.dumps(flow, ensure_ascii=False)
