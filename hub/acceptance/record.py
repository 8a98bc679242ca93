"""The one place where a decision is written: the alert, its event, its audit entry, its alarms, in the deciding transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC
from typing import Any

import msgspec
from sqlalchemy import Connection

from hub.acceptance.case import DECIDER, HOLD, Case, Decision, Ground, Outcome
from hub.acceptance.facts import dump_facts
from hub.acceptance.linking import Moved
from hub.acceptance.trust import Trust
from hub.cap.json import content_hash, to_json
from hub.cap.model import Alert, Reference
from hub.clock import to_us
from hub.connector import Candidate
from hub.places import fold
from hub.store import alarms, alerts, audit
from hub.store.head import Head


def record(case: Case, outcome: Outcome) -> Decision:
    """Writes the decision; every disposition but `duplicate` and `unchanged` comes through here."""
    conn, alert_id = case.conn, case.alert_id
    infos = outcome.worked.infos if outcome.worked is not None else ()
    seq = event(conn, case.head, case.ground, kind="decided", alert_id=alert_id)
    faults = _faults(case.candidate, outcome)
    row = _row(case, outcome, seq=seq, faults=faults)
    alerts.insert_alert(conn, row)
    alerts.insert_references(conn, alert_id, [_reference(r) for r in case.alert.references])
    alerts.insert_units(conn, alert_id, {u for i in infos for u in i.units})
    _audit(case, outcome, seq, row["cap"])
    _alarm(case, outcome)
    return Decision(
        alert_id=alert_id,
        seq=seq,
        disposition=outcome.disposition,
        reason=outcome.reason,
        repairs=tuple(dict.fromkeys(r.code for r in case.candidate.repairs)),
        faults=faults,
        chain_id=outcome.chain_id,
        chain_seq=outcome.chain_seq,
        incident_id=outcome.incident_id,
        payload_sha256=case.candidate.payload_sha256,
    )


def event(conn: Connection, head: Head, ground: Ground, *, kind: str, alert_id: str) -> int:
    """The next place in the accepted order is this alert's; returns its seq."""
    seq = head.next_seq()
    alerts.insert_event(conn, seq=seq, kind=kind, alert_id=alert_id, at=to_us(ground.now))
    return seq


def tell_anew(conn: Connection, head: Head, ground: Ground, moved: Iterable[Moved]) -> None:
    """Alerts whose place in their chain another message changed are events again; those in force again bear a higher number."""
    for one in moved:
        if one.kind == "revived":
            alerts.set_chain_seq(conn, one.alert_id, alerts.next_chain_seq(conn, one.chain_id))
        event(conn, head, ground, kind=one.kind, alert_id=one.alert_id)


def decision_of(row: Any, disposition: str) -> Decision:
    """The decision about something already stored: nothing is written."""
    return Decision(
        alert_id=row.alert_id,
        seq=row.seq,
        disposition=disposition,
        chain_id=row.chain_id or "",
        chain_seq=row.chain_seq or 0,
        incident_id=row.incident_id or "",
        payload_sha256=row.payload_sha256,
    )


def _row(case: Case, outcome: Outcome, *, seq: int, faults: tuple[str, ...]) -> dict[str, Any]:
    alert, candidate = case.alert, case.candidate
    infos = outcome.worked.infos if outcome.worked is not None else ()
    live_until = outcome.live_until(alert)
    held = outcome.disposition == "held"
    return {
        "alert_id": case.alert_id,
        "seq": seq,
        "source": candidate.source,
        "sender": alert.sender,
        "identifier": alert.identifier,
        "sent": to_us(alert.sent),
        "status": alert.status,
        "msg_type": alert.msg_type,
        "ending": int(alert.is_ending()),
        "released": 0,
        "disposition": outcome.disposition,
        "reason": outcome.reason,
        "flags": _json(faults),
        "repairs": _json(candidate.repairs),
        "provenance": _json(_provenance(candidate, outcome.trust, case.ground)),
        "source_key": case.source_key,
        "content_hash": content_hash(alert),
        "payload_sha256": candidate.payload_sha256,
        "cap": to_json(alert),
        "facts": dump_facts(infos),
        "chain_id": outcome.chain_id or None,
        "chain_seq": outcome.chain_seq or None,
        "incident_id": outcome.incident_id or None,
        "state": outcome.state,
        "superseded_by": outcome.superseded_by or None,
        "withdrawn_at": None,
        "held_until": to_us(case.ground.now + HOLD) if held else None,
        "held_by": DECIDER if held else None,
        "live_until": live_until,
        "keep_until": outcome.keep_until if outcome.keep_until is not None else live_until,
        "hazards": f" {' '.join(sorted({h for i in infos for h in i.hazards}))} ",
        "severity": alert.severity(),
        "folded": _folded(alert),
        "received_at": case.now,
    }


def _faults(candidate: Candidate, outcome: Outcome) -> tuple[str, ...]:
    worked = outcome.worked.flags if outcome.worked is not None else ()
    backlog = ("backlog",) if candidate.backlog else ()
    return tuple(dict.fromkeys([*(f.code for f in candidate.faults), *worked, *outcome.flags, *backlog]))


def _audit(case: Case, outcome: Outcome, seq: int, cap: bytes) -> None:
    body = {
        "disposition": outcome.disposition,
        "reason": outcome.reason,
        "seq": seq,
        "payload": case.candidate.payload_sha256,
        "cap": hashlib.sha256(cap).hexdigest(),
        "chain": outcome.chain_id,
    }
    who = case.ground.who or case.candidate.source
    audit.append(
        case.conn, case.head, at=case.ground.now, act="alert.decided", who=who, object=case.alert_id, body=body
    )


def _alarm(case: Case, outcome: Outcome) -> None:
    """A person is called for what is held, and for an alert in force whose area nobody could resolve."""
    if outcome.disposition == "held":
        alarms.open_alarm(case.conn, kind="alert.held", about=case.alert_id, detail=outcome.reason, at=case.now)
    if outcome.worked is not None and outcome.worked.area_unclear and outcome.state == "active":
        detail = " ".join(outcome.worked.flags)
        alarms.open_alarm(case.conn, kind="alert.area", about=case.alert_id, detail=detail, at=case.now)


def _provenance(candidate: Candidate, trust: Trust | None, ground: Ground) -> dict[str, Any]:
    return {
        "version": candidate.version,
        "signature": trust.signature if trust is not None else "not-checked",
        "source_key": candidate.source_key,
        "also_known_as": candidate.also_known_as,
        "who": ground.who,
        "faults": candidate.faults,
    }


def _reference(reference: Reference) -> dict[str, Any]:
    return {
        "sender": reference.sender,
        "identifier": reference.identifier,
        "sent": None if reference.sent is None else to_us(reference.sent.astimezone(UTC)),
    }


def _folded(alert: Alert) -> str:
    words: list[str] = [alert.identifier, alert.sender]
    for info in alert.infos:
        words += [info.event, info.headline, info.sender_name, info.description, *(a.area_desc for a in info.areas)]
    return fold(" ".join(words))[:20_000]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
