"""The PostgreSQL side: reads the three tables in pages, all from one snapshot, and changes nothing."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from systems.agentic.migrate.rows import ModificationRow, ProjectRow, TemplateRow, _Row

# Times as text in one form, whatever the server is set to.
_SESSION = "-c timezone=UTC -c datestyle=ISO"


class Stop(Exception):
    """The work cannot begin or go on; the message is one line and holds no password."""


@dataclass(frozen=True)
class SourceTable:
    """One of the old tables: its columns, those read as lists, and which column holds the creation time."""

    name: str
    model: type[_Row]
    created: str = "created_at"

    @property
    def columns(self) -> list[str]:
        renamed = {"created_at": self.created}
        fields = (name for name in self.model.model_fields if name != "project_created_at")
        return [renamed.get(name, name) for name in fields]


TABLES = (
    SourceTable("project_contexts", ProjectRow),  # first: modifications of a project that is refused are refused too
    SourceTable("modifications", ModificationRow, created="requested_at"),
    SourceTable("templates", TemplateRow),
)
_LISTS = ("dependencies", "affected_files", "required_vars", "optional_vars", "tech_stack", "tags")


class Source:
    """A connection to the old database, in one read-only transaction that sees one state of it."""

    def __init__(self, connection: psycopg.Connection[Any], name: str) -> None:
        self._connection, self.name = connection, name

    def check(self) -> None:
        """Raise Stop where tables or columns are missing, with all that is."""
        query = (
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = %s AND table_schema = ANY(current_schemas(false))"
        )
        missing = []
        for table in TABLES:
            found = dict(self._rows(query, (table.name,)))
            if not found:
                missing.append(f"table {table.name}")
                continue
            missing += [f"column {table.name}.{name}" for name in table.columns if name not in found]
            if found.get("id", "uuid") != "uuid":
                missing.append(f"uuid as the type of {table.name}.id (it is {found['id']})")
        if missing:
            raise Stop(f"{self.name}: not the application's database, it lacks {', '.join(missing)}")

    def count(self, table: SourceTable) -> int:
        return self._rows(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table.name)))[0][0]

    def pages(
        self, table: SourceTable, *, after: uuid.UUID | None = None, rows: int, one_of: int = 1
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield pages of rows by their keys, from the one after a key; with `one_of` only about one row of so many.

        A server-side cursor holds what is not fetched yet, so that memory does not grow with the table.
        """
        query = sql.SQL("SELECT {} FROM {} t{} WHERE (%(after)s::uuid IS NULL OR t.id > %(after)s::uuid)").format(
            sql.SQL(", ").join(self._columns(table)),
            sql.Identifier(table.name),
            sql.SQL(" LEFT JOIN project_contexts p ON p.id = t.project_id" if table.model is ModificationRow else ""),
        )
        if one_of > 1:
            # The last digits of a key are random, so this is a sample, and the same one each time.
            query += sql.SQL(" AND mod(('x' || right(t.id::text, 6))::bit(24)::int, %(one_of)s) = 0")
        query += sql.SQL(" ORDER BY t.id")
        with self._connection.cursor(name="migration", row_factory=dict_row) as cursor:
            cursor.execute(query, {"after": after, "one_of": one_of})
            while page := cursor.fetchmany(rows):
                yield page

    def _columns(self, table: SourceTable) -> Iterator[sql.Composable]:
        for column in table.columns:
            type_ = "text[]" if column in _LISTS else "text"
            alias = "created_at" if column == table.created else column
            yield sql.SQL("t.{}::{} AS {}").format(sql.Identifier(column), sql.SQL(type_), sql.Identifier(alias))
        if table.model is ModificationRow:
            yield sql.SQL("p.created_at::text AS project_created_at")

    def _rows(self, query: Any, arguments: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            return cursor.execute(query, arguments).fetchall()


@contextmanager
def connect(url: str, timeout_seconds: int = 10) -> Iterator[Source]:
    """Connect to the database of a URL or a connection string; what goes wrong with it is raised as Stop."""
    url = re.sub(r"^postgres(ql)?\+\w+://", "postgresql://", url)  # the application's own form names its driver
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        # libpq's message would quote the string, and with it the password.
        raise Stop("DATABASE_URL: not a connection string of PostgreSQL (postgresql://user:password@host/db)") from None
    password = str(parts.get("password") or "")
    begun = False
    name = f"postgresql://{parts.get('host') or 'localhost'}/{parts.get('dbname') or parts.get('user') or ''}"
    try:
        with psycopg.connect(
            url,
            connect_timeout=timeout_seconds,
            application_name="agenticai-migrate",
            options=_SESSION,
        ) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            begun = True
            yield Source(connection, name)
    except psycopg.Error as error:
        said = " ".join(str(error).split()) or type(error).__name__
        said = said.replace(password, "***") if password else said
        raise Stop(f"{name}: {said}{'; run the same command again to go on' if begun else ''}") from None
