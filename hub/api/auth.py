"""Who is asking, and whether they may: every route names its act with `asks(act)` and the policy answers, deny by default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Depends
from sqlalchemy import Connection
from starlette.requests import HTTPConnection

from hub import policy
from hub.api.problems import Problem
from hub.api.services import Services
from hub.store import keys, people, rules

USED_EVERY_S = 60.0
_BEARER = "bearer "


@dataclass(frozen=True)
class Caller:
    """A person with a session, or a key. `credential` is the token itself, kept only while the request or socket lives."""

    who: policy.Person | policy.Key
    credential: str = field(repr=False)
    name: str = ""
    has_password: bool = False

    @property
    def session(self) -> str:
        """The session's token; "" for a key."""
        return self.credential if isinstance(self.who, policy.Person) else ""

    @property
    def person_id(self) -> str:
        """The person's id; "" for a key."""
        return self.who.person_id if isinstance(self.who, policy.Person) else ""

    @property
    def label(self) -> str:
        """How the record names them: `person:<id>` or `key:<prefix>`."""
        if isinstance(self.who, policy.Person):
            return f"person:{self.who.person_id}"
        return f"key:{self.who.key_id}"


@dataclass(frozen=True)
class Asker:
    """A caller about to do `act`."""

    caller: Caller
    act: str

    def may(self, what: policy.What | None) -> bool:
        """Whether the policy lets the caller do it to `what`."""
        return not isinstance(policy.may(self.caller.who, self.act, what), policy.No)

    def must(self, what: policy.What | None) -> None:
        """Returns when the policy says yes.

        Raises:
            Problem: 404 for what the caller may not even see, else 403 with the reason.
        """
        verdict = policy.may(self.caller.who, self.act, what)
        if isinstance(verdict, policy.No):
            raise Problem(404, "not-found") if verdict.hidden else Problem(403, "forbidden", reason=verdict.reason)


def asks(act: str) -> Any:
    """A dependency: the route does `act`, its caller is known, and the policy lets such a caller do it to something at all."""

    async def ask(connection: HTTPConnection) -> Asker:
        caller = await caller_of(connection)
        if caller is None:
            raise Problem(401, "not-signed-in")
        asker = Asker(caller, act)
        asker.must(None)
        return asker

    ask.act = act  # type: ignore[attr-defined]
    return Depends(ask)


def asks_softly(act: str) -> Any:
    """As `asks`, but who is not signed in is let through with `request.state.signed_in` False, to be sent to the sign-in page."""

    async def ask(connection: HTTPConnection) -> None:
        caller = await caller_of(connection)
        connection.state.signed_in = caller is not None
        if caller is not None:
            Asker(caller, act).must(None)

    ask.act = act  # type: ignore[attr-defined]
    return Depends(ask)


def opened(why: str) -> Any:
    """A dependency that marks a route as open to everybody; the tests hold the whole list of them."""

    async def ask() -> None: ...

    ask.opened = why  # type: ignore[attr-defined]
    return Depends(ask)


async def caller_of(connection: HTTPConnection) -> Caller | None:
    """Who sent this request: a key in `Authorization: Bearer`, else the session in the cookie, else None."""
    services: Services = connection.app.state.services
    authorization = connection.headers.get("authorization")
    if authorization is not None:
        if not authorization.casefold().startswith(_BEARER):
            return None
        return await _by(services, _of_key, authorization[len(_BEARER) :].strip())
    token = connection.cookies.get(services.cookie, "")
    return await _by(services, _of_session, token) if token else None


async def still_good(services: Services, caller: Caller) -> bool:
    """Whether the caller's session or key still stands and still means the same; keeps a session in use from ending."""
    find = _of_session if isinstance(caller.who, policy.Person) else _of_key
    again = await _by(services, find, caller.credential)
    return again is not None and again.who == caller.who


Find = Callable[[Connection, str, Services], tuple[Caller | None, Callable[[Connection], None] | None]]


async def _by(services: Services, find: Find, token: str) -> Caller | None:
    caller, note = await services.store.read(lambda conn: find(conn, token, services))
    if note is not None:
        await services.store.write(note)
    return caller


def _of_key(
    conn: Connection, token: str, services: Services
) -> tuple[Caller | None, Callable[[Connection], None] | None]:
    now = services.machine.now()
    record = keys.find(conn, token, now)
    if record is None:
        return None, None
    who = policy.Key(
        key_id=record.key_id,
        kind=record.kind,
        owner=record.owner,
        scopes=frozenset(record.scopes),
        treaty=_treaty(conn, record.owner),
    )
    last = record.last_used_at
    stale = last is None or (now - last).total_seconds() > USED_EVERY_S
    note = (lambda conn: keys.used(conn, record.key_id, now)) if stale else None
    return Caller(who, token, name=record.owner), note


def _of_session(
    conn: Connection, token: str, services: Services
) -> tuple[Caller | None, Callable[[Connection], None] | None]:
    now = services.machine.now()
    session = people.session(conn, token, now)
    if session is None:
        return None, None
    person = session.person
    who = person_of(person, _treaty(conn, str(person.scope.get("owner", ""))))
    caller = Caller(who, token, name=person.name, has_password=bool(person.password_hash))
    note = (lambda conn: people.renew_session(conn, token, now)) if session.renew else None
    return caller, note


def _treaty(conn: Connection, owner: str) -> policy.Treaty | None:
    known = rules.get(conn, "treaty", owner) if owner else None
    return policy.Treaty.of(known.body if known is not None else None)


def person_of(record: people.PersonRecord, treaty: policy.Treaty | None = None) -> policy.Person:
    """The person as the policy knows them."""
    scope = record.scope
    return policy.Person(
        person_id=record.person_id,
        roles=frozenset(record.roles),
        owner=str(scope.get("owner", "")),
        units=frozenset(scope.get("units", ())),
        clearance=str(scope.get("clearance", "")),
        kinds=frozenset(scope.get("kinds", ())),
        treaty=treaty,
    )
