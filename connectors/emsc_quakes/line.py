"""The socket that is kept open: frames as they come, a word when it opens and when it is cut, and patience between tries."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from hub.errors import SourceError
from hub.http import Fetcher

LONGEST_FRAME = 256 * 1024
"""Bytes; real frames have about 600."""

PING_S = 15.0
"""As EMSC's own client does."""

STEADY_S = 60.0
"""A line that held so long was a good one: the next try may come soon."""

LONGEST_PAUSE_S = 600.0


@dataclass(frozen=True, slots=True)
class Opened:
    """The line is open. What was said before it was open is not repeated."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The line is cut, or could not be opened."""

    error: SourceError


Heard = Opened | Cut | bytes


async def heard_on(
    fetcher: Fetcher, url: str, *, waits_s: Sequence[float], chance: random.Random, ping_s: float = PING_S
) -> AsyncGenerator[Heard, None]:
    """Everything that happens on the line, for ever. After the n-th cut in a row it rests `waits_s[n]` ± 50 %, the last one for ever,
    or as long as the source asks for.
    """
    loop = asyncio.get_running_loop()
    broken = -1
    while True:
        opened_at = loop.time()
        try:
            async with fetcher.listen(url, max_bytes=LONGEST_FRAME, ping_s=ping_s) as line:
                opened_at = loop.time()
                yield Opened()
                while True:
                    yield await line.receive()
        except SourceError as error:
            broken = 0 if loop.time() - opened_at > STEADY_S else broken + 1
            pause_s = waits_s[min(broken, len(waits_s) - 1)] * chance.uniform(0.5, 1.5)
            yield Cut(error)
            await asyncio.sleep(max(pause_s, min(error.retry_after_s or 0.0, LONGEST_PAUSE_S)))
