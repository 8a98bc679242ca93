"""`/v1/subscriptions`: which alerts go to which endpoint. Every change is a new version of the rule, made at the desk."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from shapely.errors import ShapelyError
from sqlalchemy import Connection

from hub.api import answers
from hub.api.auth import Asker, asks
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.sight import of_owner
from hub.errors import ConfigError
from hub.store import rules
from hub.store.rules import Rule
from hub.subscription import MOST_ACK_MIN, subscription_of

Word = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[list[Word], Field(max_length=2000)]
Severity = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Minutes = Annotated[int, Field(ge=0, le=MOST_ACK_MIN)]


class NewSubscription(BaseModel):
    """A rule as asked for (`hub.subscription.Subscription`); empty lists mean "any", `shape` is a GeoJSON geometry, `number` 0 the next."""

    model_config = ConfigDict(extra="forbid")
    endpoint_id: Word
    number: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    sources: Words = []
    senders: Words = []
    categories: Words = []
    hazards: Words = []
    min_severity: Severity = "Unknown"
    urgencies: Words = []
    certainties: Words = []
    min_risk: Annotated[int, Field(ge=1, le=5)] | None = None
    units: Words = []
    shape: dict[str, Any] | None = None
    extreme_immediate: bool = False
    ack_min: Minutes = 0
    ack_min_by_severity: dict[Severity, Minutes] = {}


def router(services: Services) -> APIRouter:
    """Every address under `/v1/subscriptions`."""
    routes = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"])
    store = services.store

    @routes.get("")
    async def subscription_list(asker: Annotated[Asker, asks("subscription.read")]) -> Response:
        """Every rule in force that the caller may see."""

        def read(conn: Connection) -> list[dict[str, Any]]:
            return [_told(rule) for rule in rules.in_force(conn, "subscription") if asker.may(_what(rule))]

        return answers.json({"subscriptions": await store.read(read)})

    @routes.post("", status_code=201)
    async def create(body: NewSubscription, asker: Annotated[Asker, asks("subscription.change")]) -> Response:
        """The rule is in force for every alert accepted from now on."""
        rule_id = f"s{secrets.token_hex(8)}"
        return answers.json(await store.write(lambda conn: _put(conn, services, asker, rule_id, body)), 201)

    @routes.put("/{subscription_id}")
    async def change(
        subscription_id: str, body: NewSubscription, asker: Annotated[Asker, asks("subscription.change")]
    ) -> Response:
        """A new version of the rule is in force; alerts accepted before keep the old one as their reason."""

        def write(conn: Connection) -> dict[str, Any]:
            _found(conn, asker, subscription_id)
            return _put(conn, services, asker, subscription_id, body)

        return answers.json(await store.write(write))

    @routes.delete("/{subscription_id}", status_code=204)
    async def remove(subscription_id: str, asker: Annotated[Asker, asks("subscription.change")]) -> Response:
        """The rule is in force no more."""
        now, who = services.clock.now(), asker.caller.label

        def write(conn: Connection) -> None:
            _found(conn, asker, subscription_id)
            rules.remove(conn, "subscription", subscription_id, origin="desk", by=who, at=now)

        await store.write(write)
        return Response(status_code=204)

    return routes


def _put(conn: Connection, services: Services, asker: Asker, rule_id: str, body: NewSubscription) -> dict[str, Any]:
    """The rule's next version; its owner is its endpoint's, so nobody feeds another's endpoint."""
    endpoint = rules.get(conn, "endpoint", body.endpoint_id)
    if endpoint is None:
        raise _fault("endpoint_id", f"{body.endpoint_id} is unknown")
    owner = str(endpoint.body.get("owner", ""))
    asker.must(of_owner("subscription", owner))
    written = {**body.model_dump(exclude_none=True), "owner": owner, "number": body.number or _next_number(conn)}
    _check(services, rule_id, written)
    rules.put(conn, "subscription", rule_id, written, origin="desk", by=asker.caller.label, at=services.clock.now())
    rule = rules.get(conn, "subscription", rule_id)
    assert rule is not None
    return _told(rule)


def _check(services: Services, rule_id: str, body: dict[str, Any]) -> None:
    """The rule can be read by routing, and every hazard and unit it names is known: a misspelt one would silently never match.

    Raises:
        Problem: 422 with the place that is wrong.
    """
    try:
        subscription = subscription_of(rule_id, body)
    except ConfigError as error:
        raise _fault(error.where.rpartition(".")[2], error.reason) from None
    except ShapelyError:
        raise _fault("shape", "is no GeoJSON geometry") from None
    for hazard in sorted(subscription.hazards):
        if hazard not in services.hazards:
            raise _fault("hazards", f"{hazard} is unknown")
    for unit in sorted(subscription.units):
        if services.gazetteer.get(unit) is None:
            raise _fault("units", f"{unit} is unknown")


def _fault(where: str, what: str) -> Problem:
    return Problem(422, "invalid", extra={"faults": [{"where": f"body/{where}", "what": what}]})


def _next_number(conn: Connection) -> int:
    """One more than the greatest number any rule ever had: people call rules by it, so none is given twice."""
    return max((int(rule.body.get("number", 0)) for rule in rules.ever(conn, "subscription")), default=0) + 1


def _found(conn: Connection, asker: Asker, subscription_id: str) -> Rule:
    rule = rules.get(conn, "subscription", subscription_id)
    if rule is None:
        raise Problem(404, "not-found")
    asker.must(_what(rule))
    return rule


def _what(rule: Rule) -> Any:
    return of_owner("subscription", str(rule.body.get("owner", "")))


def _told(rule: Rule) -> dict[str, Any]:
    return {"subscription_id": rule.rule_id, "version": rule.version, "origin": rule.origin, **rule.body}
