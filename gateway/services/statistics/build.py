"""From counted groups to tables: the order of rows, totals, and which cells are withheld."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

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
    """The names of values in one language. `schemes` are titles by code; trades are phrases of flows/phrases.yaml."""

    language: str
    phrases: Mapping[str, Mapping[str, str]]
    schemes: Mapping[str, Mapping[str, str]]

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
    return Labels(language, gateway.catalogue.phrases, schemes)


def in_order(kind: str, keys: Iterable[Key], phrases: Iterable[str]) -> list[Key]:
    """The values in the order in which they are always shown, which tells nothing of their counts; unknown comes last."""
    known = list(VALUES.get(kind, phrases if kind == "trade" else ()))
    place = {key: index for index, key in enumerate(known)}
    return sorted(set(keys), key=lambda key: (key is None, place.get(key or "", len(place)), key or ""))


# --- one group ---------------------------------------------------------------------------------------------------------------------

Extra = tuple[str, str, Callable[[Counted], int]]  # the heading of a further column, its format, and what stands in it


@dataclass(frozen=True, slots=True)
class Shape:
    """What a table is about: its name and title, what the first column names (`kind` of Labels.value, `group` of its heading), what is
    counted (a key of HEADINGS), further columns, and a note besides that on what is withheld."""

    name: str
    title: str
    kind: str
    group: str
    counted: str
    extras: Sequence[Extra] = ()
    note: str = ""
    plot: str = "bar"


def one_way(shape: Shape, words: Labels, counted: Sequence[Counted], total: Counted, least_known: Mapping[Key, int] | None = None) -> Table:
    """A row for each group, and one for all of them. `least_known` is how many of each group the reader knows herself."""
    by_key = {row.keys[0]: row for row in counted}
    keys = in_order(shape.kind, by_key, words.phrases)
    if shape.kind == "month":
        keys = [*_without_gaps([key for key in keys if key])]
    rows = [by_key.get(key, Counted((key,), 0, 0)) for key in keys]
    grid = disclosure.with_totals([[row.number for row in rows]])
    known = [max(1, least_known.get(key, 0)) for key in keys] if least_known else []
    people = [*(row.people for row in rows), total.people]
    holes = disclosure.withheld(grid, [people], [[*known, sum(known)]] if least_known else None)
    names = [*(words.value(shape.kind, key) for key in keys), words.heading("total")]
    lines = [
        _line(name, row, shape.extras, hidden=hole)
        for name, row, hole in zip(names, [*rows, total], holes[0] if holes else [], strict=False)
    ]
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


@dataclass(frozen=True, slots=True)
class Crossed:
    """Counts by two groups, with what is needed of the totals: how many people stand behind each."""

    cells: Sequence[Counted]
    of_rows: Mapping[Key, int]
    of_columns: Mapping[Key, int]
    people: int


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
    holes = disclosure.withheld(grid, people)
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
