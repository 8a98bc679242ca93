"""What one turn of reading has gathered and not yet given."""

from __future__ import annotations

from dataclasses import replace

from connectors.ptwc_tsunami.mark import Progress, mark_of
from hub.connector import Payload, Read


class Turn:
    """Progress, payloads and faults so far. `again` are the listed addresses whose feed was made anew."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.payloads: list[Payload] = []
        self.faults: list[str] = []
        self.again: frozenset[str] = frozenset()

    def documents(self, documents: dict[str, str]) -> None:
        self.progress = replace(self.progress, documents=documents)

    def step(self, *, last: bool = False) -> Read:
        """Everything gathered, with the mark that stands for it; the faults go with the last."""
        read = Read(tuple(self.payloads), mark_of(self.progress), tuple(self.faults) if last else ())
        self.payloads = []
        return read
