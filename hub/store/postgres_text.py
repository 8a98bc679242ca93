"""Text is compared and sorted by its bytes, as SQLite does, whatever the database's collation: COLLATE "C" on every text column.

Otherwise lists would be in another order, and an upgrade of the system's collations would silently break every index of text.
The one letter that PostgreSQL cannot keep, U+0000, is kept as U+FFFD: broken sources send it, and their words must be kept all the same.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Dialect, String, text
from sqlalchemy.dialects.postgresql.asyncpg import AsyncpgString

from hub.store.tables import metadata
from hub.store.unprintable import without_nul

_OTHERWISE = text(
    """
    SELECT quote_ident(c.relname), array_agg(quote_ident(a.attname) ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(:ours)
      AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'text'::regtype AND a.attcollation <> '"C"'::regcollation
    GROUP BY c.relname ORDER BY c.relname
    """
)


class _Kept(AsyncpgString):
    """Text as PostgreSQL can keep it."""

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:
        return lambda said: said if said is None else without_nul(said)


def keep_every_text(dialect: Dialect) -> None:
    """Every text that statements of this dialect bear is one that PostgreSQL can keep."""
    dialect.colspecs = {**dialect.colspecs, String: _Kept}


def in_byte_order(conn: Connection) -> None:
    """Every text column of this program's tables is compared by bytes, once the transaction commits."""
    for table, columns in conn.execute(_OTHERWISE, {"ours": list(metadata.tables)}).all():
        changes = ", ".join(f'ALTER COLUMN {column} TYPE text COLLATE "C"' for column in columns)
        conn.exec_driver_sql(f"ALTER TABLE {table} {changes}")
