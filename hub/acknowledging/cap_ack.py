"""CAP messages of msgType Ack (CAP 1.2 §3.2.1): the one we owe a source that wants it, and what one from a recipient confirms."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from hub.acknowledging.acknowledge import Acked, Said, acknowledge
from hub.cap.json import from_json
from hub.cap.model import Alert, Reference
from hub.clock import to_us
from hub.policy.sending import STATUS_OF_MODE
from hub.store import acks, alerts
from hub.store.alerts import AlertRow


def ack_of(alert: Alert, *, alert_id: str, sender: str, sent: datetime, mode: str, note: str) -> Alert:
    """The Ack of that alert: to its sender alone, with the mode's status. The same alert always gets the same identifier."""
    return Alert(
        identifier=f"ack.{alert_id}",
        sender=sender,
        sent=sent,
        status=STATUS_OF_MODE[mode],
        msg_type="Ack",
        scope="Private",
        addresses=(alert.sender,),
        note=note,
        references=(Reference(alert.sender, alert.identifier, alert.sent),),
    )


def take(conn: Connection, row: AlertRow, *, at: datetime) -> list[Acked]:
    """What a CAP Ack confirms: every delivery, told to the agency whose key sent it, of the alerts it references by their full triple.

    A source is nobody's voice but its own: an Ack confirms only what was told to the agency of the same id.
    """
    ack = from_json(bytes(row.cap))
    told: list[Acked] = []
    for reference in ack.references:
        if reference.sent is None:
            continue
        found = alerts.chained(
            conn, sender=reference.sender, identifier=reference.identifier, sent=to_us(reference.sent)
        )
        for delivery_id in acks.told_to(conn, found.alert_id, row.source) if found is not None else ():
            said = Said("cap", ack.sender, recorded_by=f"source:{row.source}", note=ack.note)
            told.append(acknowledge(conn, delivery_id, said, at=at))
    return told
