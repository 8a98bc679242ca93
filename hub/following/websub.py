"""Pushes feeds to those who subscribed them (W3C WebSub, Recommendation of 23 January 2018), pure where it can be.

A subscription is in force once its callback has confirmed it, and is pushed the whole feed as it stands: at once, and whenever the feed
has changed since the state the callback took last. Retries, restarts and outages therefore end in the newest state, never in an old one.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import structlog
from sqlalchemy import Connection, Row

from hub.clock import Clock, to_us
from hub.errors import ConfigError, Forbidden, Retry, SourceError
from hub.http import Poster
from hub.store import Store, alarms, websub
from hub.store.endpoints import unseal

log = structlog.get_logger()

SCAN_S = 0.5
TIMEOUT_S = 10.0
VERIFY_AGAIN_S = (10.0, 60.0)
PUSH_AGAIN_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
UNREACHABLE_AFTER = 4
UNREACHABLE = "websub.unreachable"
AT_ONCE = 32
AT_ONCE_OF_ONE_OWNER = 4
"""A callback that hangs holds one of its owner's places, never another owner's."""

ATOM = "application/atom+xml; charset=utf-8"


class Gets(Protocol):
    """A GET of a callback under the hub's address rules: (address, seconds) -> body of a 2xx answer; `SourceError` for all else."""

    async def __call__(self, url: str, timeout_s: float) -> bytes: ...


class Publisher:
    """Runs beside the followers of one process. `may_read` says whether a row's key may read its feed now."""

    def __init__(
        self,
        store: Store,
        *,
        poster: Poster,
        gets: Gets,
        clock: Clock,
        folder: Path,
        hub_url: str,
        seal_key: bytes,
        may_read: Callable[[Connection, str, str], bool],
    ) -> None:
        self._store = store
        self._poster = poster
        self._gets = gets
        self._clock = clock
        self._folder = folder
        self._hub_url = hub_url
        self._seal_key = seal_key
        self._may_read = may_read
        self._running: dict[str, tuple[str, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Until cancelled; what is under way is then given up and done again after the next start."""
        try:
            while True:
                await self.step()
                await asyncio.sleep(SCAN_S)
        finally:
            for _, task in self._running.values():
                task.cancel()
            await self.idle()

    async def step(self) -> None:
        """One look: what is over is removed, callbacks that are due are asked, feeds that changed are on their way."""
        now = to_us(self._clock.now())
        over, asked, active = await self._store.read(
            lambda conn: (websub.over(conn, now=now), websub.unverified(conn, now=now), websub.verified(conn, now=now))
        )
        for websub_id in over:
            await self._store.write(lambda conn: self._remove(conn, websub_id))  # noqa: B023 - awaited at once
        for row in asked:
            self._start(f"ask {row.websub_id}", row.owner, self._verify(row))
        feeds = await asyncio.to_thread(self._feeds, {row.feed for row in active})
        for row in active:
            body = feeds[row.feed]
            if body and hashlib.sha256(body).hexdigest() != row.pushed:
                self._start(f"push {row.websub_id}", row.owner, self._push(row, body))

    async def idle(self) -> None:
        """Waits until nothing is under way."""
        while self._running:
            await asyncio.gather(*(task for _, task in self._running.values()), return_exceptions=True)

    def _start(self, name: str, owner: str, job: Coroutine[Any, Any, None]) -> None:
        of_owner = Counter(of for of, _ in self._running.values())[owner]
        if name in self._running or len(self._running) >= AT_ONCE or of_owner >= AT_ONCE_OF_ONE_OWNER:
            job.close()
            return
        task = asyncio.get_running_loop().create_task(job, name=name)
        self._running[name] = owner, task
        task.add_done_callback(lambda done: self._ended(name, done))

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        self._running.pop(name, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("websub.broke", job=name, error=f"{type(error).__name__}: {error}"[:300])

    def _feeds(self, names: set[str]) -> dict[str, bytes]:
        return {name: _read(self._folder / name) for name in names}

    async def _verify(self, row: Row[Any]) -> None:
        """The callback confirmed what was asked in its name, or is asked again, or is asked no more."""
        now = to_us(self._clock.now())
        if row.asked == "subscribe" and not await self._store.read(
            lambda conn: self._may_read(conn, row.asked_by, row.feed)
        ):
            await self._store.write(lambda conn: websub.refused(conn, row, why="not-allowed", again_at=None, now=now))
            return
        challenge = secrets.token_urlsafe(32)
        why = ""
        try:
            answer = await self._gets(intent(row, challenge), TIMEOUT_S)
            if not hmac.compare_digest(answer.strip(), challenge.encode()):
                why = "challenge-not-repeated"
        except SourceError as error:
            why = error.reason
        now = to_us(self._clock.now())
        if not why:
            await self._store.write(lambda conn: self._confirmed(conn, row, now))
            return
        final = why in ("challenge-not-repeated", "http-404", "http-410") or why.startswith("forbidden")
        left = () if final else VERIFY_AGAIN_S[row.asked_tries :]
        again_at = now + round(left[0] * 1e6) if left else None
        log.info("websub.unverified", websub=row.websub_id, reason=why, again=again_at is not None)
        await self._store.write(lambda conn: websub.refused(conn, row, why=why, again_at=again_at, now=now))

    def _confirmed(self, conn: Connection, row: Row[Any], now: int) -> None:
        if websub.confirmed(conn, row, now=now):
            alarms.close_alarm(conn, kind=UNREACHABLE, about=row.callback, at=now)

    async def _push(self, row: Row[Any], body: bytes) -> None:
        """The callback took the feed, or is tried again, or is no subscriber any more."""
        if not await self._store.read(lambda conn: self._may_read(conn, row.key_id, row.feed)):
            await self._store.write(lambda conn: self._remove(conn, row.websub_id))
            return
        why = ""
        try:
            headers = content_headers(row, body, hub_url=self._hub_url, seal_key=self._seal_key)
            answer = await self._poster.post(row.callback, body, headers, timeout_s=TIMEOUT_S)
            if answer.status == 410:
                await self._store.write(lambda conn: self._remove(conn, row.websub_id))
                return
            why = "" if 200 <= answer.status < 300 else f"http-{answer.status}"
        except Retry as error:
            why = error.reason
        except (Forbidden, ConfigError) as error:
            why = str(error)
        await self._store.write(lambda conn: self._pushed(conn, row, hashlib.sha256(body).hexdigest(), why))

    def _pushed(self, conn: Connection, row: Row[Any], pushed: str, why: str) -> None:
        now = to_us(self._clock.now())
        if not why:
            websub.took(conn, row.websub_id, pushed=pushed)
            alarms.close_alarm(conn, kind=UNREACHABLE, about=row.callback, at=now)
            return
        pause_s = PUSH_AGAIN_S[min(row.failures, len(PUSH_AGAIN_S) - 1)]
        failures = websub.failed(conn, row.websub_id, why=why, due_at=now + round(pause_s * 1e6))
        if failures >= UNREACHABLE_AFTER:
            alarms.open_alarm(conn, kind=UNREACHABLE, about=row.callback, detail=why, at=now)

    def _remove(self, conn: Connection, websub_id: str) -> None:
        row = websub.get(conn, websub_id)
        if row is not None:
            websub.remove(conn, websub_id)
            alarms.close_alarm(conn, kind=UNREACHABLE, about=row.callback, at=to_us(self._clock.now()))


def intent(row: Row[Any], challenge: str) -> str:
    """The address by which a callback is asked whether it wants what was asked in its name (WebSub §5.3). Pure."""
    told = {"hub.mode": row.asked, "hub.topic": row.topic, "hub.challenge": challenge}
    told |= {"hub.lease_seconds": str(row.asked_lease_s)} if row.asked == "subscribe" else {}
    return f"{row.callback}{'&' if '?' in row.callback else '?'}{urlencode(told)}"


def content_headers(row: Row[Any], body: bytes, *, hub_url: str, seal_key: bytes) -> dict[str, str]:
    """What goes with the pushed feed (WebSub §7): its links, and with a secret its signature. Pure.

    Raises:
        ConfigError: the secret does not open with this key; nothing goes out unsigned that should be signed.
    """
    headers = {"content-type": ATOM, "link": f'<{hub_url}>; rel="hub", <{row.topic}>; rel="self"'}
    for secret in unseal(row.secret, endpoint_id=row.websub_id, seal_key=seal_key) if row.secret else ():
        headers["x-hub-signature"] = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    return headers


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
