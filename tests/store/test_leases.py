"""hub.store.leases: one holder at a time, told apart by its fence; processes that beat and processes that do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, select

from hub.clock import SetClock
from hub.errors import LeaseLost
from hub.store import leases
from hub.store.leases import Lease
from hub.store.tables import processes
from tests.store.fresh import fresh


@pytest.fixture
def conn() -> Iterator[Connection]:
    with fresh() as connection:
        yield connection


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 11, 24, 3, 0, tzinfo=UTC))


def take(conn: Connection, clock: SetClock, holder: str, ttl_s: float = 5) -> Lease | None:
    return leases.acquire(conn, "relay", holder=holder, ttl_s=ttl_s, clock=clock)


def taken(conn: Connection, clock: SetClock, holder: str) -> Lease:
    held = take(conn, clock, holder)
    assert held is not None
    return held


def test_while_one_holds_it_nobody_else_does(conn: Connection, clock: SetClock) -> None:
    held = taken(conn, clock, "a")
    clock.advance(4.999)
    assert take(conn, clock, "b") is None
    leases.check(conn, held)


def test_a_lapsed_lease_goes_to_the_next_with_a_greater_fence(conn: Connection, clock: SetClock) -> None:
    first = taken(conn, clock, "a")
    clock.advance(5)
    second = taken(conn, clock, "b")
    assert second.fence > first.fence
    for act in (leases.check, lambda conn, held: leases.renew(conn, held, ttl_s=5, clock=clock)):
        with pytest.raises(LeaseLost, match="fence 1"):
            act(conn, first)
    leases.release(conn, first)  # too late: it is not his to give
    assert take(conn, clock, "c") is None


def test_one_who_takes_his_own_lease_again_keeps_his_fence_and_gets_more_time(
    conn: Connection, clock: SetClock
) -> None:
    first = taken(conn, clock, "a")
    clock.advance(3)
    again = taken(conn, clock, "a")
    assert (again.fence, again.until) == (first.fence, first.until + 3_000_000)


def test_one_who_comes_back_after_his_lease_lapsed_has_a_new_fence(conn: Connection, clock: SetClock) -> None:
    first = taken(conn, clock, "a")
    clock.advance(6)
    assert taken(conn, clock, "a").fence == first.fence + 1


def test_renewing_gives_more_time_also_when_it_lapsed_and_nobody_took_it(conn: Connection, clock: SetClock) -> None:
    held = taken(conn, clock, "a")
    clock.advance(60)
    held = leases.renew(conn, held, ttl_s=5, clock=clock)
    assert held.fence == 1
    clock.advance(4.9)
    assert take(conn, clock, "b") is None


def test_a_released_lease_is_free_at_once(conn: Connection, clock: SetClock) -> None:
    held = taken(conn, clock, "a")
    leases.release(conn, held)
    assert taken(conn, clock, "b").fence == 2


def test_leases_of_other_names_do_not_touch_each_other(conn: Connection, clock: SetClock) -> None:
    taken(conn, clock, "a")
    assert leases.acquire(conn, "other", holder="b", ttl_s=5, clock=clock) is not None


def test_a_new_process_learns_of_its_predecessors_on_its_node_and_frees_their_leases(
    conn: Connection, clock: SetClock
) -> None:
    assert leases.register(conn, "p1", node="n1", clock=clock) == ()
    assert leases.register(conn, "q1", node="n2", clock=clock) == ()
    taken(conn, clock, "p1")
    clock.advance(0.5)
    assert leases.register(conn, "p2", node="n1", clock=clock) == ("p1",)
    assert taken(conn, clock, "p2").fence == 2
    assert sorted(conn.execute(select(processes.c.process_id)).scalars()) == ["p2", "q1"]
    assert leases.register(conn, "p2", node="n1", clock=clock) == ()


def test_a_process_is_silent_after_five_seconds_without_a_beat(conn: Connection, clock: SetClock) -> None:
    leases.register(conn, "p", node="n1", clock=clock)
    leases.register(conn, "q", node="n2", clock=clock)
    clock.advance(3)
    leases.beat(conn, "q", clock=clock)
    clock.advance(1.9)
    assert leases.silent(conn, clock=clock) == ()
    clock.advance(0.1)
    assert leases.silent(conn, clock=clock) == ("p",)
    clock.advance(3)
    assert leases.silent(conn, clock=clock) == ("p", "q")


def test_a_process_taken_for_dead_is_told_so_at_its_next_beat(conn: Connection, clock: SetClock) -> None:
    leases.register(conn, "p", node="n", clock=clock)
    held = taken(conn, clock, "p")
    leases.forget(conn, ["p"])
    with pytest.raises(LeaseLost, match="taken for dead"):
        leases.beat(conn, "p", clock=clock)
    assert taken(conn, clock, "q").fence == held.fence + 1
    with pytest.raises(LeaseLost):
        leases.check(conn, held)


def test_forgetting_nobody_changes_nothing(conn: Connection, clock: SetClock) -> None:
    leases.register(conn, "p", node="n", clock=clock)
    leases.forget(conn, [])
    leases.beat(conn, "p", clock=clock)


def test_a_heartbeat_renews_every_lease_of_its_own_and_none_that_went_or_was_given_back(
    conn: Connection, clock: SetClock
) -> None:
    names = ("relay", "websub", "given-back", "gone")
    held = {name: leases.acquire(conn, name, holder="a", ttl_s=5, clock=clock) for name in names}
    given_back, gone = held["given-back"], held["gone"]
    assert given_back is not None and gone is not None
    leases.release(conn, given_back)
    clock.advance(6)
    assert leases.acquire(conn, "gone", holder="b", ttl_s=5, clock=clock) is not None
    leases.keep_all(conn, "a", ttl_s=5, clock=clock)
    clock.advance(4)
    free = {name for name in names if leases.acquire(conn, name, holder="c", ttl_s=5, clock=clock) is not None}
    assert free == {"given-back"}
    standing = leases.standing(conn, [*names, "never"])
    assert {name: one.holder for name, one in standing.items()} == {
        "relay": "a",
        "websub": "a",
        "given-back": "c",
        "gone": "b",
    }


def test_the_other_processes_are_those_nobody_found_dead(conn: Connection, clock: SetClock) -> None:
    for name in ("p", "q", "r"):
        leases.register(conn, name, node=name, clock=clock)
        clock.advance(1)
    leases.forget(conn, ["q"])
    assert (leases.others(conn, "p"), leases.others(conn, "r")) == (("r",), ("p",))
