"""How a writer's SQLite connection notices what it moves in the ledger: triggers of its own, which no other connection has.

Whatever statement of the hub changes a row is noticed, so no code can forget to seal what it does. What is changed past the hub, with a
shell at the file, no trigger notices and so nobody seals: the verification finds it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from hub.clock import Clock, to_us
from hub.store import segments
from hub.store.segments import COLUMNS


def _moved(table: str) -> str:
    columns = ", ".join(f'{table}."{name}"' for name in COLUMNS[table])
    return f"SELECT {columns} FROM temp.moved_{table} JOIN {table} ON {table}.rowid = place ORDER BY place"  # noqa: S608 - our own names


_ANY = "SELECT " + " OR ".join(f"EXISTS (SELECT 1 FROM temp.moved_{table})" for table in COLUMNS)  # noqa: S608
_MOVED = {table: _moved(table) for table in COLUMNS}
_EMPTY = [f"DELETE FROM temp.moved_{table}" for table in COLUMNS]  # noqa: S608


def begin(raw: sqlite3.Connection) -> None:
    """From now on the tables `moved_…` of this connection name what its transaction moved; a rollback takes that back as well."""
    raw.execute("PRAGMA temp_store=MEMORY")
    for statement in _statements():
        raw.execute(statement)


def seal(raw: sqlite3.Connection, *, worker: str, clock: Clock) -> None:
    """What the open transaction moved is sealed; usually nothing, which costs one look."""

    def run(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return raw.execute(statement, values).fetchall()

    if raw.execute(_ANY).fetchone()[0]:
        moved = {table: raw.execute(statement).fetchall() for table, statement in _MOVED.items()}
        segments.seal(run, moved, worker=worker, at=to_us(clock.now()))
        for statement in _EMPTY:
            raw.execute(statement)


def _statements() -> Iterator[str]:
    for table, columns in COLUMNS.items():
        note = f"INSERT INTO moved_{table} VALUES (new.rowid) ON CONFLICT DO NOTHING"  # noqa: S608
        evidence = ", ".join(f'"{name}"' for name in columns)
        yield f"CREATE TEMP TABLE moved_{table} (place INTEGER PRIMARY KEY)"
        for when, word in (("INSERT", "made"), (f"UPDATE OF {evidence}", "changed")):
            yield f"CREATE TEMP TRIGGER {table}_{word} AFTER {when} ON main.{table} BEGIN {note}; END"
