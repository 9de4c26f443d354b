"""One file from its first row to its last: in batches of which each is one transaction, so that it can be broken off anywhere.

How far it is stands in the same transaction as the rows. The same file again goes on behind its last batch; what was taken is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Generic

from gateway.core.calendar import NEPAL
from gateway.errors import GatewayError
from gateway.services import access
from gateway.services.imports.batches import E, Kind, Outcome, Setting
from gateway.services.imports.columns import Refusal, Row, headed
from gateway.services.imports.hints import Hints
from gateway.store import bulk, imports
from gateway.store.database import Conflict

if TYPE_CHECKING:
    from gateway.services.imports.reading import Table
    from gateway.store.imports import ImportRow

BATCH = 500  # rows of one transaction: callers wait behind it for some milliseconds
TRIES = 5  # of a batch that somebody else's change undid


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file is. `row` is the last row that was looked at, `share` how much of the file that is, from 0 to 1.

    `refusals` and `notes` are those of the rows since the last progress: what is wrong, and what is worth saying of rows that go in (a
    phone that was repaired, a field that changes). Neither repeats a cell. `import_id` is "" in a dry run, which writes nothing.
    """

    row: int = 0
    added: int = 0
    changed: int = 0
    known: int = 0
    refused: int = 0
    import_id: str = ""
    share: float = 0.0
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[Refusal, ...] = ()

    def after(self, row: int, share: float, outcomes: Iterable[Outcome]) -> Progress:
        """The progress after a batch of rows."""
        counts = {"added": self.added, "changed": self.changed, "known": self.known, "refused": self.refused}
        refusals: list[Refusal] = []
        notes: list[Refusal] = []
        for outcome in outcomes:
            counts[outcome.what] += 1
            if outcome.notes:
                (refusals if outcome.what == "refused" else notes).extend(outcome.notes)
        known = Progress(row, import_id=self.import_id, share=share, refusals=tuple(sorted(refusals)), notes=tuple(notes))
        return replace(known, added=counts["added"], changed=counts["changed"], known=counts["known"], refused=counts["refused"])


class Job(Generic[E]):
    """A file that was looked over and whose heading was understood."""

    def __init__(self, setting: Setting, kind: Kind[E], table: Table) -> None:
        self._setting, self._gateway, self._kind, self._table = setting, setting.gateway, kind, table
        self._rows = headed(table, kind.columns, kind.required)
        self._writer = kind.writer(setting)
        self._hints = Hints()

    def try_out(self) -> Iterator[Progress]:
        """Say what would happen."""
        at = Progress(notes=self._of_the_file())
        yield at
        for batch in _batches(self._rows):
            entries = self._prepared(batch)
            with self._gateway.database.read() as db:
                at = self._decided(at, batch, entries, self._writer.take(db, _taken(entries), self._gateway.clock()))
            yield replace(at, notes=(*at.notes, *self._hints.of(batch)))
        yield replace(at, share=1.0, refusals=(), notes=())

    def run(self, *, again: bool) -> Iterator[Progress]:
        """Take the rows in, behind those that were taken before."""
        found = self._begin()
        with imports.alone(self._gateway.database, found.id, self._gateway.settings.data_dir) as is_alone:
            if not is_alone:
                raise GatewayError("import:running")
            self._writer.import_id = found.id
            at = _progress(self._take_up(found, again=again))
            yield replace(at, notes=self._of_the_file())
            for batch in _batches(self._behind(at.row)):
                taken = self._take(at, batch)
                if taken is None:
                    return
                at = taken
                yield replace(at, notes=(*at.notes, *self._hints.of(batch)))
            self._end(at)
            yield replace(at, share=1.0, refusals=(), notes=())

    def _of_the_file(self) -> tuple[Refusal, ...]:
        return tuple(Refusal(1, "", note) for note in self._table.notes)

    def _begin(self) -> ImportRow:
        actor = self._setting.actor
        new = imports.NewImport(self._gateway.new_id(), actor.organisation_id, self._kind.name, self._table.digest, actor.name)
        with self._gateway.database.write() as db:
            found = imports.begin(db, new, self._gateway.clock())
            access.note(self._gateway, db, actor, "import", f"import:{found.id}", kind=self._kind.name, from_row=found.row)
        return found

    def _take_up(self, found: ImportRow, *, again: bool) -> ImportRow:
        """The import as it is now that nobody else works on it; a finished one only where it is wanted again."""
        now, scope = self._gateway.clock(), self._setting.actor.scope
        with self._gateway.database.write() as db:
            at = imports.get(db, scope, found.id) or found
            if at.state == "finished":
                if not again:
                    day = f"{at.updated_at.astimezone(NEPAL):%Y-%m-%d}"
                    raise GatewayError("import:finished", day=day, added=at.added, changed=at.changed)
                return imports.restart(db, at, now)
            if at.state == "cancelled":
                imports.set_state(db, at.id, "running", now)
        return at

    def _behind(self, last: int) -> Iterator[Row]:
        """The rows behind this one; those before it are shown to the writer once more where it must know them."""
        waiting: list[Row] = []
        for row in self._rows:
            if row.number > last:
                self._recall(waiting)
                yield row
                yield from self._rows
                return
            waiting.append(row)
            if len(waiting) == BATCH:
                self._recall(waiting)
        self._recall(waiting)

    def _recall(self, rows: list[Row]) -> None:
        if self._writer.recalls and rows:
            entries = self._prepared(rows)
            with self._gateway.database.read() as db:
                self._writer.recall(db, _taken(entries))
        rows.clear()

    def _prepared(self, batch: Sequence[Row]) -> list[E | list[Refusal]]:
        return [[row.fault] if row.fault else self._writer.prepare(row) for row in batch]

    def _decided(self, at: Progress, batch: Sequence[Row], entries: Sequence[E | list[Refusal]], taken: Iterable[Outcome]) -> Progress:
        """The progress after a batch; `taken` are the outcomes of those entries that could be read."""
        each = iter(taken)
        outcomes = [Outcome("refused", tuple(entry)) if isinstance(entry, list) else next(each) for entry in entries]
        return at.after(batch[-1].number, self._table.share(), outcomes)

    def _take(self, at: Progress, batch: Sequence[Row]) -> Progress | None:
        """Take one batch; None where somebody cancelled the import."""
        entries = self._prepared(batch)
        for _ in range(TRIES):
            now = self._gateway.clock()
            try:
                with self._gateway.database.write() as db:
                    bulk.make_room(db)
                    after = self._decided(at, batch, entries, self._writer.take(db, _taken(entries), now))
                    imports.refuse(db, at.import_id, [imports.RefusalRow(*refusal) for refusal in after.refusals])
                    _unless_moved(advanced=imports.advance(db, at.import_id, at.row, _counts(after), now))
            except Conflict:
                continue
            except _Moved:
                self._look_why(at)
                return None
            return after
        raise GatewayError("database:unavailable")

    def _look_why(self, at: Progress) -> None:
        """The import is not as we left it: somebody cancelled it, or works on it besides us."""
        with self._gateway.database.read() as db:
            now = imports.get(db, self._setting.actor.scope, at.import_id)
        if now is None or now.state != "cancelled":
            raise GatewayError("import:running")

    def _end(self, at: Progress) -> None:
        actor, counts = self._setting.actor, _counts(at)._asdict()
        with self._gateway.database.write() as db:
            imports.set_state(db, at.import_id, "finished", self._gateway.clock())
            access.note(self._gateway, db, actor, "import", f"import:{at.import_id}", kind=self._kind.name, finished=True, **counts)


class _Moved(Exception):  # noqa: N818  # what happened to the import
    """The import is not where we left it."""


def _unless_moved(*, advanced: bool) -> None:
    if not advanced:
        raise _Moved


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _taken(entries: Sequence[E | list[Refusal]]) -> list[E]:
    return [entry for entry in entries if not isinstance(entry, list)]


def _progress(found: ImportRow) -> Progress:
    return Progress(found.row, found.added, found.changed, found.known, found.refused, found.id)


def _counts(at: Progress) -> imports.Counts:
    return imports.Counts(at.row, at.added, at.changed, at.known, at.refused)
