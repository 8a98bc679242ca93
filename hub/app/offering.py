"""Offers and the endpoints that are there: an endpoint of the configuration or of the desk gets the rules its agency was offered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub.config import Document, Profile
from hub.store import rules


def wanted(conn: Connection, profile: Profile) -> list[Document]:
    """What the configuration wants in force: the profile's documents, and the rules offered to endpoints added at the desk.

    The endpoints are those in effect: what was changed at the desk counts as it is there, and to one that was removed there
    nothing is offered.
    """
    endpoints, gone = _in_effect(conn, profile)
    made = {rule_id for _, rule_id, _ in profile.offered(_configured(profile))}
    kept = [
        (kind, rule_id, body)
        for kind, rule_id, body in profile.documents
        if kind != "subscription" or (rule_id not in made and body.get("endpoint_id") not in gone)
    ]
    return [*kept, *profile.offered(endpoints)]


def offer(conn: Connection, profile: Profile, endpoint_id: str, *, by: str, at: datetime) -> None:
    """The endpoint has the rules its agency was offered, in force from the same seq on as itself; one that is no more has none.

    What was changed or removed at the desk stays so. An endpoint that went to another agency loses the rules of the former one.
    """
    endpoint = rules.get(conn, "endpoint", endpoint_id)
    owner = endpoint.body.get("owner") if endpoint is not None else None
    offered = {} if endpoint is None else {i: body for _, i, body in profile.offered({endpoint_id: endpoint.body})}
    written = {i for kind, i, _ in profile.documents if kind == "subscription"} | set(offered)
    for rule in rules.in_force(conn, "subscription"):
        if rule.body.get("endpoint_id") != endpoint_id:
            continue
        stale = rule.origin == "config" and rule.rule_id not in written
        if endpoint is None or rule.body.get("owner") != owner or stale:
            rules.remove(conn, "subscription", rule.rule_id, origin=rule.origin, by=by, at=at)
    for change in rules.diff_of(conn, (("subscription", i, body) for i, body in offered.items())):
        if change.what in ("add", "change") and change.body is not None:
            rules.put(conn, "subscription", change.rule_id, change.body, origin="config", by=by, at=at)


def _configured(profile: Profile) -> dict[str, Mapping[str, Any]]:
    return {rule_id: body for kind, rule_id, body in profile.documents if kind == "endpoint"}


def _in_effect(conn: Connection, profile: Profile) -> tuple[dict[str, Mapping[str, Any]], set[str]]:
    """(endpoints in effect, those of the configuration that were removed at the desk)."""
    endpoints, gone = _configured(profile), set()
    for rule in rules.newest(conn, "endpoint"):
        if rule.origin != "desk":
            continue
        if rule.removed:
            endpoints.pop(rule.rule_id, None)
            gone.add(rule.rule_id)
        else:
            endpoints[rule.rule_id] = rule.body
    return endpoints, gone
