"""What many tasks ask for at the same moment is done at once: one read or one commit for all instead of one each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from hub.store import NotStored

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Together(Generic[Asked, Answer]):
    """`do` gets everything asked since it was last called, at most `most` at a time, and answers in the same order.

    After an error each is asked alone, so that it is raised by those only whose fault it is; a store that can keep nothing fails
    them all at once. An answer nobody waits for any more is let go.
    """

    def __init__(self, do: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]], *, most: int = 512) -> None:
        self._do = do
        self._most = most
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._work: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """What `do` answers to this one."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((asked, future))
        if self._work is None:
            self._work = loop.create_task(self._run())
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._answer(some)
        finally:
            self._work = None

    async def _answer(self, some: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._do([asked for asked, _ in some])
        except asyncio.CancelledError:
            for _, future in some:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it belongs to those who asked
            if len(some) > 1 and not isinstance(error, NotStored):
                for one in some:
                    await self._answer([one])
                return
            for _, future in some:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(some, answers, strict=True):
            if not future.done():
                future.set_result(answer)
