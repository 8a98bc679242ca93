"""Segments: digests of rows, the hash of an entry, one chain a worker."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from hub.store import segments
from hub.store.head import GENESIS
from hub.store.postgres_watching import numbered
from hub.store.segments import COLUMNS
from tests.store.fresh import fresh

AT = 1_795_000_000_000_000


def row(name: str, state: str = "pending") -> tuple[Any, ...]:
    known = {"delivery_id": name, "state": state, "seq": 7}
    return tuple(known.get(column) for column in COLUMNS["deliveries"])


def run_on(conn: Connection) -> segments.Run:
    def run(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        said = numbered(statement) if conn.dialect.name == "postgresql" else statement
        done = conn.exec_driver_sql(said, tuple(values))
        return [tuple(one) for one in done] if done.returns_rows else []

    return run


def test_the_digest_and_the_hash_are_the_documented_ones() -> None:
    assert segments.digest_of(("d1", 7, None, "x", None, None)) == hashlib.sha256(b'["d1",7,null,"x"]').hexdigest()
    text = b"dongnai-hub segment 1\n"
    for part in (GENESIS, "w", "1", "5", "9", "2", "[]"):
        text += b"%d:%b," % (len(part), part.encode())
    assert (
        segments.hash_of(GENESIS, worker="w", n=1, stamp=5, at=9, rows=2, body="[]") == hashlib.sha256(text).hexdigest()
    )


def test_a_column_added_at_the_end_and_never_filled_leaves_digests_as_they_were() -> None:
    assert segments.digest_of(("d1", None, 3)) == segments.digest_of(("d1", None, 3, None))
    assert segments.digest_of(("d1", None, 3)) != segments.digest_of(("d1", 3))


def test_each_worker_has_a_chain_and_stamps_grow_over_all() -> None:
    with fresh() as conn:
        run = run_on(conn)
        assert segments.seal(run, {"deliveries": []}, worker="a", at=AT) == 0
        for worker, names in (("a", ["d1", "d2"]), ("b", ["d1"]), ("a", ["d3"])):
            assert segments.seal(run, {"deliveries": [row(name) for name in names]}, worker=worker, at=AT) == len(names)
        found = list(segments.in_order(conn))
        assert [(one.worker, one.n, one.stamp, one.rows) for one in found] == [
            ("a", 1, 1, 2),
            ("a", 2, 3, 1),
            ("b", 1, 2, 1),
        ]
        first, second, other = found
        said = {key: second._mapping[key] for key in ("worker", "n", "stamp", "at", "rows", "body")}
        assert segments.hash_of(first.hash, **said) == second.hash
        assert msgspec.json.decode(other.body) == [["deliveries", "d1", "pending", segments.digest_of(row("d1"))]]
        assert [(one.worker, one.n, one.rows) for one in segments.workers(conn)] == [("a", 2, 3), ("b", 1, 1)]
        assert segments.workers(conn)[0].hash == second.hash


def test_what_says_only_when_to_try_next_is_no_evidence() -> None:
    assert not segments.OPERATIONAL & {column for columns in COLUMNS.values() for column in columns}
    assert {"state", "acknowledged_by", "reason", "outcome", "delivered_at"} <= set(COLUMNS["deliveries"])


def test_many_segments_are_read_in_pages() -> None:
    with fresh() as conn:
        run = run_on(conn)
        for n in range(segments._PAGE + 2):
            segments.seal(run, {"deliveries": [row(f"d{n}")]}, worker="a" if n % 2 else "b", at=AT)
        found = [(one.worker, one.n) for one in segments.in_order(conn)]
        assert found == sorted(found)
        assert len(found) == segments._PAGE + 2
