"""A flow as a picture (SVG): a box for each step with the first words that it says, an arrow for each way on.

Ways that leave the flow, or say the question again, stand in the box. What a waiting step does by default when no answer comes is left
out. Texts are texts, so that they can be searched and read aloud; nothing depends on colour, so that it can be printed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from gateway.engine.definition import REPEAT, Defaults, Flow, Fragment, Prompt, Slot, Step
from gateway.engine.layout import Edge, Layout, Point, Size, lay_out
from gateway.engine.steps.listening import GIVEN_UP

MARGIN = 24.0
BOX_WIDTH = 240.0
CHARACTERS = 33  # of a line in a box
MOST_LINES = 2  # of what a step says
LINE = 15.0
HEADING = 26.0
LABEL_LINE = 14.0
GAP = 34.0  # below a box, besides its labels
TITLE = 46.0
BESIDE = 24.0  # between an arrow and the one that comes back
ANSWERED = "answer"  # the label of a way without one, where it shares an arrow with another
AGAIN = "says it again"

BAR = 7.0
MARK = 24.0  # a bar and the words below it

# Looks are attributes, for a picture that stands alone; a page may give the classes others. A style sheet in the picture is refused by
# strict policies.
FONT = "'Noto Sans Devanagari', 'Noto Sans', 'DejaVu Sans', sans-serif"
HEADING_LOOK = 'class="heading" font-size="18" font-weight="bold"'
LABEL_LOOK = 'class="label" font-size="11" stroke="#fff" stroke-width="4" stroke-linejoin="round" paint-order="stroke" text-anchor="middle"'
FRAME_LOOK = {
    "listens": 'class="step listens" fill="#fff" stroke="#333" stroke-width="2.5"',
    "quiet": 'class="step quiet" fill="#fff" stroke="#333" stroke-dasharray="2 3"',
    "": 'class="step" fill="#fff" stroke="#333"',
}
ARROW_LOOK = 'class="arrow" fill="none" stroke="#555" stroke-width="1.2" marker-end="url(#flow-arrow)"'
ARROW = (
    '<defs><marker id="flow-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path class="tip" d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>'
)

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of callers at a step: a bar, `share` of the widest one, the last `lost` of it marked, and words that say the same."""

    share: float
    lost: float
    words: str


@dataclass(frozen=True, slots=True)
class Outline:
    """A step in words, for who cannot see the picture: what it says first, and its ways on as `key → target`."""

    name: str
    kind: str
    said: str
    ways: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """What is written in a step's box."""

    step: Step
    said: tuple[str, ...]
    leaving: tuple[str, ...]
    kind: str
    mark: Mark | None

    @property
    def size(self) -> Size:
        return Size(BOX_WIDTH, HEADING + LINE * (len(self.said) + len(self.leaving)) + (MARK if self.mark else 0) + 6)


def outline(flow: Flow, language: str, defaults: Defaults, said: Translate = str) -> list[Outline]:
    """The steps of a flow in words, the first of them first."""
    return [
        Outline(
            name=name,
            kind=said(flow.steps[name].kind),
            said=_about(flow.steps[name], language),
            ways=tuple(f"{label} → {target}".removeprefix(" ") for target, label in _ways(flow.steps[name], defaults, said)),
        )
        for name in _from_start(flow)
    ]


def draw(flow: Flow, language: str, defaults: Defaults, marks: Mapping[str, Mark] | None = None, said: Translate = str) -> str:
    """The SVG of a flow, its prompts in this language, with marks by step; `said` translates the few words of ours in it."""
    ways = {name: dict(_ways(step, defaults, said)) for name, step in flow.steps.items()}
    boxes = {}
    for name in _from_start(flow):
        leaving = {target: label for target, label in ways[name].items() if target not in flow.steps}
        boxes[name] = _box(flow.steps[name], language, leaving, (marks or {}).get(name), said)
    labels = {(name, target): label for name in boxes for target, label in ways[name].items() if target in flow.steps}
    gaps = {name: GAP + LABEL_LINE * sum(source == name and bool(label) for (source, _), label in labels.items()) for name in boxes}
    layout = lay_out({name: box.size for name, box in boxes.items()}, list(labels), gaps)
    title = f"{flow.title.get(language, '')} ({flow.name})"
    lines = [*_arrows(layout, boxes, labels), *(_drawn_box(boxes[name], name, layout) for name in boxes)]
    width = layout.width + BOX_WIDTH / 2 + 2 * MARGIN
    height = TITLE + layout.tops[-1] + layout.heights[-1] + 2 * MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'role="img" aria-labelledby="flow-title flow-desc" lang="{escape(language)}" class="diagram" font-family="{FONT}" font-size="12" '
        'fill="#111">'
    )
    return "\n".join(
        (
            head,
            f'<title id="flow-title">{escape(title)}</title>',
            f'<desc id="flow-desc">{escape(_description(boxes, ways))}</desc>',
            ARROW,
            f'<rect class="paper" x="0" y="0" width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
            f'<text {HEADING_LOOK} x="{MARGIN:.0f}" y="{MARGIN + 8:.0f}">{escape(title)}</text>',
            f'<g transform="translate({MARGIN:.0f} {MARGIN + TITLE:.0f})">',
            *lines,
            "</g></svg>\n",
        )
    )


# --- what is in it -----------------------------------------------------------------------------------------------------------------


def _from_start(flow: Flow) -> list[str]:
    """The names of the steps, the first of them first."""
    return [flow.start, *(name for name in flow.steps if name != flow.start)]


def _ways(step: Step, defaults: Defaults, said: Translate) -> Iterator[tuple[str, str]]:
    """Target -> its label, the labels of ways to the same target in one."""
    labels: dict[str, list[str]] = {}
    for way in step.ways():
        if way.label != GIVEN_UP or way.target != defaults.give_up:
            labels.setdefault(way.target, []).append(said(way.label) if way.label == GIVEN_UP else way.label)
    for target, several in labels.items():
        yield target, several[0] if len(several) == 1 else ", ".join(label or said(ANSWERED) for label in several)


def _box(step: Step, language: str, leaving: Mapping[str, str], mark: Mark | None, said: Translate) -> Box:
    lines = (f"{label}: {said(AGAIN)}" if target == REPEAT else f"{label} → {target}" for target, label in leaving.items())
    return Box(step, tuple(_wrapped(_about(step, language))), tuple(line.removeprefix(" ") for line in lines), said(step.kind), mark)


def _about(step: Step, language: str) -> str:
    """What a step says first, or does."""
    prompt = next(step.prompts(), None)
    return _words(prompt, language) if prompt else _inner(step)


def _inner(step: Step) -> str:
    """What a step that says nothing is about: its action, or the flow that it runs."""
    return next((str(value) for name in ("action", "flow") if (value := getattr(step, name, ""))), "")


def _words(prompt: Prompt, language: str) -> str:
    parts = prompt.pieces.get(language) or prompt.sms.get(language, ())
    return "".join(f"[{part.name}]" if isinstance(part, Slot) else part.text if isinstance(part, Fragment) else part for part in parts)


def _wrapped(text: str) -> list[str]:
    """The first lines of a text, cut at blanks."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _columns(longer) <= CHARACTERS:
            lines[-1] = longer
        elif len(lines) == MOST_LINES:
            return [*lines[:-1], f"{lines[-1]} …"]
        else:
            lines.append(word if _columns(word) <= CHARACTERS else f"{word[:CHARACTERS]}…")
    return [line for line in lines if line]


def _columns(text: str) -> int:
    """How wide a text is in letters: vowel signs stand over, under or close to theirs."""
    return sum(not unicodedata.category(char).startswith("M") for char in text)


def _description(boxes: Mapping[str, Box], ways: Mapping[str, Mapping[str, str]]) -> str:
    """The same picture for those who hear it."""
    sentences = []
    for name, box in boxes.items():
        on = "; ".join(f"{label} to {target}".removeprefix(" ") for target, label in ways[name].items()) or "the end"
        sentences.append(f"{name} ({box.kind}): {on}.")
    return " ".join(sentences)


# --- how it is drawn ---------------------------------------------------------------------------------------------------------------


def _drawn_box(box: Box, name: str, layout: Layout) -> str:
    x, y = layout.centre[name]
    left, size = x - BOX_WIDTH / 2, box.size
    look = "listens" if box.step.listens else "quiet" if next(box.step.prompts(), None) is None else ""
    radius = 14 if box.step.kind == "end" else 4
    at = f'x="{left + 10:.1f}" y="{{:.1f}}"'
    heading = f'<tspan class="kind" fill="#555">{escape(box.kind)}</tspan> <tspan class="name" font-weight="bold">{escape(name)}</tspan>'
    texts = [f"<text {at.format(y + 18)}>{heading}</text>"]
    for number, line in enumerate((*box.said, *box.leaving)):
        style = ' class="way" font-style="italic"' if number >= len(box.said) else ""
        texts.append(f"<text{style} {at.format(y + HEADING + LINE * (number + 0.75))}>{escape(line)}</text>")
    place = f'x="{left:.1f}" y="{y:.1f}" width="{size.width:.1f}" height="{size.height:.1f}" rx="{radius}"'
    return f"<g><rect {FRAME_LOOK[look]} {place}/>{''.join(texts)}{''.join(_drawn_mark(box, left + 10, y + size.height - MARK))}</g>"


def _drawn_mark(box: Box, x: float, y: float) -> Iterator[str]:
    if box.mark is None:
        return
    whole = (BOX_WIDTH - 20) * min(max(box.mark.share, 0.0), 1.0)
    lost = whole * min(max(box.mark.lost, 0.0), 1.0)
    for look, colour, begin, width in (("passed", "#1c4f63", x, whole - lost), ("lost", "#a3371f", x + whole - lost + 1.5, lost - 1.5)):
        if width > 0:
            yield f'<rect class="{look}" fill="{colour}" x="{begin:.1f}" y="{y:.1f}" width="{width:.1f}" height="{BAR}"/>'
    yield f'<text class="count" font-size="11" x="{x:.1f}" y="{y + BAR + 12:.1f}">{escape(box.mark.words)}</text>'


def _arrows(layout: Layout, boxes: Mapping[str, Box], labels: Mapping[Edge, str]) -> Iterator[str]:
    routes = {(a, b): _route(layout, boxes, labels, (a, b)) for a, b in labels if a != b}
    told: dict[str, int] = {}
    for (a, b), label in labels.items():
        if a == b:
            yield from _loop(layout, boxes, a, label)
            continue
        points = routes[a, b]
        look = ' stroke-dasharray="6 4"' if (a, b) in layout.backward else ""
        yield f'<path {ARROW_LOOK}{look} d="{_curve(points)}"/>'
        if label:
            line = told[a] = told.get(a, -1) + 1
            x, y = _label_place(points, 12 + LABEL_LINE * line)
            yield f'<text {LABEL_LOOK} x="{x:.1f}" y="{y:.1f}">{escape(label)}</text>'


def _route(layout: Layout, boxes: Mapping[str, Box], labels: Mapping[Edge, str], edge: Edge) -> list[Point]:
    """The points of an edge from box to box, through the layers between them."""
    a, b = edge
    upward = (a, b) in layout.backward
    upper, lower = (b, a) if upward else (a, b)
    points = [_port(layout, boxes, upper, (upper, lower), below=True)]
    for bend in layout.bends[upper, lower]:
        x, y = layout.centre[bend]
        points += [(x, y), (x, y + layout.heights[bend[2]])]
    points.append(_port(layout, boxes, lower, (upper, lower), below=False))
    if upward and (b, a) in labels:
        points = [(x + BESIDE, y) for x, y in points]
    return points[::-1] if upward else points


def _port(layout: Layout, boxes: Mapping[str, Box], name: str, edge: Edge, *, below: bool) -> Point:
    """Where an edge leaves or meets a box: those of one side are spread over it in the order of where they lead."""
    mine = [pair for pair in layout.bends if pair[0 if below else 1] == name]

    def leads_to(pair: Edge) -> float:
        bends = layout.bends[pair]
        towards = (bends[0] if below else bends[-1]) if bends else pair[1 if below else 0]
        return layout.centre[towards][0]

    mine.sort(key=leads_to)
    x, y = layout.centre[name]
    share = (mine.index(edge) + 1) / (len(mine) + 1)
    return x + (share - 0.5) * BOX_WIDTH * 0.9, y + (boxes[name].size.height if below else 0)


def _curve(points: list[Point]) -> str:
    (x, y), *rest = points
    path = f"M{x:.1f} {y:.1f}"
    for to_x, to_y in rest:
        middle = (y + to_y) / 2
        path += f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}"
        x, y = to_x, to_y
    return path


def _label_place(points: list[Point], away: float) -> Point:
    """The point of an edge that is so far below (or above) its beginning."""
    (x, y), (to_x, to_y) = points[0], points[1]
    share = min(away / max(abs(to_y - y), 1.0), 1.0)
    eased = 3 * share**2 - 2 * share**3  # the horizontal part of `_curve` over its height, nearly
    return x + (to_x - x) * eased, y + (to_y - y) * share + 4


def _loop(layout: Layout, boxes: Mapping[str, Box], name: str, label: str) -> Iterator[str]:
    """An edge from a box to itself, at its right side."""
    x, y = layout.centre[name]
    right, middle = x + BOX_WIDTH / 2, y + boxes[name].size.height / 2
    out = right + 24
    curve = f"M{right:.1f} {middle - 8:.1f}C{out:.1f} {middle - 14:.1f} {out:.1f} {middle + 14:.1f} {right:.1f} {middle + 8:.1f}"
    yield f'<path {ARROW_LOOK} d="{curve}"/>'
    if label:
        yield f'<text {LABEL_LOOK} x="{right + 22:.1f}" y="{middle - 12:.1f}">{escape(label)}</text>'
