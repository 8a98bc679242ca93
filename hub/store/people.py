"""People, their sign-in links and sessions. Tokens are kept as SHA-256, passwords as argon2id made outside the store."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from hub.clock import from_us, to_us
from hub.store.tables import people, sessions, signin_links

LINK_LASTS = timedelta(minutes=30)
SESSION_LASTS = timedelta(hours=12)
_RENEW_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """One person as kept. `scope` holds owner (agency), units and clearance; `password_hash` is "" until one is set."""

    person_id: str
    name: str
    login: str
    roles: tuple[str, ...]
    scope: Mapping[str, Any]
    disabled_at: datetime | None
    password_hash: str = field(default="", repr=False)


def create(
    conn: Connection,
    *,
    name: str,
    login: str,
    roles: Sequence[str],
    scope: Mapping[str, Any] | None = None,
    at: datetime,
) -> str:
    """A new person exists, without a password; returns the person's id.

    Raises:
        ValueError: the login is empty or taken.
    """
    login = login.strip().casefold()
    if not login or by_login(conn, login) is not None:
        raise ValueError(f"login {login!r} is empty or taken: choose another")
    person_id = f"p{secrets.token_hex(8)}"
    row = {
        "person_id": person_id,
        "name": name,
        "login": login,
        "password_hash": "",
        "roles": msgspec.json.encode(list(roles)).decode(),
        "scope": msgspec.json.encode(dict(scope or {})).decode(),
        "created_at": to_us(at),
        "disabled_at": None,
    }
    conn.execute(insert(people), row)
    return person_id


def get(conn: Connection, person_id: str) -> PersonRecord | None:
    """The person of that id, or None."""
    row = conn.execute(select(people).where(people.c.person_id == person_id)).one_or_none()
    return _record(row) if row is not None else None


def by_login(conn: Connection, login: str) -> PersonRecord | None:
    """The person who signs in under that name (case does not matter), or None."""
    row = conn.execute(select(people).where(people.c.login == login.strip().casefold())).one_or_none()
    return _record(row) if row is not None else None


def count(conn: Connection) -> int:
    """How many people there are; 0 on a fresh hub."""
    return int(conn.execute(select(func.count()).select_from(people)).scalar_one())


def set_password(conn: Connection, person_id: str, password_hash: str) -> None:
    """The argon2id hash is the person's from now on."""
    conn.execute(update(people).where(people.c.person_id == person_id).values(password_hash=password_hash))


def set_roles(conn: Connection, person_id: str, roles: Sequence[str], scope: Mapping[str, Any]) -> None:
    """The person has these roles, for this owner, these units, with this clearance, from now on."""
    values = {
        "roles": msgspec.json.encode(list(roles)).decode(),
        "scope": msgspec.json.encode(dict(scope)).decode(),
    }
    conn.execute(update(people).where(people.c.person_id == person_id).values(values))


def disable(conn: Connection, person_id: str, at: datetime) -> None:
    """The person can sign in no more, and every session and link of theirs is over."""
    conn.execute(update(people).where(people.c.person_id == person_id).values(disabled_at=to_us(at)))
    end_sessions_of(conn, person_id, at)
    stmt = update(signin_links).where(signin_links.c.person_id == person_id, signin_links.c.used_at.is_(None))
    conn.execute(stmt.values(used_at=to_us(at)))


def signin_link(conn: Connection, person_id: str, at: datetime) -> str:
    """A one-time token that signs that person in within 30 minutes; shown once, never logged, kept as a hash."""
    token = secrets.token_urlsafe(32)
    row = {
        "token_hash": _hash(token),
        "person_id": person_id,
        "expires_at": to_us(at + LINK_LASTS),
        "used_at": None,
    }
    conn.execute(insert(signin_links), row)
    return token


def consume_link(conn: Connection, token: str, at: datetime) -> PersonRecord | None:
    """The person the token signs in, once: None for an unknown, used or expired one. One conditional UPDATE decides."""
    stmt = (
        update(signin_links)
        .where(
            signin_links.c.token_hash == _hash(token),
            signin_links.c.used_at.is_(None),
            signin_links.c.expires_at > to_us(at),
        )
        .values(used_at=to_us(at))
    )
    if conn.execute(stmt).rowcount != 1:
        return None
    owner = select(signin_links.c.person_id).where(signin_links.c.token_hash == _hash(token))
    person = get(conn, conn.execute(owner).scalar_one())
    return person if person is not None and person.disabled_at is None else None


def start_session(conn: Connection, person_id: str, at: datetime) -> str:
    """The person is signed in; returns the session's token for the cookie."""
    token = secrets.token_urlsafe(32)
    row = {
        "token_hash": _hash(token),
        "person_id": person_id,
        "created_at": to_us(at),
        "expires_at": to_us(at + SESSION_LASTS),
        "ended_at": None,
    }
    conn.execute(insert(sessions), row)
    return token


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session in force. `renew` is True when its end should be moved: it slides, so no shift is cut in the middle."""

    person: PersonRecord
    expires_at: datetime
    renew: bool


def session(conn: Connection, token: str, at: datetime) -> SessionRecord | None:
    """The session of that token while it is in force and its person is not disabled, else None."""
    stmt = select(sessions).where(sessions.c.token_hash == _hash(token), sessions.c.ended_at.is_(None))
    row = conn.execute(stmt.where(sessions.c.expires_at > to_us(at))).one_or_none()
    person = get(conn, row.person_id) if row is not None else None
    if row is None or person is None or person.disabled_at is not None:
        return None
    ends = from_us(row.expires_at)
    return SessionRecord(person, ends, ends - at < SESSION_LASTS - _RENEW_AFTER)


def renew_session(conn: Connection, token: str, at: datetime) -> None:
    """A session still in force lasts 12 hours from now."""
    stmt = update(sessions).where(
        sessions.c.token_hash == _hash(token), sessions.c.ended_at.is_(None), sessions.c.expires_at > to_us(at)
    )
    conn.execute(stmt.values(expires_at=to_us(at + SESSION_LASTS)))


def end_session(conn: Connection, token: str, at: datetime) -> None:
    """That session is over."""
    stmt = update(sessions).where(sessions.c.token_hash == _hash(token), sessions.c.ended_at.is_(None))
    conn.execute(stmt.values(ended_at=to_us(at)))


def end_sessions_of(conn: Connection, person_id: str, at: datetime, *, but: str = "") -> int:
    """Every session of the person is over, except the one of token `but`; returns how many ended."""
    stmt = update(sessions).where(
        sessions.c.person_id == person_id, sessions.c.ended_at.is_(None), sessions.c.token_hash != _hash(but)
    )
    return conn.execute(stmt.values(ended_at=to_us(at))).rowcount


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _record(row: Row[Any]) -> PersonRecord:
    return PersonRecord(
        person_id=row.person_id,
        name=row.name,
        login=row.login,
        roles=tuple(msgspec.json.decode(row.roles)),
        scope=msgspec.json.decode(row.scope),
        disabled_at=from_us(row.disabled_at) if row.disabled_at is not None else None,
        password_hash=row.password_hash,
    )
