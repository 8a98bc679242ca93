"""Acknowledgements: who confirmed which delivery, how and when. The first makes it acknowledged; later ones are kept beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, case, func, insert, select, update

from hub.store.tables import acks, deliveries

AckRow = Row[Any]

SETTLED = ("delivered", "failed", "expired")
"""States of a delivery that an acknowledgement turns into `acknowledged`; what is on its way becomes so when it arrives."""


def ack_id(delivery_id: str, *, how: str, by: str, recorded_by: str) -> str:
    """The one id of this acknowledgement: the same said again is the same."""
    digest = hashlib.sha256("\n".join((delivery_id, how, by, recorded_by)).encode()).hexdigest()
    return f"k{digest[:28]}"


def get(conn: Connection, ack_id: str) -> AckRow | None:
    return conn.execute(select(acks).where(acks.c.ack_id == ack_id)).one_or_none()


def keep(conn: Connection, row: Mapping[str, Any]) -> AckRow:
    """The acknowledgement is kept, once; it is the first when its delivery had none. Returns it as it stands."""
    known = get(conn, row["ack_id"])
    if known is not None:
        return known
    now = row["at"]
    state = case((deliveries.c.state.in_(SETTLED), "acknowledged"), else_=deliveries.c.state)
    unconfirmed = (deliveries.c.delivery_id == row["delivery_id"], deliveries.c.acknowledged_at.is_(None))
    values = {"acknowledged_at": now, "acknowledged_by": row["by"], "state": state, "rev": now}
    first = conn.execute(update(deliveries).where(*unconfirmed).values(values)).rowcount
    conn.execute(insert(acks), {**row, "first": first})
    kept = get(conn, row["ack_id"])
    assert kept is not None
    return kept


def digest(row: AckRow) -> str:
    """SHA-256 of the whole row, for the decision chain: it holds no person's name, and shows when one was altered."""
    return hashlib.sha256(msgspec.json.encode(dict(row._mapping), order="sorted")).hexdigest()


def confirming(conn: Connection, seq: int, owner: str) -> int:
    """How many endpoints have confirmed the event of `seq` for that recipient."""
    stmt = select(func.count(func.distinct(acks.c.endpoint_id))).where(acks.c.seq == seq, acks.c.owner == owner)
    return int(conn.execute(stmt).scalar_one())


def of_deliveries(conn: Connection, delivery_ids: Collection[str]) -> dict[str, list[AckRow]]:
    """The acknowledgements of each delivery, oldest first; one without any is left out."""
    found: dict[str, list[AckRow]] = {}
    every = sorted(delivery_ids)
    for start in range(0, len(every), 500):
        some = acks.c.delivery_id.in_(every[start : start + 500])
        for row in conn.execute(select(acks).where(some).order_by(acks.c.at, acks.c.first.desc(), acks.c.ack_id)):
            found.setdefault(row.delivery_id, []).append(row)
    return found


def told_to(conn: Connection, alert_id: str, owner: str) -> list[str]:
    """The deliveries of that alert that were told to that recipient, reminders included, what policy withheld left out."""
    stmt = select(deliveries.c.delivery_id).where(
        deliveries.c.alert_id == alert_id,
        deliveries.c.owner == owner,
        deliveries.c.begun == 1,
        deliveries.c.outcome.not_like("withheld %"),
    )
    return list(conn.execute(stmt.order_by(deliveries.c.delivery_id)).scalars())


def counts(conn: Connection, pairs: Sequence[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """(seq, owner) -> how many endpoints have confirmed it, for these."""
    found: dict[tuple[int, str], int] = {}
    seqs = sorted({seq for seq, _ in pairs})
    for start in range(0, len(seqs), 500):
        stmt = select(acks.c.seq, acks.c.owner, func.count(func.distinct(acks.c.endpoint_id)))
        stmt = stmt.where(acks.c.seq.in_(seqs[start : start + 500])).group_by(acks.c.seq, acks.c.owner)
        found |= {(row[0], row[1]): int(row[2]) for row in conn.execute(stmt)}
    return found
