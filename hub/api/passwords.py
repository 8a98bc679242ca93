"""Passwords: argon2id in two threads of their own, and how often one may guess. A flood of sign-ins stops neither alerts nor memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from hub.api.problems import Problem

T = TypeVar("T")

LEAST_CHARACTERS = 12
MOST_CHARACTERS = 200
_THREADS = 2
_MOST_WAITING = 16

WINDOW_S = 300.0
_MOST_KEPT = 10_000


class Passwords:
    """Hashes and checks. At most two run at once and sixteen wait; beyond that the caller gets 503 at once."""

    def __init__(self) -> None:
        # 19 MiB, 2 passes, 1 lane: the least that OWASP's password storage cheat sheet allows for argon2id.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
        self._waiting = 0
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """The argon2id hash of a new password.

        Raises:
            Problem: 422 when its length is wrong, 503 when too many wait.
        """
        if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
            raise Problem(422, "password-weak", least=str(LEAST_CHARACTERS), most=str(MOST_CHARACTERS))
        return await self._run(self._hasher.hash, password)

    async def fits(self, password_hash: str, password: str) -> bool:
        """Whether the password is the one of that hash; "" (nobody, or none set) takes as long and never fits."""
        fits = await self._run(self._verify, password_hash or self._nobody, password[: MOST_CHARACTERS + 1])
        return fits and bool(password_hash)

    def close(self) -> None:
        """The threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, fn: Callable[..., T], *values: str) -> T:
        if self._waiting >= _THREADS + _MOST_WAITING:
            raise Problem(503, "overloaded", retry_after_s=2)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, fn, *values)
        finally:
            self._waiting -= 1


class Guesses:
    """Counts failed guesses per name over five minutes; what is too much is the caller's choice."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, name: str, most: int, now: float) -> int:
        """Seconds until `name` may guess again; 0 when it may now."""
        times = self._failures.get(name)
        while times and times[0] <= now - WINDOW_S:
            times.popleft()
        return int(times[0] + WINDOW_S - now) + 1 if times and len(times) >= most else 0

    def failed(self, name: str, now: float) -> None:
        """One more failure; the names longest without one are forgotten past ten thousand."""
        self._failures.setdefault(name, deque(maxlen=200)).append(now)
        self._failures.move_to_end(name)
        while len(self._failures) > _MOST_KEPT:
            self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Its failures are forgotten."""
        self._failures.pop(name, None)
