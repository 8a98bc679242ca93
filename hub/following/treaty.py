"""The accepted alerts as one agency or neighbour may have them: what policy would send it stands in its feed, and what became of that.

A warning that moves out of a treaty's area, or falls below its severity, stays with its later versions: who holds it must see that it
is no longer theirs, as `alert.left_your_area` tells by webhook. What is Restricted or Private, or of air defence, stays closed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from sqlalchemy import Connection

from hub.cap.model import Alert
from hub.clock import Clock
from hub.consumer import Published
from hub.following.log import TOGETHER, StoredLog
from hub.policy import Recipient, Treaty, may_send
from hub.store import Store


class TreatyLog:
    """`hub.consumer.AlertLog` for the recipient that `who` names at each look; another treaty is another log from that look on."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        who: Callable[[Connection], Recipient],
        mode: str,
        mark: Callable[[Alert], Alert],
    ) -> None:
        self._store = store
        self._clock = clock
        self._who = who
        self._mode = mode
        self._mark = mark
        self._known: tuple[Recipient, StoredLog] | None = None

    async def after(self, seq: int) -> AsyncIterator[Published]:
        """Every alert it may have with an event after `seq`, then waits for more. A changed treaty counts at the next `in_force`."""
        async for one in (await self._log()).after(seq):
            yield one

    async def some(self, after: int, most: int = TOGETHER) -> tuple[list[Published], int]:
        """(alerts it may have of the next `most` events after that seq, by the treaty as it is now; the last seq looked at)."""
        return await (await self._log()).some(after, most)

    async def in_force(self) -> list[Published]:
        """What its feed shows now, oldest first."""
        return await (await self._log()).in_force()

    async def _log(self) -> StoredLog:
        who = await self._store.read(self._who)
        if self._known is None or self._known[0] != who:
            log = StoredLog(
                self._store,
                clock=self._clock,
                may_publish=lambda facts: may_send(facts, who, "alert.new", mode=self._mode),
                mark=self._mark,
                may_follow=lambda facts: may_send(facts, _unbounded(who), "alert.new", mode=self._mode),
            )
            self._known = who, log
        return self._known[1]


def _unbounded(who: Recipient) -> Recipient:
    """The same without the bounds of its treaty on what and where; what is closed to it stays closed."""
    return replace(who, treaty=Treaty(restricted=who.treaty.restricted) if who.treaty is not None else None)
