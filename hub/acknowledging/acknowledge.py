"""The one operation that acknowledges a delivery, whoever presses: idempotent, the first counts, later ones are kept (DEL-6, EVI-1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub.clock import to_us
from hub.errors import HubError
from hub.store import acks, alarms, audit, deliveries, escalations, head
from hub.store.acks import AckRow

HOW = ("link", "console", "api", "phone", "answer", "cap")
"""By the signed link, by a member of the recipient, by its key, by a call that somebody of the hub recorded, by the receiver's answer,
by a CAP Ack."""

ALARMS = ("ack.overdue", "ack.call", "ack.unanswered")
MOST_BY = 200
MOST_NOTE = 500


class NotTold(HubError):
    """Nothing of this delivery has gone out, so nobody can have seen it through it; a telephone call can still be recorded."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said. `by` is the person as they called themselves; `recorded_by` the session or key that says so, "" for a link or an answer."""

    how: str
    by: str
    recorded_by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Acked:
    """An acknowledgement as it stands in the record; `settled` says whether the recipient's clock has stopped, `fresh` whether it is new."""

    row: AckRow
    settled: bool
    fresh: bool


def acknowledge(conn: Connection, delivery_id: str, said: Said, *, at: datetime) -> Acked:
    """The delivery is acknowledged, and the clock of its recipient stops once enough endpoints have confirmed.

    Raises:
        LookupError: there is no such delivery, or policy kept it from its endpoint.
        NotTold: nothing has gone out yet, and it was no telephone call.
    """
    row = deliveries.get(conn, delivery_id)
    if row is None or row.outcome.startswith("withheld "):
        raise LookupError(delivery_id)
    if not row.begun and said.how not in ("phone", "cap"):
        raise NotTold(delivery_id)
    state = head.lock(conn)
    made = _row(row, said, at)
    fresh = acks.get(conn, made["ack_id"]) is None
    kept = acks.keep(conn, made)
    settled = _settle(conn, kept, now=to_us(at))
    if fresh:
        body = {
            "ack": kept.ack_id,
            "alert": kept.alert_id,
            "endpoint": kept.endpoint_id,
            "owner": kept.owner,
            "how": kept.how,
            "first": bool(kept.first),
            "settled": settled,
            "row": acks.digest(kept),
        }
        who = said.recorded_by or f"{said.how}:{kept.endpoint_id}"
        audit.append(conn, state, at=at, act="delivery.acknowledged", who=who, object=delivery_id, body=body)
        head.save(conn, state)
    return Acked(kept, settled, fresh)


def _row(row: Any, said: Said, at: datetime) -> dict[str, Any]:
    by, note = _line(said.by)[:MOST_BY], _line(said.note)[:MOST_NOTE]
    return {
        "ack_id": acks.ack_id(row.delivery_id, how=said.how, by=by, recorded_by=said.recorded_by),
        "delivery_id": row.delivery_id,
        "alert_id": row.alert_id,
        "seq": row.seq,
        "endpoint_id": row.endpoint_id,
        "owner": row.owner,
        "how": said.how,
        "by": by,
        "recorded_by": said.recorded_by,
        "note": note,
        "at": to_us(at),
    }


def _settle(conn: Connection, kept: AckRow, *, now: int) -> bool:
    """Whether the recipient's clock stands still after this; the alarms about it are closed then."""
    clock = escalations.of(conn, kept.seq, kept.owner)
    if clock is None or clock.state != "waiting":
        return True
    if acks.confirming(conn, kept.seq, kept.owner) < clock.quorum:
        return False
    escalations.close(conn, clock.escalation_id, state="acknowledged", by=kept.ack_id, now=now)
    escalations.end_reminders(conn, kept.seq, kept.owner, by=kept.ack_id, now=now)
    for kind in ALARMS:
        alarms.close_alarm(conn, kind=kind, about=clock.escalation_id, at=now)
    return True


def _line(text: str) -> str:
    """One line of printable text: what somebody typed into a page is shown to others."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
