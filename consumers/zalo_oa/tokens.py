"""The account's tokens: an access token for a day, and a refresh token that works once and must never be lost.

Zalo gives a new pair for the old refresh token, which is void from then on. So one renewal runs at a time, over all processes of this
machine (a lock file), it is finished even when nobody waits for it any more, and the new pair is durable before it is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import msgspec
import structlog

from hub.clock import Clock
from hub.errors import Rejected, Retry
from hub.http import Poster

log = structlog.get_logger()

EARLY_S = 300.0
"""So long before its end a token is renewed."""

RENEWAL_S = 15.0


class Account(Protocol):
    """What of the gateway's description tokens need."""

    @property
    def app_id(self) -> str: ...
    @property
    def secret_key(self) -> str: ...
    @property
    def tokens_file(self) -> str: ...
    @property
    def token_url(self) -> str: ...


class Pair(msgspec.Struct, frozen=True):
    """What the file holds; `expires_at` is in seconds since 1970."""

    refresh_token: str
    access_token: str = ""
    expires_at: float = 0.0

    def __repr__(self) -> str:
        return "Pair(…)"


class Tokens:
    """Gives a token that is good now."""

    def __init__(self, account: Account, poster: Poster, clock: Clock) -> None:
        self._account = account
        self._poster = poster
        self._clock = clock
        self._file = Path(account.tokens_file)
        self._pair: Pair | None = None
        self._unkept: Pair | None = None
        self._renewal: asyncio.Task[Pair] | None = None

    async def current(self, *, timeout_s: float) -> str:
        """The access token, renewed when it is about to end.

        Raises:
            Retry: it could not be renewed in time. Rejected: somebody must authorise the application anew.
        """
        pair = self._pair if self._pair is not None else await asyncio.to_thread(self._read)
        self._pair = pair
        if pair.access_token and pair.expires_at - EARLY_S > self._clock.now().timestamp():
            return pair.access_token
        return await self.renewed(pair.access_token, timeout_s=timeout_s)

    async def renewed(self, stale: str, *, timeout_s: float) -> str:
        """An access token that is not `stale`: renewed here, or meanwhile by another process. Errors as `current`."""
        if self._pair is not None and self._pair.access_token not in ("", stale):
            return self._pair.access_token
        if self._renewal is None:
            self._renewal = asyncio.get_running_loop().create_task(self._renew(stale))
            self._renewal.add_done_callback(self._ended)
        try:
            async with asyncio.timeout(timeout_s):
                return (await asyncio.shield(self._renewal)).access_token
        except TimeoutError as error:
            raise Retry("timeout: token not renewed in time") from error

    async def aclose(self) -> None:
        """A renewal under way has ended."""
        if self._renewal is not None:
            await asyncio.wait({self._renewal}, timeout=RENEWAL_S)

    def _ended(self, renewal: asyncio.Task[Pair]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # read, for nobody may wait for it any more

    async def _renew(self, stale: str) -> Pair:
        with _Lock(self._file.with_name(f"{self._file.name}.lock")) as lock:
            await asyncio.to_thread(lock.take)
            pair = self._unkept if self._unkept is not None else await asyncio.to_thread(self._read)
            if pair.access_token in ("", stale) or pair.expires_at <= self._clock.now().timestamp():
                pair = await self._asked(pair)
                self._pair = pair
                await asyncio.to_thread(self._keep, pair)
            self._pair = pair
            return pair

    async def _asked(self, old: Pair) -> Pair:
        account = self._account
        fields = {"refresh_token": old.refresh_token, "app_id": account.app_id, "grant_type": "refresh_token"}
        headers = {"content-type": "application/x-www-form-urlencoded", "secret_key": account.secret_key}
        answer = await self._poster.post(account.token_url, urlencode(fields).encode(), headers, timeout_s=RENEWAL_S)
        said = _table(answer.body)
        access, refresh = said.get("access_token"), said.get("refresh_token")
        if isinstance(access, str) and isinstance(refresh, str) and access and refresh and access.isascii():
            lives_s = _seconds(said.get("expires_in"))
            return Pair(refresh, access, self._clock.now().timestamp() + lives_s)
        code = said.get("error")
        if answer.status == 429 or answer.status >= 500 or not isinstance(code, int):
            raise Retry(f"token not renewed: http-{answer.status}", status=answer.status)
        raise Rejected(f"token not renewed: zalo {code}: authorise the application anew")

    def _read(self) -> Pair:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Pair)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            reason = f"tokens_file {self._file.name}: {type(error).__name__}"
            raise Rejected(f'{reason}: write {{"refresh_token": "…"}} into it') from None

    def _keep(self, pair: Pair) -> None:
        """The pair is durable; where it cannot be, it is used all the same, and somebody is told."""
        new = self._file.with_name(f"{self._file.name}.new")
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(msgspec.json.encode(pair))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._file)
            folder = os.open(self._file.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            self._unkept = pair
            log.error("zalo_oa.tokens_not_kept", file=str(self._file), error=error.strerror)
        else:
            self._unkept = None


class _Lock:
    """A lock of this machine, held from `take` to the end of the block."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._held = -1

    def take(self) -> None:
        with contextlib.suppress(OSError):  # a folder nobody may write to: then there is one process, and no lock
            self._held = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._held, fcntl.LOCK_EX)

    def __enter__(self) -> _Lock:
        return self

    def __exit__(self, *error: object) -> None:
        if self._held >= 0:
            os.close(self._held)


def _table(body: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return said if isinstance(said, dict) else {}


def _seconds(said: Any) -> float:
    """How long a token lives: Zalo writes seconds as a string; what makes no sense is an hour."""
    text = str(said)
    return float(text) if text.isascii() and text.isdigit() and len(text) < 8 else 3600.0
