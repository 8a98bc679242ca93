"""One delivery as a channel sees it, put together from the ledger, the alert and the endpoint's document."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import msgspec
from sqlalchemy import Connection

from hub.acceptance.facts import load_facts
from hub.cap.json import from_json
from hub.cap.model import Alert
from hub.cap.xml import write
from hub.consumer import Delivery, Endpoint
from hub.store import alerts, deliveries, endpoints, rules
from hub.store.endpoints import EndpointState
from hub.store.rules import Rule
from hub.subscription import AlertFacts

KEPT_ALERTS = 256
KEPT_LINES = 8192

MakeSettings = Callable[[str, Mapping[str, Any]], Any]
"""(channel kind, settings table) -> the channel's own Settings."""


@dataclass(frozen=True, slots=True)
class Told:
    """The parts of an alert that every delivery of it shares. `alert` is as people are told it, with the mode's word in its texts."""

    facts: AlertFacts
    alert: Alert
    incident_id: str
    cap_xml: bytes
    flags: tuple[str, ...]


class Chains:
    """How chains stand in one read; each is asked for once, however many deliveries tell of it."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._known: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def standing(self, chain_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(heads, aliases) of that chain as they are now; both empty for what is in no chain."""
        if not chain_id:
            return (), ()
        if chain_id not in self._known:
            family = alerts.family(self._conn, chain_id)
            heads = tuple(sorted(alerts.heads_of(self._conn, family[0])))
            self._known[chain_id] = heads, tuple(other for other in family if other != chain_id)
        return self._known[chain_id]


class Desk:
    """Reads what a delivery needs, from any thread; alerts are kept for the many endpoints that get the same one."""

    def __init__(
        self, *, mode: str, seal_key: bytes, make_settings: MakeSettings, mark: Callable[[Alert], Alert]
    ) -> None:
        self._mode = mode
        self._seal_key = seal_key
        self._make_settings = make_settings
        self._mark = mark
        self._told: OrderedDict[str, Told] = OrderedDict()
        self._lock = Lock()
        self._lines: OrderedDict[str, Mapping[str, str]] = OrderedDict()
        self._endpoints: dict[str, tuple[Rule, str, Endpoint]] = {}

    def told(self, conn: Connection, alert_id: str) -> Told:
        """The alert of that id; it must exist."""
        with self._lock:
            known = self._told.get(alert_id)
            if known is not None:
                self._told.move_to_end(alert_id)
        if known is not None:
            return known
        row = alerts.get(conn, alert_id)
        if row is None:
            raise LookupError(f"alert {alert_id} is in the ledger but not in the store")
        alert = from_json(bytes(row.cap))
        marked = self._mark(alert)
        told = Told(
            facts=load_facts(alert_id, row.source, alert, bytes(row.facts)),
            alert=marked,
            incident_id=row.incident_id or "",
            cap_xml=write(marked.unsigned()),
            flags=tuple(msgspec.json.decode(row.flags)),
        )
        with self._lock:
            self._told[alert_id] = told
            while len(self._told) > KEPT_ALERTS:
                self._told.popitem(last=False)
        return told

    def endpoint_of(self, conn: Connection, endpoint_id: str) -> Endpoint | None:
        """The endpoint with its secrets, or None when no rule names it any more.

        Raises:
            ConfigError: its settings are none of its channel, or its secrets do not open.
        """
        return self.endpoint(rules.get(conn, "endpoint", endpoint_id), endpoints.get(conn, endpoint_id))

    def endpoint(self, rule: Rule | None, state: EndpointState | None) -> Endpoint | None:
        """The same of what is known: its document and state. One that has not changed is not put together again."""
        if rule is None or state is None:
            return None
        known = self._endpoints.get(rule.rule_id)
        if known is not None and known[:2] == (rule, state.sealed):
            return known[2]
        made = Endpoint(
            endpoint_id=rule.rule_id,
            owner=rule.body["owner"],
            kind=rule.body["kind"],
            settings=self._make_settings(rule.body["kind"], rule.body.get("settings", {})),
            secrets=endpoints.secrets_of(state, self._seal_key),
            language=rule.body.get("language", "vi"),
        )
        self._endpoints[rule.rule_id] = (rule, state.sealed, made)
        return made

    def delivery(
        self,
        conn: Connection,
        row: Mapping[str, Any],
        *,
        now: datetime,
        attempted_at: datetime,
        chains: Chains | None = None,
    ) -> Delivery:
        """The delivery of one ledger row; several put together in one read share `chains`.

        `now` decides which infos still live; `attempted_at` is what signatures bear: in a drill the two are not the same time.
        """
        chains = chains if chains is not None else Chains(conn)
        told = self.told(conn, row["alert_id"])
        heads, aliases = chains.standing(row["chain_id"])
        return Delivery(
            delivery_id=row["delivery_id"],
            event_type=row["event_type"],
            mode=self._mode,
            attempt_no=row["attempts"],
            attempted_at=attempted_at,
            lane=row["lane"],
            alert_id=row["alert_id"],
            seq=row["seq"],
            chain_id=row["chain_id"],
            chain_seq=row["chain_seq"],
            heads=heads,
            chain_aliases=aliases,
            incident_id=told.incident_id,
            alert=told.alert,
            cap_xml=told.cap_xml,
            reason=row["reason"],
            sounds=tuple(row["sounds"].split()),
            live_infos=tuple(i for i in msgspec.json.decode(row["infos"]) if told.facts.infos[i].live_until > now),
            flags=told.flags,
            summary=self._summary(conn, row, chains) if row["event_type"] == "alert.summary" else (),
            recent_ids=deliveries.recent_ids(conn, row["endpoint_id"], row["seq"]),
            earlier=self._earlier(conn, row) if row["chain_id"] and not told.alert.infos else None,
        )

    def _earlier(self, conn: Connection, row: Mapping[str, Any]) -> Alert | None:
        """What a bare Cancel ends, as far as this endpoint was told of it: nobody reads there what was kept from them."""
        family = alerts.family(conn, row["chain_id"])
        for alert_id in deliveries.told_before(conn, row["endpoint_id"], family, row["seq"]):
            alert = self.told(conn, alert_id).alert
            if alert.infos:
                return alert
        return None

    def _summary(self, conn: Connection, row: Mapping[str, Any], chains: Chains) -> tuple[Mapping[str, Any], ...]:
        """One line for each alert in force that the summary tells: the carrier's own first."""
        others: list[Mapping[str, Any]] = [
            dict(other._mapping) for other in deliveries.covered_by(conn, row["delivery_id"])
        ]
        return tuple(self._line(conn, one, chains) for one in (row, *others))

    def _line(self, conn: Connection, row: Mapping[str, Any], chains: Chains) -> Mapping[str, Any]:
        heads, aliases = chains.standing(row["chain_id"])
        return {
            **{name: row[name] for name in ("alert_id", "seq", "chain_id", "chain_seq")},
            "heads": heads,
            "chain_aliases": aliases,
            **self._said(conn, row["alert_id"]),
        }

    def _said(self, conn: Connection, alert_id: str) -> Mapping[str, str]:
        """What a summary says of one alert; kept for far more of them than whole alerts are."""
        with self._lock:
            known = self._lines.get(alert_id)
        if known is not None:
            return known
        told = self.told(conn, alert_id)
        line = {
            "identifier": told.alert.identifier,
            "severity": told.alert.severity(),
            "headline": next((i.headline or i.event for i in told.alert.infos), ""),
            "live_until": max(i.live_until for i in told.facts.infos).isoformat(),
        }
        with self._lock:
            self._lines[alert_id] = line
            while len(self._lines) > KEPT_LINES:
                self._lines.popitem(last=False)
        return line
