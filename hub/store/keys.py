"""API keys: shown once, kept as a SHA-256; they belong to a source, an agency or a neighbour, never to a person (ACC-8)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from hub.clock import from_us, to_us
from hub.store.tables import keys

KINDS = ("source", "agency", "neighbour", "feed", "metrics")
MARK = "hub"
_MOST_CHARACTERS = 200
_UNKNOWN = hashlib.sha256(b"no such key").hexdigest()


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One key as kept. `key_id` is its public prefix; the secret part is known to its holder only."""

    key_id: str
    kind: str
    owner: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None

    def is_good(self, at: datetime) -> bool:
        """Whether it is neither revoked nor expired at that moment."""
        return self.revoked_at is None and at < self.expires_at


def create(
    conn: Connection, *, kind: str, owner: str, scopes: Sequence[str] = (), at: datetime, expires_at: datetime
) -> str:
    """A new key exists; returns its token `hub_<prefix>_<256 random bits>`, which is never shown again.

    Raises:
        ValueError: an unknown kind, no owner, or an end that is not after `at`.
    """
    if kind not in KINDS or not owner or expires_at <= at:
        raise ValueError(f"key of kind {kind!r} for {owner!r} until {expires_at}: kind {KINDS}, an owner, a later end")
    key_id = secrets.token_hex(6)
    token = f"{MARK}_{key_id}_{secrets.token_hex(32)}"
    row = {
        "key_id": key_id,
        "token_hash": hash_of(token),
        "kind": kind,
        "owner": owner,
        "scopes": msgspec.json.encode(list(scopes)).decode(),
        "created_at": to_us(at),
        "expires_at": to_us(expires_at),
        "revoked_at": None,
        "last_used_at": None,
    }
    conn.execute(insert(keys), row)
    return token


def hash_of(token: str) -> str:
    """Hexadecimal SHA-256 of a token: enough for 256 random bits, which nobody can guess through."""
    return hashlib.sha256(token.encode()).hexdigest()


def find(conn: Connection, token: str, at: datetime) -> KeyRecord | None:
    """The good key of that token, or None for an unknown, altered, expired or revoked one (never says which)."""
    parts = token.split("_") if len(token) <= _MOST_CHARACTERS else []
    if len(parts) != 3 or parts[0] != MARK:
        return None
    row = conn.execute(select(keys).where(keys.c.key_id == parts[1])).one_or_none()
    same = secrets.compare_digest(row.token_hash if row else _UNKNOWN, hash_of(token))
    record = _record(row) if row is not None and same else None
    return record if record is not None and record.is_good(at) else None


def get(conn: Connection, key_id: str) -> KeyRecord | None:
    """The key of that public prefix, whatever became of it."""
    row = conn.execute(select(keys).where(keys.c.key_id == key_id)).one_or_none()
    return _record(row) if row is not None else None


def everyone(conn: Connection) -> list[KeyRecord]:
    """All keys, newest first."""
    return [_record(row) for row in conn.execute(select(keys).order_by(keys.c.created_at.desc()))]


def revoke(conn: Connection, key_id: str, at: datetime) -> bool:
    """The key is worth nothing from now on; False when it was revoked already or never existed."""
    stmt = update(keys).where(keys.c.key_id == key_id, keys.c.revoked_at.is_(None)).values(revoked_at=to_us(at))
    return conn.execute(stmt).rowcount == 1


def used(conn: Connection, key_id: str, at: datetime) -> None:
    """The key's last use is remembered."""
    conn.execute(update(keys).where(keys.c.key_id == key_id).values(last_used_at=to_us(at)))


def _record(row: Row[tuple[object, ...]]) -> KeyRecord:
    return KeyRecord(
        key_id=row.key_id,
        kind=row.kind,
        owner=row.owner,
        scopes=tuple(msgspec.json.decode(row.scopes)),
        created_at=from_us(row.created_at),
        expires_at=from_us(row.expires_at),
        revoked_at=from_us(row.revoked_at) if row.revoked_at is not None else None,
        last_used_at=from_us(row.last_used_at) if row.last_used_at is not None else None,
    )
