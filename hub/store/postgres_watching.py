"""How the writer's PostgreSQL session notices what it moves in the ledger: triggers that note it in a temporary table of that session.

Another session has no such table, so what is changed past the hub is noted nowhere and sealed by nobody: the verification finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hub.store import segments
from hub.store.segments import COLUMNS, KEYS

BEGIN = "CREATE TEMP TABLE IF NOT EXISTS moved (noted text, k1 text, k2 text, PRIMARY KEY (noted, k1, k2)) ON COMMIT DELETE ROWS"
"""From now on this session notes what it moves; a rollback takes that back as well, and the end of a transaction empties it."""
ANY = "EXISTS (SELECT 1 FROM pg_temp.moved)"
"""Whether the open transaction has moved anything."""

Rows = Callable[..., list[tuple[Any, ...]]]
"""(statement with $1, $2 …, *values) -> rows."""

_FUNCTION = """
CREATE OR REPLACE FUNCTION hub_note_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('pg_temp.moved') IS NOT NULL THEN
        INSERT INTO pg_temp.moved
        VALUES (TG_TABLE_NAME, to_jsonb(NEW) ->> TG_ARGV[0], coalesce(to_jsonb(NEW) ->> TG_ARGV[1], ''))
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$
"""


def triggers() -> Iterator[str]:
    """The statements that make the triggers of this version, whatever there was before."""
    yield _FUNCTION
    for table, columns in COLUMNS.items():
        evidence = ", ".join(f'"{name}"' for name in columns)
        keys = ", ".join(f"'{name}'" for name in (*KEYS[table], "")[:2])
        for when, word in (("INSERT", "made"), (f"UPDATE OF {evidence}", "changed")):
            yield (
                f"CREATE OR REPLACE TRIGGER {table}_{word} AFTER {when} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION hub_note_moved({keys})"
            )


def seal(rows: Rows, *, worker: str, at: int) -> None:
    """What the open transaction moved is sealed."""

    def run(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return rows(numbered(statement), *values)

    moved = {table: rows(statement) for table, statement in _MOVED.items()}
    segments.seal(run, moved, worker=worker, at=at)


def numbered(statement: str) -> str:
    """The statement with $1, $2 … in the place of each ?."""
    first, *rest = statement.split("?")
    return first + "".join(f"${n}{part}" for n, part in enumerate(rest, 1))


def _moved(table: str) -> str:
    columns = ", ".join(f't."{name}"' for name in COLUMNS[table])
    on = " AND ".join(f't."{key}"::text = moved.k{n}' for n, key in enumerate(KEYS[table], 1))
    return (
        f"SELECT {columns} FROM pg_temp.moved JOIN {table} AS t ON {on} "  # noqa: S608 - our own names
        f'WHERE moved.noted = \'{table}\' ORDER BY moved.k1 COLLATE "C", moved.k2 COLLATE "C"'
    )


_MOVED = {table: _moved(table) for table in COLUMNS}
