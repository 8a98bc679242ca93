"""Whom the hub tells about itself: an agency of its endpoint that takes nothing more, the chief of a desk that nobody hears (DEL-2, DEL-6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from hub.acknowledging.plans import plan_for
from hub.store import notices, rosters
from hub.store.rulebook import Book

SUSPENDED, UNHEARD = "endpoint.suspended", "desk.unheard"
DESK = "desk"
GRAVEST = "Extreme"


def tell_owner(conn: Connection, book: Book, endpoint_id: str, *, reason: str, now: int) -> list[str]:
    """The other endpoints of the agency are owed a notice about this one; returns them, [] when it has no other."""
    endpoint = book.get("endpoint", endpoint_id)
    owner = endpoint.body.get("owner") if endpoint is not None else None
    others = [
        rule.rule_id
        for rule in book.of("endpoint").values()
        if owner and rule.body.get("owner") == owner and rule.rule_id != endpoint_id
    ]
    said = f"{endpoint_id}: {reason}"[:200]
    notices.owe(conn, SUSPENDED, about=endpoint_id, reason=said, endpoint_ids=others, now=now)
    return others


def tell_chief(conn: Connection, book: Book, *, reason: str, at: datetime, now: int) -> list[str]:
    """The chief's endpoints, and those of whoever is on duty there, are owed a notice that nobody listens; returns them.

    The chief is the one of the policy that fits the gravest alert to the recipient `desk` at that hour.
    """
    chief = plan_for(book, DESK, severity=GRAVEST, at=at).chief
    on_duty = {person.contact_id for person in rosters.on_duty(conn, chief, at)} if chief else set()
    reached = [
        rule.rule_id
        for rule in book.of("endpoint").values()
        if chief and rule.body.get("owner") == chief and (rule.body.get("contact") or "") in {"", *on_duty}
    ]
    notices.owe(conn, UNHEARD, about=DESK, reason=reason, endpoint_ids=reached, now=now)
    return reached
