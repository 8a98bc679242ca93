"""Payloads: the bytes exactly as a source sent them, under their SHA-256."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from hub.clock import to_us
from hub.connector import Payload
from hub.store.tables import payloads


def keep(conn: Connection, payload: Payload) -> str:
    """The SHA-256 under which the bytes are kept. The same bytes are kept once, as they were first received."""
    sha256 = payload.sha256
    if conn.execute(select(payloads.c.sha256).where(payloads.c.sha256 == sha256)).first() is None:
        conn.execute(
            insert(payloads).values(
                sha256=sha256,
                body=payload.body,
                content_type=payload.content_type,
                source=payload.source,
                url=payload.url,
                received_at=to_us(payload.received_at),
            )
        )
    return sha256


def get(conn: Connection, sha256: str) -> Row[Any] | None:
    """The row of those bytes, or None.

    Raises:
        ValueError: the bytes kept are not those received; the store is damaged.
    """
    row = conn.execute(select(payloads).where(payloads.c.sha256 == sha256)).one_or_none()
    if row is not None and hashlib.sha256(row.body).hexdigest() != sha256:
        raise ValueError(f"payload {sha256}: the bytes kept have another SHA-256")
    return row
