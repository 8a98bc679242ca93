"""Readings, items and reports as they came; what derives alerts from them reads here."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Connection, insert, select

from hub.clock import to_us
from hub.store.tables import spoken


def keep(conn: Connection, *, kind: str, source: str, body: str, at: datetime) -> str:
    """The id under which `body` (JSON; `kind` is reading, item or report) is kept; the same words of one source are kept once."""
    spoken_id = hashlib.sha256(f"{kind}\x1f{source}\x1f{body}".encode()).hexdigest()[:32]
    if conn.execute(select(spoken.c.spoken_id).where(spoken.c.spoken_id == spoken_id)).first() is None:
        row = {"spoken_id": spoken_id, "kind": kind, "source": source, "body": body, "at": to_us(at)}
        conn.execute(insert(spoken).values(row))
    return spoken_id
