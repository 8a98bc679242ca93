"""The ledger's evidence (EVI-1): what one commit moved in it is one entry, a segment, and each worker's segments form a chain.

A worker is one open store of one process. A segment names every row of the ledger that its commit wrote or changed, as it stood when it was
committed, by the SHA-256 of the row's JSON: the list of its values in the order of the table, without the columns that only say when to try
next (`OPERATIONAL`) and without the nulls at its end, no spaces, UTF-8. So a later version adds columns at the end, nullable, and rows
sealed before keep their digest.

The hash of a worker's segment n is the lower-case hexadecimal SHA-256 of the ASCII text "dongnai-hub segment 1" and a line feed, then
netstrings of: the hash of its segment before (64 zeros before the first), worker, n, stamp, at, rows, body.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select, tuple_

from hub.store.head import GENESIS
from hub.store.tables import attempts, deliveries, routed, sealers, segments

OPERATIONAL = frozenset({"due_at", "lease_until", "claimed_by", "rev"})
"""Columns that say when and by whom a row is worked on next: no evidence of what became of it."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "deliveries": ("delivery_id",),
    "attempts": ("delivery_id", "n"),
    "routed": ("seq",),
}
"""The tables of the ledger and their keys."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    f"{table.name}": tuple(f"{column.name}" for column in table.columns if column.name not in OPERATIONAL)
    for table in (deliveries, attempts, routed)
}
STATES: Mapping[str, str] = {"deliveries": "state", "attempts": "outcome"}
"""The column whose value a segment says beside the digest: where the row stood."""

Run = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""(statement with ? for values, values) -> rows."""

_INSERT = 'INSERT INTO segments (worker, n, stamp, at, "rows", body, hash) VALUES (?, ?, ?, ?, ?, ?, ?)'
_MOVE = 'UPDATE sealers SET n = ?, hash = ?, "rows" = "rows" + ? WHERE worker = ?'
_BEGIN = 'INSERT INTO sealers (n, hash, "rows", worker, anchored_n, anchored_rows) VALUES (?, ?, ?, ?, 0, 0)'

_DOMAIN = b"dongnai-hub segment 1\n"
_PAGE = 500
_encode = msgspec.json.Encoder().encode


def seal(run: Run, moved: Mapping[str, Iterable[Sequence[Any]]], *, worker: str, at: int) -> int:
    """The rows that this transaction moved are in one segment of `worker` as they stand now; returns how many.

    `moved` has the rows of each table, values in the order of `COLUMNS`. It belongs at the end of the transaction: whoever waits for
    one of these rows then gives a greater stamp.
    """
    body = [one for table, rows in moved.items() for one in _entries(table, rows)]
    if not body:
        return 0
    known = run("SELECT n, hash FROM sealers WHERE worker = ?", (worker,))
    n, previous = known[0] if known else (0, GENESIS)
    ((stamp,),) = run("SELECT coalesce(max(stamp), 0) + 1 FROM segments", ())
    text = _encode(body).decode()
    digest = hash_of(previous, worker=worker, n=n + 1, stamp=stamp, at=at, rows=len(body), body=text)
    run(_INSERT, (worker, n + 1, stamp, at, len(body), text, digest))
    run(_MOVE if known else _BEGIN, (n + 1, digest, len(body), worker))
    return len(body)


def digest_of(values: Sequence[Any]) -> str:
    """The digest of a row, `values` in the order of its table's `COLUMNS`."""
    end = len(values)
    while end and values[end - 1] is None:
        end -= 1
    return hashlib.sha256(_encode(values[:end])).hexdigest()


def hash_of(previous: str, *, worker: str, n: int, stamp: int, at: int, rows: int, body: str) -> str:
    """The hash of a segment."""
    digest = hashlib.sha256(_DOMAIN)
    for part in (previous, worker, str(n), str(stamp), str(at), str(rows), body):
        encoded = part.encode()
        digest.update(b"%d:%b," % (len(encoded), encoded))
    return digest.hexdigest()


def in_order(conn: Connection) -> Iterator[Row[Any]]:
    """Every segment, worker by worker, each worker's in order."""
    after: tuple[str, int] = ("", 0)
    place = tuple_(segments.c.worker, segments.c.n)
    while rows := conn.execute(
        select(segments).where(place > after).order_by(segments.c.worker, segments.c.n).limit(_PAGE)
    ).all():
        yield from rows
        after = (rows[-1].worker, rows[-1].n)


def workers(conn: Connection) -> Sequence[Row[Any]]:
    """Where each worker's chain ends."""
    return conn.execute(select(sealers).order_by(sealers.c.worker)).all()


def _entries(table: str, rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, str, str, str]]:
    """(table, id, state, digest) of each row."""
    columns = COLUMNS[table]
    said = columns.index(STATES[table]) if table in STATES else -1
    if len(KEYS[table]) == 1:
        place = columns.index(KEYS[table][0])
        for row in rows:
            yield table, str(row[place]), row[said] if said >= 0 else "", digest_of(row)
    else:
        places = [columns.index(name) for name in KEYS[table]]
        for row in rows:
            yield table, "/".join([str(row[place]) for place in places]), row[said] if said >= 0 else "", digest_of(row)
