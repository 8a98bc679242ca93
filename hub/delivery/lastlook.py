"""The last look before the socket write: whether a claimed delivery may still go, and everything it goes with (ROU-3, ACC-6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from hub.clock import Clock
from hub.consumer import Channel, Delivery, Endpoint, address_of
from hub.delivery.letter import Chains, Desk
from hub.policy import No
from hub.store import deliveries, endpoints
from hub.store.endpoints import EndpointState
from hub.store.rulebook import Book, Rulebook
from hub.subscription import AlertFacts

STALE_AFTER_S = 1.0
"""A claim that waited longer than this is looked at again before its send."""

Row = Mapping[str, Any]
MaySend = Callable[[Book, AlertFacts, str, str], Any]
"""(rules in force, facts, endpoint id, event type) -> Yes | No."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A claimed row of the ledger, and since when it waits for its send (monotonic seconds)."""

    row: Row
    since: float


@dataclass(frozen=True, slots=True)
class Ready:
    """What may be sent now."""

    channel: Channel
    delivery: Delivery
    endpoint: Endpoint


@dataclass
class LastLook:
    """Asks the committed state of now. `worker` is whose claims they are; `may_send` is policy."""

    desk: Desk
    channels: Mapping[str, Channel]
    may_send: MaySend
    clock: Clock
    machine: Clock
    worker: str
    _rules: Rulebook = field(default_factory=Rulebook)

    def at(self, conn: Connection, several: Sequence[Waiting]) -> list[Ready | str | Exception]:
        """For each in order what to send, the word why it must not be sent now, or what went wrong with that one alone."""
        book = self._rules.at(conn)
        states = endpoints.several(conn, list({one.row["endpoint_id"] for one in several}))
        chains = Chains(conn)
        return [self._guarded(conn, one, book, states, chains) for one in several]

    def withheld(self, conn: Connection, row: Row, book: Book) -> Callable[[str, str], str]:
        """Why policy keeps an event of the row's alert from an endpoint, "" when it may go."""
        facts = self.desk.told(conn, row["alert_id"]).facts

        def ask(endpoint_id: str, event_type: str) -> str:
            answer = self.may_send(book, facts, endpoint_id, event_type)
            return answer.reason if isinstance(answer, No) else ""

        return ask

    def _guarded(
        self, conn: Connection, one: Waiting, book: Book, states: Mapping[str, EndpointState], chains: Chains
    ) -> Ready | str | Exception:
        try:
            return self._one(conn, one, book, states, chains)
        except Exception as error:  # noqa: BLE001 - DEL-4: what is wrong with one delivery keeps none of the others waiting
            return error

    def _one(
        self, conn: Connection, one: Waiting, book: Book, states: Mapping[str, EndpointState], chains: Chains
    ) -> Ready | str:
        row = one.row
        waited_s = self.clock.monotonic() - one.since
        if waited_s > STALE_AFTER_S and not deliveries.still_current(conn, row["delivery_id"], self.worker):
            return "superseded"
        state = states.get(row["endpoint_id"])
        endpoint = self.desk.endpoint(book.get("endpoint", row["endpoint_id"]), state)
        if endpoint is None or state is None or endpoint.kind not in self.channels:
            return "endpoint-removed"
        standing = endpoints.standing(state, address_of(endpoint.settings))
        if standing:
            return standing
        facts = self.desk.told(conn, row["alert_id"]).facts
        answer = self.may_send(book, facts, row["endpoint_id"], row["event_type"])
        if isinstance(answer, No):
            return f"forbidden {answer.reason}"
        delivery = self.desk.delivery(conn, row, now=self.clock.now(), attempted_at=self.machine.now(), chains=chains)
        return Ready(self.channels[endpoint.kind], delivery, endpoint)
