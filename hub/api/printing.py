"""Alerts as papers tell them: how one stands now, and what it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from hub.api.services import Services
from hub.api.sight import Needs, Thing, things_of
from hub.cap import json as cap_json
from hub.cap.model import Alert
from hub.clock import from_us, to_us
from hub.papers import Shown
from hub.store import listing

_STANDING = {"superseded": "superseded", "cancelled": "ended", "ended": "ended", "cancels": "ended", "ends": "ended"}


def shown(conn: Connection, thing: Thing, services: Services, *, now: datetime, sees: Callable[[Thing], bool]) -> Shown:
    """The alert, with the mode's word in its texts, as it stands at `now`. What a bare ending ends is told in the words of a version that
    the reader `sees`: one that was kept from them must not reach them by its end.
    """
    row = thing.row
    alert = cap_json.from_json(row.cap)
    standing = _STANDING.get(row.state, "none")
    if row.state == "active":
        standing = "active" if row.live_until > to_us(now) else "over"
    return Shown(
        alert=services.mark(alert),
        mode=services.mode,
        received_at=from_us(row.received_at),
        standing=standing,
        flags=tuple(msgspec.json.decode(row.flags)),
        disposition=row.disposition,
        earlier=None if alert.infos else _earlier(conn, thing, services, sees),
    )


def _earlier(conn: Connection, thing: Thing, services: Services, sees: Callable[[Thing], bool]) -> Alert | None:
    """The newest version before an ending without infos that has some and is seen: what it is that ends."""
    chain = listing.chain(conn, thing.row.chain_id) if thing.row.chain_id else ()
    before = [row for row in chain if (row.chain_seq or 0) < (thing.row.chain_seq or 0)]
    seen = (one.row for one in reversed(things_of(conn, before, Needs(owners=True))) if sees(one))
    told = (cap_json.from_json(row.cap) for row in seen)
    found = next((alert for alert in told if alert.infos), None)
    return services.mark(found) if found is not None else None
