"""Listening and asking side by side: what is under way, what may begin, and when. Neither ever waits for the other."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from collections.abc import Coroutine, Sequence
from typing import Any

from connectors.emsc_quakes.line import Cut, Heard, Opened, heard_on
from hub.errors import SourceError
from hub.http import Fetcher
from hub.quakes.poll import Answer

NOT_SOONER_S = 5.0
"""The event service is left alone so long after a question, however often the line opens and is cut."""

FIRST_WORD_S = 10.0
"""A line that neither opens nor fails so long is not waited for with the first question."""

FIRST_ANSWER_S = 10.0
"""What the line says waits so long for the first answer of the event service, which alone is the backlog (ACC-10)."""

LONGEST_PAUSE_S = 600.0

LONGEST_QUESTION_S = 120.0
"""A question with all its pages that takes longer is given up; a polled source has as long."""


class Ears:
    """One line that is kept open, and at most one question under way.

    The first question is asked when the line has said its first word, so that nothing is lost between the two; then each `rhythm_s`, and
    again whenever the line has opened.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        push_url: str,
        waits_s: Sequence[float],
        ping_s: float,
        rhythm_s: float,
        chance: random.Random,
    ) -> None:
        self._line = heard_on(fetcher, push_url, waits_s=waits_s, chance=chance, ping_s=ping_s)
        self._rhythm_s = rhythm_s
        self._hearing: asyncio.Task[Heard] | None = None
        self._asking: asyncio.Task[Answer] | None = None
        self._cut: SourceError | None = None
        self._open = False
        self._opened_since = False
        self._asked_at = -math.inf
        self._has_spoken = False
        self._due = self._now() + FIRST_WORD_S
        self._rest_until = -math.inf
        self._first_answer_by = math.inf
        self._failures = 0

    @property
    def faults(self) -> tuple[str, ...]:
        """What the source page must know beside the answers: that the line is down, and why."""
        return () if self._cut is None else (f"{self._cut.reason} {self._cut.detail}",)

    @property
    def is_time_to_ask(self) -> bool:
        """Whether the next question may be asked now."""
        return self._asking is None and self._now() >= self._due

    def ask(self, question: Coroutine[Any, Any, Answer]) -> None:
        """The question is under way."""
        self._asked_at = self._now()
        self._opened_since = False
        if math.isinf(self._first_answer_by):
            self._first_answer_by = self._asked_at + FIRST_ANSWER_S
        self._asking = asyncio.ensure_future(_in_time(question))

    def rest(self, seconds: float) -> None:
        """Nothing more is heard for so long; what is said waits at its sender."""
        self._rest_until = self._now() + seconds

    async def something(self) -> None:
        """Returns when there is an answer or a word of the line, or when the next thing may begin."""
        if self._hearing is None and self._may_hear():
            self._hearing = asyncio.ensure_future(anext(self._line))
        under_way = [task for task in (self._hearing, self._asking) if task is not None]
        wait_s = min(self._next_at() - self._now(), LONGEST_PAUSE_S)
        if under_way:
            await asyncio.wait(under_way, timeout=max(wait_s, 0.0), return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(max(wait_s, 0.0))

    def answered(self) -> Answer | SourceError | None:
        """The answer that has come, the trouble when it could not be had while the line is open, None while there is none.

        Raises:
            SourceError: there is no answer and no line.
        """
        if self._asking is None or not self._asking.done():
            return None
        asking, self._asking = self._asking, None
        self._first_answer_by = -math.inf
        try:
            answer = asking.result()
        except SourceError as error:
            self._failures += 1
            pause_s = min(self._rhythm_s, 2 * NOT_SOONER_S * 2 ** min(self._failures - 1, 10))
            self._due = self._now() + min(max(pause_s, error.retry_after_s or 0.0), LONGEST_PAUSE_S)
            if self._cut is None or self._open:
                return error
            raise SourceError(error.reason, f"{error.detail}; the line: {self._cut}") from error
        self._failures = 0
        self._due = self._asked_at + (NOT_SOONER_S if self._opened_since else self._rhythm_s)
        return answer

    def frame(self) -> bytes | None:
        """The frame that has come, None while there is none."""
        if self._hearing is None or not self._hearing.done():
            return None
        hearing, self._hearing = self._hearing, None
        heard = hearing.result()
        if isinstance(heard, bytes):
            return heard
        self._open = isinstance(heard, Opened)
        self._cut = heard.error if isinstance(heard, Cut) else None
        if self._open:
            self._opened_since = True
            self._due = min(self._due, max(self._now(), self._asked_at + NOT_SOONER_S))
        elif not self._has_spoken:
            self._due = min(self._due, self._now())
        self._has_spoken = True
        return None

    async def close(self) -> None:
        """Nothing is under way any more."""
        under_way = [task for task in (self._hearing, self._asking) if task is not None]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        with contextlib.suppress(SourceError):
            await self._line.aclose()

    def _may_hear(self) -> bool:
        now = self._now()
        return now >= self._rest_until and (not self._waits_for_first() or now >= self._first_answer_by)

    def _waits_for_first(self) -> bool:
        return self._asking is not None and not math.isinf(self._first_answer_by)

    def _next_at(self) -> float:
        """When something may begin that nothing under way will wake us for."""
        times = [math.inf] if self._asking is not None else [self._due]
        if self._hearing is None:
            times.append(max(self._rest_until, self._first_answer_by if self._waits_for_first() else -math.inf))
        return min(times)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


async def _in_time(question: Coroutine[Any, Any, Answer]) -> Answer:
    try:
        async with asyncio.timeout(LONGEST_QUESTION_S):
            return await question
    except TimeoutError as error:
        raise SourceError("timeout", f"no whole answer within {LONGEST_QUESTION_S:g} s") from error
