"""Proof of completeness: which events were compared with which rules, and which were not (the map: `routed`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, insert, select

from hub.store.tables import events, routed


def mark_routed(conn: Connection, *, seq: int, rules_rev: int, matched: int, at: int) -> None:
    """Proof of completeness: this seq was compared with the rules of `rules_rev`."""
    conn.execute(insert(routed), {"seq": seq, "rules_rev": rules_rev, "matched": matched, "at": at})


def last_routed(conn: Connection) -> int:
    """The greatest seq up to which every event was routed without a gap."""
    return int(conn.execute(select(func.coalesce(func.max(routed.c.seq), 0))).scalar_one())


def routed_with(conn: Connection, alert_id: str) -> int | None:
    """The revision of the rules that the alert was last compared with; None while it is not routed."""
    stmt = select(func.max(routed.c.rules_rev)).join(events, events.c.seq == routed.c.seq)
    found = conn.execute(stmt.where(events.c.alert_id == alert_id, events.c.kind != "withdrawn")).scalar_one_or_none()
    return None if found is None else int(found)


def of_alert(conn: Connection, alert_id: str) -> list[dict[str, Any]]:
    """Each event of the alert (seq, kind, at) and when it was compared with which rules; null while it was not."""
    columns = (
        events.c.seq,
        events.c.kind,
        events.c.at,
        routed.c.rules_rev,
        routed.c.matched,
        routed.c.at.label("routed_at"),
    )
    stmt = select(*columns).outerjoin(routed, routed.c.seq == events.c.seq).where(events.c.alert_id == alert_id)
    return [dict(row._mapping) for row in conn.execute(stmt.order_by(events.c.seq))]


def is_routed(conn: Connection, seq: int) -> bool:
    return conn.execute(select(routed.c.seq).where(routed.c.seq == seq)).first() is not None


def unrouted(conn: Connection, *, before: int, most: int = 20) -> list[int]:
    """Events older than `before` (µs) that routing has not seen: an operator's alarm."""
    stmt = (
        select(events.c.seq)
        .outerjoin(routed, routed.c.seq == events.c.seq)
        .where(
            routed.c.seq.is_(None),
            events.c.at < before,
            events.c.seq > select(func.coalesce(func.max(routed.c.seq), 0)).scalar_subquery() - 1000,
        )
        .order_by(events.c.seq)
        .limit(most)
    )
    return list(conn.execute(stmt).scalars())
