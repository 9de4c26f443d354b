"""What a kind of file is to the job that takes it in: its columns, and a writer that takes its rows a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Literal, NamedTuple, Protocol, TypeVar

from gateway.services.imports.columns import Column, Refusal, Row

if TYPE_CHECKING:
    from gateway.services.access import Actor
    from gateway.services.context import Gateway
    from gateway.store.database import Connection

What = Literal["added", "changed", "known", "refused"]


@dataclass(frozen=True, slots=True)
class Setting:
    """For whom a file is taken in and how: a dry run writes nothing; two names on a phone go in only with `shared_phones`."""

    gateway: Gateway
    actor: Actor
    dry_run: bool
    shared_phones: bool


class Outcome(NamedTuple):
    """What becomes of a row, and what is to be said of it. Of a refused row the notes are the reasons."""

    what: What
    notes: tuple[Refusal, ...] = ()


E = TypeVar("E")  # a row that was read: its values, with what is personal already sealed


class Writer(Protocol[E]):
    """Takes the rows of one file in their order. `recalls`: it must know the rows before those that it takes.

    `import_id` is set before the first row is taken; in a dry run it stays None.
    """

    recalls: bool
    import_id: str | None

    def prepare(self, row: Row) -> E | list[Refusal]:
        """Read a row; where it cannot be taken, all that is wrong with it. Nothing of the database is needed for it."""

    def take(self, db: Connection, entries: Sequence[E], now: datetime) -> list[Outcome]:
        """Decide about these rows and write them, in the caller's transaction; in a dry run decide only.

        It is called again with the same rows where that transaction was undone.
        """

    def recall(self, db: Connection, entries: Sequence[E]) -> None:
        """Rows that were taken before the job stopped: remember what is needed of them for the rows behind."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[E]):
    """A kind of file. Of each group of columns in `required`, one must be there."""

    name: str
    columns: tuple[Column, ...]
    required: tuple[Collection[str], ...]
    writer: Callable[[Setting], Writer[E]]

    @property
    def readers(self) -> Mapping[str, Callable[[str], object]]:
        """How the cells of each column are read."""
        return {column.name: column.read for column in self.columns}
