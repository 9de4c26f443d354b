"""Places for the boxes of a diagram: layers by the longest way from the start, each ordered so that few lines cross. Pure, for any graph.

The usual four steps (Sugiyama): turn backward edges round, give every box a layer, let long edges pass other layers through `bends`,
order each layer by where its neighbours stand, then move everything to the middle of its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Name = str
Bend = tuple[Name, Name, int]  # where the edge of two boxes passes a layer
Item = Name | Bend
Edge = tuple[Name, Name]
Point = tuple[float, float]

SWEEPS = 8  # over all layers; later ones change nothing that an eye would see
BEND_WIDTH = 18.0
BETWEEN = 26.0  # two items of a layer


@dataclass(frozen=True, slots=True)
class Size:
    width: float
    height: float


@dataclass(slots=True)
class Layout:
    """`centre` is the middle of an item's upper side. `tops` and `heights` are those of the layers; `backward` edges point upwards."""

    layers: list[list[Item]]
    backward: frozenset[Edge]
    bends: Mapping[Edge, tuple[Bend, ...]]
    centre: dict[Item, Point] = field(default_factory=dict)
    tops: list[float] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)

    @property
    def width(self) -> float:
        return max((x for x, _ in self.centre.values()), default=0)


def lay_out(sizes: Mapping[Name, Size], edges: Sequence[Edge], gaps: Mapping[Name, float]) -> Layout:
    """Places for boxes of these sizes, the first of which is the start; below a box is room for `gaps` of it, for labels."""
    backward = frozenset(_backward(list(sizes), edges))
    downward = [(b, a) if (a, b) in backward else (a, b) for a, b in edges if a != b]
    rank = _ranks(list(sizes), downward)
    bends = {(a, b): tuple((a, b, layer) for layer in range(rank[a] + 1, rank[b])) for a, b in downward}
    layers: list[list[Item]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for name in sizes:
        layers[rank[name]].append(name)
    for passed in bends.values():
        for bend in passed:
            layers[bend[2]].append(bend)
    layout = Layout(layers, backward, bends)
    links = [link for edge, passed in bends.items() for link in _chain(edge, passed)]
    above, below = _neighbours(links), _neighbours((b, a) for a, b in links)
    _order(layers, above, below)
    _place(layout, sizes, gaps, (above, below))
    return layout


def _chain(edge: Edge, passed: tuple[Bend, ...]) -> list[tuple[Item, Item]]:
    stops: list[Item] = [edge[0], *passed, edge[1]]
    return list(pairwise(stops))


def _neighbours(links: Iterable[tuple[Item, Item]]) -> dict[Item, list[Item]]:
    """Item -> those above it, for links that point down."""
    found: dict[Item, list[Item]] = {}
    for a, b in links:
        found.setdefault(b, []).append(a)
    return found


def _backward(names: Sequence[Name], edges: Iterable[Edge]) -> set[Edge]:
    """The edges that close a circle, as a walk in depth from the first box meets them."""
    ways: dict[Name, list[Name]] = {}
    for a, b in edges:
        ways.setdefault(a, []).append(b)
    closing: set[Edge] = set()
    done: set[Name] = set()
    for start in names:
        if start in done:
            continue
        path, walk = {start}, [(start, iter(ways.get(start, ())))]
        while walk:
            here, rest = walk[-1]
            there = next(rest, None)
            if there is None:
                walk.pop()
                path.discard(here)
                done.add(here)
            elif there in path:
                closing.add((here, there))
            elif there not in done:
                path.add(there)
                walk.append((there, iter(ways.get(there, ()))))
    return closing


def _ranks(names: Sequence[Name], edges: Sequence[Edge]) -> dict[Name, int]:
    """The longest way to each box, in edges."""
    rank = dict.fromkeys(names, 0)
    for _ in names:
        changed = False
        for a, b in edges:
            if rank[b] <= rank[a]:
                rank[b], changed = rank[a] + 1, True
        if not changed:
            break
    return rank


def _order(layers: list[list[Item]], above: Mapping[Item, list[Item]], below: Mapping[Item, list[Item]]) -> None:
    """Order each layer by the mean place of its neighbours, downwards and upwards in turn."""
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        neighbours = above if downwards else below
        for layer in layers if downwards else reversed(layers):
            place = {item: index for other in layers for index, item in enumerate(other)}
            layer.sort(key=lambda item: _mean([place[other] for other in neighbours.get(item, ())], place[item]))


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _place(
    layout: Layout,
    sizes: Mapping[Name, Size],
    gaps: Mapping[Name, float],
    sides: tuple[Mapping[Item, list[Item]], Mapping[Item, list[Item]]],
) -> None:
    """Set the tops of the layers, and move every item towards the middle of its neighbours as far as there is room."""
    x: dict[Item, float] = {}
    widths = {item: sizes[item].width if isinstance(item, str) else BEND_WIDTH for layer in layout.layers for item in layer}
    top = 0.0
    for layer in layout.layers:
        boxes = [item for item in layer if isinstance(item, str)]
        layout.tops.append(top)
        layout.heights.append(max(sizes[name].height for name in boxes))
        top += layout.heights[-1] + max(gaps[name] for name in boxes)
        _spread(layer, dict.fromkeys(layer, 0.0), widths, x)
    for sweep in range(SWEEPS):
        neighbours = sides[sweep % 2]
        for layer in layout.layers if sweep % 2 == 0 else layout.layers[::-1]:
            wanted = {item: _mean([x[other] for other in neighbours.get(item, ())], x[item]) for item in layer}
            _spread(layer, wanted, widths, x)
    left = min((x[item] - widths[item] / 2 for item in x), default=0.0)
    for index, layer in enumerate(layout.layers):
        for item in layer:
            layout.centre[item] = (x[item] - left, layout.tops[index])


def _spread(layer: Sequence[Item], wanted: Mapping[Item, float], widths: Mapping[Item, float], x: dict[Item, float]) -> None:
    """Put the items of a layer where they are wanted, in their order and without touching: pushed right, then back by the mean push."""
    edge = float("-inf")
    for item in layer:
        x[item] = max(wanted[item], edge + widths[item] / 2)
        edge = x[item] + widths[item] / 2 + BETWEEN
    push = _mean([x[item] - wanted[item] for item in layer], 0.0)
    for item in layer:
        x[item] -= push
