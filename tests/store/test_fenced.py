"""hub.store.fenced: what is written under a lease is written by its holder, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.clock import SetClock
from hub.errors import LeaseLost
from hub.store import Store, follower_marks, leases, open_store
from hub.store.fenced import FencedStore
from hub.store.leases import Lease

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'hub.db'}", mode="test", clock=SetClock(START))
    yield made
    await made.close()


async def taken(store: Store, holder: str, clock: SetClock) -> Lease:
    held = await store.write(lambda conn: leases.acquire(conn, "relay", holder=holder, ttl_s=5, clock=clock))
    assert held is not None
    return held


async def test_one_who_slept_while_another_took_the_lease_writes_nothing_more(store: Store) -> None:
    clock = SetClock(START)
    first = FencedStore(store, await taken(store, "a", clock))
    await first.write(lambda conn: follower_marks.set_seq(conn, "relay", 5))
    clock.advance(6)
    second = FencedStore(store, await taken(store, "b", clock))
    await second.write(lambda conn: follower_marks.set_seq(conn, "relay", 9))
    with pytest.raises(LeaseLost, match="fence 1"):
        await first.write(lambda conn: follower_marks.set_seq(conn, "relay", 6))
    assert await first.read(lambda conn: follower_marks.seq_of(conn, "relay")) == 9


async def test_one_who_slept_and_whose_lease_nobody_took_goes_on(store: Store) -> None:
    clock = SetClock(START)
    only = FencedStore(store, await taken(store, "a", clock))
    clock.advance(60)
    await only.write(lambda conn: follower_marks.set_seq(conn, "relay", 5))
    await only.close()
    assert await store.read(lambda conn: follower_marks.seq_of(conn, "relay")) == 5


async def test_it_waits_as_the_store_does(store: Store) -> None:
    only = FencedStore(store, await taken(store, "a", SetClock(START)))
    assert (await only.wait(0, 0.01), await only.wait_records(0, 0.01)) == (0, 0)
