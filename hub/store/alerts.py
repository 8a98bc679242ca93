"""Alerts, chains, events: every decided alert, the messages it is linked with, and the accepted order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, or_, select, text, union_all, update

from hub.store.tables import alert_units, alerts, aliases, chains, events, references

AlertRow = Row[Any]

NODE_DISPOSITIONS = ("accepted", "repaired", "revision", "held", "born_superseded", "born_cancelled", "born_expired")
"""Dispositions whose alerts are members of a chain; the others (other_mode, quarantined, conflict …) never change one."""

_NODE = (
    alerts.c.alert_id,
    alerts.c.seq,
    alerts.c.source,
    alerts.c.sender,
    alerts.c.identifier,
    alerts.c.sent,
    alerts.c.msg_type,
    alerts.c.ending,
    alerts.c.released,
    alerts.c.source_key,
    alerts.c.disposition,
    alerts.c.reason,
    alerts.c.provenance,
    alerts.c.chain_id,
    alerts.c.chain_seq,
    alerts.c.held_until,
    alerts.c.state,
    alerts.c.superseded_by,
    alerts.c.live_until,
    alerts.c.keep_until,
    alerts.c.severity,
)

_IS_NODE = text(f"alerts.disposition IN ({', '.join(repr(word) for word in NODE_DISPOSITIONS)})")
"""The same as a condition, as plain text: it is asked for each alert several times."""

_insert_alert = insert(alerts)
_insert_event = insert(events)
_insert_references = insert(references)
_insert_units = insert(alert_units)
_insert_chain = insert(chains)
_set_state = (
    update(alerts)
    .where(alerts.c.alert_id == bindparam("id"))
    .values(state=bindparam("to"), superseded_by=bindparam("by"), chain_id=bindparam("chain"))
)
_get = select(alerts).where(alerts.c.alert_id == bindparam("alert_id"))
_by_identifier = union_all(
    select(alerts.c.alert_id, alerts.c.chain_id).where(alerts.c.identifier == bindparam("identifier"), _IS_NODE),
    select(alerts.c.alert_id, alerts.c.chain_id)
    .join(references, references.c.alert_id == alerts.c.alert_id)
    .where(references.c.identifier == bindparam("identifier"), _IS_NODE),
)
"""Who bears the identifier, and who references it."""
_by_source_key = select(alerts.c.alert_id, alerts.c.chain_id).where(
    alerts.c.source == bindparam("source"), alerts.c.source_key == bindparam("source_key"), _IS_NODE
)
_family = or_(chains.c.chain_id == bindparam("chain"), chains.c.alias_of == bindparam("chain"))
_last_chain_seq = select(func.max(chains.c.last_chain_seq)).where(_family)
_set_last_chain_seq = (
    update(chains).where(chains.c.chain_id == bindparam("chain")).values(last_chain_seq=bindparam("number"))
)
_oldest = select(func.coalesce(chains.c.alias_of, chains.c.chain_id)).where(chains.c.chain_id == bindparam("chain"))
_family_by_age = (
    select(chains.c.chain_id)
    .where(or_(chains.c.chain_id == _oldest.scalar_subquery(), chains.c.alias_of == _oldest.scalar_subquery()))
    .order_by(chains.c.n)
)
_heads_of = select(alerts.c.alert_id).where(
    alerts.c.chain_id == bindparam("chain"), text("alerts.state IN ('active', 'cancels', 'ends')")
)


def get(conn: Connection, alert_id: str) -> AlertRow | None:
    """The alert of that id, or None."""
    return conn.execute(_get, {"alert_id": alert_id}).one_or_none()


def chained(conn: Connection, *, sender: str, identifier: str, sent: int) -> AlertRow | None:
    """The first alert of that identity that took its place in a chain, under whatever id; None while none has."""
    stmt = (
        select(alerts)
        .where(alerts.c.identifier == identifier, alerts.c.sender == sender, alerts.c.sent == sent)
        .where(alerts.c.chain_id.is_not(None))
        .order_by(alerts.c.seq)
    )
    return conn.execute(stmt.limit(1)).one_or_none()


def insert_alert(conn: Connection, row: Mapping[str, Any]) -> None:
    """Adds one decided alert; every column is given."""
    conn.execute(_insert_alert, dict(row))


def insert_event(conn: Connection, *, seq: int, kind: str, alert_id: str, at: int) -> None:
    """Adds one event to the accepted order; `seq` was given under the head lock."""
    conn.execute(_insert_event, {"seq": seq, "kind": kind, "alert_id": alert_id, "at": at})


def events_after(conn: Connection, seq: int, limit: int) -> Sequence[Row[Any]]:
    """Up to `limit` events with a greater seq, in order."""
    return conn.execute(select(events).where(events.c.seq > seq).order_by(events.c.seq).limit(limit)).all()


def insert_references(conn: Connection, alert_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds what the alert references: sender, identifier, sent (µs or None) each."""
    if rows:
        conn.execute(_insert_references, [{"alert_id": alert_id, "n": n, **row} for n, row in enumerate(rows)])


def insert_units(conn: Connection, alert_id: str, units: Iterable[str]) -> None:
    """Adds the administrative units of the alert's areas, ancestors included."""
    rows = [{"alert_id": alert_id, "unit": unit} for unit in sorted(units)]
    if rows:
        conn.execute(_insert_units, rows)


def linked(conn: Connection, *, identifiers: Iterable[str], source: str, source_key: str) -> tuple[set[str], set[str]]:
    """(alert ids, chain ids) of the messages that bear or reference one of `identifiers`, or are of the same event at the source."""
    rows: list[Row[Any]] = []
    for identifier in identifiers:
        rows += conn.execute(_by_identifier, {"identifier": identifier}).all()
    if source_key:
        rows += conn.execute(_by_source_key, {"source": source, "source_key": source_key}).all()
    return {r[0] for r in rows}, {r[1] for r in rows if r[1] is not None}


def nodes(conn: Connection, *, alert_ids: set[str], chain_ids: set[str]) -> Sequence[Row[Any]]:
    """What chain logic needs of these alerts and of all members of these chains; an alert without a chain is in none of them."""
    if not alert_ids and not chain_ids:
        return ()
    same = and_(alerts.c.chain_id.is_not(None), or_(alerts.c.alert_id.in_(alert_ids), alerts.c.chain_id.in_(chain_ids)))
    return conn.execute(select(*_NODE).where(same)).all()


def references_of(conn: Connection, alert_ids: Iterable[str]) -> dict[str, list[Row[Any]]]:
    """What each of these alerts references, in the order of its text."""
    found: dict[str, list[Row[Any]]] = {}
    ids = list(alert_ids)
    for start in range(0, len(ids), 500):
        stmt = select(references).where(references.c.alert_id.in_(ids[start : start + 500]))
        for row in conn.execute(stmt.order_by(references.c.alert_id, references.c.n)):
            found.setdefault(row.alert_id, []).append(row)
    return found


def set_state(conn: Connection, alert_id: str, *, state: str, superseded_by: str | None, chain_id: str) -> None:
    """The alert's place in its chain is now this."""
    conn.execute(_set_state, {"id": alert_id, "to": state, "by": superseded_by, "chain": chain_id})


def set_disposition(conn: Connection, alert_id: str, *, disposition: str, reason: str) -> None:
    """The alert's disposition is now this (a held one released, or one that another message settled)."""
    conn.execute(update(alerts).where(alerts.c.alert_id == alert_id).values(disposition=disposition, reason=reason))


def insert_chain(conn: Connection, *, chain_id: str, n: int, incident_id: str | None, last_chain_seq: int = 0) -> None:
    """Adds a chain; `last_chain_seq` is the number its newest message has."""
    values = {"chain_id": chain_id, "n": n, "alias_of": None, "incident_id": incident_id}
    conn.execute(_insert_chain, {**values, "last_chain_seq": last_chain_seq})


def chains_by_age(conn: Connection, chain_ids: Iterable[str]) -> Sequence[Row[Any]]:
    """These chains, oldest first."""
    return conn.execute(select(chains).where(chains.c.chain_id.in_(set(chain_ids))).order_by(chains.c.n)).all()


def join_chain(conn: Connection, *, younger: str, older: str) -> None:
    """The younger chain is an alias of the older from now on, and all that were aliases of it; its members move."""
    conn.execute(
        update(chains).where(or_(chains.c.chain_id == younger, chains.c.alias_of == younger)).values(alias_of=older)
    )
    conn.execute(update(alerts).where(alerts.c.chain_id == younger).values(chain_id=older))


def next_chain_seq(conn: Connection, chain_id: str) -> int:
    """The next number of that chain; call it only under the head lock. After a join it is above both chains' numbers."""
    number = int(conn.execute(_last_chain_seq, {"chain": chain_id}).scalar_one()) + 1
    conn.execute(_set_last_chain_seq, {"chain": chain_id, "number": number})
    return number


def set_incident(conn: Connection, *, chain_id: str, incident_id: str) -> None:
    conn.execute(update(chains).where(chains.c.chain_id == chain_id).values(incident_id=incident_id))


def family(conn: Connection, chain_id: str) -> list[str]:
    """The chain, oldest id first, and all its aliases, of which `chain_id` may be one: deliveries keep the id they were made under."""
    return list(conn.execute(_family_by_age, {"chain": chain_id}).scalars()) or [chain_id]


def source_key_of(conn: Connection, source: str, names: Sequence[str]) -> str | None:
    """The event's first known id at that source under the first of its `names` that is known, or None when none is."""
    stmt = select(aliases.c.alias, aliases.c.source_key).where(aliases.c.source == source, aliases.c.alias.in_(names))
    known = {row.alias: str(row.source_key) for row in conn.execute(stmt)}
    return next((known[name] for name in names if name in known), None)


def remember_aliases(conn: Connection, source: str, source_key: str, names: Iterable[str]) -> None:
    """Every one of `names` leads to `source_key` from now on."""
    known = set(
        conn.execute(
            select(aliases.c.alias).where(aliases.c.source == source, aliases.c.alias.in_(list(names)))
        ).scalars()
    )
    rows = [{"source": source, "alias": name, "source_key": source_key} for name in names if name not in known]
    if rows:
        conn.execute(insert(aliases), rows)


def latest_of_source_key(conn: Connection, source: str, source_key: str) -> AlertRow | None:
    """The latest version (by `sent`) of that event at that source, whatever became of it."""
    stmt = select(alerts).where(alerts.c.source == source, alerts.c.source_key == source_key)
    return conn.execute(stmt.order_by(alerts.c.sent.desc()).limit(1)).one_or_none()


def versions_between(conn: Connection, source: str, source_key: str, since: int, until: int) -> Sequence[AlertRow]:
    """The versions of that event at that source with `sent` in [since, until], earliest first."""
    stmt = select(alerts).where(alerts.c.source == source, alerts.c.source_key == source_key)
    return conn.execute(stmt.where(alerts.c.sent.between(since, until)).order_by(alerts.c.sent)).all()


def withdraw(conn: Connection, alert_id: str, at: int) -> bool:
    """The alert is shown as withdrawn at its source from `at`; False when it was already (ACC-5: it stays in force)."""
    stmt = update(alerts).where(alerts.c.alert_id == alert_id, alerts.c.withdrawn_at.is_(None)).values(withdrawn_at=at)
    return conn.execute(stmt).rowcount == 1


def active_of(conn: Connection, *, source: str, identifier: str, sender: str, source_key: str) -> Sequence[AlertRow]:
    """Alerts in force of one source that bear this identifier (and sender when given) or this key."""
    named = alerts.c.source_key == source_key if source_key else alerts.c.identifier == identifier
    stmt = select(alerts).where(alerts.c.source == source, alerts.c.state == "active", named)
    if sender:
        stmt = stmt.where(alerts.c.sender == sender)
    return conn.execute(stmt).all()


def in_force_of(conn: Connection, incident_id: str, *, now: int) -> Sequence[AlertRow]:
    """The alerts of an incident that are active and not over, the oldest first."""
    stmt = select(alerts).where(
        alerts.c.incident_id == incident_id, alerts.c.state == "active", alerts.c.live_until > now
    )
    return conn.execute(stmt.order_by(alerts.c.seq)).all()


def set_chain_seq(conn: Connection, alert_id: str, chain_seq: int) -> None:
    """The alert is told anew under this number: receivers apply only newer ones (CHN-1)."""
    conn.execute(update(alerts).where(alerts.c.alert_id == alert_id).values(chain_seq=chain_seq))


def heads_of(conn: Connection, chain_id: str) -> list[str]:
    """The alerts that have the last word in that chain: normally one."""
    return list(conn.execute(_heads_of, {"chain": chain_id}).scalars())


def listed_again(conn: Connection, alert_id: str) -> None:
    """The source lists the alert again: it is no longer shown as withdrawn."""
    stmt = update(alerts).where(alerts.c.alert_id == alert_id, alerts.c.withdrawn_at.is_not(None))
    conn.execute(stmt.values(withdrawn_at=None))


def grant(conn: Connection, alert_id: str) -> None:
    """A person released it: in its chain it speaks with authority from now on."""
    conn.execute(update(alerts).where(alerts.c.alert_id == alert_id).values(released=1))


def hold(conn: Connection, alert_id: str, *, reason: str, until: int, by: str) -> None:
    """The alert, which had taken effect, waits for a person."""
    stmt = update(alerts).where(alerts.c.alert_id == alert_id)
    conn.execute(stmt.values(reason=reason, held_until=until, held_by=by))


def wait_no_more(conn: Connection, alert_id: str) -> None:
    """What the alert waited for has been settled by another message: no person need decide."""
    conn.execute(update(alerts).where(alerts.c.alert_id == alert_id).values(held_until=None, held_by=None))


def settle_held(
    conn: Connection,
    alert_id: str,
    *,
    disposition: str,
    reason: str,
    state: str,
    superseded_by: str | None,
    chain_id: str | None,
    chain_seq: int | None,
    keep_until: int,
    by: str,
) -> None:
    """The held alert is decided, by that person."""
    conn.execute(
        update(alerts)
        .where(alerts.c.alert_id == alert_id, alerts.c.held_until.is_not(None))
        .values(
            disposition=disposition,
            reason=reason,
            state=state,
            superseded_by=superseded_by,
            chain_id=chain_id,
            chain_seq=chain_seq,
            keep_until=keep_until,
            held_until=None,
            held_by=by,
        )
    )
