"""The relay: puts the accepted alerts that a partner may see on its topic, in the order of their seq, and moves its mark after the ack.

It runs under a lease: the store it is given is fenced, so one that slept and wakes moves no mark. What it may still send by then are the
events after the common mark, in order, under the seqs that its successor gives them too; so along the topic the greatest seq read so
far never leaves out an event, and whatever is not greater was there before. docs/partners-kafka.md is the contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlalchemy import Connection

from hub.clock import Clock, to_us
from hub.consumer import Published
from hub.store import NotStored, Store, alarms, follower_marks, quarantine

log = structlog.get_logger()

TOGETHER = 200
TRIES = 3
CAP_SCHEMA = "urn:oasis:names:tc:emergency:cap:1.2"
CONTENT_TYPE = "application/cap+xml"
UNREACHABLE = "partner.unreachable"
UNPUBLISHED = "alert.unpublished"

Record = tuple[str, bytes, Sequence[tuple[str, bytes]]]
"""(key, value, headers)."""


class Publishes(Protocol):
    """What the relay needs of transport."""

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        """Durable, in this order, when it returns; `NotStored` when that cannot be said."""
        ...


class Some(Protocol):
    """What the relay reads: the alerts that the partner may see now."""

    async def some(self, after: int, most: int) -> tuple[list[Published], int]:
        """(alerts of the next `most` events after that seq, as they stand now; the last seq looked at)."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Who speaks: `source` is the hub's address, `epoch` says in which count its seqs were given."""

    source: str
    mode: str
    epoch: str


class Relay:
    """Keeps one partner's topic true to the accepted order."""

    def __init__(
        self, partner: str, topic: str, log_: Some, stream: Publishes, store: Store, *, origin: Origin, clock: Clock
    ) -> None:
        self._partner = partner
        self._name = f"relay {partner}"
        self._topic = topic
        self._log = log_
        self._stream = stream
        self._store = store
        self._origin = origin
        self._clock = clock
        self._troubled = True

    async def run(self) -> None:
        """Until cancelled.

        Raises:
            NotStored: the brokers or the store take nothing; begin again.
            LeaseLost: another does it now.
        """
        while True:
            await self.step(timeout_s=5.0)

    async def step(self, *, timeout_s: float) -> int:
        """What is there now stands on the topic; returns how many records that were.

        Raises:
            NotStored: the mark has not moved; what was sent already is sent again under the same seq.
        """
        after = await self._store.read(lambda conn: follower_marks.seq_of(conn, self._name))
        found, last = await self._some(after)
        if last == after:
            await self._store.wait(after, timeout_s)
            return 0
        await self._sent([record_of(one, self._origin) for one in found])
        await self._store.write(lambda conn: self._moved(conn, after, last))
        return len(found)

    async def _some(self, after: int) -> tuple[list[Published], int]:
        """The next alerts; an event that cannot be put into words is set aside after three tries, and the others go on (DEL-7)."""
        try:
            found, last = await self._log.some(after, TOGETHER)
        except NotStored:
            raise
        except Exception as error:  # noqa: BLE001 - one event's fault: the next is looked at alone
            log.info("relay.together_failed", partner=self._partner, error=type(error).__name__)
            found, last = await self._one(after)
        return [one for one in found if one.active], last

    async def _one(self, after: int) -> tuple[list[Published], int]:
        for attempt in range(1, TRIES + 1):
            try:
                return await self._log.some(after, 1)
            except NotStored:
                raise
            except Exception as error:  # noqa: BLE001 - DEL-7: three deterministic failures go to quarantine
                trouble = f"{type(error).__name__}: {error}"[:500]
                log.error("relay.failed", partner=self._partner, after=after, attempt=attempt, error=trouble)
        await self._store.write(lambda conn: self._set_aside(conn, after + 1, trouble))
        return [], after + 1

    async def _sent(self, records: Sequence[Record]) -> None:
        try:
            await self._stream.publish(self._topic, records)
        except NotStored as error:
            why, self._troubled = str(error)[:300], True
            await self._store.write(lambda conn: self._alarm(conn, UNREACHABLE, self._partner, why))
            raise

    def _moved(self, conn: Connection, after: int, last: int) -> None:
        follower_marks.advance(conn, self._name, after=after, seq=last)
        if self._troubled:
            alarms.close_alarm(conn, kind=UNREACHABLE, about=self._partner, at=to_us(self._clock.now()))
            self._troubled = False

    def _set_aside(self, conn: Connection, seq: int, trouble: str) -> None:
        quarantine.keep(
            conn,
            stage="relay",
            source=self._partner,
            reason="relay-failed",
            detail=trouble,
            at=self._clock.now(),
            record=f"{seq}".encode(),
        )
        self._alarm(conn, UNPUBLISHED, f"{self._partner} {seq}", trouble)

    def _alarm(self, conn: Connection, kind: str, about: str, detail: str) -> None:
        alarms.open_alarm(conn, kind=kind, about=about, detail=detail, at=to_us(self._clock.now()))


def record_of(one: Published, origin: Origin) -> Record:
    """The alert as a CloudEvent 1.0 in binary mode (Kafka protocol binding 1.0.2 §3.2): CAP 1.2 as it is, attributes as headers. Pure."""
    told = {
        "ce_specversion": "1.0",
        "ce_id": f"{origin.epoch}-{one.seq}",
        "ce_source": origin.source,
        "ce_type": f"cap.{one.alert.msg_type.lower()}",
        "ce_subject": one.alert_id,
        "ce_time": one.received_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "ce_dataschema": CAP_SCHEMA,
        "ce_epoch": origin.epoch,
        "ce_seq": str(one.seq),
        "ce_chainid": one.chain_id,
        "ce_chainseq": str(one.chain_seq),
        "ce_mode": origin.mode,
        "content-type": CONTENT_TYPE,
    }
    return one.chain_id, one.cap_xml, [(name, value.encode()) for name, value in told.items()]
