"""A follower resumes after its last durable seq."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from hub.following.host import Host
from hub.following.log import StoredLog
from hub.policy import may_publish
from hub.store.follower_marks import seq_of
from tests.hubbing import hub_in


class Counting:
    """Follows three steps and ends."""

    def __init__(self) -> None:
        self.began_after: list[int] = []

    async def follow(self, log: Any, after: int) -> AsyncIterator[int]:
        self.began_after.append(after)
        for step in range(1, 4):
            yield after + step


async def test_progress_is_kept_and_taken_up_again(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        follower = Counting()
        log = StoredLog(hub.store, clock=hub.clock, may_publish=may_publish, mark=lambda alert: alert)
        host = Host("dem", follower, log, hub.store)  # type: ignore[arg-type]
        await host.once()
        await host.once()
        assert follower.began_after == [0, 3]
        assert await hub.store.read(lambda conn: seq_of(conn, "dem")) == 6
        assert await hub.store.read(lambda conn: seq_of(conn, "other")) == 0
