"""Withholding: which cells of a table are not shown, so that nobody can read out of it what concerns a few people.

Three rules, held against a solver in tests/statistics/test_disclosure.py:

1. A count of 1 to 4 people is withheld, in the cells and in the totals alike. Zero is shown: nobody is described by it, and a table full
   of holes where nobody is would tell less and hide nothing.
2. What is withheld cannot be worked out from what is shown. Whoever knows the table, all its totals, and that no withheld count is zero,
   finds at least two values for each withheld cell. Where that takes more cells, the smallest that do are withheld as well.
3. What is withheld of one line together is no small count either: a row whose shown cells and total leave 3 tells of three people.

Tables that share totals are withheld together: those of districts with those of provinces, those by two groups with those by one.
What this does not cover: two tables that differ by one more filter (all of a district, and all but one trade of it) can be subtracted
from one another, and so can the same table of two days. docs/statistics.md says what to do about it.

>>> table = with_totals([[12, 3, 9], [10, 8, 7]])
>>> for row, holes in zip(table, withheld(table), strict=True):
...     print(*("--" if hole else f"{count:2}" for count, hole in zip(row, holes, strict=True)))
12 -- -- 24
10 -- -- 25
22 11 16 49
>>> table = with_totals([[20, 2, 1]])
>>> withheld(table)
[[True, True, True, False]]
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

LEAST = 5  # people; what concerns fewer is withheld

Grid = Sequence[Sequence[int]]
Mask = list[list[bool]]
Cell = tuple[int, int]
Node = tuple[str, int]
NOWHERE: Node = ("nowhere", 0)


def with_totals(counts: Grid) -> list[list[int]]:
    """The table with a total at the end of each row and, where it has several rows, a row of totals.

    >>> with_totals([[1, 2], [3, 4]])
    [[1, 2, 3], [3, 4, 7], [4, 6, 10]]
    """
    rows = [[*row, sum(row)] for row in counts]
    return [*rows, [sum(column) for column in zip(*rows, strict=True)]] if len(rows) > 1 else rows


def withheld(table: Grid, people: Grid | None = None, least_known: Grid | None = None, hidden: Sequence[Cell] = ()) -> Mask:
    """Which cells of a table with its totals (`with_totals`) must not be shown: True where one is withheld.

    `people` says how many persons stand behind each cell where that is not its count: entries of a ledger, for example. `least_known` is
    what everybody knows each withheld cell to be at least: 1, unless somebody knows a part of the table already. `hidden` are cells that
    another table withholds.
    """
    if not table or not table[0]:
        return [[] for _ in table]
    return _solved(_Table(table, least_known), people, hidden)


def shown(counts: Sequence[int]) -> list[int | None]:
    """The answers to one question with their total at the end, those withheld as None: alone, so that all must be somewhere among them.

    Where one is withheld, so are those that are nobody: else a lone withheld count would say what everybody answered.

    >>> shown([12, 8, 0]), shown([20, 2, 0]), shown([3, 0, 0])
    ([12, 8, 0, 20], [None, None, None, 22], [None, None, None, None])
    """
    grid = with_totals([counts])
    (holes,) = withheld(grid)
    return [None if hole or (any(holes) and not count) else count for count, hole in zip(grid[0], holes, strict=True)]


def withheld_in_groups(groups: Sequence[Sequence[int]], hidden: Sequence[int]) -> list[list[bool]]:
    """The same for one row of counts of which another table shows the sums by group: districts, of which it shows the provinces.

    `hidden` are the positions of the groups whose sums are withheld there. All counts together are shown.

    >>> withheld_in_groups([[40, 3, 9], [50, 60]], hidden=[])
    [[False, True, True], [False, False]]
    """
    if not groups:
        return []
    width = max(map(len, groups))
    rows = [[*group, *[0] * (width - len(group)), sum(group)] for group in groups]
    table = [*rows, [*[0] * width, sum(map(sum, groups))]]
    mask = _solved(_Table(table, None, columns_add_up=False), None, [(group, width) for group in hidden])
    return [row[: len(group)] for row, group in zip(mask, groups, strict=False)]


def _solved(table: _Table, people: Grid | None, hidden: Sequence[Cell]) -> Mask:
    for cell in table.cells():
        count = table.count(cell)
        if count and (0 < count < LEAST or (people is not None and people[cell[0]][cell[1]] < LEAST)):
            table.withhold(cell)
    for cell in hidden:
        if table.count(cell):
            table.withhold(cell)
    while table.protect_cells() or table.protect_lines():
        pass
    return table.mask


@dataclass(slots=True)
class _Table:
    """A table as a network: each row and each column is a node, each cell an edge between its row and its column.

    Another table that shows the same has in each line as much added as taken away, so the differences run in circles through the
    withheld cells. A cell can be worked out exactly where no circle goes through it. (Totals count with the opposite sign: raising one
    takes the way of lowering a cell.)
    """

    table: Grid
    least_known: Grid | None
    columns_add_up: bool = True  # else only the last one, of totals, does
    mask: Mask = field(init=False)

    def __post_init__(self) -> None:
        self.mask = [[False] * len(row) for row in self.table]

    def count(self, cell: Cell) -> int:
        return self.table[cell[0]][cell[1]]

    def cells(self) -> Iterator[Cell]:
        return ((row, column) for row, cells in enumerate(self.table) for column in range(len(cells)))

    def withhold(self, cell: Cell) -> None:
        self.mask[cell[0]][cell[1]] = True

    def is_withheld(self, cell: Cell) -> bool:
        return self.mask[cell[0]][cell[1]]

    def protect_cells(self) -> bool:
        """Withhold, for each cell that can be worked out, the cheapest circle through it; whether there was one."""
        found = False
        for cell in [cell for cell in self.cells() if self.is_withheld(cell)]:
            circle = min((way for way in (self._circle(cell, up=True), self._circle(cell, up=False)) if way), key=lambda way: way[0])
            for other in circle[1]:
                found = found or not self.is_withheld(other)
                self.withhold(other)
        return found

    def protect_lines(self) -> bool:
        """Withhold one more cell of a line whose withheld cells are few people together, unless its total is withheld too."""
        for line in self._lines():
            hidden = [cell for cell in line if self.is_withheld(cell)]
            *cells, total = line
            if hidden and total not in hidden and self.count(total) - sum(self.count(cell) for cell in cells if cell not in hidden) < LEAST:
                shown = [cell for cell in cells if cell not in hidden and self.count(cell)]
                self.withhold(min(shown, key=self.count) if shown else total)
                return True
        return False

    def _lines(self) -> Iterator[list[Cell]]:
        """The cells of each row, and of each column where there are several rows, the total last."""
        yield from ([(row, column) for column in range(len(cells))] for row, cells in enumerate(self.table))
        if len(self.table) > 1:
            last = len(self.table[0]) - 1
            columns = range(last + 1) if self.columns_add_up else (last,)
            yield from ([(row, column) for row in range(len(self.table))] for column in columns)

    def _ends(self, cell: Cell) -> tuple[Node, Node]:
        """Row and column. Lines that have no total are all one node, which needs no balance."""
        row, column = cell
        is_of_totals = column == len(self.table[0]) - 1
        above: Node = ("column", column)
        if len(self.table) == 1 or not (self.columns_add_up or is_of_totals):
            above = NOWHERE
        is_grand_total = is_of_totals and row == len(self.table) - 1
        return (NOWHERE if is_grand_total and not self.columns_add_up else ("row", row)), above

    def _sign(self, cell: Cell) -> bool:
        """Whether raising the cell goes from its row to its column: totals go the other way, and the grand total as cells do."""
        row, column = cell
        is_row_total = column == len(self.table[0]) - 1
        is_column_total = len(self.table) > 1 and row == len(self.table) - 1
        return is_row_total == is_column_total

    def _can_fall(self, cell: Cell) -> bool:
        least = 1 if self.least_known is None else self.least_known[cell[0]][cell[1]]
        return self.count(cell) > least

    def _circle(self, cell: Cell, *, up: bool) -> tuple[int, list[Cell]] | None:
        """The cheapest circle by which `cell` may be higher (`up`) or lower than it is: its price, and its cells. None: there is none."""
        if not up and not self._can_fall(cell):
            return None
        row, column = self._ends(cell)
        start, goal = (column, row) if self._sign(cell) == up else (row, column)
        ways = self._ways(cell)
        best: dict[Node, int] = {start: 0}
        came: dict[Node, tuple[Node, Cell]] = {}
        queue = [(0, start)]
        while queue:
            price, node = heapq.heappop(queue)
            if node == goal:
                break
            for step, target, other in ways[node]:
                if price + step < best.get(target, 1 << 62) and price <= best[node]:
                    best[target] = price + step
                    came[target] = (node, other)
                    heapq.heappush(queue, (price + step, target))
        if goal not in came:
            return None
        circle, node = [cell], goal
        while node != start:
            node, other = came[node]
            circle.append(other)
        return best[goal], circle

    def _ways(self, besides: Cell) -> dict[Node, list[tuple[int, Node, Cell]]]:
        """From each node: the price of a step, where it leads, and by which cell. Zeros are shown, so no way goes through them.

        To withhold what is withheld already costs nothing; cells cost their count and totals more, since they tell most.
        """
        ways: dict[Node, list[tuple[int, Node, Cell]]] = defaultdict(list)
        everything = sum(map(sum, self.table))
        for cell in self.cells():
            if cell == besides or not self.count(cell):
                continue
            is_total = cell[1] == len(self.table[0]) - 1 or (len(self.table) > 1 and cell[0] == len(self.table) - 1)
            price = 0 if self.is_withheld(cell) else self.count(cell) + 1 + (everything if is_total else 0)
            row, column = self._ends(cell)
            if not self._sign(cell):
                row, column = column, row
            ways[row].append((price, column, cell))
            if self._can_fall(cell):
                ways[column].append((price, row, cell))
        return ways
