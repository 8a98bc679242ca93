"""What a restart would find: a copy of the store and of the published feed, and what must hold of it at every instant."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import create_engine

from hub.store import audit
from hub.store.postgres_address import address
from hub.store.postgres_copy import into_file
from tests.servers.postgres import ask

Row = Mapping[str, Any]

TABLES = (
    "head", "payloads", "sources", "stream_records", "stream_marks", "alerts", "events", "routed", "deliveries",
    "endpoint_states", "follower_marks",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """The tables' rows, the alerts the feed links to, and the documents that stand beside it."""

    tables: Mapping[str, list[Row]]
    feed: frozenset[str]
    documents: frozenset[str]

    def rows(self, table: str, **equal: Any) -> list[Row]:
        """The rows of `table` in which these columns have these values."""
        return [row for row in self.tables[table] if all(row[name] == value for name, value in equal.items())]

    def alert(self, identifier: str) -> Row | None:
        """The alert of that identifier; each is said by one source only."""
        return next(iter(self.rows("alerts", identifier=identifier)), None)

    def candidate(self, sha256: str) -> int | None:
        """The place in the stream of what that payload says."""
        needle = sha256.encode()
        return next((row["position"] for row in self.tables["stream_records"] if needle in row["value"]), None)

    def crossed_off(self, position: int) -> bool:
        """Whether acceptance counts that place as done."""
        return any(row["position"] > position for row in self.rows("stream_marks", reader="acceptance"))

    def covered(self) -> set[str]:
        """The addresses of the documents that the marks of the sources count as read."""
        marks = [msgspec.json.decode(row["mark"]) for row in self.tables["sources"]]
        return {url for mark in marks for url in mark.get("documents", {})}


def found(data: Path, aside: Path, *, store: str = "") -> Found | None:
    """What stands in the database `store` at one moment, or in the files in `data`, and the feed.

    The files are read from a copy in `aside`; None when the copy was torn by a checkpoint.

    A reader of the files themselves would take locks and, as the last to close them, move the log.
    """
    tables = _of_database(store) if store else _of_files(data, aside)
    if tables is None:
        return None
    feed = data / "feeds" / "all.atom"
    linked = re.findall(r"/feeds/cap/([^\"<>]+)\.xml", feed.read_text(encoding="utf-8")) if feed.exists() else []
    documents = {path.stem for path in (data / "feeds" / "cap").glob("*.xml")}
    return Found(tables, frozenset(linked), frozenset(documents))


def _of_database(store: str) -> Mapping[str, list[Row]]:
    return dict(zip(TABLES, ask(store, [f"SELECT * FROM {name}" for name in TABLES]), strict=True))


def _of_files(data: Path, aside: Path) -> Mapping[str, list[Row]] | None:
    copy = aside / "copy.db"
    for old in aside.glob("copy.db*"):
        old.unlink()
    before = (data / "hub.db").stat().st_mtime_ns
    shutil.copyfile(data / "hub.db", copy)
    if (data / "hub.db-wal").exists():
        shutil.copyfile(data / "hub.db-wal", aside / "copy.db-wal")
    if (data / "hub.db").stat().st_mtime_ns != before:
        return None
    connection = sqlite3.connect(copy)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("BEGIN")
        return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in TABLES}
    finally:
        connection.close()


def faults(seen: Found, read: Mapping[str, str]) -> list[str]:
    """What no instant may show. `read` maps the address of each document of a source to the SHA-256 of its bytes."""
    told = []
    for url in seen.covered():
        sha256 = read[url]
        if not seen.rows("payloads", sha256=sha256) or seen.candidate(sha256) is None:
            told.append(f"the mark is ahead of the candidates of {url}")
    seqs = sorted(row["seq"] for row in seen.tables["events"])
    if seqs != list(range(1, seen.tables["head"][0]["seq"] + 1)):
        told.append(f"the order has gaps or a tail: {seqs}, head {seen.tables['head'][0]['seq']}")
    if not {row["seq"] for row in seen.tables["routed"]} <= set(seqs):
        told.append("routed, and not accepted")
    if not {row["alert_id"] for row in seen.tables["deliveries"]} <= {row["alert_id"] for row in seen.tables["alerts"]}:
        told.append("owed, and not accepted")
    published = [row["seq"] for row in seen.tables["follower_marks"]]
    if published and max(published) > max(seqs, default=0):
        told.append("a follower's mark is ahead of the order")
    return told


def audit_fault(aside: Path, *, store: str = "") -> str:
    """Why the decision chain of the database `store`, or of the copy in `aside`, is not whole, or ""."""
    if store:
        (aside / "copy.db").unlink(missing_ok=True)
        into_file(address(store), aside / "copy.db")
    engine = create_engine(f"sqlite:///{aside / 'copy.db'}")
    try:
        with engine.connect() as conn:
            verdict = audit.verify(conn)
    finally:
        engine.dispose()
    return "" if verdict.ok else f"{verdict.bad_n}: {verdict.reason}"
