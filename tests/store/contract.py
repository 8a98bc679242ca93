"""What every store must do. A backend's test module subclasses `StoreContract` and gives the two fixtures it names."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from hub.clock import SetClock
from hub.errors import WrongMode
from hub.store import NotStored, Store, audit, head, meta
from hub.store.tables import events
from hub.store.tables import meta as meta_table

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
WRITING = Path(__file__).with_name("writing.py")

Opener = Callable[[], Awaitable[Store]]


def decide(conn: Connection, who: str = "x") -> int:
    """What acceptance does, in small: a seq, an event and an audit entry under the head's lock."""
    state = head.lock(conn)
    seq = state.next_seq()
    conn.execute(insert(events).values(seq=seq, kind="decided", alert_id=who, at=seq))
    audit.append(conn, state, at=START, act="accept", who=who, object=f"alert {seq}", body={"seq": seq})
    head.save(conn, state)
    return seq


def after(conn: Connection, seq: int, limit: int = 1000) -> list[tuple[int, str]]:
    """What whoever resumes with `after=` reads."""
    found = select(events.c.seq, events.c.alert_id).where(events.c.seq > seq).order_by(events.c.seq).limit(limit)
    return [(row.seq, row.alert_id) for row in conn.execute(found)]


def put(conn: Connection, key: str, value: str = "1") -> None:
    conn.execute(insert(meta_table).values(key=key, value=value))


def keys(conn: Connection, prefix: str = "test.") -> list[str]:
    found = conn.execute(select(meta_table.c.key).where(meta_table.c.key.startswith(prefix)).order_by(meta_table.c.key))
    return list(found.scalars())


class Undone(Exception):
    pass


class StoreContract:
    """Fixtures to supply: `url` (of a place where no store is yet), `reopen` (an `Opener` in mode test; may be called again while
    the first is open, as another process would)."""

    @pytest.fixture
    async def store(self, reopen: Opener) -> AsyncIterator[Store]:
        store = await reopen()
        yield store
        await store.close()

    # --- writing and reading -----------------------------------------------------------------------------------------------------

    async def test_what_a_closure_returns_comes_back_and_what_it_wrote_is_read(self, store: Store) -> None:
        assert await store.write(lambda conn: put(conn, "test.a")) is None
        assert await store.read(keys) == ["test.a"]

    async def test_a_failing_closure_undoes_only_its_own_work_among_its_neighbours(self, store: Store) -> None:
        def spoilt(conn: Connection) -> None:
            put(conn, "test.spoilt")
            raise Undone("mine")

        def twice(conn: Connection) -> None:
            put(conn, "test.twice")
            put(conn, "test.twice")

        answers = await asyncio.gather(
            *(store.write(fn) for n in range(10) for fn in (lambda conn, n=n: put(conn, f"test.{n}"), spoilt, twice)),
            return_exceptions=True,
        )
        assert [type(answer) for answer in answers] == [type(None), Undone, IntegrityError] * 10
        assert await store.read(keys) == [f"test.{n}" for n in range(10)]

    async def test_a_savepoint_inside_a_closure_undoes_a_part_of_it(self, store: Store) -> None:
        def partly(conn: Connection) -> str:
            put(conn, "test.kept")
            with contextlib.suppress(Undone), conn.begin_nested():
                put(conn, "test.gone")
                raise Undone
            return "went on"

        assert await store.write(partly) == "went on"
        assert await store.read(keys) == ["test.kept"]

    @pytest.mark.parametrize("end", ["commit", "rollback"])
    async def test_a_closure_cannot_end_the_transaction_of_its_neighbours(self, store: Store, end: str) -> None:
        def ending(conn: Connection) -> None:
            put(conn, "test.ending")
            getattr(conn, end)()

        answers = await asyncio.gather(
            store.write(lambda conn: put(conn, "test.before")),
            store.write(ending),
            store.write(lambda conn: put(conn, "test.after")),
            return_exceptions=True,
        )
        assert [type(answer) for answer in answers] == [type(None), RuntimeError, type(None)]
        assert await store.read(keys) == ["test.after", "test.before"]

    async def test_a_savepoint_left_open_is_its_closures_fault_alone(self, store: Store) -> None:
        def careless(conn: Connection) -> None:
            put(conn, "test.careless")
            conn.begin_nested()
            put(conn, "test.careless.too")

        with pytest.raises(RuntimeError, match="savepoint"):
            await store.write(careless)
        await store.write(lambda conn: put(conn, "test.next"))
        assert await store.read(keys) == ["test.next"]

    async def test_closures_run_one_at_a_time_in_the_order_of_the_calls(self, store: Store) -> None:
        order: list[int] = []
        await asyncio.gather(*(store.write(lambda conn, n=n: order.append(n)) for n in range(200)))
        assert order == list(range(200))

    async def test_a_call_cancelled_before_its_turn_does_nothing(self, store: Store) -> None:
        first = asyncio.ensure_future(store.write(lambda conn: time.sleep(0.05)))
        second = asyncio.ensure_future(store.write(lambda conn: put(conn, "test.cancelled")))
        await asyncio.sleep(0.02)
        second.cancel()
        await first
        await store.write(lambda conn: None)
        assert await store.read(keys) == []

    async def test_a_reader_cannot_write(self, store: Store) -> None:
        with pytest.raises(DBAPIError):
            await store.read(lambda conn: put(conn, "test.read"))
        assert await store.read(keys) == []

    async def test_a_reader_sees_one_moment_whatever_is_committed_meanwhile(self, store: Store) -> None:
        loop = asyncio.get_running_loop()

        def twice(conn: Connection) -> tuple[list[str], list[str]]:
            before = keys(conn)
            asyncio.run_coroutine_threadsafe(store.write(lambda other: put(other, "test.b")), loop).result(5)
            return before, keys(conn)

        await store.write(lambda conn: put(conn, "test.a"))
        assert await store.read(twice) == (["test.a"], ["test.a"])
        assert await store.read(keys) == ["test.a", "test.b"]

    async def test_what_a_write_acknowledged_the_next_read_sees(self, store: Store) -> None:
        for n in range(50):
            await store.write(lambda conn, n=n: put(conn, f"test.{n:02}"))
            assert len(await store.read(keys)) == n + 1

    async def test_closing_commits_what_is_queued_and_then_refuses(self, reopen: Opener) -> None:
        store = await reopen()
        waiting = [asyncio.ensure_future(store.write(lambda conn, n=n: put(conn, f"test.{n}"))) for n in range(9)]
        await asyncio.sleep(0)
        await store.close()
        await asyncio.gather(*waiting)
        with pytest.raises(NotStored):
            await store.write(lambda conn: None)
        with pytest.raises(NotStored):
            await store.read(keys)
        again = await reopen()
        assert await again.read(keys) == [f"test.{n}" for n in range(9)]
        await again.close()

    # --- order -------------------------------------------------------------------------------------------------------------------

    async def test_a_reader_with_after_sees_all_in_order_from_four_writers_of_whom_one_is_slow(
        self, reopen: Opener
    ) -> None:
        rng = random.Random(3)
        first, second = await reopen(), await reopen()

        def slow(conn: Connection) -> int:
            seq = decide(conn, "slow")
            time.sleep(0.03)
            return seq

        async def writer(store: Store, n: int) -> list[int]:
            given = []
            for _ in range(12 if n == 0 else 40):
                given.append(await store.write(slow if n == 0 else lambda conn: decide(conn, f"w{n}")))
                await asyncio.sleep(rng.random() * 0.008)
            return given

        async def reader(store: Store, total: int) -> list[int]:
            seen: list[int] = []
            while len(seen) < total:
                last = seen[-1] if seen else 0
                await store.wait(last, 5)
                more = await store.read(lambda conn, last=last: after(conn, last, 7))
                assert more, "nothing came"
                seen += [seq for seq, _ in more]
            return seen

        writers = [writer(store, n) for n, store in enumerate((first, first, second, second))]
        *given, seen, other = await asyncio.wait_for(
            asyncio.gather(*writers, reader(first, 132), reader(second, 132)), 60
        )
        assert seen == other == sorted(seq for one in given for seq in one) == list(range(1, 133))
        assert (await first.read(audit.verify)) == audit.Verdict(132)
        await first.close()
        await second.close()

    async def test_an_undone_decision_leaves_no_gap(self, store: Store) -> None:
        def undone(conn: Connection) -> None:
            decide(conn)
            raise Undone

        answers = await asyncio.gather(
            *(store.write(fn) for _ in range(5) for fn in (decide, undone)), return_exceptions=True
        )
        assert [answer for answer in answers if isinstance(answer, int)] == [1, 2, 3, 4, 5]
        assert await store.read(audit.verify) == audit.Verdict(5)

    # --- waiting -----------------------------------------------------------------------------------------------------------------

    async def test_waiting_returns_what_is_known_at_once_or_after_the_timeout(self, store: Store) -> None:
        assert await store.wait(0, 0) == 0
        began = time.monotonic()
        assert await store.wait(0, 0.3) == 0
        assert 0.28 < time.monotonic() - began < 2
        await store.write(decide)
        assert await store.wait(0, 5) == 1

    async def test_a_commit_here_wakes_everybody_who_waits(self, store: Store) -> None:
        waiting = [asyncio.ensure_future(store.wait(0, 10)) for _ in range(20)]
        await asyncio.sleep(0.01)
        await store.write(decide)
        done = time.monotonic()
        assert await asyncio.gather(*waiting) == [1] * 20
        assert time.monotonic() - done < 0.15

    async def test_a_commit_elsewhere_wakes_soon(self, store: Store, reopen: Opener) -> None:
        elsewhere = await reopen()
        waiting = asyncio.ensure_future(store.wait(0, 10))
        await asyncio.sleep(0.05)
        await elsewhere.write(decide)
        done = time.monotonic()
        assert await waiting == 1
        assert time.monotonic() - done < 1
        await elsewhere.close()

    async def test_a_wait_given_up_is_forgotten(self, store: Store) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(store.wait(0, 10), 0.05)
        await store.write(decide)
        assert await store.wait(0, 1) == 1

    # --- what a store is ---------------------------------------------------------------------------------------------------------

    async def test_a_store_keeps_its_identity_and_refuses_another_mode(self, reopen: Opener, url: str) -> None:
        from hub.store import open_store

        store = await reopen()
        first = await store.read(meta.hub_id)
        await store.close()
        with pytest.raises(WrongMode, match="belongs to mode test"):
            open_store(url, mode="actual", clock=SetClock(START))
        again = await reopen()
        assert await again.read(meta.hub_id) == first
        await again.close()

    # --- death -------------------------------------------------------------------------------------------------------------------

    async def test_a_process_killed_at_any_moment_loses_nothing_it_acknowledged(self, reopen: Opener, url: str) -> None:
        await (await reopen()).close()
        acknowledged: set[str] = set()
        for round_ in range(3):
            process = subprocess.Popen(
                [sys.executable, str(WRITING), url, str(round_)], stdout=subprocess.PIPE, text=True, bufsize=1
            )
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if len(lines) == 40 + 37 * round_:
                    process.send_signal(signal.SIGKILL)
            process.wait(10)
            acknowledged |= {line.strip() for line in lines if line.endswith("\n")}
        store = await reopen()
        kept = {f"{seq} {who}" for seq, who in await store.read(lambda conn: after(conn, 0, 100_000))}
        assert len(acknowledged) > 200
        assert acknowledged <= kept
        assert sorted(int(line.split()[0]) for line in kept) == list(range(1, len(kept) + 1))
        assert (await store.read(audit.verify)).ok
        await store.close()
