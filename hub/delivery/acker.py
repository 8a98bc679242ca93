"""Brings CAP Acks to the sources that want them (`ack_to`): a POST each, tried again for a day, the same document in every try."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from hub.acknowledging.cap_ack import ack_of
from hub.cap.json import from_json
from hub.cap.xml import write
from hub.clock import Clock, from_us, to_us
from hub.delivery import retry
from hub.errors import Forbidden, Rejected, Retry
from hub.http import Poster
from hub.http.retry_after import retry_after_s
from hub.store import Store, alarms, alerts, cap_acks, rules
from hub.store.cap_acks import CapAckRow
from hub.words import Words

log = structlog.get_logger()

SCAN_S = 1.0
GIVE_UP_AFTER_US = 24 * 3_600_000_000
AGAIN = frozenset({408, 425, 429})
UNSENT = "cap-ack.unsent"


@dataclass
class Acker:
    """One process's loop. `sender` is CAP's sender of what this hub says itself."""

    store: Store
    poster: Poster
    clock: Clock
    words: Words
    mode: str
    sender: str

    async def run(self) -> None:
        """Until cancelled; what is under way is then tried again after its lease."""
        while True:
            await self.step()
            await asyncio.sleep(SCAN_S)

    async def step(self) -> None:
        """Everything due now was tried once."""
        now = to_us(self.clock.now())
        rows = await self.store.read(lambda conn: cap_acks.due(conn, now))
        if not rows:
            return
        until = now + round(retry.lease_s(retry.P2) * 1e6)
        mine = await self.store.write(lambda conn: [row for row in rows if cap_acks.claim(conn, row, until=until)])
        await asyncio.gather(*(self._tell(row) for row in mine))

    async def _tell(self, row: CapAckRow) -> None:
        try:
            url, document = await self.store.read(lambda conn: self._made(conn, row))
            status = await self._post(url, document)
        except Retry as error:
            await self._failed(row, error)
        except (Rejected, Forbidden) as error:
            await self._settle(row, "failed", str(error))
        else:
            await self._settle(row, "sent", f"{status}")

    def _made(self, conn: Connection, row: CapAckRow) -> tuple[str, bytes]:
        """(address, document).

        Raises:
            Rejected: the source wants none any more, or its alert is not there.
        """
        source, alert = rules.get(conn, "source", row.source), alerts.get(conn, row.alert_id)
        url = str(source.body.get("ack_to", "")) if source is not None else ""
        if not url or alert is None:
            raise Rejected("not-wanted")
        note = self.words.with_mode(self.words.say("ack.cap_note"), mode=self.mode)
        sent = from_us(row.created_at).replace(microsecond=0)
        told = from_json(bytes(alert.cap))
        return url, write(ack_of(told, alert_id=row.alert_id, sender=self.sender, sent=sent, mode=self.mode, note=note))

    async def _post(self, url: str, document: bytes) -> int:
        """The status of an answer that took it.

        Raises:
            Retry, Rejected, Forbidden: as for any delivery.
        """
        headers = {"content-type": "application/cap+xml"}
        answer = await self.poster.post(url, document, headers, timeout_s=retry.timeout_s(retry.P2))
        if 200 <= answer.status < 300:
            return answer.status
        if answer.status in AGAIN or answer.status >= 500:
            after_s = retry_after_s(answer.headers.get("retry-after", ""), self.clock.now())
            raise Retry(f"http-{answer.status}", after_s=after_s)
        raise Rejected(f"http-{answer.status}")

    async def _failed(self, row: CapAckRow, error: Retry) -> None:
        late = to_us(self.clock.now()) - row.created_at > GIVE_UP_AFTER_US
        after_s = max(retry.wait_s(retry.P2, row.attempts + 1, jitter=1.0), min(error.after_s or 0.0, 3600.0))
        await self._settle(row, "failed" if late else "pending", error.reason, after_s=after_s)

    async def _settle(self, row: CapAckRow, state: str, outcome: str, *, after_s: float = 0.0) -> None:
        now = to_us(self.clock.now())
        due_at = now + round(after_s * 1e6)

        def write(conn: Connection) -> None:
            cap_acks.settle(conn, row.alert_id, state=state, outcome=outcome, due_at=due_at, now=now)
            if state == "failed" and outcome != "not-wanted":
                alarms.open_alarm(conn, kind=UNSENT, about=row.source, detail=f"{row.alert_id} {outcome}", at=now)
            elif state == "sent":
                alarms.close_alarm(conn, kind=UNSENT, about=row.source, at=now)

        await self.store.write(write)
        log.info("cap-ack.tried", alert=row.alert_id, source=row.source, state=state, outcome=outcome)
