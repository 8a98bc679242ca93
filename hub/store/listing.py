"""Lists of alerts and of events for reading: by seq, filtered, never more than was asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, not_, or_, select

from hub.cap.model import SEVERITIES, severity_rank
from hub.store.tables import alert_units, alerts, deliveries, events, head, sources

ENDING_STATES = ("cancels", "ends")

LISTED = (
    alerts.c.alert_id,
    alerts.c.seq,
    alerts.c.source,
    alerts.c.sender,
    alerts.c.identifier,
    alerts.c.sent,
    alerts.c.status,
    alerts.c.msg_type,
    alerts.c.ending,
    alerts.c.disposition,
    alerts.c.reason,
    alerts.c.flags,
    alerts.c.repairs,
    alerts.c.payload_sha256,
    alerts.c.cap,
    alerts.c.chain_id,
    alerts.c.chain_seq,
    alerts.c.incident_id,
    alerts.c.state,
    alerts.c.superseded_by,
    alerts.c.withdrawn_at,
    alerts.c.held_until,
    alerts.c.held_by,
    alerts.c.live_until,
    alerts.c.keep_until,
    alerts.c.hazards,
    alerts.c.severity,
    alerts.c.received_at,
)


@dataclass(frozen=True, slots=True)
class Sought:
    """What a reader looks for; "" means everything. `units` are codes (any fits), `words` are folded and all must stand in the text.

    `active_at` (µs) keeps alerts in force then; with `endings` also the messages that ended a chain, while they are kept.
    `waiting` keeps those that wait for a person.
    `source` keeps one source's. `severity` is the least.
    """

    active_at: int | None = None
    endings: bool = False
    waiting: bool = False
    units: tuple[str, ...] = ()
    hazard: str = ""
    severity: str = ""
    words: tuple[str, ...] = ()
    source: str = ""


def head_seq(conn: Connection) -> int:
    """The last seq given."""
    return int(conn.execute(select(head.c.seq)).scalar_one_or_none() or 0)


def after(conn: Connection, seq: int, *, sought: Sought, limit: int) -> Sequence[Row[Any]]:
    """Up to `limit` alerts with a greater seq that fit, in order of seq."""
    stmt = _fitting(select(*LISTED), sought).where(alerts.c.seq > seq)
    return conn.execute(stmt.order_by(alerts.c.seq).limit(limit)).all()


def before(conn: Connection, seq: int, *, sought: Sought, limit: int) -> Sequence[Row[Any]]:
    """Up to `limit` alerts with a smaller seq that fit, newest first."""
    stmt = _fitting(select(*LISTED), sought).where(alerts.c.seq < seq)
    return conn.execute(stmt.order_by(alerts.c.seq.desc()).limit(limit)).all()


def one(conn: Connection, alert_id: str) -> Row[Any] | None:
    """The alert of that id, or None."""
    return conn.execute(select(*LISTED).where(alerts.c.alert_id == alert_id)).one_or_none()


def chain(conn: Connection, chain_id: str) -> Sequence[Row[Any]]:
    """Every version of that chain, oldest first by its number."""
    stmt = select(*LISTED).where(alerts.c.chain_id == chain_id)
    return conn.execute(stmt.order_by(alerts.c.chain_seq, alerts.c.seq)).all()


def last_words(conn: Connection, incident_id: str, *, limit: int) -> Sequence[Row[Any]]:
    """Up to `limit` alerts that have the last word in their chain, of the chains of that incident, newest first."""
    stmt = select(*LISTED).where(alerts.c.incident_id == incident_id, alerts.c.state.in_(("active", *ENDING_STATES)))
    return conn.execute(stmt.order_by(alerts.c.seq.desc()).limit(limit)).all()


def events_after(conn: Connection, seq: int, *, upto: int, limit: int) -> Sequence[Row[Any]]:
    """Up to `limit` events in (seq, upto] in order, each with its alert: `event_seq`, `kind`, `at` and the listed columns."""
    return conn.execute(
        _events().where(events.c.seq > seq, events.c.seq <= upto).order_by(events.c.seq).limit(limit)
    ).all()


def events_before(conn: Connection, seq: int, *, limit: int) -> Sequence[Row[Any]]:
    """Up to `limit` events with seq at most `seq`, newest first, each with its alert."""
    return conn.execute(_events().where(events.c.seq <= seq).order_by(events.c.seq.desc()).limit(limit)).all()


def units_of(conn: Connection, alert_ids: Collection[str], *, among: Collection[str] = ()) -> dict[str, frozenset[str]]:
    """The administrative units of each alert (only those `among` these, when there are any); an alert without any is left out.

    A warning for the whole province has hundreds.
    """
    found: dict[str, set[str]] = {}
    stmt = select(alert_units)
    if among:
        stmt = stmt.where(alert_units.c.unit.in_(sorted(among)))
    for row in _in_portions(conn, stmt, alert_units.c.alert_id, alert_ids):
        found.setdefault(row.alert_id, set()).add(row.unit)
    return {alert_id: frozenset(units) for alert_id, units in found.items()}


def endpoints_owed(conn: Connection, alert_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """The endpoints each alert was or is owed to; an alert owed to nobody is left out. What policy withheld is owed to nobody."""
    owed = not_(deliveries.c.outcome.startswith("withheld "))
    stmt = _deliveries(events.c.alert_id, deliveries.c.endpoint_id).where(owed).distinct()
    return _endpoints(_in_portions(conn, stmt, events.c.alert_id, alert_ids))


def endpoints_owed_before(conn: Connection, alert_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """The endpoints to which an earlier version of each alert's chain was or is owed; withheld ones do not count.

    Whoever reads by pull may hold that version though no attempt was ever begun.
    """
    later, earlier = alerts.alias("later"), alerts.alias("earlier")
    stmt = (
        select(later.c.alert_id, deliveries.c.endpoint_id)
        .join(earlier, and_(earlier.c.chain_id == later.c.chain_id, earlier.c.seq < later.c.seq))
        .join(events, events.c.alert_id == earlier.c.alert_id)
        .join(deliveries, deliveries.c.seq == events.c.seq)
        .where(not_(deliveries.c.outcome.startswith("withheld ")))
        .distinct()
    )
    return _endpoints(_in_portions(conn, stmt, later.c.alert_id, alert_ids))


def endpoints_withheld(conn: Connection, alert_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """The endpoints from which policy withheld each alert."""
    stmt = _deliveries(events.c.alert_id, deliveries.c.endpoint_id)
    withheld = stmt.where(deliveries.c.outcome.startswith("withheld ")).distinct()
    return _endpoints(_in_portions(conn, withheld, events.c.alert_id, alert_ids))


def delivery_counts(
    conn: Connection, alert_ids: Collection[str], *, endpoints: Collection[str] | None = None
) -> dict[str, tuple[int, dict[str, int]]]:
    """For each alert that is owed to anyone (of `endpoints`): the greatest `rev` of its deliveries, and how many are in each state."""
    found: dict[str, tuple[int, dict[str, int]]] = {}
    figures = (func.count().label("n"), func.max(deliveries.c.rev).label("rev"))
    stmt = _deliveries(events.c.alert_id, deliveries.c.state, *figures)
    if endpoints is not None:
        stmt = stmt.where(deliveries.c.endpoint_id.in_(sorted(endpoints)))
    grouped = stmt.group_by(events.c.alert_id, deliveries.c.state)
    for row in _in_portions(conn, grouped, events.c.alert_id, alert_ids):
        rev, counts = found.get(row.alert_id, (0, {}))
        found[row.alert_id] = (max(rev, row.rev), {**counts, row.state: row.n})
    return found


def sources_since(conn: Connection, rev: int) -> Sequence[Row[Any]]:
    """The health of every source that changed after `rev` (0: of all), by name."""
    return conn.execute(select(sources).where(sources.c.rev > rev).order_by(sources.c.source)).all()


def vanished(conn: Connection, *, at: int) -> dict[str, int]:
    """How many alerts in force at `at` each source lists no longer, for those that lack any."""
    gone = (alerts.c.state == "active", alerts.c.live_until > at, alerts.c.withdrawn_at.is_not(None))
    stmt = select(alerts.c.source, func.count()).where(*gone).group_by(alerts.c.source)
    return {row[0]: row[1] for row in conn.execute(stmt)}


def _endpoints(rows: Iterable[Row[Any]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.alert_id, set()).add(row.endpoint_id)
    return {alert_id: frozenset(endpoints) for alert_id, endpoints in found.items()}


def _deliveries(*columns: Any) -> Select[Any]:
    """Deliveries by the alert they tell of: through its events, whose seq they are found by."""
    return select(*columns).join_from(events, deliveries, deliveries.c.seq == events.c.seq)


def _events() -> Select[Any]:
    event = (events.c.seq.label("event_seq"), events.c.kind, events.c.at)
    return select(*event, *LISTED).join(alerts, alerts.c.alert_id == events.c.alert_id)


def _fitting(stmt: Select[Any], sought: Sought) -> Select[Any]:
    if sought.active_at is not None:
        in_force = and_(alerts.c.state == "active", alerts.c.live_until > sought.active_at)
        ending = and_(alerts.c.state.in_(ENDING_STATES), alerts.c.keep_until > sought.active_at)
        stmt = stmt.where(or_(in_force, ending) if sought.endings else in_force)
    if sought.waiting:
        stmt = stmt.where(alerts.c.held_until.is_not(None))
    if sought.units:
        inside = select(alert_units.c.alert_id).where(alert_units.c.unit.in_(sought.units))
        stmt = stmt.where(alerts.c.alert_id.in_(inside))
    if sought.hazard:
        stmt = stmt.where(alerts.c.hazards.contains(f" {sought.hazard} ", autoescape=True))
    if sought.severity:
        stmt = stmt.where(alerts.c.severity.in_(_at_least(sought.severity)))
    if sought.source:
        stmt = stmt.where(alerts.c.source == sought.source)
    for word in sought.words:
        stmt = stmt.where(alerts.c.folded.contains(word, autoescape=True))
    return stmt


def _at_least(severity: str) -> Iterable[str]:
    return SEVERITIES[: severity_rank(severity) + 1]


def _in_portions(conn: Connection, stmt: Select[Any], column: Any, ids: Collection[str]) -> Iterable[Row[Any]]:
    """The rows whose `column` is among `ids`, asked for 500 at a time: SQLite bounds the variables of a statement."""
    every = sorted(ids)
    for start in range(0, len(every), 500):
        yield from conn.execute(stmt.where(column.in_(every[start : start + 500]))).all()
