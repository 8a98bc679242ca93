"""What a person decides about a held alert: it takes effect from now on, or it never does (ACC-3, ACC-8)."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from hub.acceptance import linking
from hub.acceptance.case import Decision, Ground
from hub.acceptance.decide import disposition_of
from hub.acceptance.record import decision_of, event, tell_anew
from hub.cap.json import from_json
from hub.cap.references import node_of
from hub.clock import to_us
from hub.errors import NotHeld
from hub.store import alarms, alerts, audit
from hub.store.alerts import AlertRow
from hub.store.head import Head


def release(conn: Connection, head: Head, alert_id: str, ground: Ground, *, reason: str) -> Decision:
    """The held alert takes its place in its chain as if its authority had never been in doubt, and is routed as of now.

    An alert that has ended meanwhile is `born_expired`: it is told to nobody.

    Raises:
        LookupError: there is no such alert.
        NotHeld: somebody has decided already, or it never was held.
    """
    row = _held(conn, alert_id)
    alert = from_json(bytes(row.cap))
    now = to_us(ground.now)
    alerts.grant(conn, alert_id)
    node = node_of(alert, node_id=alert_id, source=row.source, released=True)
    if row.source_key:
        node = replace(node, identifier=linking.event_identifier(row.source, row.source_key), references=())
    linked = linking.link_in(conn, node, source_key=row.source_key, may_speak_for=ground.may_speak_for)
    place = linking.chain_for(conn, head, linked, alert_id)
    chain_id = place.chain_id
    disposition, _ = disposition_of(
        linked.standing, live_until=row.live_until, now=now, minted=bool(row.source_key), repaired=row.repairs != "[]"
    )
    ends = linking.keep_until(linked, alert_id=alert_id, ending=bool(row.ending), live_until=row.live_until, now=now)
    alerts.settle_held(
        conn,
        alert_id,
        disposition=disposition,
        reason=f"released: {reason}",
        state=linked.standing.state,
        superseded_by=linked.standing.by or None,
        chain_id=chain_id,
        chain_seq=linking.take_number(conn, place, incident_id=None),
        keep_until=ends,
        by=ground.who,
    )
    event(conn, head, ground, kind="released", alert_id=alert_id)
    tell_anew(conn, head, ground, linking.write_standings(conn, linked, chain_id=chain_id, new_id=alert_id, now=now))
    return _told(conn, head, alert_id, ground, act="alert.released", reason=reason)


def dismiss(conn: Connection, head: Head, alert_id: str, ground: Ground, *, reason: str) -> Decision:
    """The held alert is `refused`: kept with its bytes, told to nobody but those who watch it wait.

    Raises:
        LookupError, NotHeld: as `release`.
    """
    row = _held(conn, alert_id)
    alerts.settle_held(
        conn,
        alert_id,
        disposition="refused",
        reason=f"dismissed: {reason}",
        state="none",
        superseded_by=None,
        chain_id=row.chain_id,
        chain_seq=row.chain_seq,
        keep_until=row.keep_until,
        by=ground.who,
    )
    event(conn, head, ground, kind="dismissed", alert_id=alert_id)
    return _told(conn, head, alert_id, ground, act="alert.dismissed", reason=reason)


def _held(conn: Connection, alert_id: str) -> AlertRow:
    row = alerts.get(conn, alert_id)
    if row is None:
        raise LookupError(alert_id)
    if row.held_until is None:
        raise NotHeld(f"{alert_id} is {row.disposition}, not held")
    return row


def _told(conn: Connection, head: Head, alert_id: str, ground: Ground, *, act: str, reason: str) -> Decision:
    row = alerts.get(conn, alert_id)
    assert row is not None  # it was just written
    decision = replace(decision_of(row, row.disposition), reason=row.reason)
    body = {"disposition": row.disposition, "reason": reason, "chain": row.chain_id or ""}
    audit.append(conn, head, at=ground.now, act=act, who=ground.who, object=alert_id, body=body)
    alarms.close_alarm(conn, kind="alert.held", about=alert_id, at=to_us(ground.now))
    return decision
