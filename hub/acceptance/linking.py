"""The stored side of chain logic: which messages concern a new one, and writing down what the set now says (ACC-4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row

from hub.acceptance.case import DECIDER, HOLD
from hub.cap.chain import Chain, Node, Resolution, Standing, resolve
from hub.cap.model import Reference
from hub.cap.references import gather
from hub.clock import from_us, to_us
from hub.store import alarms, alerts
from hub.store.head import Head

KEEP_ENDING = timedelta(hours=24)
"""An ending is owed until what it ends would have expired, and this much longer (ACC-6)."""

TOMBSTONE = timedelta(days=30)
"""How long a Cancel of an alert we do not know waits for it (ACC-4)."""


HEADS = ("active", "cancels", "ends")
_SETTLED = {**dict.fromkeys(HEADS, "accepted"), "superseded": "born_superseded"}


@dataclass(frozen=True, slots=True)
class Moved:
    """An alert to be told anew: `kind` is revived (in force again) or held (it had taken effect and waits for a person now)."""

    kind: str
    alert_id: str
    chain_id: str


@dataclass(frozen=True, slots=True)
class Linked:
    """Where a new message stands: its own standing, its chain, and the alerts that came back into force through it."""

    standing: Standing
    chain: Chain | None
    resolution: Resolution
    stored: dict[str, Row[Any]]


def event_identifier(source: str, source_key: str) -> str:
    """The identifier chain logic uses for a source that does not speak CAP: all versions of one event share it, so that the
    later supersedes the earlier whatever the order of arrival."""
    return f"{source}.{source_key}"


def link_in(conn: Connection, node: Node, *, source_key: str, may_speak_for: Callable[[str, str], bool]) -> Linked:
    """What the set of all stored messages that concern `node`, and `node` itself, say together. Writes nothing."""
    stored: dict[str, Row[Any]] = {}

    def fetch(identifiers: frozenset[str]) -> list[Node]:
        ids, chain_ids = alerts.linked(conn, identifiers=identifiers, source=node.source, source_key=source_key)
        rows = alerts.nodes(conn, alert_ids=ids, chain_ids=chain_ids)
        fresh = [row for row in rows if row.alert_id not in stored]
        stored.update({row.alert_id: row for row in fresh})
        references = alerts.references_of(conn, [row.alert_id for row in fresh])
        return [_node(row, references.get(row.alert_id, [])) for row in fresh]

    resolution = resolve(gather([node], fetch), may_speak_for=may_speak_for)
    standing = resolution.standings[node.node_id]
    return Linked(standing, resolution.chain_of.get(node.node_id), resolution, stored)


def _node(row: Row[Any], references: list[Row[Any]]) -> Node:
    minted = bool(row.source_key)
    return Node(
        node_id=row.alert_id,
        source=row.source,
        sender=row.sender,
        identifier=event_identifier(row.source, row.source_key) if minted else row.identifier,
        sent=from_us(row.sent),
        msg_type=row.msg_type,
        ending=bool(row.ending),
        references=()
        if minted
        else tuple(Reference(r.sender, r.identifier, None if r.sent is None else from_us(r.sent)) for r in references),
        released=bool(row.released),
        live_until=from_us(row.live_until),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """The chain a new message is in. `n` is the age of a chain that begins with it and stands nowhere yet; None for a known one.

    `incident_id` is the incident the chain is in already, "" for none.
    """

    chain_id: str
    n: int | None = None
    incident_id: str = ""


def chain_for(conn: Connection, head: Head, linked: Linked, alert_id: str) -> Place:
    """The chain of the new message: the oldest of its chain's, the others become aliases; a new one when there is none."""
    members = linked.chain.members if linked.chain is not None else (alert_id,)
    known = {linked.stored[m].chain_id for m in members if m in linked.stored}
    rows = alerts.chains_by_age(conn, known) if known else ()
    if not rows:
        head.chain_n += 1
        return Place(f"c{alert_id[1:]}", n=head.chain_n)
    for younger in rows[1:]:
        alerts.join_chain(conn, younger=younger.chain_id, older=rows[0].chain_id)
    return Place(str(rows[0].chain_id), incident_id=rows[0].incident_id or "")


def take_number(conn: Connection, place: Place, *, incident_id: str | None) -> int:
    """The message's number in its chain, which stands from now on with its incident; None leaves that as it is (CHN-1)."""
    if place.n is not None:
        alerts.insert_chain(conn, chain_id=place.chain_id, n=place.n, incident_id=incident_id, last_chain_seq=1)
        return 1
    if incident_id is not None and incident_id != place.incident_id:
        alerts.set_incident(conn, chain_id=place.chain_id, incident_id=incident_id)
    return alerts.next_chain_seq(conn, place.chain_id)


def write_standings(conn: Connection, linked: Linked, *, chain_id: str, new_id: str, now: int) -> list[Moved]:
    """Every stored member stands as the set says; returns those that are to be told anew.

    One that had taken effect and is held now calls a person: who was told of it must be told otherwise.
    """
    moved: list[Moved] = []
    for member, row in linked.stored.items():
        standing = linked.resolution.standings.get(member)
        if standing is None or member == new_id or standing.state == "duplicate":
            continue
        by = standing.by or None
        if (row.state, row.superseded_by) == (standing.state, by):
            continue
        in_chain = linked.chain is not None and member in linked.chain.members
        its_chain = chain_id if in_chain else str(row.chain_id)
        alerts.set_state(conn, member, state=standing.state, superseded_by=by, chain_id=its_chain)
        if standing.state == "held":
            alarms.open_alarm(conn, kind="alert.held", about=member, detail=standing.reason, at=now)
            alerts.hold(conn, member, reason=standing.reason, until=now + HOLD // timedelta(microseconds=1), by=DECIDER)
            moved.append(Moved("held", member, its_chain))
        elif row.state == "held":
            _wait_no_more(conn, row, standing, now)
        if standing.state in HEADS and row.state not in HEADS:
            moved.append(Moved("revived", member, its_chain))
    return moved


def _wait_no_more(conn: Connection, row: Row[Any], standing: Standing, now: int) -> None:
    """Another message has settled what a person was called for."""
    alerts.wait_no_more(conn, row.alert_id)
    alarms.close_alarm(conn, kind="alert.held", about=row.alert_id, at=now)
    if row.disposition == "held":
        settled = _SETTLED.get(standing.state, "born_cancelled")
        alerts.set_disposition(conn, row.alert_id, disposition=settled, reason=standing.by)


def keep_until(linked: Linked, *, alert_id: str, ending: bool, live_until: int, now: int) -> int:
    """Until when the message is owed and published: its own end; of an ending, that of the latest alert it ends + 24 h."""
    if not ending:
        return live_until
    members = linked.chain.members if linked.chain is not None else ()
    ended = [linked.stored[m].live_until for m in members if m != alert_id and m in linked.stored]
    if not ended:
        return now + to_us(from_us(0) + TOMBSTONE)
    return int(max(ended)) + to_us(from_us(0) + KEEP_ENDING)
