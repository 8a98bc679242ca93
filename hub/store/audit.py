"""The decision chain (EVI-1): append-only, each entry's hash covers the one before.

The hash of entry n is the lower-case hexadecimal SHA-256 of these bytes, and of nothing else, so that anybody can check it:

    the ASCII text "dongnai-hub audit 1" and a line feed, then seven netstrings (decimal length in bytes, ":", bytes, ","):
    the previous entry's hash (64 zeros before the first), n, at (µs since 1970 UTC), act, who, object, body; all in UTF-8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select

from hub.clock import to_us
from hub.store import head as heads
from hub.store.head import GENESIS, Head
from hub.store.tables import audit
from hub.store.unprintable import without_nul

_DOMAIN = b"dongnai-hub audit 1\n"
_PAGE = 5_000
_insert = insert(audit)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found. `bad_n` is the first entry that is altered, missing or too many; None when all is well."""

    checked: int
    bad_n: int | None = None
    reason: str = ""

    @property
    def ok(self) -> bool:
        return self.bad_n is None


def append(conn: Connection, head: Head, *, at: datetime, act: str, who: str, object: str, body: Any) -> None:
    """One more entry; `head`, locked, stands on it (the caller saves it). `body` is anything msgspec can write as JSON."""
    n, at_us, encoded = head.audit_n + 1, to_us(at), msgspec.json.encode(body, order="sorted").decode()
    who, object = (
        without_nul(who),
        without_nul(object),
    )  # hashed as every backend keeps them; in the body JSON escapes it
    digest = hash_of(head.audit_hash, n, at_us, act, who, object, encoded)
    row = {"n": n, "at": at_us, "act": act, "who": who, "object": object, "body": encoded, "hash": digest}
    conn.execute(_insert, row)
    head.audit_n, head.audit_hash = n, digest


def verify(conn: Connection, from_n: int = 1) -> Verdict:
    """Whether the chain from entry `from_n` on is whole and ends where the head says. The entry before it is believed."""
    previous = GENESIS
    if from_n > 1:
        before = conn.execute(select(audit.c.hash).where(audit.c.n == from_n - 1)).scalar_one_or_none()
        if before is None:
            return Verdict(0, from_n - 1, f"entry {from_n - 1} is missing")
        previous = before
    expected = from_n
    for row in _rows(conn, from_n):
        if row.n != expected:
            return Verdict(expected - from_n, expected, f"entry {expected} is missing")
        if row.hash != hash_of(previous, row.n, row.at, row.act, row.who, row.object, row.body):
            return Verdict(expected - from_n, expected, f"entry {expected} or the one before it was altered")
        previous, expected = row.hash, expected + 1
    return _against_head(heads.look(conn), last=expected - 1, last_hash=previous, checked=expected - from_n)


def about(conn: Connection, object: str) -> list[dict[str, Any]]:
    """Every entry about that object, oldest first, its body read."""
    rows = conn.execute(select(audit).where(audit.c.object == object).order_by(audit.c.n))
    return [{**row._mapping, "body": msgspec.json.decode(row.body)} for row in rows]


def _against_head(head: Head, *, last: int, last_hash: str, checked: int) -> Verdict:
    if last < head.audit_n:
        return Verdict(checked, last + 1, f"the tail is missing: entries {last + 1} to {head.audit_n}")
    if last > head.audit_n:
        return Verdict(checked, head.audit_n + 1, f"entries {head.audit_n + 1} to {last} are beyond the head")
    if last_hash != head.audit_hash:
        return Verdict(checked, last, f"entry {last} is not the one the head names")
    return Verdict(checked)


def _rows(conn: Connection, from_n: int) -> Iterator[Row[Any]]:
    while rows := conn.execute(select(audit).where(audit.c.n >= from_n).order_by(audit.c.n).limit(_PAGE)).all():
        yield from rows
        from_n = rows[-1].n + 1


def hash_of(previous: str, n: int, at: int, act: str, who: str, object: str, body: str) -> str:
    """The hash of an entry."""
    digest = hashlib.sha256(_DOMAIN)
    for part in (previous, str(n), str(at), act, who, object, body):
        encoded = part.encode()
        digest.update(b"%d:%b," % (len(encoded), encoded))
    return digest.hexdigest()
