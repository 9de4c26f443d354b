"""Nothing that is withheld can be worked out: a solver that knows the whole table but the holes tries."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from gateway.core.disclosure import LEAST, with_totals, withheld, withheld_in_groups

Table = list[list[int]]
MOST_TRIES = 50_000


def lines(table: Table) -> Iterator[list[tuple[int, int]]]:
    """The cells of each line, its total last."""
    yield from ([(row, column) for column in range(len(cells))] for row, cells in enumerate(table))
    if len(table) > 1:
        yield from ([(row, column) for row in range(len(table))] for column in range(len(table[0])))


def values_that_fit(table: Table, mask: list[list[bool]], most: int) -> dict[tuple[int, int], set[int]]:
    """All values that each hole has in any table of positive holes that shows the same, as far as `most`: by trying them all.

    An independent way: no network, only each line's sum. It stops looking at a hole once it has two values.
    """
    holes = [(row, column) for row, cells in enumerate(mask) for column, hole in enumerate(cells) if hole]
    found: dict[tuple[int, int], set[int]] = {hole: set() for hole in holes}
    known = {(r, c): n for r, cells in enumerate(table) for c, n in enumerate(cells) if not mask[r][c]}
    of_hole = {hole: [line for line in lines(table) if hole in line] for hole in holes}

    def fits(filled: dict[tuple[int, int], int], hole: tuple[int, int]) -> bool:
        for line in of_hole[hole]:
            *cells, total = line
            have = sum(filled[cell] for cell in cells if cell in filled)
            waiting = sum(cell not in filled for cell in cells)
            if total in filled and (have + waiting > filled[total] or (not waiting and have != filled[total])):
                return False
        return True

    tries = itertools.count()

    def fill(filled: dict[tuple[int, int], int], left: list[tuple[int, int]]) -> bool:
        """Whether every hole has two values by now."""
        if next(tries) > MOST_TRIES:
            reject()  # a table with so many ways to fill it says nothing within reasonable time
        if not left:
            for hole in holes:
                found[hole].add(filled[hole])
            return all(len(values) > 1 for values in found.values())
        hole, *rest = left
        true = table[hole[0]][hole[1]]
        for value in sorted(range(1, most + 1), key=lambda candidate: abs(candidate - true)):
            filled[hole] = value
            if fits(filled, hole) and fill(filled, rest):
                return True
            del filled[hole]
        return False

    fill(known, holes)
    return found


counts = st.one_of(st.just(0), st.integers(1, 6), st.integers(5, 9))
small_tables = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda size: st.lists(st.lists(counts, min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0])
)
tables = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda size: st.lists(
        st.lists(st.one_of(st.integers(0, 8), st.integers(0, 4000)), min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0]
    )
)


@settings(max_examples=120, deadline=None)
@given(small_tables)
def test_no_hole_of_a_small_table_has_one_value_only(inner: Table) -> None:
    table = with_totals(inner)
    mask = withheld(table)
    most = max(map(max, table)) + 2
    for hole, values in values_that_fit(table, mask, most).items():
        assert len(values) > 1, (table, mask, hole)


@settings(max_examples=100, deadline=None)
@given(tables)
def test_every_small_count_is_withheld_and_no_zero(inner: Table) -> None:
    table = with_totals(inner)
    mask = withheld(table)
    for row, holes in zip(table, mask, strict=True):
        for count, hole in zip(row, holes, strict=True):
            assert hole or not 0 < count < LEAST
            assert not (hole and count == 0)


@settings(max_examples=100, deadline=None)
@given(tables)
def test_a_line_has_no_hole_or_two_and_they_are_five_people_together(inner: Table) -> None:
    table = with_totals(inner)
    mask = withheld(table)
    for line in lines(table):
        hidden = [cell for cell in line if mask[cell[0]][cell[1]]]
        assert len(hidden) != 1
        if hidden and line[-1] not in hidden:
            assert sum(table[row][column] for row, column in hidden) >= LEAST


@settings(max_examples=60, deadline=None)
@given(small_tables, st.data())
def test_few_people_behind_many_entries_are_withheld_too(inner: Table, data: st.DataObject) -> None:
    table = with_totals(inner)
    people = [[data.draw(st.integers(1, count)) if count else 0 for count in row] for row in table]
    mask = withheld(table, people)
    for entries, persons, holes in zip(table, people, mask, strict=True):
        assert all(hole or not count or number >= LEAST for count, number, hole in zip(entries, persons, holes, strict=True))
    for hole, values in values_that_fit(table, mask, max(map(max, table)) + 2).items():
        assert len(values) > 1, (table, mask, hole)


def test_a_table_without_small_counts_is_shown_whole() -> None:
    table = with_totals([[5, 0, 12], [9, 7, 0]])
    assert not any(any(row) for row in withheld(table))


def test_two_ones_do_not_hide_one_another() -> None:
    """1 + 1 of a total of 22: whoever knows that neither is zero knows both."""
    assert withheld(with_totals([[20, 1, 1]])) == [[True, True, True, False]]


def test_a_whole_table_of_few_people_is_withheld_with_its_total() -> None:
    assert withheld(with_totals([[3]])) == [[True, True]]
    assert withheld(with_totals([[3, 0], [0, 0]])) == [[True, False, True], [False, False, False], [True, False, True]]


def test_an_empty_table_stays_empty() -> None:
    assert withheld([]) == []
    assert withheld(with_totals([])) == []


def test_what_somebody_knows_already_is_no_hiding_place() -> None:
    """Six of the eight are her own: that she sees eight tells her of two others."""
    others = with_totals([[2, 40, 9]])
    assert withheld(others, least_known=[[0, 0, 0, 0]])[0][0]


def test_margins_that_another_table_withholds_stay_withheld() -> None:
    table = with_totals([[20, 30], [40, 50], [60, 70]])
    mask = withheld(table, hidden=[(0, 2), (1, 2)])
    assert mask[0][2]
    assert mask[1][2]
    assert all(len(values) > 1 for values in values_that_fit(table, mask, 95).values())


@settings(max_examples=120, deadline=None)
@given(st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=3), min_size=1, max_size=3))
def test_a_table_of_smaller_places_is_not_worked_out_with_that_of_larger_ones(groups: Table) -> None:
    """Districts with their provinces: whoever has both tables finds two values for each hole in either."""
    sums = [sum(group) for group in groups]
    assume(all(sum(1 for count in group if count) != sum(group) or sum(group) < LEAST for group in groups))  # nothing but ones
    assume(any(count > 1 for group in groups for count in group))
    (above,) = withheld(with_totals([sums]))
    hidden = [at for at in range(len(groups)) if above[at]]
    mask = withheld_in_groups(groups, hidden)
    holes = [(group, at) for group, cells in enumerate(mask) for at, hole in enumerate(cells) if hole]
    assert set(holes) >= {(g, at) for g, cells in enumerate(groups) for at, count in enumerate(cells) if 0 < count < LEAST}
    found: dict[tuple[int, int], set[int]] = {hole: set() for hole in holes}
    ranges = [range(max(1, groups[g][at] - 1), groups[g][at] + 2) for g, at in holes]
    for guess in itertools.product(*ranges):
        filled = [list(group) for group in groups]
        for (group, at), value in zip(holes, guess, strict=True):
            filled[group][at] = value
        fits = all(at in hidden or sum(filled[at]) == sums[at] for at in range(len(groups)))
        whole = sum(map(sum, filled)) == sum(sums) or above[-1]
        if fits and whole and all(sum(filled[at]) >= 1 for at in hidden):
            for hole, value in zip(holes, guess, strict=True):
                found[hole].add(value)
    assert all(len(values) > 1 for values in found.values()), (groups, mask, hidden)
