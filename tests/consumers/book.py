"""What a receiver holds when it keeps to the contract of `consumers.webhook`, and to nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Book:
    """`held` are the alerts taken for live, by id. Events may come in any order, and twice."""

    def __init__(self) -> None:
        self.held: dict[str, frozenset[str]] = {}
        self._seen: set[str] = set()
        self._standing: dict[frozenset[str], tuple[int, frozenset[str]]] = {}

    def take(self, webhook_id: str, told: Mapping[str, Any]) -> None:
        """One webhook."""
        if webhook_id in self._seen:
            return
        self._seen.add(webhook_id)
        for one in told["data"].get("summary", [told["data"]]):
            self._take(told["type"], one)

    def _take(self, event_type: str, one: Mapping[str, Any]) -> None:
        if not one["chain_id"]:
            return
        chain, seq, heads = {one["chain_id"], *one["chain_aliases"]}, one["chain_seq"], frozenset(one["heads"])
        for known in [known for known in self._standing if known & chain]:
            before = self._standing.pop(known)
            chain |= known
            if before[0] > seq:
                seq, heads = before
        self._standing[frozenset(chain)] = (seq, heads)
        if event_type in ("alert.new", "alert.update", "alert.summary"):
            self.held[one["alert_id"]] = frozenset(chain)
        over = {alert_id for alert_id, its_chain in self.held.items() if its_chain & chain and alert_id not in heads}
        for alert_id in over:
            del self.held[alert_id]
