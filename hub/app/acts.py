"""What people and commands ask of a hub beside its roles: prove, test, redeliver, sign in, replay."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import Connection

from hub.acceptance.case import Decision
from hub.app.building import Hub
from hub.app.sources import connected
from hub.clock import to_us
from hub.connector import Candidate, Payload, Withdrawn
from hub.consumer import Delivery, Endpoint, address_of
from hub.delivery import retry
from hub.delivery.prove import CODE_LASTS, new_code, prove, proven_by, send_code
from hub.errors import ConfigError, Forbidden, Rejected, Retry
from hub.policy import PERSON_ROLES
from hub.store import audit, deliveries, endpoints, head, payloads, people, rules

log = structlog.get_logger()


async def prove_endpoint(hub: Hub, endpoint_id: str) -> bool:
    """The endpoint answered a signed challenge and is active from now on; False when it did not."""
    endpoint = await hub.store.read(lambda conn: hub.courier.last.desk.endpoint_of(conn, endpoint_id))
    if endpoint is None:
        return False
    if proven_by(hub.channels[endpoint.kind]) == "code":
        return await _send_code(hub, endpoint)
    try:
        good = await prove(hub.channels[endpoint.kind], endpoint, clock=hub.machine, mode=hub.config.settings.hub.mode)
    except (Retry, Rejected, Forbidden) as error:
        log.info("endpoint.unproven", endpoint=endpoint_id, reason=str(error))
        return False
    if good:
        address = address_of(endpoint.settings)
        await hub.store.write(lambda conn: endpoints.proven(conn, endpoint_id, address))
    return good


async def _send_code(hub: Hub, endpoint: Endpoint) -> bool:
    """A code is on its way to people; nothing is proven before somebody gives it back (`give_code`), so this is False."""
    code, until = new_code(), hub.machine.now() + CODE_LASTS
    address, channel = address_of(endpoint.settings), hub.channels[endpoint.kind]
    await hub.store.write(
        lambda conn: endpoints.ask_code(
            conn, endpoint.endpoint_id, code, address=address, until=until, seal_key=hub.seal_key
        )
    )
    try:
        await send_code(channel, endpoint, code, clock=hub.machine, mode=hub.config.settings.hub.mode)
    except (Retry, Rejected, Forbidden) as error:
        log.info("endpoint.code_not_sent", endpoint=endpoint.endpoint_id, reason=str(error))
    return False


async def give_code(hub: Hub, endpoint_id: str, code: str) -> bool:
    """Whether the code is the one that was sent to the endpoint's address; then it is active."""
    endpoint = await hub.store.read(lambda conn: hub.courier.last.desk.endpoint_of(conn, endpoint_id))
    if endpoint is None:
        return False
    address, now = address_of(endpoint.settings), hub.machine.now()
    good = await hub.store.write(
        lambda conn: endpoints.give_code(conn, endpoint_id, code, address=address, now=now, seal_key=hub.seal_key)
    )
    hub.courier.wake()
    return good


async def send_test(hub: Hub, endpoint_id: str) -> bool:
    """An `endpoint.test` event was taken by the endpoint."""
    endpoint = await hub.store.read(lambda conn: hub.courier.last.desk.endpoint_of(conn, endpoint_id))
    if endpoint is None:
        return False
    delivery = Delivery(
        delivery_id=f"test-{secrets.token_hex(12)}",
        event_type="endpoint.test",
        mode=hub.config.settings.hub.mode,
        attempt_no=1,
        attempted_at=hub.machine.now(),
        lane=retry.P3,
    )
    channel = hub.channels[endpoint.kind]
    try:
        await channel.send(channel.render(delivery, endpoint), endpoint, timeout_s=retry.TIMEOUT_S)
    except (Retry, Rejected, Forbidden) as error:
        log.info("endpoint.test_failed", endpoint=endpoint_id, reason=str(error))
        return False
    return True


async def redeliver(hub: Hub, delivery_id: str) -> bool:
    """The delivery is pending again, at once."""
    now = to_us(hub.clock.now())
    again = await hub.store.write(lambda conn: deliveries.redeliver(conn, delivery_id, now=now))
    hub.courier.wake()
    return again


async def signin_link(hub: Hub, login: str) -> str:
    """A one-time sign-in link for that person; the first administrator is made when there is nobody yet."""
    now = hub.machine.now()

    def make(conn: Connection) -> str:
        known = people.by_login(conn, login)
        if known is None and people.count(conn):
            raise _nobody(login)
        roles = ("administrator", "dispatcher")
        person_id = (
            known.person_id
            if known
            else people.create(conn, name="Quản trị viên", login=login, roles=roles, scope={}, at=now)
        )
        return people.signin_link(conn, person_id, now)

    token = await hub.store.write(make)
    return f"{hub.base_url}/signin#{token}"


async def create_person(hub: Hub, login: str, *, name: str, roles: Sequence[str], owner: str) -> str:
    """The person exists, with these roles, for that agency or neighbour; returns a one-time sign-in link.

    Raises:
        ConfigError: an unknown role or owner, or the login is empty or taken.
    """
    now = hub.clock.now()

    def make(conn: Connection) -> None:
        for role in roles:
            if role not in PERSON_ROLES:
                raise ConfigError("--role", f"{role!r} is no role", f"one of {', '.join(PERSON_ROLES)}")
        if owner and rules.get(conn, "owner", owner) is None:
            raise ConfigError("--owner", f"there is no agency or neighbour {owner!r}", "an id of agencies.csv")
        try:
            scope = {"owner": owner} if owner else {}
            person_id = people.create(conn, name=name, login=login, roles=roles, scope=scope, at=now)
        except ValueError as error:
            raise ConfigError("login", str(error), "another login") from error
        _noted(conn, hub, "person.created", person_id, {"login": login, "roles": list(roles), "owner": owner})

    await hub.store.write(make)
    return await signin_link(hub, login)


async def disable_person(hub: Hub, login: str) -> str:
    """The person can sign in no more, and every session of theirs is over; returns a word about it.

    Raises:
        ConfigError: there is nobody of that login.
    """
    now = hub.clock.now()

    def end(conn: Connection) -> None:
        known = people.by_login(conn, login)
        if known is None:
            raise _nobody(login)
        people.disable(conn, known.person_id, now)
        _noted(conn, hub, "person.disabled", known.person_id, {"login": login})

    await hub.store.write(end)
    return f"{login}: disabled"


def _nobody(login: str) -> ConfigError:
    return ConfigError("login", f"there is nobody called {login!r}", "hub person create")


def _noted(conn: Connection, hub: Hub, act: str, person_id: str, body: Mapping[str, Any]) -> None:
    """The deed of whoever has this machine is in the decision chain (EVI-1)."""
    state = head.lock(conn)
    audit.append(conn, state, at=hub.clock.now(), act=act, who="command line", object=person_id, body=dict(body))
    head.save(conn, state)


async def replay(hub: Hub, name: str, body: bytes) -> Sequence[Decision]:
    """What acceptance decides about recorded bytes of a source; the bytes are kept.

    Raises:
        ConfigError: there is no such source.
        ParseError: the source does not speak like that.
    """
    known = next((s for s in hub.config.profile.sources if s.name == name), None)
    if known is None:
        raise ConfigError("source", f"there is no source {name!r}", "see sources.toml")
    _, connector, fetcher = connected(hub, known)
    payload = Payload(source=name, body=body, content_type="", received_at=hub.clock.now())
    said = [one for one in connector.parse(payload) if isinstance(one, Candidate | Withdrawn)]
    await hub.store.write(lambda conn: payloads.keep(conn, payload))
    await fetcher.aclose()
    return await hub.acceptor.accept(said)
