"""The operation `accept`, used by its own loop and by the API: one transaction under the head lock, durable when it answers (ACC-1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import structlog
from sqlalchemy import Connection

from hub.acceptance.case import Decision, Ground
from hub.acceptance.decide import decide, withdraw
from hub.acceptance.holding import dismiss, release
from hub.acceptance.incident import Windows
from hub.clock import Clock
from hub.connector import Candidate, Withdrawn, load
from hub.hazards import Hazards
from hub.places import Gazetteer
from hub.policy import Authority
from hub.store import NotStored, Store, head, payloads
from hub.store.head import Head
from hub.stream import Reader, Record
from hub.stream.taking import Taking

log = structlog.get_logger()

T = TypeVar("T")

BATCH = 64


class Settles(Protocol):
    """`release` or `dismiss`."""

    def __call__(self, conn: Connection, head: Head, alert_id: str, ground: Ground, *, reason: str) -> Decision: ...


class Trusted(Protocol):
    """Who may speak, by the rules of the deciding transaction."""

    def at(self, conn: Connection, rev: int) -> tuple[Mapping[str, Authority], Callable[[str, str], bool]]:
        """The authorities by source, and whether one sender may speak for another; `rev` numbers the newest change of any rule."""
        ...

    def forget(self) -> None:
        """What was read in a transaction that came to nothing is read again."""
        ...


@dataclass(frozen=True)
class Setting:
    """What an acceptor is built from. `status_of` is the CAP status of what non-CAP sources say in this hub's mode."""

    mode: str
    gazetteer: Gazetteer
    hazards: Hazards
    trusted: Trusted
    windows: Windows = field(default_factory=Windows)
    status_of: Mapping[str, str] = field(default_factory=dict)


class Acceptor:
    """Accepts candidates; however many processes do so, the head lock makes them one writer."""

    def __init__(self, store: Store, setting: Setting, *, clock: Clock) -> None:
        self._store = store
        self._setting = setting
        self._clock = clock

    async def accept(self, said: Sequence[Candidate | Withdrawn], *, who: str = "") -> list[Decision]:
        """One decision per candidate (none for a Withdrawn), in order, durable. One that fails undoes the whole batch.

        `who` is the key that submitted it; "" when a source of our own reading did.
        """
        return await self._written(lambda conn: self.accept_in(conn, said, who=who))

    def accept_in(self, conn: Connection, said: Sequence[Candidate | Withdrawn], *, who: str = "") -> list[Decision]:
        """The same inside the caller's own closure, which must fail when this does."""
        state = head.lock(conn)
        ground = self._ground(conn, state, who)
        decisions = [decision for one in said for decision in self._one(conn, state, one, ground)]
        head.save(conn, state)
        return decisions

    async def release(self, alert_id: str, *, who: str, reason: str) -> Decision:
        """A held alert takes effect, on that person's word. See `hub.acceptance.holding.release`."""
        return await self._written(lambda conn: self._settled(conn, release, alert_id, who, reason))

    async def dismiss(self, alert_id: str, *, who: str, reason: str) -> Decision:
        """A held alert is refused, on that person's word. See `hub.acceptance.holding.dismiss`."""
        return await self._written(lambda conn: self._settled(conn, dismiss, alert_id, who, reason))

    async def _written(self, decide: Callable[[Connection], T]) -> T:
        try:
            return await self._store.write(decide)
        except NotStored:
            self._setting.trusted.forget()
            raise

    def _settled(self, conn: Connection, settle: Settles, alert_id: str, who: str, reason: str) -> Decision:
        state = head.lock(conn)
        decision = settle(conn, state, alert_id, self._ground(conn, state, who), reason=reason)
        head.save(conn, state)
        return decision

    def _one(self, conn: Connection, state: Head, said: Candidate | Withdrawn, ground: Ground) -> list[Decision]:
        if isinstance(said, Withdrawn):
            withdraw(conn, state, said, ground)
            return []
        document = b""
        if said.alert.signatures:
            row = payloads.get(conn, said.payload_sha256)
            document = bytes(row.body) if row is not None else b""
        return [decide(conn, state, said, ground, document=document)]

    def _ground(self, conn: Connection, state: Head, who: str) -> Ground:
        authorities, may_speak_for = self._setting.trusted.at(conn, state.rules_rev)
        return Ground(
            mode=self._setting.mode,
            gazetteer=self._setting.gazetteer,
            hazards=self._setting.hazards,
            windows=self._setting.windows,
            authorities=authorities,
            may_speak_for=may_speak_for,
            status_of=self._setting.status_of,
            now=self._clock.now(),
            who=who,
        )


def acceptance_loop(acceptor: Acceptor, reader: Reader, store: Store, *, clock: Clock) -> Taking:
    """Takes candidates from the stream, up to 64 at a time, and commits its mark once they are decided."""

    async def decide_all(records: Sequence[Record]) -> None:
        await acceptor.accept([load(record.value) for record in records])

    return Taking(decide_all, reader, store, stage="acceptance", at_once=BATCH, clock=clock)
