"""One candidate, decided once: mode, kind, identity, trust, chain, expiry, incident; written under the head lock."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from sqlalchemy import Connection

from hub.acceptance import grouping, linking
from hub.acceptance.case import Case, Decision, Ground, Outcome
from hub.acceptance.facts import Worked, work_out
from hub.acceptance.identity import find, identify
from hub.acceptance.record import decision_of, event, record, tell_anew
from hub.acceptance.trust import Trust, judge
from hub.cap.chain import Standing
from hub.cap.json import content_hash
from hub.cap.model import MSG_TYPES, STATUSES, Alert
from hub.cap.references import node_of
from hub.clock import to_us
from hub.connector import Candidate, Withdrawn
from hub.store import alarms, alerts, audit
from hub.store.alerts import AlertRow
from hub.store.head import Head
from hub.subscription import AlertFacts

STATUS_OF_MODE = {"actual": "Actual", "exercise": "Exercise", "test": "Test"}


def decide(conn: Connection, head: Head, candidate: Candidate, ground: Ground, *, document: bytes) -> Decision:
    """Decides one candidate under the head lock and writes all of it; a duplicate or an unchanged one writes nothing.

    `document` is the payload as received, for the signature.
    """
    source_key, alert = "", candidate.alert
    if candidate.source_key:
        source_key, alert, same = identify(conn, candidate, ground)
        if same is not None:
            return same
    early = _set_aside(alert, ground)
    alert_id, known = find(conn, alert, candidate, apart=early is not None)
    case = Case(conn, head, ground, candidate, alert, alert_id, source_key)
    if known is not None:
        return _known(case, known, document)
    if early is not None:
        return record(case, Outcome(*early))
    worked, trust = _judged(case, document)
    if trust.held:
        return record(case, Outcome("held", trust.held, worked, trust))
    return _chain(case, worked, trust)


def _judged(case: Case, document: bytes) -> tuple[Worked, Trust]:
    """The alert's facts, and whether its source may say it."""
    worked = work_out(
        case.alert,
        gazetteer=case.ground.gazetteer,
        hazards=case.ground.hazards,
        uncertain=case.candidate.uncertain_areas,
        next_issue_at=case.candidate.next_issue_at,
    )
    facts = AlertFacts(alert_id=case.alert_id, source=case.candidate.source, alert=case.alert, infos=worked.infos)
    return worked, judge(facts, case.ground.authorities, document=document)


def _set_aside(alert: Alert, ground: Ground) -> tuple[str, str] | None:
    """(disposition, reason) of what is never distributed whatever it says: internal, drafts, another mode, no recipients."""
    if alert.msg_type in ("Ack", "Error"):
        return "internal", alert.msg_type.lower()
    if alert.status == "System":
        return "internal", "system"
    if alert.status == "Draft":
        return "quarantined", "draft"
    if alert.status not in STATUSES:
        return "quarantined", "unknown-status"
    if alert.msg_type not in MSG_TYPES:
        return "quarantined", "unknown-msgType"
    if alert.scope == "Private" and not alert.addresses:
        return "quarantined", "private-without-addresses"
    if alert.status != STATUS_OF_MODE[ground.mode]:
        return "other_mode", alert.status
    return None


def _known(case: Case, known: AlertRow, document: bytes) -> Decision:
    """Same identity: the same content is a duplicate, other content a conflict that is kept beside the first (ACC-2).

    Only a source with the authority can dispute: what any other says is held.
    """
    told = content_hash(case.alert)
    if case.candidate.source_key or told == known.content_hash:
        alerts.listed_again(case.conn, case.alert_id)
        return decision_of(known, "duplicate")
    other = replace(case, alert_id=f"x{hashlib.sha256(f'{case.alert_id}{told}'.encode()).hexdigest()[:24]}")
    again = alerts.get(case.conn, other.alert_id)
    if again is not None:
        return decision_of(again, "conflict" if again.disposition == "conflict" else "duplicate")
    worked, trust = _judged(other, document)
    if trust.held:
        return record(other, Outcome("held", trust.held, worked, trust))
    alarms.open_alarm(case.conn, kind="alert.conflict", about=case.alert_id, detail=other.alert_id, at=case.now)
    return record(other, Outcome("conflict", f"differs-from {case.alert_id}", worked, trust))


def _chain(case: Case, worked: Worked, trust: Trust) -> Decision:
    """The candidate takes its place in its chain; others of the chain move with it."""
    conn, alert, alert_id = case.conn, case.alert, case.alert_id
    node = node_of(alert, node_id=alert_id, source=case.candidate.source)
    if case.source_key:
        node = replace(node, identifier=linking.event_identifier(case.candidate.source, case.source_key), references=())
    linked = linking.link_in(conn, node, source_key=case.source_key, may_speak_for=case.ground.may_speak_for)
    standing = linked.standing
    place = linking.chain_for(conn, case.head, linked, alert_id)
    chain_id = place.chain_id
    outcome = Outcome("", "", worked, trust, standing.state, standing.by, chain_id, flags=tuple(sorted(standing.flags)))
    live_until = outcome.live_until(alert)
    disposition, reason = disposition_of(
        standing,
        live_until=live_until,
        now=case.now,
        minted=bool(case.source_key),
        repaired=bool(case.candidate.repairs),
    )
    incident_id = _grouped(case, worked, place) if disposition != "held" and worked.infos else ""
    outcome = replace(
        outcome,
        disposition=disposition,
        reason=reason,
        chain_seq=linking.take_number(conn, place, incident_id=incident_id or None),
        incident_id=incident_id,
        keep_until=linking.keep_until(
            linked, alert_id=alert_id, ending=alert.is_ending(), live_until=live_until, now=case.now
        ),
    )
    decision = record(case, outcome)
    moved = linking.write_standings(conn, linked, chain_id=chain_id, new_id=alert_id, now=case.now)
    tell_anew(conn, case.head, case.ground, moved)
    return decision


def _grouped(case: Case, worked: Worked, place: linking.Place) -> str:
    """The incident the chain belongs to."""
    facts = grouping.incident_facts(
        case.alert, worked.infos, chain_id=place.chain_id, source=case.candidate.source, named=worked.named
    )
    return grouping.group(case.conn, case.head, facts, case.ground.windows, own=place.incident_id)


def disposition_of(standing: Standing, *, live_until: int, now: int, minted: bool, repaired: bool) -> tuple[str, str]:
    """(disposition, reason) of an alert that stands so in its chain; `minted` says that its source speaks no CAP."""
    if standing.state == "held":
        return "held", standing.reason
    if standing.state in ("cancelled", "ended"):
        return "born_cancelled", standing.by
    if standing.state == "superseded":
        return "born_superseded", standing.by
    if standing.state == "active" and live_until <= now:
        return "born_expired", ""
    if "revision" in standing.flags and not minted:
        return "revision", ""
    return ("repaired", "") if repaired else ("accepted", "")


def withdraw(conn: Connection, head: Head, said: Withdrawn, ground: Ground) -> list[str]:
    """Alerts in force that the source lists no longer are shown as withdrawn; they stay in force (ACC-5). Returns their ids."""
    source_key = alerts.source_key_of(conn, said.source, (said.source_key,)) if said.source_key else ""
    rows = alerts.active_of(
        conn, source=said.source, identifier=said.identifier, sender=said.sender, source_key=source_key or ""
    )
    moved = [row.alert_id for row in rows if alerts.withdraw(conn, row.alert_id, to_us(ground.now))]
    for alert_id in moved:
        event(conn, head, ground, kind="withdrawn", alert_id=alert_id)
        audit.append(conn, head, at=ground.now, act="alert.withdrawn", who=said.source, object=alert_id, body={})
    return moved
