"""The evidence walked from end to end (EVI-1): decision chain, signed heads, alerts, the workers' chains, the ledger's rows, bytes received.

Whatever was edited, deleted, added, swapped or cut off since it was written is found. Without the hub's key nobody can make a chain that
the heads exported before agree with.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Connection, select, tuple_
from sqlalchemy.exc import NoResultFound

from hub.store import anchors, audit, meta, segments
from hub.store.head import GENESIS
from hub.store.signed import SignedHead
from hub.store.tables import alerts, attempts, deliveries, payloads, routed
from hub.store.tables import audit as audit_table

_PAGE = 1_000
_TABLES = {"deliveries": deliveries, "attempts": attempts, "routed": routed}
_SCRATCH = """
CREATE TABLE anchors (worker, n, hash, entry, PRIMARY KEY (worker, n)) WITHOUT ROWID;
CREATE TABLE sealed (kind, id, stamp, digest, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE found (kind, id, digest, PRIMARY KEY (kind, id)) WITHOUT ROWID;
"""
_SEALED = (
    "INSERT INTO sealed VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET stamp = excluded.stamp, digest = excluded.digest"
    " WHERE excluded.stamp >= sealed.stamp"
)
_DIFFERING = """
SELECT s.kind, s.id, CASE WHEN f.digest IS NULL THEN 'missing' ELSE 'altered' END
  FROM sealed s LEFT JOIN found f USING (kind, id) WHERE f.digest IS NOT s.digest
UNION ALL SELECT f.kind, f.id, 'added' FROM found f LEFT JOIN sealed s USING (kind, id) WHERE s.digest IS NULL
ORDER BY 1, 2 LIMIT 1
"""
_WORDS = {
    "missing": "the row was deleted",
    "altered": "the row is not as the hub left it",
    "added": "no worker of the hub wrote this row",
}


@dataclass(frozen=True, slots=True)
class Bad:
    """The first row that is altered, missing or too many."""

    table: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was walked, and the first bad row; None when all is as the hub left it."""

    entries: int = 0
    heads: int = 0
    segments: int = 0
    rows: int = 0
    payloads: int = 0
    bad: Bad | None = None

    @property
    def ok(self) -> bool:
        return self.bad is None


def verify(conn: Connection, heads: Sequence[SignedHead] = (), *, key: str = "") -> Report:
    """Walks everything. `heads` were exported before; `key` is the hub's public key, "" when it is believed as the heads name it."""
    chain = _chain(conn)
    report = Report(entries=chain.entries, heads=len(heads), bad=chain.bad or _against(conn, heads, key))
    if report.bad is not None:
        return report
    with closing(sqlite3.connect("")) as scratch:
        scratch.executescript(_SCRATCH)
        scratch.execute("PRAGMA journal_mode=OFF")
        bad = _decided(conn, scratch)
        count, bad = _segments(conn, scratch) if bad is None else (0, bad)
        report = replace(report, segments=count, bad=bad)
        if bad is None:
            report = _rows(conn, scratch, report)
    return report if report.bad is not None else _payloads(conn, report)


def _chain(conn: Connection) -> Report:
    """The decision chain by itself."""
    before = conn.execute(select(audit_table.c.n).where(audit_table.c.n < 1).limit(1)).scalar()
    if before is not None:
        return Report(bad=Bad("audit", str(before), "an entry before the first"))
    try:
        chain = audit.verify(conn)
    except NoResultFound:
        return Report(bad=Bad("head", "1", "the row was deleted"))
    bad = Bad("audit", str(chain.bad_n), chain.reason) if chain.bad_n is not None else None
    return Report(entries=chain.checked, bad=bad)


def _against(conn: Connection, heads: Sequence[SignedHead], key: str) -> Bad | None:
    """What the first head says that the chain does not."""
    hub, mode = meta.get(conn, "hub_id"), meta.get(conn, "mode")
    restored = meta.get(conn, "restored_at")
    last = 0
    for one in sorted(heads, key=lambda one: one.audit_n):
        name = f"{one.audit_n} of {one.at}"
        fault = one.fault() or ("it is signed with another key" if key and one.key != key else "")
        if not fault and (one.hub, one.mode) != (hub, mode):
            fault = f"it is of hub {one.hub} in mode {one.mode}, not of {hub} in mode {mode}"
        if fault:
            return Bad("heads", name, fault)
        if one.audit_n == 0:
            continue
        found = conn.execute(select(audit_table.c.hash).where(audit_table.c.n == one.audit_n)).scalar_one_or_none()
        if found is None:
            first = _last(conn) + 1
            why = f"; the store was restored from a backup on {restored}" if restored else ""
            return Bad("audit", str(first), f"the tail is missing: entries {first} to {one.audit_n}{why}")
        if found != one.audit_hash:
            return Bad(
                "audit", str(last + 1), f"entries {last + 1} to {one.audit_n} are not those that head {name} is of"
            )
        last = one.audit_n
    return None


def _last(conn: Connection) -> int:
    return conn.execute(select(audit_table.c.n).order_by(audit_table.c.n.desc()).limit(1)).scalar_one_or_none() or 0


def _decided(conn: Connection, scratch: sqlite3.Connection) -> Bad | None:
    """What the decision chain says of the workers' chains and of each alert is in `scratch`; a fault when it cannot be read."""
    after = 0
    table = audit_table.c
    stmt = select(table.n, table.act, table.object, table.body).where(table.act.in_((anchors.ACT, "alert.decided")))
    while rows := conn.execute(stmt.where(table.n > after).order_by(table.n).limit(_PAGE)).all():
        for row in rows:
            try:
                body = msgspec.json.decode(row.body)
                if row.act == anchors.ACT:
                    ends = [(worker, end["n"], end["hash"], row.n) for worker, end in body["workers"].items()]
                    scratch.executemany("INSERT OR REPLACE INTO anchors VALUES (?, ?, ?, ?)", ends)
                else:
                    digest = f"{body['seq']} {body['payload']} {body['cap']}"
                    scratch.execute(_SEALED, ("alerts", row.object, row.n, digest))
            except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
                return Bad("audit", str(row.n), "what it says cannot be read")
        after = rows[-1].n
    return None


@dataclass
class _Worker:
    """One worker's chain as far as it was walked."""

    name: str
    n: int = 0
    hash: str = GENESIS
    rows: int = 0
    anchored: tuple[int, int] = (0, 0)

    def take(self, row: Any, scratch: sqlite3.Connection) -> Bad | None:
        """The next segment; what it says of rows is in `scratch` then."""
        self.n += 1
        name = f"{self.name}/{self.n}"
        if row.n != self.n:
            return Bad(
                "segments", name if row.n > self.n else f"{self.name}/{row.n}", "the segment was deleted or added"
            )
        digest = segments.hash_of(
            self.hash, worker=self.name, n=self.n, stamp=row.stamp, at=row.at, rows=row.rows, body=row.body
        )
        if digest != row.hash:
            return Bad("segments", name, "the segment or the one before it was altered")
        named = scratch.execute(
            "SELECT hash, entry FROM anchors WHERE worker = ? AND n = ?", (self.name, self.n)
        ).fetchone()
        if named is not None and named[0] != digest:
            return Bad("segments", name, f"it is not the one that entry {named[1]} of audit names")
        try:
            moved = [(table, key, row.stamp, said) for table, key, _, said in msgspec.json.decode(row.body)]
            scratch.executemany(_SEALED, moved)
        except (msgspec.DecodeError, ValueError, TypeError, sqlite3.Error):
            return Bad("segments", name, "what it says cannot be read")
        self.hash, self.rows = digest, self.rows + len(moved)
        if named is not None:
            self.anchored = (self.n, self.rows)
        return None

    def ends(self, scratch: sqlite3.Connection, end: tuple[Any, ...] | None) -> Bad | None:
        """What is wrong with the end of the chain, where the worker's row says `end`."""
        far, entry = scratch.execute("SELECT max(n), entry FROM anchors WHERE worker = ?", (self.name,)).fetchone()
        named = f"entry {entry} of audit names segment {far}"
        if end is not None and end[0] > max(far or 0, self.n):
            far, named = end[0], f"the worker sealed {end[0]}"
        if (far or 0) > self.n:
            return Bad("segments", f"{self.name}/{self.n + 1}", f"the tail is missing: {named}")
        if end is None:
            return Bad("sealers", self.name, "the row was deleted")
        right = end == (self.n, self.hash, self.rows, *self.anchored)
        return None if right else Bad("sealers", self.name, "it is not what the worker's chain comes to")


def _segments(conn: Connection, scratch: sqlite3.Connection) -> tuple[int, Bad | None]:
    """How many segments were walked; each worker's chain is whole and ends where its row and the anchors say, or what is wrong."""
    ends = {row.worker: tuple(row)[1:] for row in segments.workers(conn)}
    missing = ends.keys() | {name for (name,) in scratch.execute("SELECT DISTINCT worker FROM anchors")}
    walked, count = _Worker(""), 0
    for row in segments.in_order(conn):
        if row.worker != walked.name:
            if walked.name and (bad := walked.ends(scratch, ends.get(walked.name))):
                return count, bad
            walked = _Worker(row.worker)
            missing -= {row.worker}
        count += 1
        if bad := walked.take(row, scratch):
            return count, bad
    for last in ([walked] if walked.name else []) + [_Worker(name) for name in sorted(missing)]:
        if bad := last.ends(scratch, ends.get(last.name)):
            return count, bad
    return count, None


def _rows(conn: Connection, scratch: sqlite3.Connection, report: Report) -> Report:
    """Every row of the ledger is as it was sealed last."""
    count = 0
    for table in segments.KEYS:
        for some in _digests(conn, table):
            scratch.executemany("INSERT INTO found VALUES (?, ?, ?)", some)
            count += len(some)
    for some in _alerts(conn):
        scratch.executemany("INSERT INTO found VALUES (?, ?, ?)", some)
    first = scratch.execute(_DIFFERING).fetchone()
    bad = Bad(first[0], first[1], _WORDS[first[2]]) if first is not None else None
    return replace(report, rows=count, bad=bad)


def _digests(conn: Connection, name: str) -> Iterator[list[tuple[str, str, str]]]:
    table, columns = _TABLES[name], segments.COLUMNS[name]
    key = [table.c[part] for part in segments.KEYS[name]]
    places = [columns.index(part) for part in segments.KEYS[name]]
    stmt = select(*(table.c[column] for column in columns)).order_by(*key).limit(_PAGE)
    rows: Sequence[Any] = conn.execute(stmt).all()
    while rows:
        yield [(name, "/".join(str(row[place]) for place in places), segments.digest_of(tuple(row))) for row in rows]
        after = tuple(rows[-1][place] for place in places)
        rows = conn.execute(stmt.where(tuple_(*key) > after)).all()


def _alerts(conn: Connection) -> Iterator[list[tuple[str, str, str]]]:
    """(alerts, id, what the decision about it says: seq, bytes received, CAP as accepted) of every alert as it stands."""
    names = ("alert_id", "seq", "payload_sha256", "cap")
    stmt = select(*(alerts.c[name] for name in names)).order_by(alerts.c.alert_id).limit(_PAGE)
    after = ""
    while rows := conn.execute(stmt.where(alerts.c.alert_id > after)).all():
        caps = [hashlib.sha256(bytes(row.cap)).hexdigest() for row in rows]
        yield [
            ("alerts", row.alert_id, f"{row.seq} {row.payload_sha256} {cap}")
            for row, cap in zip(rows, caps, strict=True)
        ]
        after = rows[-1].alert_id


def _payloads(conn: Connection, report: Report) -> Report:
    """The bytes received are those whose hash the decisions name."""
    after, count = "", 0
    stmt = select(payloads.c.sha256, payloads.c.body).order_by(payloads.c.sha256).limit(50)
    while rows := conn.execute(stmt.where(payloads.c.sha256 > after)).all():
        for row in rows:
            if hashlib.sha256(bytes(row.body)).hexdigest() != row.sha256:
                return replace(report, bad=Bad("payloads", row.sha256, "the bytes are not those received"))
        count, after = count + len(rows), rows[-1].sha256
    return replace(report, payloads=count)
