"""hub.stream.memory: the stream's contract, and that its memory does not grow for ever."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from hub.stream.memory import MemoryStream
from tests.stream.contract import TOPIC, StreamContract, take


class TestMemoryStream(StreamContract):
    @pytest.fixture
    def reopen(self) -> Callable[[], Awaitable[MemoryStream]]:
        stream = MemoryStream()

        async def same() -> MemoryStream:
            return stream

        return same


async def test_records_that_every_reader_has_passed_go_and_no_others() -> None:
    stream = MemoryStream(keep=5)
    quick, slow = stream.reader(TOPIC, "quick"), stream.reader(TOPIC, "slow")
    await stream.append(TOPIC, [("k", b"%d" % n) for n in range(100)])
    await take(quick, 100)
    assert len(await take(slow, 40, limit=40)) == 40
    late = await stream.reader(TOPIC, "late").take(1, 0)
    assert [record.value for record in late] == [b"35"]
    assert [record.value for record in await take(slow, 60)] == [b"%d" % n for n in range(40, 100)]
