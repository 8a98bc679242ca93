"""`/v1/session`: signing in with a one-time link or a password, who one is, and signing out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy import Connection

from hub import policy
from hub.api import answers, record, shapes
from hub.api.auth import Asker, asks, opened
from hub.api.live import LiveFeed
from hub.api.passwords import Guesses, Passwords
from hub.api.problems import Problem
from hub.api.services import Services
from hub.store import people

MOST_PER_PAIR = 10
MOST_PER_ADDRESS = 50
MOST_PER_LOGIN = 100


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SignIn(_Body):
    """A login and its password."""

    login: Annotated[str, Field(min_length=1, max_length=100)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class Link(_Body):
    """The token of a one-time sign-in link, which stood after the # of its address."""

    token: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class NewPassword(_Body):
    """A new password; `old` is needed where there is one already."""

    password: Annotated[SecretStr, Field(max_length=1000)]
    old: Annotated[SecretStr, Field(max_length=1000)] = SecretStr("")


def router(services: Services, passwords: Passwords, live: LiveFeed) -> APIRouter:
    """The life of a session. POST consumes a link, so that a prefetch of its address burns nothing."""
    routes = APIRouter(prefix="/v1/session", tags=["session"])
    store, guesses = services.store, Guesses()

    @routes.post("", dependencies=[opened("session")])
    async def sign_in(body: SignIn, request: Request) -> Response:
        """Signed in with a password; the answer sets the session's cookie."""
        names = _names(request, body.login)
        _may_guess(guesses, names)
        person = await store.read(lambda conn: people.by_login(conn, body.login))
        known = person.password_hash if person is not None and person.disabled_at is None else ""
        if not await passwords.fits(known, body.password.get_secret_value()) or person is None:
            _failed(guesses, names)
            raise Problem(401, "signin-failed")
        guesses.succeeded(names[0][0])
        return await _signed_in(services, request, person.person_id, "password")

    @routes.post("/link", dependencies=[opened("session-link")])
    async def by_link(body: Link, request: Request) -> Response:
        """Signed in with a one-time link, which is worth nothing afterwards."""
        names = [(f"link {_address(request)}", MOST_PER_ADDRESS)]
        _may_guess(guesses, names)
        now = services.machine.now()
        person = await store.write(lambda conn: people.consume_link(conn, body.token.get_secret_value(), now))
        if person is None:
            _failed(guesses, names)
            raise Problem(401, "signin-failed")
        return await _signed_in(services, request, person.person_id, "link")

    @routes.get("", responses=shapes.of(shapes.Session))
    async def who(asker: Annotated[Asker, asks("session.read")]) -> Response:
        """Who is asking, and which acts the policy lets them do to something at all."""
        return answers.json(_told(asker, services))

    @routes.post("/password")
    async def password(body: NewPassword, asker: Annotated[Asker, asks("session.own")]) -> Response:
        """The caller's password is new, and every other session of theirs is over."""
        person_id = asker.caller.person_id
        now, token = services.machine.now(), asker.caller.session
        if asker.caller.has_password:
            await _check_old(services, passwords, guesses, person_id, body.old.get_secret_value())
        hashed = await passwords.hash(body.password.get_secret_value())

        def change(conn: Connection) -> None:
            people.set_password(conn, person_id, hashed)
            people.end_sessions_of(conn, person_id, now, but=token)
            record.note(conn, at=now, act="person.password-set", who=asker.caller.label, object=person_id)

        await store.write(change)
        return answers.json({**_told(asker, services), "has_password": True})

    @routes.delete("", status_code=204)
    async def sign_out(asker: Annotated[Asker, asks("session.own")]) -> Response:
        """The session is over, here and on every open socket."""
        token, now = asker.caller.session, services.machine.now()
        await store.write(lambda conn: people.end_session(conn, token, now))
        live.signed_out(token)
        response = Response(status_code=204)
        response.delete_cookie(services.cookie, path="/", secure=services.secure, httponly=True, samesite="strict")
        return response

    return routes


async def _signed_in(services: Services, request: Request, person_id: str, how: str) -> Response:
    now = services.machine.now()
    before = request.cookies.get(services.cookie, "")

    def start(conn: Connection) -> tuple[str, people.PersonRecord | None]:
        if before:
            people.end_session(conn, before, now)
        record.note(
            conn, at=now, act="person.signed-in", who=f"person:{person_id}", object=person_id, body={"how": how}
        )
        return people.start_session(conn, person_id, now), people.get(conn, person_id)

    token, person = await services.store.write(start)
    assert person is not None
    told = {"name": person.name, "roles": list(person.roles), "has_password": bool(person.password_hash)}
    response = answers.json({**told, "mode": services.mode})
    response.set_cookie(services.cookie, token, path="/", secure=services.secure, httponly=True, samesite="strict")
    return response


async def _check_old(services: Services, passwords: Passwords, guesses: Guesses, person_id: str, old: str) -> None:
    names = [(f"old {person_id}", MOST_PER_PAIR)]
    _may_guess(guesses, names)
    person = await services.store.read(lambda conn: people.get(conn, person_id))
    if not await passwords.fits(person.password_hash if person is not None else "", old):
        _failed(guesses, names)
        raise Problem(403, "signin-failed")


def _told(asker: Asker, services: Services) -> dict[str, Any]:
    caller = asker.caller
    roles = sorted(getattr(caller.who, "roles", ()))
    told = {"name": caller.name, "roles": roles, "has_password": caller.has_password, "mode": services.mode}
    return {**told, "may": sorted(act for act in policy.ACTS if Asker(caller, act).may(None))}


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _names(request: Request, login: str) -> list[tuple[str, int]]:
    """Whose failures count, and how many are too many: this login from here, anything from here, this login from anywhere.

    The last is high, because whoever reaches it locks a duty officer out; a sign-in link still works then.
    """
    login, address = login.strip().casefold(), _address(request)
    return [
        (f"pair {address} {login}", MOST_PER_PAIR),
        (f"address {address}", MOST_PER_ADDRESS),
        (f"login {login}", MOST_PER_LOGIN),
    ]


def _may_guess(guesses: Guesses, names: list[tuple[str, int]]) -> None:
    now = asyncio.get_running_loop().time()
    wait_s = max(guesses.wait_s(name, most, now) for name, most in names)
    if wait_s:
        raise Problem(429, "signin-limited", retry_after_s=wait_s)


def _failed(guesses: Guesses, names: list[tuple[str, int]]) -> None:
    now = asyncio.get_running_loop().time()
    for name, _ in names:
        guesses.failed(name, now)
