"""Who an alert is: the id of (sender, identifier, sent), and of an event whose source does not speak CAP (ACC-2)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence, Set
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


def alert_id_of(alert: Alert) -> str:
    """The id of this identity (sender, identifier, sent), the same in every process."""
    told = f"{alert.sender}\n{alert.identifier}\n{to_us(alert.sent)}"
    return f"a{hashlib.sha256(told.encode()).hexdigest()[:24]}"


def find(conn: Connection, alert: Alert, candidate: Candidate) -> tuple[str, AlertRow | None]:
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
    sent = candidate.revised_at or candidate.alert.sent
    earlier: Sequence[Reference] = ()
    if last is not None:
        ids, chain_ids = alerts.linked(conn, identifiers=(), source=candidate.source, source_key=source_key)
        rows = alerts.nodes(conn, alert_ids=ids, chain_ids=chain_ids)
        sent = _first_free(sent, {row.sent for row in rows})
        chain = [
            Node(r.alert_id, r.source, r.sender, r.identifier, from_us(r.sent), live_until=from_us(r.live_until))
            for r in rows
            if from_us(r.sent) < sent
        ]
        earlier = emitted_references(chain, sender=candidate.alert.sender, identifier="", sent=sent)
    told = minted(replace(candidate, revised_at=sent), source_key=source_key, status=status, earlier=earlier)
    return source_key, told, None


def _first_free(sent: datetime, taken: Set[int]) -> datetime:
    """`sent`, or the first second after it at which no version of the event stands.

    A source may revise twice in a second, or not move its date at all: two versions of one instant would be one message, and the second
    would be lost. What was sent later stays later.
    """
    while to_us(sent) in taken:
        sent += timedelta(seconds=1)
    return sent
