"""One candidate, decided once: mode, kind, identity, trust, chain, expiry, incident; written under the head lock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from hub.acceptance import grouping, linking
from hub.acceptance.facts import Worked, dump_facts, work_out
from hub.acceptance.incident import Windows
from hub.acceptance.mint import minted, revision_hash
from hub.acceptance.trust import Trust, judge
from hub.cap.json import content_hash, to_json
from hub.cap.model import MSG_TYPES, STATUSES, Alert, Reference
from hub.cap.references import Node, emitted_references, node_of
from hub.clock import from_us, to_us
from hub.connector import Candidate, Withdrawn
from hub.hazards import Hazards
from hub.places import Gazetteer, fold
from hub.policy import Authority
from hub.store import alarms, alerts, audit
from hub.store.alerts import AlertRow
from hub.store.head import Head
from hub.subscription import AlertFacts

STATUS_OF_MODE = {"actual": "Actual", "exercise": "Exercise", "test": "Test"}
HOLD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a candidate. `seq` is 0 only for `unchanged` of an event we hold no version of."""

    alert_id: str
    seq: int
    disposition: str
    reason: str = ""
    repairs: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    chain_id: str = ""
    chain_seq: int = 0
    incident_id: str = ""
    payload_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What decisions stand on: the hub's mode, its places and hazards, who may speak, and the time."""

    mode: str
    gazetteer: Gazetteer
    hazards: Hazards
    windows: Windows
    authorities: Mapping[str, Authority]
    may_speak_for: Callable[[str, str], bool]
    status_of: Mapping[str, str]
    now: datetime
    who: str = ""


def alert_id_of(alert: Alert) -> str:
    """The id of this identity (sender, identifier, sent), the same in every process."""
    told = f"{alert.sender}\n{alert.identifier}\n{to_us(alert.sent)}"
    return f"a{hashlib.sha256(told.encode()).hexdigest()[:24]}"


def decide(conn: Connection, head: Head, candidate: Candidate, ground: Ground, *, document: bytes) -> Decision:
    """Decides one candidate under the head lock and writes all of it; a duplicate or an unchanged one writes nothing."""
    source_key = ""
    alert = candidate.alert
    if candidate.source_key:
        source_key, alert, same = _identify(conn, candidate, ground)
        if same is not None:
            return same
    alert_id, known = _find(conn, alert, candidate)
    if known is not None:
        return _known(conn, head, candidate, ground, alert=alert, alert_id=alert_id, known=known, document=document)
    early = _set_aside(alert, ground)
    if early is not None:
        return _keep(
            conn, head, candidate, ground, alert=alert, alert_id=alert_id, disposition=early[0], reason=early[1]
        )
    worked = work_out(
        alert,
        gazetteer=ground.gazetteer,
        hazards=ground.hazards,
        uncertain=candidate.uncertain_areas,
        next_issue_at=candidate.next_issue_at,
    )
    facts = AlertFacts(alert_id=alert_id, source=candidate.source, alert=alert, infos=worked.infos)
    trust = judge(facts, ground.authorities, document=document)
    if trust.held:
        return _keep(
            conn,
            head,
            candidate,
            ground,
            alert=alert,
            alert_id=alert_id,
            disposition="held",
            reason=trust.held,
            worked=worked,
            trust=trust,
            source_key=source_key,
        )
    return _chain(conn, head, candidate, ground, alert, alert_id, worked, trust, source_key)


def _find(conn: Connection, alert: Alert, candidate: Candidate) -> tuple[str, AlertRow | None]:
    """(id for this alert, what is stored under it or None).

    An alert that never was in force (held for want of authority, a draft, another mode) takes nobody's identity: another source's
    alert of the same identity, or other content, is decided on its own, else anyone could silence a warning by saying it first.
    """
    alert_id = alert_id_of(alert)
    known = alerts.get(conn, alert_id)
    if known is None or known.chain_id is not None or candidate.source_key:
        return alert_id, known
    told = content_hash(alert)
    if (known.source, known.content_hash) == (candidate.source, told):
        return alert_id, known
    own_id = f"a{hashlib.sha256(f'{alert_id}{candidate.source}{told}'.encode()).hexdigest()[:24]}"
    return own_id, alerts.get(conn, own_id)


def _identify(conn: Connection, candidate: Candidate, ground: Ground) -> tuple[str, Alert, Decision | None]:
    """(source key, minted alert, None), or the decision `unchanged` when nothing people act on is new."""
    names = (candidate.source_key, *candidate.also_known_as)
    source_key = alerts.source_key_of(conn, candidate.source, names) or candidate.source_key
    alerts.remember_aliases(conn, candidate.source, source_key, names)
    digest = revision_hash(candidate.alert, ended=candidate.ended)
    last = alerts.latest_of_source_key(conn, candidate.source, source_key)
    if last is not None and last.identifier.endswith(f".{digest}"):
        return source_key, candidate.alert, _decision(last, "unchanged")
    status = ground.status_of.get(candidate.source, "Actual")
    earlier: Sequence[Reference] = ()
    if last is not None:
        ids, chain_ids = alerts.linked(conn, identifiers=(), source=candidate.source, source_key=source_key)
        rows = alerts.nodes(conn, alert_ids=ids, chain_ids=chain_ids)
        sent = candidate.revised_at or candidate.alert.sent
        chain = [
            Node(r.alert_id, r.source, r.sender, r.identifier, from_us(r.sent), live_until=from_us(r.live_until))
            for r in rows
            if from_us(r.sent) < sent
        ]
        earlier = emitted_references(chain, sender=candidate.alert.sender, identifier="", sent=sent)
    return source_key, minted(candidate, source_key=source_key, status=status, earlier=earlier), None


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


def _known(
    conn: Connection,
    head: Head,
    candidate: Candidate,
    ground: Ground,
    *,
    alert: Alert,
    alert_id: str,
    known: AlertRow,
    document: bytes,
) -> Decision:
    """Same identity: the same content is a duplicate, other content a conflict that is kept beside the first (ACC-2).

    Only a source with the authority can dispute: what any other says is held.
    """
    told = content_hash(alert)
    if candidate.source_key or told == known.content_hash:
        alerts.listed_again(conn, alert_id)
        return _decision(known, "duplicate")
    other_id = f"x{hashlib.sha256(f'{alert_id}{told}'.encode()).hexdigest()[:24]}"
    again = alerts.get(conn, other_id)
    if again is not None:
        return _decision(again, "conflict" if again.disposition == "conflict" else "duplicate")
    worked = work_out(alert, gazetteer=ground.gazetteer, hazards=ground.hazards, uncertain=candidate.uncertain_areas)
    facts = AlertFacts(alert_id=other_id, source=candidate.source, alert=alert, infos=worked.infos)
    trust = judge(facts, ground.authorities, document=document)
    if not trust.held:
        alarms.open_alarm(conn, kind="alert.conflict", about=alert_id, detail=other_id, at=to_us(ground.now))
    return _keep(
        conn,
        head,
        candidate,
        ground,
        alert=alert,
        alert_id=other_id,
        disposition="held" if trust.held else "conflict",
        reason=trust.held or f"differs-from {alert_id}",
        worked=worked,
        trust=trust,
    )


def _chain(
    conn: Connection,
    head: Head,
    candidate: Candidate,
    ground: Ground,
    alert: Alert,
    alert_id: str,
    worked: Worked,
    trust: Trust,
    source_key: str,
) -> Decision:
    """The candidate takes its place in its chain; others of the chain move with it."""
    now = to_us(ground.now)
    node = node_of(alert, node_id=alert_id, source=candidate.source)
    if source_key:
        node = replace(node, identifier=linking.event_identifier(candidate.source, source_key), references=())
    linked = linking.link_in(conn, node, source_key=source_key, may_speak_for=ground.may_speak_for)
    standing = linked.standing
    chain_id = linking.chain_for(conn, head, linked, alert_id)
    live_until = max((to_us(i.live_until) for i in worked.infos), default=to_us(alert.sent))
    keep_until = linking.keep_until(linked, alert_id=alert_id, ending=alert.is_ending(), live_until=live_until, now=now)
    disposition, reason = _disposition(candidate, standing, live_until=live_until, now=now)
    incident_id = ""
    if disposition != "held" and worked.infos:
        facts = grouping.incident_facts(
            alert, worked.infos, chain_id=chain_id, source=candidate.source, named=worked.named
        )
        incident_id = grouping.group(conn, head, facts, ground.windows)
        alerts.set_incident(conn, chain_id=chain_id, incident_id=incident_id)
    decision = _keep(
        conn,
        head,
        candidate,
        ground,
        alert=alert,
        alert_id=alert_id,
        disposition=disposition,
        reason=reason,
        worked=worked,
        trust=trust,
        source_key=source_key,
        state=standing.state,
        superseded_by=standing.by or None,
        chain_id=chain_id,
        incident_id=incident_id,
        keep_until=keep_until,
        flags=tuple(sorted(standing.flags)),
    )
    for other, its_chain in linking.write_standings(conn, linked, chain_id=chain_id, new_id=alert_id, now=now):
        alerts.set_chain_seq(conn, other, alerts.next_chain_seq(conn, its_chain))
        _event(conn, head, ground, kind="revived", alert_id=other)
    return decision


def _disposition(candidate: Candidate, standing: Any, *, live_until: int, now: int) -> tuple[str, str]:
    if standing.state == "held":
        return "held", standing.reason
    if standing.state in ("cancelled", "ended"):
        return "born_cancelled", standing.by
    if standing.state == "superseded":
        return "born_superseded", standing.by
    if standing.state == "active" and live_until <= now:
        return "born_expired", ""
    if "revision" in standing.flags and not candidate.source_key:
        return "revision", ""
    return ("repaired", "") if candidate.repairs else ("accepted", "")


def _keep(
    conn: Connection,
    head: Head,
    candidate: Candidate,
    ground: Ground,
    *,
    alert: Alert,
    alert_id: str,
    disposition: str,
    reason: str,
    worked: Worked | None = None,
    trust: Trust | None = None,
    source_key: str = "",
    state: str = "none",
    superseded_by: str | None = None,
    chain_id: str = "",
    incident_id: str = "",
    keep_until: int | None = None,
    flags: tuple[str, ...] = (),
) -> Decision:
    """Writes the alert, its event and its audit entry; every disposition but `duplicate` and `unchanged` comes through here."""
    now = to_us(ground.now)
    infos = worked.infos if worked is not None else ()
    live_until = max((to_us(i.live_until) for i in infos), default=to_us(alert.sent))
    chain_seq = alerts.next_chain_seq(conn, chain_id) if chain_id else 0
    seq = _event(conn, head, ground, kind="decided", alert_id=alert_id)
    backlog = ("backlog",) if candidate.backlog else ()
    faults = tuple(
        dict.fromkeys([*(f.code for f in candidate.faults), *(worked.flags if worked else ()), *flags, *backlog])
    )
    held = disposition == "held"
    alerts.insert_alert(
        conn,
        {
            "alert_id": alert_id,
            "seq": seq,
            "source": candidate.source,
            "sender": alert.sender,
            "identifier": alert.identifier,
            "sent": to_us(alert.sent),
            "status": alert.status,
            "msg_type": alert.msg_type,
            "ending": int(alert.is_ending()),
            "released": 0,
            "disposition": disposition,
            "reason": reason,
            "flags": _json(faults),
            "repairs": _json(candidate.repairs),
            "provenance": _json(_provenance(candidate, trust, ground)),
            "source_key": source_key,
            "content_hash": content_hash(alert),
            "payload_sha256": candidate.payload_sha256,
            "cap": to_json(alert),
            "facts": dump_facts(infos),
            "chain_id": chain_id or None,
            "chain_seq": chain_seq or None,
            "incident_id": incident_id or None,
            "state": state,
            "superseded_by": superseded_by,
            "withdrawn_at": None,
            "held_until": now + to_us(from_us(0) + HOLD) if held else None,
            "held_by": "duty-commander" if held else None,
            "live_until": live_until,
            "keep_until": keep_until if keep_until is not None else live_until,
            "hazards": f" {' '.join(sorted({h for i in infos for h in i.hazards}))} ",
            "severity": alert.severity(),
            "folded": _folded(alert),
            "received_at": now,
        },
    )
    alerts.insert_references(conn, alert_id, [_reference(r) for r in alert.references])
    alerts.insert_units(conn, alert_id, {u for i in infos for u in i.units})
    decided = {
        "disposition": disposition,
        "reason": reason,
        "seq": seq,
        "payload": candidate.payload_sha256,
        "chain": chain_id,
    }
    audit.append(
        conn,
        head,
        at=ground.now,
        act="alert.decided",
        who=ground.who or candidate.source,
        object=alert_id,
        body=decided,
    )
    if held:
        alarms.open_alarm(conn, kind="alert.held", about=alert_id, detail=reason, at=now)
    if worked is not None and worked.area_unclear and state == "active":
        alarms.open_alarm(conn, kind="alert.area", about=alert_id, detail=" ".join(worked.flags), at=now)
    return Decision(
        alert_id=alert_id,
        seq=seq,
        disposition=disposition,
        reason=reason,
        repairs=tuple(dict.fromkeys(r.code for r in candidate.repairs)),
        faults=faults,
        chain_id=chain_id,
        chain_seq=chain_seq,
        incident_id=incident_id,
        payload_sha256=candidate.payload_sha256,
    )


def _event(conn: Connection, head: Head, ground: Ground, *, kind: str, alert_id: str) -> int:
    seq = head.next_seq()
    alerts.insert_event(conn, seq=seq, kind=kind, alert_id=alert_id, at=to_us(ground.now))
    return seq


def withdraw(conn: Connection, head: Head, said: Withdrawn, ground: Ground) -> list[str]:
    """Alerts in force that the source lists no longer are shown as withdrawn; they stay in force (ACC-5). Returns their ids."""
    source_key = alerts.source_key_of(conn, said.source, (said.source_key,)) if said.source_key else ""
    rows = alerts.active_of(
        conn, source=said.source, identifier=said.identifier, sender=said.sender, source_key=source_key or ""
    )
    moved = [row.alert_id for row in rows if alerts.withdraw(conn, row.alert_id, to_us(ground.now))]
    for alert_id in moved:
        _event(conn, head, ground, kind="withdrawn", alert_id=alert_id)
        audit.append(conn, head, at=ground.now, act="alert.withdrawn", who=said.source, object=alert_id, body={})
    return moved


def _decision(row: Any, disposition: str) -> Decision:
    return Decision(
        alert_id=row.alert_id,
        seq=row.seq,
        disposition=disposition,
        chain_id=row.chain_id or "",
        chain_seq=row.chain_seq or 0,
        incident_id=row.incident_id or "",
        payload_sha256=row.payload_sha256,
    )


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
