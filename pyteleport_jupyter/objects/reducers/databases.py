"""Connections of ``sqlite3``: databases in memory with all they hold, those in files by their path."""

from __future__ import annotations

import gc
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.objects.arriving import may_stay
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

SETTINGS = (
    "automatic_index", "busy_timeout", "cache_size", "foreign_keys", "ignore_check_constraints",
    "legacy_alter_table", "query_only", "read_uncommitted", "recursive_triggers", "reverse_unordered_selects",
    "secure_delete", "temp_store",
)  # fmt: skip
"""Pragmas of a connection that are not in its database."""

OWN_FUNCTIONS = "SELECT DISTINCT name FROM pragma_function_list WHERE builtin = 0"


@dataclass(frozen=True)
class Database:
    """``path`` of the file, empty for one in memory, whose ``contents`` then travel; ``size`` of the file."""

    path: str
    contents: bytes | None
    size: int


@reduces(sqlite3.Connection)
def reduce_connection(connection: sqlite3.Connection, reduction: Reduction) -> Any:
    """A database in memory travels whole; one in a file is opened again where that file is.

    It stays while a transaction is open, and if it has attached databases, temporary tables, or functions or
    collations of its own.
    """
    try:
        databases = _rows(connection, "PRAGMA database_list")
    except sqlite3.ProgrammingError as error:
        return _reduce_unusable(str(error))
    if connection.in_transaction:
        raise CannotMove("a transaction is open; commit it or roll it back first")
    _check_is_plain(connection, {str(row[1]) for row in databases})
    path = str(next(row[2] for row in databases if row[1] == "main") or "")
    attributes = {name: getattr(connection, name) for name in ATTRIBUTES if hasattr(connection, name)}
    given = (_database(connection, path), connection.isolation_level, _settings(connection))
    return make_connection, given, attributes, None, None, set_attributes


ATTRIBUTES = ("row_factory", "text_factory", "autocommit")


def _settings(connection: sqlite3.Connection) -> dict[str, Any]:
    """Those that somebody has made."""
    found = {name: _setting(connection, name) for name in SETTINGS}
    with closing(sqlite3.connect(":memory:")) as plain:
        return {name: value for name, value in found.items() if value != _setting(plain, name)}


def _setting(connection: sqlite3.Connection, name: str) -> Any:
    rows = _rows(connection, f"PRAGMA {name}")
    return rows[0][0] if rows else None


def _reduce_unusable(reason: str) -> Any:
    if "closed" in reason:
        return make_closed_connection, ()
    raise CannotMove("it belongs to another thread")


def _check_is_plain(connection: sqlite3.Connection, names: set[str]) -> None:
    if names - {"main", "temp"}:
        raise CannotMove(f"it has attached databases ({', '.join(sorted(names - {'main', 'temp'}))})")
    if _rows(connection, "SELECT count(*) FROM sqlite_temp_master") != [(0,)]:
        raise CannotMove("it has temporary tables")
    with closing(sqlite3.connect(":memory:")) as plain:
        own = _functions(connection) - _functions(plain)
        orders = _collations(connection) - _collations(plain)
    if own:
        raise CannotMove(f"it has functions of its own ({', '.join(sorted(own))})")
    if orders:
        raise CannotMove(f"it has collations of its own ({', '.join(sorted(orders))})")


def _collations(connection: sqlite3.Connection) -> set[str]:
    return {str(row[1]) for row in _rows(connection, "PRAGMA collation_list")}


def _functions(connection: sqlite3.Connection) -> set[str]:
    return {str(name) for (name,) in _rows(connection, OWN_FUNCTIONS)}


def _rows(connection: sqlite3.Connection, query: str) -> list[tuple[Any, ...]]:
    """Plain tuples of plain values, whatever the connection makes of rows and texts."""
    cursor = sqlite3.Cursor(connection)
    cursor.row_factory = None
    before, connection.text_factory = connection.text_factory, str
    try:
        return cursor.execute(query).fetchall()
    finally:
        connection.text_factory = before


def _database(connection: sqlite3.Connection, path: str) -> Database:
    if os.path.isfile(path):
        return Database(path, None, os.path.getsize(path))
    if os.path.isabs(path):
        raise CannotMove(f"its file {path} is not there any more, or never was one")
    # The path of a file is an absolute one. A database that was deserialized is called "x".
    is_empty = _rows(connection, "PRAGMA page_count") == [(0,)]  # there is nothing to serialize then
    return Database("", b"" if is_empty else connection.serialize(), 0)


@may_stay
def make_connection(
    database: Database, isolation_level: Any, settings: Mapping[str, Any]
) -> sqlite3.Connection:
    """Open it again. Raises CannotMove."""
    connection = _opened(database, isolation_level)
    for name, value in settings.items():
        connection.execute(f"PRAGMA {name} = {value}").close()
    return connection


def _opened(database: Database, isolation_level: Any) -> sqlite3.Connection:
    if database.contents is not None:
        connection = sqlite3.connect(":memory:", isolation_level=isolation_level)
        if database.contents:
            connection.deserialize(database.contents)
        return connection
    if not os.path.isfile(database.path):
        raise CannotMove(f"its file {database.path} is not there")
    if os.path.getsize(database.path) != database.size:
        raise CannotMove(f"{database.path} is another file there")
    return sqlite3.connect(database.path, isolation_level=isolation_level)


def set_attributes(obj: Any, attributes: dict[str, Any]) -> None:
    """Set them one by one."""
    for name, value in attributes.items():
        setattr(obj, name, value)


def make_closed_connection() -> sqlite3.Connection:
    """One that has been closed."""
    connection = sqlite3.connect(":memory:")
    connection.close()
    return connection


@reduces(sqlite3.Cursor)
def reduce_cursor(cursor: sqlite3.Cursor, reduction: Reduction) -> Any:
    """A new cursor of its connection; it stays if not all rows of its query have been fetched."""
    # A cursor lets go of its statement when the last row was fetched (Modules/_sqlite/cursor.c).
    if any(type(part).__name__ == "Statement" for part in gc.get_referents(cursor)):
        raise CannotMove("not all rows of its query have been fetched")
    attributes = {"arraysize": cursor.arraysize, "row_factory": cursor.row_factory}
    return make_cursor, (cursor.connection,), attributes, None, None, set_attributes


@may_stay
def make_cursor(connection: sqlite3.Connection) -> sqlite3.Cursor:
    """A cursor of it."""
    return sqlite3.Cursor(connection)


@reduces(sqlite3.Row)
def reduce_row(row: sqlite3.Row, reduction: Reduction) -> Any:
    """The same row, with its column names."""
    return make_row, (tuple(row.keys()), tuple(row))


def make_row(names: tuple[str, ...], values: tuple[Any, ...]) -> sqlite3.Row:
    """A row as a query gives it: nothing else can name the columns."""
    connection = sqlite3.connect(":memory:")
    columns = ", ".join('? AS "{}"'.format(name.replace('"', '""')) for name in names)
    cursor = connection.execute(f"SELECT {columns}", values)
    row = sqlite3.Row(cursor, values)
    connection.close()
    return row
