"""Rules: subscriptions, endpoints, owners, authorities, treaties and sources as dated JSON documents, in force from a seq on.

A version is never changed. `rules_rev` of the head grows with each, so that routing on any node loads newer rules before it routes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, or_, select, update

from hub.clock import to_us
from hub.store import audit, head
from hub.store.tables import rules

KINDS = ("subscription", "endpoint", "owner", "authority", "treaty", "source", "feed", "escalation")

_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a document. `origin` is config or desk; `removed` when this version takes it out of force."""

    kind: str
    rule_id: str
    version: int
    origin: str
    body: Mapping[str, Any]
    valid_from_seq: int
    removed: bool = False
    by: str = ""


def rev(conn: Connection) -> int:
    """The number of the newest change of any rule."""
    return head.look(conn).rules_rev


def put(
    conn: Connection, kind: str, rule_id: str, body: Mapping[str, Any], *, origin: str, by: str, at: datetime
) -> int:
    """The document is in force from the next seq on; returns its version. The same document again changes nothing."""
    newest = _newest(conn, kind, rule_id)
    if newest is not None and newest.body == _encode(body).decode() and newest.origin == origin:
        return int(newest.version)
    return _write(conn, kind, rule_id, _encode(body).decode(), origin=origin, by=by, at=at)


def remove(conn: Connection, kind: str, rule_id: str, *, origin: str = "desk", by: str, at: datetime) -> int:
    """The document is no longer in force from the next seq on; its versions stay for `why`."""
    return _write(conn, kind, rule_id, "", origin=origin, by=by, at=at)


def _write(conn: Connection, kind: str, rule_id: str, body: str, *, origin: str, by: str, at: datetime) -> int:
    state = head.lock(conn)
    state.rules_rev += 1
    newest = _newest(conn, kind, rule_id)
    version = 1 if newest is None else int(newest.version) + 1
    old = (rules.c.kind == kind, rules.c.rule_id == rule_id, rules.c.valid_to_seq.is_(None))
    conn.execute(update(rules).where(*old).values(valid_to_seq=state.seq))
    row = {
        "kind": kind,
        "rule_id": rule_id,
        "version": version,
        "valid_from_seq": state.seq + 1,
        "valid_to_seq": None,
        "rules_rev": state.rules_rev,
        "origin": origin,
        "body": body,
        "by": by,
        "at": to_us(at),
    }
    conn.execute(insert(rules), row)
    told = {"version": version, "origin": origin, "body": msgspec.Raw(body.encode()) if body else None}
    audit.append(
        conn, state, at=at, act=f"{kind}.changed" if body else f"{kind}.removed", who=by, object=rule_id, body=told
    )
    head.save(conn, state)
    return version


def get(conn: Connection, kind: str, rule_id: str) -> Rule | None:
    """The document in force, or None."""
    row = _newest(conn, kind, rule_id)
    return None if row is None or not row.body else _rule(row)


def at_rev(conn: Connection, kind: str, rev: int) -> list[Rule]:
    """The documents of a kind that were in force right after the change numbered `rev`; by id."""
    stmt = select(rules).where(rules.c.kind == kind, rules.c.rules_rev <= rev)
    newest = {row.rule_id: row for row in conn.execute(stmt.order_by(rules.c.rule_id, rules.c.version))}
    return [_rule(row) for row in newest.values() if row.body]


def in_force(conn: Connection, kind: str, *, at_seq: int | None = None) -> list[Rule]:
    """All documents of a kind in force now, or those that were in force when `at_seq` was accepted; by id."""
    stmt = select(rules).where(rules.c.kind == kind, rules.c.body != "").order_by(rules.c.rule_id, rules.c.version)
    if at_seq is None:
        stmt = stmt.where(rules.c.valid_to_seq.is_(None))
    else:
        stmt = stmt.where(
            rules.c.valid_from_seq <= at_seq, or_(rules.c.valid_to_seq.is_(None), rules.c.valid_to_seq >= at_seq)
        )
    newest = {row.rule_id: row for row in conn.execute(stmt)}
    return [_rule(row) for row in newest.values()]


def ever(conn: Connection, kind: str) -> list[Rule]:
    """The last document of every id of a kind, those no longer in force included."""
    stmt = select(rules).where(rules.c.kind == kind, rules.c.body != "").order_by(rules.c.rule_id, rules.c.version)
    return list({row.rule_id: _rule(row) for row in conn.execute(stmt)}.values())


def newest(conn: Connection, kind: str) -> list[Rule]:
    """The newest version of every id of a kind, those that took a document out of force included; by id."""
    stmt = select(rules).where(rules.c.kind == kind, rules.c.valid_to_seq.is_(None)).order_by(rules.c.rule_id)
    return [_rule(row) for row in conn.execute(stmt)]


def history(conn: Connection, kind: str, rule_id: str) -> list[Rule]:
    """Every version, oldest first."""
    stmt = select(rules).where(rules.c.kind == kind, rules.c.rule_id == rule_id).order_by(rules.c.version)
    return [_rule(row) for row in conn.execute(stmt)]


@dataclass(frozen=True, slots=True)
class Change:
    """What applying the configuration would do to one document: add, change, remove, or keep (changed at the desk)."""

    what: str
    kind: str
    rule_id: str
    body: Mapping[str, Any] | None


def diff(conn: Connection, documents: Iterable[tuple[str, str, Mapping[str, Any]]]) -> list[Change]:
    """What `apply` would do. A document changed or removed at the desk is `kept`, never overwritten."""
    wanted = {(kind, rule_id): body for kind, rule_id, body in documents}
    changes = diff_of(conn, ((kind, rule_id, body) for (kind, rule_id), body in wanted.items()))
    for kind in KINDS:
        for rule in in_force(conn, kind):
            if rule.origin == "config" and (kind, rule.rule_id) not in wanted:
                changes.append(Change("remove", kind, rule.rule_id, None))
    return changes


def diff_of(conn: Connection, documents: Iterable[tuple[str, str, Mapping[str, Any]]]) -> list[Change]:
    """What it takes to have these documents in force, whatever others there are."""
    changes = []
    for kind, rule_id, body in documents:
        known = _newest(conn, kind, rule_id)
        if known is None:
            changes.append(Change("add", kind, rule_id, body))
        elif known.body != _encode(body).decode():
            changes.append(Change("change" if known.origin == "config" else "keep", kind, rule_id, body))
    return changes


def apply(
    conn: Connection, documents: Iterable[tuple[str, str, Mapping[str, Any]]], *, by: str, at: datetime
) -> list[Change]:
    """The configuration's documents are in force but for those kept at the desk; returns what changed or was kept."""
    changes = diff(conn, documents)
    for change in changes:
        if change.what in ("add", "change") and change.body is not None:
            put(conn, change.kind, change.rule_id, change.body, origin="config", by=by, at=at)
        elif change.what == "remove":
            remove(conn, change.kind, change.rule_id, origin="config", by=by, at=at)
    return changes


def _newest(conn: Connection, kind: str, rule_id: str) -> Row[Any] | None:
    version = (
        select(func.max(rules.c.version)).where(rules.c.kind == kind, rules.c.rule_id == rule_id).scalar_subquery()
    )
    stmt = select(rules).where(rules.c.kind == kind, rules.c.rule_id == rule_id, rules.c.version == version)
    return conn.execute(stmt).one_or_none()


def _rule(row: Row[Any]) -> Rule:
    return Rule(
        kind=row.kind,
        rule_id=row.rule_id,
        version=row.version,
        origin=row.origin,
        body=msgspec.json.decode(row.body) if row.body else {},
        valid_from_seq=row.valid_from_seq,
        removed=not row.body,
        by=row.by,
    )
