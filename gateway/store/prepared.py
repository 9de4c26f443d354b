"""Statements of hot paths: compiled once for each kind of database and handed straight to the driver.

What SQLAlchemy does around a statement each time that it is executed costs several times what the database does for it. A step of a
call has four statements, so these go round it. Everything else about them stays SQLAlchemy's: the SQL, the connection and its pool,
the conversion of each value by the type of its column, the names of errors. The tests hold both ways against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Float, Insert, LargeBinary, PoolProxiedConnection, Select, Update
from sqlalchemy.engine.interfaces import DBAPICursor, DBAPIModule
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

Values = Mapping[str, Any]
Row = Sequence[Any]
Convert = Callable[[Any], Any]


class Prepared:
    """A statement of a module, `Prepared(select(...))`; its parameters have the same names each time. It knows no `expanding` ones."""

    __slots__ = ("_forms", "_statement")

    def __init__(self, statement: Select[Any] | Insert | Update | Delete) -> None:
        self._statement = statement
        self._forms: dict[str, _Form] = {}

    def rows(self, db: Connection, values: Values) -> Sequence[Row]:
        """All rows of a SELECT."""
        form = self._form(db, values)
        found = _execute(db, form.sql, form.parameters(values)).fetchall()
        return [form.read(row) for row in found] if form.columns else found

    def first(self, db: Connection, values: Values) -> Row | None:
        """The first row of a SELECT that has few."""
        rows = self.rows(db, values)
        return rows[0] if rows else None

    def scalar(self, db: Connection, values: Values) -> Any:  # noqa: ANN401  # as the statement's column is
        """The first column of that row, None where there is no row."""
        row = self.first(db, values)
        return row[0] if row else None

    def write(self, db: Connection, values: Values) -> int:
        """Execute an INSERT, UPDATE or DELETE; how many rows it touched."""
        form = self._form(db, values)
        return _execute(db, form.sql, form.parameters(values)).rowcount

    def write_all(self, db: Connection, rows: Sequence[Values]) -> int:
        """Execute an INSERT or UPDATE with each of these, at least one; how many rows it touched."""
        form = self._form(db, rows[0])
        return _execute(db, form.sql, [form.parameters(values) for values in rows], many=True).rowcount

    def _form(self, db: Connection, values: Values) -> _Form:
        form = self._forms.get(db.dialect.name)
        if form is None:
            form = self._forms[db.dialect.name] = _Form(self._statement, db.dialect, list(values))
        return form


class _Form:
    """A statement as one kind of database takes it: its SQL, and what converts the values that go in and come out."""

    __slots__ = ("columns", "constants", "given", "pick", "positional", "sql")

    def __init__(self, statement: Select[Any] | Insert | Update | Delete, dialect: Dialect, names: list[str]) -> None:
        # As for many rows at once: with one, an INSERT would ask for the key that the database has made.
        compiled = statement.compile(dialect=dialect, column_keys=names, for_executemany=not isinstance(statement, Select))
        self.sql = str(compiled)
        self.positional = dialect.positional
        processors = {name: _processor(bind.type, dialect) for bind, name in compiled.bind_names.items()}
        self.given = [(name, processors[name]) for name in (compiled.positiontup or () if self.positional else processors)]
        self.constants = {name: value for name, value in compiled.params.items() if name not in names}
        as_they_are = self.positional and len(self.given) > 1 and not self.constants and not any(convert for _, convert in self.given)
        self.pick: Callable[[Values], Sequence[Any]] | None = itemgetter(*(name for name, _ in self.given)) if as_they_are else None
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        readers = [_reader(column.type, dialect) for column in columns]
        self.columns = [(place, read) for place, read in enumerate(readers) if read]

    def parameters(self, values: Values) -> Sequence[Any] | Mapping[str, Any]:
        """The values as the driver takes them: in order, or by name."""
        if self.pick is not None:
            return self.pick(values)
        known = {**self.constants, **values} if self.constants else values
        converted = [convert(known[name]) if convert else known[name] for name, convert in self.given]
        return tuple(converted) if self.positional else dict(zip((name for name, _ in self.given), converted, strict=True))

    def read(self, row: Row) -> Row:
        """A row with its values as the columns' types say."""
        converted = list(row)
        for place, convert in self.columns:
            converted[place] = convert(converted[place])
        return converted


def send(db: Connection, sql: str) -> None:
    """Send a command without parameters, such as BEGIN."""
    _execute(db, sql, ())


def _processor(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What makes of a value what the driver takes; both take bytes as they are, and need no view of them."""
    return None if isinstance(type_, LargeBinary) else _type(type_, dialect).bind_processor(dialect)


def _reader(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """What makes of the driver's value ours; both give a float as it is, and SQLAlchemy would ask by which of its types it came."""
    return None if isinstance(type_, Float) else _type(type_, dialect).result_processor(dialect, None)


def _type(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return type_.dialect_impl(dialect)


def _execute(db: Connection, sql: str, parameters: Any, *, many: bool = False) -> DBAPICursor:  # noqa: ANN401  # as the driver takes them
    connection = db.connection
    cursor = connection.cursor()
    try:
        (cursor.executemany if many else cursor.execute)(sql, parameters)
    except db.dialect.loaded_dbapi.Error as error:
        raise _named(db, connection, sql, error) from error
    return cursor


def _named(db: Connection, connection: PoolProxiedConnection, sql: str, error: DBAPIModule.Error) -> BaseException:
    """The driver's error as SQLAlchemy's; a connection that is broken is not lent again. Parameters are left out: they may be personal."""
    broken = db.dialect.is_disconnect(error, connection, None)
    if broken:
        db.invalidate(error)
    return DBAPIError.instance(
        sql, None, error, db.dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=broken, dialect=db.dialect
    )
