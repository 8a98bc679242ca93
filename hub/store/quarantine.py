"""What could not be understood, kept with its reason until a person has looked (DEL-7)."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Connection, insert, select

from hub.clock import to_us
from hub.store.tables import quarantine


def keep(
    conn: Connection,
    *,
    stage: str,
    source: str,
    reason: str,
    detail: str,
    at: datetime,
    payload_sha256: str | None = None,
    record: bytes | None = None,
) -> str:
    """The id under which it is kept; the same trouble with the same bytes is kept once, with the time it was first met."""
    told = "\x1f".join([stage, source, payload_sha256 or "", reason, detail]).encode() + b"\x1f" + (record or b"")
    quarantine_id = hashlib.sha256(told).hexdigest()[:32]
    known = conn.execute(select(quarantine.c.at).where(quarantine.c.quarantine_id == quarantine_id)).first()
    if known is None:
        conn.execute(
            insert(quarantine).values(
                quarantine_id=quarantine_id,
                stage=stage,
                source=source,
                payload_sha256=payload_sha256,
                record=record,
                reason=reason,
                detail=detail,
                at=to_us(at),
            )
        )
    return quarantine_id
