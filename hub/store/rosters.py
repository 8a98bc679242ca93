"""Duty contacts and rosters: whom to call at an agency, in which order, from when to when. Personal data: never in config, audit or log."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from hub.clock import from_us, to_us
from hub.store.tables import contacts, duties


@dataclass(frozen=True, slots=True)
class Contact:
    """One person of an agency who can be called. `person_id` is theirs when they sign in too, else ""."""

    contact_id: str
    owner: str
    name: str
    post: str
    phone: str
    email: str
    language: str
    person_id: str


@dataclass(frozen=True, slots=True)
class Duty:
    """A contact is on duty for its agency from `begins` to before `ends`; the smaller `step` is called first."""

    duty_id: str
    owner: str
    contact_id: str
    begins: datetime
    ends: datetime
    step: int


def put_contact(
    conn: Connection,
    *,
    owner: str,
    name: str,
    post: str = "",
    phone: str = "",
    email: str = "",
    language: str = "vi",
    person_id: str = "",
    contact_id: str = "",
) -> str:
    """The contact is kept with exactly these values, under `contact_id` or as a new one; returns its id.

    Raises:
        ValueError: no owner, no name, or neither phone nor email.
    """
    if not owner or not name.strip() or not (phone.strip() or email.strip()):
        raise ValueError("a contact has an owner, a name, and a phone or an email")
    values = {
        "owner": owner,
        "name": name.strip(),
        "post": post.strip(),
        "phone": phone.strip(),
        "email": email.strip(),
        "language": language,
        "person_id": person_id,
    }
    if contact_id and conn.execute(update(contacts).where(contacts.c.contact_id == contact_id).values(values)).rowcount:
        conn.execute(update(duties).where(duties.c.contact_id == contact_id).values(owner=owner))
        return contact_id
    made = contact_id or f"c{secrets.token_hex(8)}"
    conn.execute(insert(contacts), {**values, "contact_id": made})
    return made


def contact(conn: Connection, contact_id: str) -> Contact | None:
    """The contact of that id, or None."""
    row = conn.execute(select(contacts).where(contacts.c.contact_id == contact_id)).one_or_none()
    return _contact(row) if row is not None else None


def contacts_of(conn: Connection, owners: Collection[str] | None = None) -> list[Contact]:
    """The contacts of these agencies (None: of all), by agency and name."""
    stmt = select(contacts).order_by(contacts.c.owner, contacts.c.name, contacts.c.contact_id)
    stmt = stmt if owners is None else stmt.where(contacts.c.owner.in_(sorted(owners)))
    return [_contact(row) for row in conn.execute(stmt)]


def remove_contact(conn: Connection, contact_id: str) -> None:
    """The contact and all its duties are gone: what is not needed of a person is not kept."""
    conn.execute(delete(duties).where(duties.c.contact_id == contact_id))
    conn.execute(delete(contacts).where(contacts.c.contact_id == contact_id))


def put_duty(conn: Connection, contact_id: str, *, begins: datetime, ends: datetime, step: int = 0) -> str:
    """The contact is on duty for its agency in that time; returns the duty's id.

    Raises:
        ValueError: there is no such contact, it ends before it begins, or the step is negative.
    """
    known = contact(conn, contact_id)
    if known is None or ends <= begins or step < 0:
        raise ValueError(
            f"duty of {contact_id!r} from {begins} to {ends}, step {step}: a contact, a later end, a step from 0"
        )
    row = {
        "duty_id": f"d{secrets.token_hex(8)}",
        "owner": known.owner,
        "contact_id": contact_id,
        "begins_at": to_us(begins),
        "ends_at": to_us(ends),
        "step": step,
    }
    conn.execute(insert(duties), row)
    return str(row["duty_id"])


def duty(conn: Connection, duty_id: str) -> Duty | None:
    """The duty of that id, or None."""
    row = conn.execute(select(duties).where(duties.c.duty_id == duty_id)).one_or_none()
    return _duty(row) if row is not None else None


def duties_between(conn: Connection, begins: datetime, ends: datetime, *, owner: str = "") -> list[Duty]:
    """The duties of that agency ("": of all) that reach into the time, by agency, beginning and step."""
    stmt = select(duties).where(duties.c.begins_at < to_us(ends), duties.c.ends_at > to_us(begins))
    stmt = stmt.where(duties.c.owner == owner) if owner else stmt
    return [_duty(r) for r in conn.execute(stmt.order_by(duties.c.owner, duties.c.begins_at, duties.c.step))]


def remove_duty(conn: Connection, duty_id: str) -> None:
    """The duty is no more."""
    conn.execute(delete(duties).where(duties.c.duty_id == duty_id))


def on_duty(conn: Connection, owner: str, at: datetime) -> list[Contact]:
    """Who of the agency is to be called at that moment, the first first; [] when the roster has a hole."""
    joined = select(contacts).join(duties, duties.c.contact_id == contacts.c.contact_id)
    now = to_us(at)
    stmt = joined.where(duties.c.owner == owner, duties.c.begins_at <= now, duties.c.ends_at > now)
    found = [_contact(row) for row in conn.execute(stmt.order_by(duties.c.step, duties.c.begins_at, duties.c.duty_id))]
    return list(dict.fromkeys(found))


def _contact(row: Row[Any]) -> Contact:
    return Contact(**row._mapping)


def _duty(row: Row[Any]) -> Duty:
    return Duty(row.duty_id, row.owner, row.contact_id, from_us(row.begins_at), from_us(row.ends_at), row.step)
