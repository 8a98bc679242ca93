"""Who an alert is: the id of (sender, identifier, sent), and of an event whose source does not speak CAP (ACC-2)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hub.acceptance.case import Decision, Ground
from hub.acceptance.mint import minted, revision_hash
from hub.acceptance.record import decision_of
from hub.cap.json import content_hash
from hub.cap.model import Alert, Reference
from hub.cap.references import Node, emitted_references
from hub.clock import from_us, to_us
from hub.connector import Candidate
from hub.store import alerts
from hub.store.alerts import AlertRow

SAME_SECOND = timedelta(seconds=60)
"""So many versions of an event that its source revised in one second are told apart."""


def alert_id_of(alert: Alert) -> str:
    """The id of this identity (sender, identifier, sent), the same in every process."""
    told = f"{alert.sender}\n{alert.identifier}\n{to_us(alert.sent)}"
    return f"a{hashlib.sha256(told.encode()).hexdigest()[:24]}"


def find(conn: Connection, alert: Alert, candidate: Candidate, *, apart: bool) -> tuple[str, AlertRow | None]:
    """(id for this alert, what is stored under it or None). `apart` says that this alert is never in force.

    An alert that never was in force (held for want of authority, a draft, another mode) takes nobody's identity: another source's
    alert of the same identity, or other content, is decided on its own, else anyone could silence a warning by saying it first. The
    first that is in force takes it, from then on for every source. Nor does one that is not to be in force dispute one that is: the
    copy of a warning for a drill is no other word about the warning.
    """
    alert_id = alert_id_of(alert)
    known = alerts.get(conn, alert_id)
    if known is None or (known.chain_id is not None and not apart) or candidate.source_key:
        return alert_id, known
    told = content_hash(alert)
    if (known.source, known.content_hash) == (candidate.source, told):
        return alert_id, known
    first = None if apart else alerts.chained(conn, sender=known.sender, identifier=known.identifier, sent=known.sent)
    if first is not None:
        return str(first.alert_id), first
    own_id = f"a{hashlib.sha256(f'{alert_id}{candidate.source}{told}'.encode()).hexdigest()[:24]}"
    return own_id, alerts.get(conn, own_id)


def identify(conn: Connection, candidate: Candidate, ground: Ground) -> tuple[str, Alert, Decision | None]:
    """(source key, minted alert, None), or the decision `unchanged` when nothing people act on is new."""
    names = (candidate.source_key, *candidate.also_known_as)
    source_key = alerts.source_key_of(conn, candidate.source, names) or candidate.source_key
    alerts.remember_aliases(conn, candidate.source, source_key, names)
    digest = revision_hash(candidate.alert, ended=candidate.ended)
    last = alerts.latest_of_source_key(conn, candidate.source, source_key)
    if last is not None and last.identifier.endswith(f".{digest}"):
        return source_key, candidate.alert, decision_of(last, "unchanged")
    status = ground.status_of.get(candidate.source, "Actual")
    earlier: Sequence[Reference] = ()
    sent = candidate.revised_at or candidate.alert.sent
    if last is not None:
        sent, again = _own_second(conn, candidate.source, source_key, digest, sent)
        if again is not None:
            return source_key, candidate.alert, decision_of(again, "duplicate")
        ids, chain_ids = alerts.linked(conn, identifiers=(), source=candidate.source, source_key=source_key)
        rows = alerts.nodes(conn, alert_ids=ids, chain_ids=chain_ids)
        chain = [
            Node(r.alert_id, r.source, r.sender, r.identifier, from_us(r.sent), live_until=from_us(r.live_until))
            for r in rows
            if from_us(r.sent) < sent
        ]
        earlier = emitted_references(chain, sender=candidate.alert.sender, identifier="", sent=sent)
    told = replace(candidate, revised_at=sent)
    return source_key, minted(told, source_key=source_key, status=status, earlier=earlier), None


def _own_second(
    conn: Connection, source: str, source_key: str, digest: str, sent: datetime
) -> tuple[datetime, AlertRow | None]:
    """(a second no other version of the event has, None), or the version that this very candidate has become already.

    CAP's times have no fractions (CAP 1.2 §3.3.2), sources revise within one second: those that come later are later by a second, else
    one of the two would be taken for a copy of the other and be lost, be it the graver.
    """
    rows = alerts.versions_between(conn, source, source_key, to_us(sent), to_us(sent + SAME_SECOND))
    taken: set[int] = set()
    for row in rows:
        if row.sent != to_us(sent) + len(taken) * 1_000_000:
            break
        if row.identifier.endswith(f".{digest}"):
            return sent, row if taken else None
        taken.add(row.sent)
    return sent + timedelta(seconds=len(taken)), None
