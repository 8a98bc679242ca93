"""`/v1/endpoints`: where recipients are reached. A new address gets nothing until it has answered a signed challenge."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from hub.api import answers, record
from hub.api.auth import Asker, asks
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.sight import of_owner
from hub.store import deliveries, endpoints, rules
from hub.store.rules import Rule

Word = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\w.-]+$")]


class NewEndpoint(BaseModel):
    """An endpoint as asked for: whose it is, the channel, and the channel's settings (a webhook's `url`).

    `alternate` is the endpoint that gets what this one does not take.
    """

    model_config = ConfigDict(extra="forbid")
    owner: Word
    kind: Word
    settings: Annotated[dict[str, Any], Field(max_length=50)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "vi"
    alternate: Annotated[str, Field(max_length=100, pattern=r"^[\w.-]*$")] = ""


class Code(BaseModel):
    """What was sent to a telephone, a mailbox or a loudspeaker, as somebody there tells it."""

    model_config = ConfigDict(extra="forbid")
    code: Annotated[str, Field(pattern=r"^[0-9]{8}$")]


class Redelivery(BaseModel):
    """Which delivery of the endpoint to send once more."""

    model_config = ConfigDict(extra="forbid")
    delivery_id: Annotated[str, Field(min_length=1, max_length=100)]


def router(services: Services) -> APIRouter:
    """Every address under `/v1/endpoints`."""
    routes = APIRouter(prefix="/v1/endpoints", tags=["endpoints"])
    store = services.store

    @routes.get("")
    async def endpoint_list(asker: Annotated[Asker, asks("endpoint.read")]) -> Response:
        """Every endpoint the caller may see, with its state; never a secret."""

        def read(conn: Connection) -> list[dict[str, Any]]:
            seen = [rule for rule in rules.in_force(conn, "endpoint") if asker.may(_what(rule))]
            fed = _rules_of_each(conn)
            return [_told(rule, endpoints.get(conn, rule.rule_id), fed.get(rule.rule_id, ())) for rule in seen]

        return answers.json({"endpoints": await store.read(read)})

    @routes.post("", status_code=201)
    async def create(body: NewEndpoint, asker: Annotated[Asker, asks("endpoint.change")]) -> Response:
        """The endpoint exists with the rules its agency is offered (`subscriptions`, empty: it gets nothing yet). Its secret is
        shown this once, and it was sent a signed challenge; `state` says whether it answered.
        """
        asker.must(of_owner("endpoint", body.owner))
        _check(services, body)
        endpoint_id, secret = f"e{secrets.token_hex(8)}", _new_secret()

        def write(conn: Connection) -> None:
            _put(conn, services, asker, endpoint_id, body)
            endpoints.create(conn, endpoint_id, secrets=[secret], seal_key=services.seal_key)

        await store.write(write)
        proven = await services.prove(endpoint_id) if services.prove is not None else False
        told = await store.read(lambda conn: _now(conn, asker, endpoint_id))
        return answers.json({**told, "secret": secret, "proven": proven}, 201)

    @routes.put("/{endpoint_id}")
    async def change(endpoint_id: str, body: NewEndpoint, asker: Annotated[Asker, asks("endpoint.change")]) -> Response:
        """The endpoint is configured anew. Another address gets nothing until it has answered a challenge of its own."""
        _check(services, body)

        def write(conn: Connection) -> None:
            _found(conn, asker, endpoint_id)
            asker.must(of_owner("endpoint", body.owner))
            _put(conn, services, asker, endpoint_id, body)

        await store.write(write)
        return await _after(services, asker, endpoint_id, services.prove, field="proven")

    @routes.delete("/{endpoint_id}", status_code=204)
    async def remove(endpoint_id: str, asker: Annotated[Asker, asks("endpoint.change")]) -> Response:
        """The endpoint is owed nothing new, and its rules are in force no more."""
        now = services.clock.now()

        def write(conn: Connection) -> None:
            _found(conn, asker, endpoint_id)
            rules.remove(conn, "endpoint", endpoint_id, origin="desk", by=asker.caller.label, at=now)
            _offer(conn, services, asker, endpoint_id)

        await store.write(write)
        return Response(status_code=204)

    @routes.post("/{endpoint_id}/prove")
    async def prove(endpoint_id: str, asker: Annotated[Asker, asks("endpoint.change")]) -> Response:
        """The endpoint was sent another challenge; `proven` says whether it answered."""
        await store.read(lambda conn: _found(conn, asker, endpoint_id))
        return await _after(services, asker, endpoint_id, services.prove, field="proven")

    @routes.post("/{endpoint_id}/proof")
    async def proof(endpoint_id: str, body: Code, asker: Annotated[Asker, asks("endpoint.change")]) -> Response:
        """The code that was sent to people there has come back: their address is proven. A wrong one costs one of five tries."""
        await store.read(lambda conn: _found(conn, asker, endpoint_id))
        if services.give_code is None:
            raise Problem(501, "not-configured")
        if not await services.give_code(endpoint_id, body.code):
            raise Problem(409, "wrong-code")
        now, who = services.clock.now(), asker.caller.label
        await store.write(lambda conn: record.note(conn, at=now, act="endpoint.proven", who=who, object=endpoint_id))
        told = await store.read(lambda conn: _now(conn, asker, endpoint_id))
        return answers.json({**told, "proven": True})

    @routes.post("/{endpoint_id}/rotate")
    async def rotate(endpoint_id: str, asker: Annotated[Asker, asks("endpoint.change")]) -> Response:
        """A new secret, shown this once, signs beside the old one, so that the receiver can change over without a gap."""
        secret, now = _new_secret(), services.clock.now()

        def write(conn: Connection) -> None:
            _found(conn, asker, endpoint_id)
            endpoints.create(conn, endpoint_id, secrets=[], seal_key=services.seal_key)
            endpoints.rotate(conn, endpoint_id, secret, seal_key=services.seal_key)
            record.note(conn, at=now, act="endpoint.rotated", who=asker.caller.label, object=endpoint_id)

        await store.write(write)
        return answers.json({"endpoint_id": endpoint_id, "secret": secret})

    @routes.post("/{endpoint_id}/test", status_code=202)
    async def test(endpoint_id: str, asker: Annotated[Asker, asks("endpoint.test")]) -> Response:
        """An `endpoint.test` is on its way; `sent` says whether it was taken."""
        await store.read(lambda conn: _found(conn, asker, endpoint_id))
        return await _after(services, asker, endpoint_id, services.send_test, field="sent", status=202)

    @routes.post("/{endpoint_id}/redeliver", status_code=202)
    async def redeliver(
        endpoint_id: str, body: Redelivery, asker: Annotated[Asker, asks("delivery.again")]
    ) -> Response:
        """That delivery is due again at once, with the same id."""

        def read(conn: Connection) -> None:
            _found(conn, asker, endpoint_id)
            row = deliveries.get(conn, body.delivery_id)
            if row is None or row.endpoint_id != endpoint_id:
                raise Problem(404, "not-found")

        await store.read(read)
        if services.redeliver is None:
            raise Problem(501, "not-configured")
        if not await services.redeliver(body.delivery_id):
            raise Problem(409, "not-redelivered")
        now = services.clock.now()
        who = asker.caller.label
        await store.write(
            lambda conn: record.note(conn, at=now, act="delivery.again", who=who, object=body.delivery_id)
        )
        return answers.json({"delivery_id": body.delivery_id, "state": "pending"}, 202)

    return routes


async def _after(
    services: Services,
    asker: Asker,
    endpoint_id: str,
    act: Callable[[str], Awaitable[bool]] | None,
    *,
    field: str,
    status: int = 200,
) -> Response:
    """The endpoint as it stands after `act`, and whether that succeeded."""
    if act is None:
        raise Problem(501, "not-configured")
    done = await act(endpoint_id)
    told = await services.store.read(lambda conn: _now(conn, asker, endpoint_id))
    return answers.json({**told, field: done}, status)


def _found(conn: Connection, asker: Asker, endpoint_id: str) -> Rule:
    """The endpoint's rule in force, when the asker may do to it what they want to.

    Raises:
        Problem: 404 for both none and not theirs.
    """
    rule = rules.get(conn, "endpoint", endpoint_id)
    if rule is None:
        raise Problem(404, "not-found")
    asker.must(_what(rule))
    return rule


def _what(rule: Rule) -> Any:
    return of_owner("endpoint", str(rule.body.get("owner", "")))


def _check(services: Services, body: NewEndpoint) -> None:
    reason = services.check_endpoint(body.kind, body.settings) if services.check_endpoint is not None else ""
    if reason:
        raise Problem(422, "endpoint-refused", reason=reason)


def _put(conn: Connection, services: Services, asker: Asker, endpoint_id: str, body: NewEndpoint) -> None:
    who, now = asker.caller.label, services.clock.now()
    other = rules.get(conn, "endpoint", body.alternate) if body.alternate and body.alternate != endpoint_id else None
    if body.alternate and (other is None or not asker.may(_what(other))):
        reason = f"{body.alternate} is no other endpoint"
        raise Problem(422, "invalid", extra={"faults": [{"where": "body/alternate", "what": reason}]})
    written = body.model_dump(exclude=set() if body.alternate else {"alternate"})
    rules.put(conn, "endpoint", endpoint_id, written, origin="desk", by=who, at=now)
    _offer(conn, services, asker, endpoint_id)


def _offer(conn: Connection, services: Services, asker: Asker, endpoint_id: str) -> None:
    """The rules offered to the endpoint's agency are in force in the same transaction as the endpoint itself."""
    if services.offer is not None:
        services.offer(conn, endpoint_id, asker.caller.label)


def _now(conn: Connection, asker: Asker, endpoint_id: str) -> dict[str, Any]:
    """The endpoint as it stands, for one who may do to it what they want to."""
    rule = _found(conn, asker, endpoint_id)
    return _told(rule, endpoints.get(conn, endpoint_id), _rules_of_each(conn).get(endpoint_id, ()))


def _rules_of_each(conn: Connection) -> dict[str, list[str]]:
    """Endpoint id -> ids of the rules in force that feed it."""
    fed: dict[str, list[str]] = {}
    for rule in rules.in_force(conn, "subscription"):
        fed.setdefault(str(rule.body.get("endpoint_id", "")), []).append(rule.rule_id)
    return fed


def _told(rule: Rule, state: endpoints.EndpointState | None, fed: Sequence[str]) -> dict[str, Any]:
    settings = rule.body.get("settings", {})
    return {
        "endpoint_id": rule.rule_id,
        "version": rule.version,
        "origin": rule.origin,
        "owner": rule.body.get("owner", ""),
        "kind": rule.body.get("kind", ""),
        "language": rule.body.get("language", "vi"),
        "subscriptions": list(fed),
        "alternate": rule.body.get("alternate", ""),
        "settings": _shown(settings),
        "state": state.state if state is not None else "unproven",
        "reason": state.reason if state is not None else "never-proven",
        "failures": state.failures if state is not None else 0,
        "open_until": state.open_until if state is not None else None,
    }


def _shown(value: Any) -> Any:
    """The settings without any secret, at whatever depth (a gateway's header)."""
    if isinstance(value, dict):
        return {name: _shown(inner) for name, inner in value.items() if not _is_secret(name)}
    return value


def _is_secret(name: str) -> bool:
    return any(word in name.casefold() for word in ("secret", "password", "token", "key", "authorization"))


def _new_secret() -> str:
    """A symmetric secret as Standard Webhooks writes it: `whsec_` and 32 random bytes in base64."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
