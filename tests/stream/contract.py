"""What every stream must do. A backend's test module subclasses `StreamContract` and gives the fixture it names."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from hub.stream import Reader, Record, Stream

Opener = Callable[[], Awaitable[Stream]]

TOPIC = "candidates"


async def take(reader: Reader, count: int, *, limit: int = 7, timeout_s: float = 20) -> list[Record]:
    """Exactly `count` records, each batch committed; fails when they do not come."""
    got: list[Record] = []
    while len(got) < count:
        batch = await reader.take(limit, timeout_s)
        assert batch, f"only {len(got)} of {count} came"
        await reader.commit(batch)
        got += batch
    return got


def by_key(records: Sequence[Record]) -> dict[str, list[bytes]]:
    found: defaultdict[str, list[bytes]] = defaultdict(list)
    for record in records:
        found[record.key].append(record.value)
    return dict(found)


class StreamContract:
    """Fixture to supply: `reopen` (an `Opener` of an empty stream; may be called again while the first is open, as another process
    would, or after it was closed, as the next start would). `wake_s`: how soon a waiting reader must have a new record."""

    wake_s = 0.15
    quiet_s = 0.1
    """How long a reader of nothing waits in these tests."""

    @pytest.fixture
    async def stream(self, reopen: Opener) -> AsyncIterator[Stream]:
        stream = await reopen()
        yield stream
        await stream.close()

    async def test_nothing_comes_from_an_empty_topic(self, stream: Stream) -> None:
        reader = stream.reader(TOPIC, "a")
        began = time.monotonic()
        assert list(await reader.take(10, self.quiet_s)) == []
        assert self.quiet_s * 0.9 <= time.monotonic() - began < self.quiet_s + 2
        await reader.close()

    async def test_what_was_appended_comes_as_it_was_in_order_per_key(self, stream: Stream) -> None:
        sent = [(f"k{n % 3}", bytes([n]) * n) for n in range(30)] + [("khoá Đồng Nai", b"\x00\xff"), ("", b"")]
        await stream.append(TOPIC, sent[:10])
        for pair in sent[10:]:
            await stream.append(TOPIC, [pair])
        got = await take(stream.reader(TOPIC, "a"), len(sent))
        assert {record.topic for record in got} == {TOPIC}
        assert by_key(got) == by_key([Record(TOPIC, key, value, 0) for key, value in sent])

    async def test_positions_grow_along_a_partition(self, stream: Stream) -> None:
        await stream.append(TOPIC, [(f"k{n}", b"") for n in range(40)])
        last: dict[int, int] = {}
        for record in await take(stream.reader(TOPIC, "a"), 40):
            assert record.position > last.get(record.partition, -1)
            last[record.partition] = record.position

    async def test_appending_nothing_is_nothing(self, stream: Stream) -> None:
        await stream.append(TOPIC, [])
        assert list(await stream.reader(TOPIC, "a").take(1, self.quiet_s)) == []

    async def test_what_is_not_committed_comes_again_at_the_next_take(self, stream: Stream) -> None:
        await stream.append(TOPIC, [("k", b"%d" % n) for n in range(6)])
        reader = stream.reader(TOPIC, "a")
        first = await reader.take(4, 20)
        assert list(await reader.take(4, 20)) == list(first)
        await reader.commit(first[:2])
        again = await reader.take(10, 20)
        assert [record.value for record in again][:2] == [b"2", b"3"]

    async def test_what_is_not_committed_comes_again_after_a_restart(self, reopen: Opener) -> None:
        stream = await reopen()
        await stream.append(TOPIC, [("k", b"%d" % n) for n in range(10)])
        reader = stream.reader(TOPIC, "a")
        await take(reader, 4, limit=4)
        taken = await reader.take(3, 20)
        await reader.close()
        await stream.close()
        stream = await reopen()
        got = await take(stream.reader(TOPIC, "a"), 6)
        assert [record.value for record in got] == [b"%d" % n for n in range(4, 10)]
        assert got[0] == taken[0]
        await stream.close()

    async def test_what_is_committed_never_comes_again(self, reopen: Opener) -> None:
        stream = await reopen()
        await stream.append(TOPIC, [("k", b"1")])
        reader = stream.reader(TOPIC, "a")
        await take(reader, 1)
        assert list(await reader.take(5, self.quiet_s)) == []
        await reader.close()
        await stream.close()
        stream = await reopen()
        assert list(await stream.reader(TOPIC, "a").take(5, self.quiet_s)) == []
        await stream.append(TOPIC, [("k", b"2")])
        assert [record.value for record in await take(stream.reader(TOPIC, "a"), 1)] == [b"2"]
        await stream.close()

    async def test_committing_nothing_or_less_than_before_takes_nothing_back(self, stream: Stream) -> None:
        await stream.append(TOPIC, [("k", b"%d" % n) for n in range(3)])
        reader = stream.reader(TOPIC, "a")
        taken = await reader.take(3, 20)
        await reader.commit(taken)
        await reader.commit(taken[:1])
        await reader.commit([])
        assert list(await reader.take(3, self.quiet_s)) == []

    async def test_each_reader_and_each_topic_is_for_itself(self, stream: Stream) -> None:
        await stream.append(TOPIC, [("k", b"1")])
        await stream.append("other", [("k", b"2")])
        for name in ("a", "b"):
            assert [record.value for record in await take(stream.reader(TOPIC, name), 1)] == [b"1"]
        assert [record.value for record in await take(stream.reader("other", "a"), 1)] == [b"2"]

    async def test_two_readers_of_one_name_have_everything_between_them(self, reopen: Opener) -> None:
        first, second = await reopen(), await reopen()
        readers = [first.reader(TOPIC, "a"), second.reader(TOPIC, "a")]
        total = 60

        async def read(reader: Reader, seen: set[bytes]) -> None:
            while batch := await reader.take(5, 1.0):
                await reader.commit(batch)
                seen |= {record.value for record in batch}

        seen: tuple[set[bytes], set[bytes]] = (set(), set())
        reading = [asyncio.ensure_future(read(*pair)) for pair in zip(readers, seen, strict=True)]
        for n in range(total):
            await (first if n % 2 else second).append(TOPIC, [(f"k{n % 5}", b"%d" % n)])
        await asyncio.wait_for(asyncio.gather(*reading), 60)
        assert seen[0] | seen[1] == {b"%d" % n for n in range(total)}
        for reader in readers:
            assert list(await reader.take(5, self.quiet_s)) == []
            await reader.close()
        await first.close()
        await second.close()

    async def test_a_waiting_reader_has_a_new_record_soon(self, stream: Stream) -> None:
        reader = stream.reader(TOPIC, "a")
        await reader.take(1, self.quiet_s)
        for n in range(3):
            waiting = asyncio.ensure_future(reader.take(5, 20))
            await asyncio.sleep(0.02)
            await stream.append(TOPIC, [("k", b"%d" % n)])
            done = time.monotonic()
            batch = await waiting
            assert [record.value for record in batch] == [b"%d" % n]
            assert time.monotonic() - done < self.wake_s
            await reader.commit(batch)

    async def test_a_record_of_another_process_comes_too(self, stream: Stream, reopen: Opener) -> None:
        elsewhere = await reopen()
        reader = stream.reader(TOPIC, "a")
        await reader.take(1, self.quiet_s)
        waiting = asyncio.ensure_future(reader.take(5, 20))
        await asyncio.sleep(0.02)
        await elsewhere.append(TOPIC, [("k", b"1")])
        done = time.monotonic()
        assert len(await waiting) == 1
        assert time.monotonic() - done < 2
        await elsewhere.close()

    async def test_four_writers_of_whom_one_is_slow_and_a_reader_sees_all_in_order(self, reopen: Opener) -> None:
        rng = random.Random(5)
        first, second = await reopen(), await reopen()
        each, count = 30, 4

        async def write(stream: Stream, name: int) -> None:
            sent = 0
            while sent < each:
                size = min(each - sent, 15 if name == 0 else rng.randint(1, 3))
                await stream.append(TOPIC, [(f"w{name}", b"%d" % n) for n in range(sent, sent + size)])
                sent += size
                await asyncio.sleep(rng.random() * (0.1 if name == 0 else 0.01))

        reader = first.reader(TOPIC, "a")
        writers = [write(stream, n) for n, stream in enumerate((first, first, second, second))]
        got, *_ = await asyncio.wait_for(asyncio.gather(take(reader, each * count), *writers), 60)
        assert by_key(got) == {f"w{n}": [b"%d" % m for m in range(each)] for n in range(count)}
        assert list(await reader.take(1, self.quiet_s)) == []
        await first.close()
        await second.close()

    async def test_a_take_given_up_loses_nothing(self, stream: Stream) -> None:
        reader = stream.reader(TOPIC, "a")
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.take(1, 20), 0.03)
        await stream.append(TOPIC, [("k", b"1")])
        assert len(await take(reader, 1)) == 1
