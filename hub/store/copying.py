"""All rows of one store into another, whatever backends they are on, and whether both hold the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, delete, insert, select

from hub.errors import ConfigError
from hub.store import audit
from hub.store.tables import metadata
from hub.store.unprintable import without_nul

PORTION = 500
"""Rows held in memory at once."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds: how many rows, and a digest over all of them in the order of their keys."""

    rows: int
    sha256: str


def copy(source: Connection, target: Connection) -> Mapping[str, Content]:
    """Every table of `target` holds exactly the rows of `source`; returns what was read of each.

    `source` is one moment, `target` a transaction with this version's tables.
    """
    contents = {}
    for table in metadata.sorted_tables:
        target.execute(delete(table))
        digest, count = hashlib.sha256(), 0
        for rows in _portions(source, table):
            _add(digest, rows)
            count += len(rows)
            target.execute(insert(table), [dict(row._mapping) for row in rows])
        contents[table.name] = Content(count, digest.hexdigest())
    return contents


def contents(conn: Connection) -> Mapping[str, Content]:
    """What each table holds."""
    found = {}
    for table in metadata.sorted_tables:
        digest, count = hashlib.sha256(), 0
        for rows in _portions(conn, table):
            _add(digest, rows)
            count += len(rows)
        found[table.name] = Content(count, digest.hexdigest())
    return found


def assert_whole(target: Connection, expected: Mapping[str, Content], *, where: str) -> None:
    """The store holds what was read, to the last byte, and its decision chain is whole.

    Raises:
        ConfigError: a table differs, or the chain is broken; keep nothing of it.
    """
    found = contents(target)
    for name, content in expected.items():
        if found[name] != content:
            reason = f"table {name} holds {found[name].rows} rows, not the {content.rows} that were read"
            raise ConfigError(where, reason, "nothing was kept; try again, and keep the old store")
    verdict = audit.verify(target)
    if not verdict.ok:
        raise ConfigError(where, f"the decision chain is broken: {verdict.reason}", "use another copy")


def _portions(conn: Connection, table: Table) -> Iterator[list[Row[Any]]]:
    ordered = select(table).order_by(*table.primary_key.columns)
    with conn.execution_options(yield_per=PORTION).execute(ordered) as result:
        for rows in result.partitions():
            yield list(rows)


def _add(digest: Any, rows: list[Row[Any]]) -> None:
    for row in rows:
        digest.update(msgspec.msgpack.encode([without_nul(one) if isinstance(one, str) else one for one in row]))
