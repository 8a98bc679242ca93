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
    facts = load_facts(row.alert_id, row.source, from_json(bytes(row.cap)), bytes(row.facts))
    at = from_us(row.received_at)
    said = []
    rev = routed.routed_with(conn, alert_id)
    for rule in rules.at_rev(conn, "subscription", rules.rev(conn) if rev is None else rev):
        subscription = subscription_of(rule.rule_id, rule.body)
        if subscription.endpoint_id != endpoint_id:
            continue
        answer = matches(facts, subscription, now=at)
        said.append(
            {
                "subscription_id": rule.rule_id,
                "number": subscription.number,
                "version": rule.version,
                "matched": isinstance(answer, Match),
                "reason": answer.reason if isinstance(answer, Match) else "",
                "condition": "" if isinstance(answer, Match) else answer.condition,
                "detail": "" if isinstance(answer, Match) else answer.detail,
                "infos": answer.infos if isinstance(answer, Match) else (),
            }
        )
    ledger = [d for d in deliveries.of_alert(conn, alert_id) if d["endpoint_id"] == endpoint_id]
    return {
        "alert_id": alert_id,
        "endpoint_id": endpoint_id,
        "disposition": row.disposition,
        "state": row.state,
        "rules": said,
        "deliveries": [
            {
                k: d[k]
                for k in ("delivery_id", "event_type", "state", "reason", "outcome", "subscription_id", "ended_by")
            }
            for d in ledger
        ],
    }
