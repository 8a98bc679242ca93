"""What people do through the door, in the decision chain (EVI-1), in the same transaction as the deed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub.store import audit, head


def note(conn: Connection, *, at: datetime, act: str, who: str, object: str, body: Any = None) -> None:
    """The deed is in the chain once the transaction commits. `body` never holds a secret."""
    state = head.lock(conn)
    audit.append(conn, state, at=at, act=act, who=who, object=object, body=body or {})
    head.save(conn, state)
