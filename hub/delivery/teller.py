"""Brings notices to their endpoints: each by its channel, tried again for an hour, at least once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from hub.clock import Clock, to_us
from hub.consumer import Channel, Delivery, Endpoint
from hub.delivery import retry
from hub.delivery.letter import Desk
from hub.errors import ConfigError, Forbidden, Rejected, Retry
from hub.store import Store, alternates, notices, rules
from hub.store.notices import NoticeRow

log = structlog.get_logger()

SCAN_S = 1.0
GIVE_UP_AFTER_US = 3_600_000_000


@dataclass
class Teller:
    """One process's loop. `clock` is that of the record, `machine` that of signatures."""

    store: Store
    desk: Desk
    channels: Mapping[str, Channel]
    clock: Clock
    machine: Clock
    mode: str

    async def run(self) -> None:
        """Until cancelled; what is under way is then tried again after its lease."""
        while True:
            await self.step()
            await asyncio.sleep(SCAN_S)

    async def step(self) -> None:
        """Everything due now was tried once."""
        now = to_us(self.clock.now())
        rows = await self.store.read(lambda conn: notices.due(conn, now))
        if not rows:
            return
        until = now + round(retry.lease_s(retry.P1) * 1e6)
        mine = await self.store.write(lambda conn: [row for row in rows if notices.claim(conn, row, until=until)])
        await asyncio.gather(*(self._tell(row) for row in mine))

    async def _tell(self, row: NoticeRow) -> None:
        """One try, and what became of it; whatever goes wrong with it keeps none of the others."""
        try:
            endpoint = await self.store.read(lambda conn: self._endpoint(conn, row.endpoint_id))
            channel = self.channels[endpoint.kind]
            rendered = channel.render(self._delivery(row), endpoint)
            receipt = await channel.send(rendered, endpoint, timeout_s=retry.timeout_s(retry.P1))
        except Retry as error:
            await self._failed(row, error.reason, again=True)
        except (Rejected, Forbidden, ConfigError) as error:
            await self._failed(row, str(error), again=False)
        except Exception as error:  # noqa: BLE001 - the one guard around a channel: its fault is this endpoint's alone
            log.error("notice.channel_broke", notice=row.notice_id, error=type(error).__name__)
            await self._failed(row, f"channel-broke {type(error).__name__}", again=True)
        else:
            await self._settle(row, "sent", f"{receipt.status}")

    def _endpoint(self, conn: Connection, endpoint_id: str) -> Endpoint:
        """The endpoint, when something may be sent to it.

        Raises:
            Rejected: it is no more, suspended, or has not proven itself.
        """
        rule, endpoint = rules.get(conn, "endpoint", endpoint_id), self.desk.endpoint_of(conn, endpoint_id)
        if rule is None or endpoint is None:
            raise Rejected("endpoint-removed")
        standing = alternates.standing_of(conn, rule)
        if standing:
            raise Rejected(standing)
        return endpoint

    def _delivery(self, row: NoticeRow) -> Delivery:
        return Delivery(
            delivery_id=row.notice_id,
            event_type=row.event_type,
            mode=self.mode,
            attempt_no=row.attempts + 1,
            attempted_at=self.machine.now(),
            lane=retry.P1,
            reason=row.reason,
        )

    async def _failed(self, row: NoticeRow, outcome: str, *, again: bool) -> None:
        late = to_us(self.clock.now()) - row.created_at > GIVE_UP_AFTER_US
        wait_s = retry.wait_s(retry.P1, row.attempts + 1, jitter=1.0)
        await self._settle(row, "pending" if again and not late else "failed", outcome, after_s=wait_s)

    async def _settle(self, row: NoticeRow, state: str, outcome: str, *, after_s: float = 0.0) -> None:
        now = to_us(self.clock.now())
        due_at = now + round(after_s * 1e6)
        await self.store.write(
            lambda conn: notices.settle(conn, row.notice_id, state=state, outcome=outcome, due_at=due_at, now=now)
        )
        log.info("notice.tried", notice=row.notice_id, endpoint=row.endpoint_id, state=state, outcome=outcome)
