"""Why an endpoint got an alert, or why not, with the rules of that time (ROU-1)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from hub.acceptance.facts import load_facts
from hub.cap.json import from_json
from hub.clock import from_us
from hub.store import alerts, deliveries, routed, rules
from hub.subscription import Match, matches, subscription_of


def why(conn: Connection, alert_id: str, endpoint_id: str) -> dict[str, Any]:
    """The alert's deliveries to that endpoint, and what each of the endpoint's rules of that time said: hit or miss, and why.

    The rules are those that routing compared the alert with; before it is routed, those in force now.

    Raises:
        KeyError: there is no such alert.
    """
    row = alerts.get(conn, alert_id)
    if row is None:
        raise KeyError(alert_id)
    ledger = [d for d in deliveries.of_alert(conn, alert_id) if d["endpoint_id"] == endpoint_id]
    return {
        "alert_id": alert_id,
        "endpoint_id": endpoint_id,
        "disposition": row.disposition,
        "state": row.state,
        "rules": [_plain(said) for said in rules_then(conn, alert_id) if said["endpoint_id"] == endpoint_id],
        "deliveries": [
            {
                k: d[k]
                for k in ("delivery_id", "event_type", "state", "reason", "outcome", "subscription_id", "ended_by")
            }
            for d in ledger
        ],
    }


def rules_then(conn: Connection, alert_id: str) -> list[dict[str, Any]]:
    """What every subscription of that time said to the alert, with its `body` and the revision `rules_rev` of all rules it stood in.

    Raises:
        KeyError: there is no such alert.
    """
    row = alerts.get(conn, alert_id)
    if row is None:
        raise KeyError(alert_id)
    facts = load_facts(row.alert_id, row.source, from_json(bytes(row.cap)), bytes(row.facts))
    at = from_us(row.received_at)
    routed_rev = routed.routed_with(conn, alert_id)
    rev = rules.rev(conn) if routed_rev is None else routed_rev
    said = []
    for rule in rules.at_rev(conn, "subscription", rev):
        subscription = subscription_of(rule.rule_id, rule.body)
        answer = matches(facts, subscription, now=at)
        hit = answer if isinstance(answer, Match) else None
        said.append(
            {
                "endpoint_id": subscription.endpoint_id,
                "subscription_id": rule.rule_id,
                "number": subscription.number,
                "version": rule.version,
                "matched": hit is not None,
                "reason": hit.reason if hit is not None else "",
                "condition": "" if isinstance(answer, Match) else answer.condition,
                "detail": "" if isinstance(answer, Match) else answer.detail,
                "infos": hit.infos if hit is not None else (),
                "rules_rev": rev,
                "body": rule.body,
            }
        )
    return said


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in ("endpoint_id", "rules_rev", "body")}
