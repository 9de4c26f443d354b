"""From counted groups to tables: the order of rows, totals, and which cells are withheld."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from gateway.core import disclosure, places
from gateway.core.calendar import NEPAL, to_bs
from gateway.language import speech
from gateway.services.statistics.table import Table, Value
from gateway.services.statistics.words import GROUPS, HEADINGS, VALUES, pick
from gateway.services.statistics.writing import shown
from gateway.store.statistics import Counted

if TYPE_CHECKING:
    from gateway.services.context import Gateway

Key = str | None


@dataclass(frozen=True, slots=True)
class Labels:
    """The names of values in one language. `schemes` are titles by code, `lessons` by name; trades are phrases of flows/phrases.yaml."""

    language: str
    phrases: Mapping[str, Mapping[str, str]]
    schemes: Mapping[str, Mapping[str, str]]
    lessons: Mapping[str, Mapping[str, str]]

    def heading(self, name: str) -> str:
        return pick(HEADINGS[name], self.language)

    def group(self, name: str) -> str:
        return pick(GROUPS[name], self.language)

    def value(self, kind: str, key: Key) -> str:
        """What a value is called; `kind` is a group or a key of VALUES."""
        if key is None:
            return self.heading("none" if kind == "scheme" else "unknown")
        if kind in VALUES:
            known = VALUES[kind].get(key)
            return pick(known, self.language) if known else key
        named = {"trade": self._trade, "scheme": self._scheme, "month": self.month}.get(kind, self._place)
        return named(key)

    def month(self, month: str) -> str:
        """2083-08 as मंसिर २०८३."""
        year, _, _ = month.partition("-")
        return f"{speech.write(self.language, 'month', month)} {speech.write(self.language, 'digits', year)}"

    def day(self, instant: datetime) -> str:
        """The day in Nepal, with its year."""
        day = instant.astimezone(NEPAL).date()
        year = to_bs(day).year if self.language == "ne" else day.year
        return f"{speech.write(self.language, 'date', day)}, {speech.write(self.language, 'digits', year)}"

    def number(self, number: int) -> str:
        return shown(number, "count", self.language)

    def _trade(self, key: str) -> str:
        text = self.phrases.get(key, {}).get(self.language, key)
        return text[:1].upper() + text[1:]

    def _scheme(self, key: str) -> str:
        return self.schemes.get(key, {}).get(self.language, key)

    def _place(self, key: str) -> str:
        return places.find(key).name(self.language) if places.is_place(key) else key


def labels(gateway: Gateway, language: str, schemes: Mapping[str, Mapping[str, str]]) -> Labels:
    """The names as this installation's flows have them."""
    lessons = {lesson.name: lesson.title for lesson in gateway.catalogue.lessons.values()}
    return Labels(language, gateway.catalogue.phrases, schemes, lessons)


def in_order(kind: str, keys: Iterable[Key], phrases: Iterable[str]) -> list[Key]:
    """The values in the order in which they are always shown, which tells nothing of their counts; unknown comes last."""
    known = list(VALUES.get(kind, phrases if kind == "trade" else ()))
    place = {key: index for index, key in enumerate(known)}
    return sorted(set(keys), key=lambda key: (key is None, place.get(key or "", len(place)), key or ""))


# --- one group ---------------------------------------------------------------------------------------------------------------------


class Hidden(NamedTuple):
    """Which rows are withheld, and whether their total is."""

    keys: frozenset[Key]
    total: bool = False


def hidden_of(rows: Sequence[Counted], total: Counted, least_known: Mapping[Key, int] | None = None) -> Hidden:
    """What is withheld of rows that add up to the total. `least_known` is how many of each row the reader knows herself."""
    grid = disclosure.with_totals([[row.number for row in rows]])
    people = [*(row.people for row in rows), total.people]
    known = [max(1, least_known.get(row.keys[0], 0)) for row in rows] if least_known is not None else []
    (holes,) = disclosure.withheld(grid, [people], [[*known, sum(known)]] if known else None)
    return Hidden(frozenset(row.keys[0] for row, hole in zip(rows, holes, strict=False) if hole), holes[-1])


def hidden_inside(rows: Sequence[Counted], above: Hidden, group_of: Callable[[str], str]) -> Hidden:
    """What is withheld of rows whose sums by group stand in another table, which withholds `above`. Unknown is a group of its own."""
    groups: dict[Key, list[Counted]] = {}
    for row in rows:
        groups.setdefault(group_of(row.keys[0]) if row.keys[0] else None, []).append(row)
    # The unknown are no more than one row, whose sum nobody shows besides.
    hidden = [at for at, group in enumerate(groups) if group is None or group in above.keys]
    masks = disclosure.withheld_in_groups([[row.number for row in group] for group in groups.values()], hidden)
    cells = ((row.keys[0], hole) for group, mask in zip(groups.values(), masks, strict=True) for row, hole in zip(group, mask, strict=True))
    return Hidden(frozenset(key for key, hole in cells if hole), above.total)


Extra = tuple[str, str, Callable[[Counted], int]]  # the heading of a further column, its format, and what stands in it


@dataclass(frozen=True, slots=True)
class Shape:
    """What a table is about: its name and title, what the first column names (`kind` of Labels.value, `group` of its heading), what is
    counted (a key of HEADINGS), further columns, and a note besides that on what is withheld. Rows that are `apart` are in no total."""

    name: str
    title: str
    kind: str
    group: str
    counted: str
    extras: Sequence[Extra] = ()
    note: str = ""
    plot: str = "bar"
    apart: frozenset[str] = frozenset()


def one_way(shape: Shape, words: Labels, counted: Sequence[Counted], people: int | None = None, hidden: Hidden | None = None) -> Table:
    """A row for each group, and one for all of them. `people` stand behind them all together, if they are not just their sum."""
    by_key = {row.keys[0]: row for row in counted}
    keys = in_order(shape.kind, by_key, words.phrases)
    if shape.kind == "month":
        keys = [*_without_gaps([key for key in keys if key])]
    rows = [by_key.get(key, Counted((key,), 0, 0)) for key in keys]
    added = [row for row in rows if row.keys[0] not in shape.apart]
    total = Counted(
        ("total",),
        sum(row.number for row in added),
        sum(row.people for row in added) if people is None else people,
        sum(row.paisa for row in added),
    )
    holes = hidden or hidden_of(added, total)
    few = {row.keys[0] for row in rows if row.keys[0] in shape.apart and 0 < row.people < disclosure.LEAST}
    lines = [_line(words.value(shape.kind, row.keys[0]), row, shape.extras, hidden=row.keys[0] in holes.keys | few) for row in rows]
    lines.append(_line(words.heading("total"), total, shape.extras, hidden=holes.total))
    return Table(
        name=shape.name,
        language=words.language,
        title=shape.title,
        header=(words.group(shape.group), words.heading(shape.counted), *(words.heading(name) for name, _, _ in shape.extras)),
        formats=("text", "count", *(form for _, form, _ in shape.extras)),
        rows=tuple(lines) if rows else (),
        own_note=shape.note,
        plot=shape.plot,
    )


def _line(name: str, row: Counted, extras: Sequence[Extra], *, hidden: bool) -> tuple[Value, ...]:
    cells: list[Value] = [row.number, *(value(row) for _, _, value in extras)]
    return (name, *(None for _ in cells)) if hidden else (name, *cells)


def _without_gaps(months: Sequence[str]) -> Iterable[str]:
    """All months from the first to the last: in some of them there was nothing."""
    if not months:
        return
    month = months[0]
    while month <= months[-1]:
        yield month
        year, _, number = month.partition("-")
        month = f"{int(year) + 1}-01" if number == "12" else f"{year}-{int(number) + 1:02}"


# --- two groups --------------------------------------------------------------------------------------------------------------------


SHOWN = Hidden(frozenset())


@dataclass(frozen=True, slots=True)
class Crossed:
    """Counts by two groups, with what is needed of the totals: how many people stand behind each."""

    cells: Sequence[Counted]
    of_rows: Mapping[Key, int]
    of_columns: Mapping[Key, int]
    people: int
    hidden_rows: Hidden = SHOWN  # in the table by the first group alone, and by the second
    hidden_columns: Hidden = SHOWN


def two_way(shape: Shape, across: str, words: Labels, crossed: Crossed) -> Table:
    """A row for each value of one group (`shape.kind`) and a column for each of the other (`across`), with totals of both."""
    by_keys = {row.keys: row for row in crossed.cells}
    downs = in_order(shape.kind, (row.keys[0] for row in crossed.cells), words.phrases)
    if shape.kind == "month":
        downs = [*_without_gaps([key for key in downs if key])]
    acrosses = in_order(across, (row.keys[1] for row in crossed.cells), words.phrases)
    nothing = Counted((), 0, 0)
    grid = disclosure.with_totals([[by_keys.get((down, key), nothing).number for key in acrosses] for down in downs])
    people = [[*(by_keys.get((down, key), nothing).people for key in acrosses), crossed.of_rows.get(down, 0)] for down in downs]
    if len(downs) > 1:
        people.append([*(crossed.of_columns.get(key, 0) for key in acrosses), crossed.people])
    hidden = [(at, len(acrosses)) for at, down in enumerate(downs) if down in crossed.hidden_rows.keys]
    hidden += [(len(downs), at) for at, key in enumerate(acrosses) if len(downs) > 1 and key in crossed.hidden_columns.keys]
    holes = disclosure.withheld(grid, people, hidden=hidden)
    names = [words.value(shape.kind, down) for down in downs] + [words.heading("total")] * (len(downs) > 1)
    lines: list[tuple[Value, ...]] = [
        (name, *(None if hole else number for number, hole in zip(numbers, hidden, strict=True)))
        for name, numbers, hidden in zip(names, grid, holes, strict=True)
    ]
    header = (words.group(shape.group), *(words.value(across, key) for key in acrosses), words.heading("total"))
    return Table(
        name=shape.name,
        language=words.language,
        title=shape.title,
        header=header,
        formats=("text", *("count" for _ in header[1:])),
        rows=tuple(lines),
        own_note=shape.note,
        totals=len(downs) > 1,
        plot=shape.plot,
        plotted=tuple(range(1, len(header) - 1)),
    )


def split(number_of: Mapping[str, int]) -> list[int | None]:
    """The numbers of one row with their total at the end, those withheld as None: of a table whose columns have no totals.

    >>> split({"yes": 12, "no": 3, "late": 9})
    [12, None, None, 24]
    """
    grid = disclosure.with_totals([list(number_of.values())])
    return [None if hole else number for number, hole in zip(grid[0], disclosure.withheld(grid)[0], strict=True)]
