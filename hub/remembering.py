"""What was done already, kept for as many as memory allows: a second try after a half success repeats only the other half."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class Remembered:
    """The last `most` things that were added. Another process knows nothing of them: what is lost is done again."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, None] = OrderedDict()

    def add(self, thing: Hashable) -> None:
        self._kept[thing] = None
        self._kept.move_to_end(thing)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def __contains__(self, thing: Hashable) -> bool:
        return thing in self._kept
