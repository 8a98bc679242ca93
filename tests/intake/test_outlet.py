"""hub.intake.outlet: what is durable when, over the store's own stream and over a stream apart."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hub.connector import Item, Reading
from hub.intake.health import Health
from hub.intake.outlet import TOPIC, Embedded, Heard, Outlet, Published
from hub.store import NotStored
from hub.store.readings import Taken
from hub.store.tables import payloads, quarantine, sources, spoken, stream_records
from tests.intake.speaking import START, OpenedStore, payload

HEALTH = Health("live", "", START, START, START, 0, ("http-404 x",))


class Line:
    """A stream of its own that keeps what was appended, or refuses it."""

    def __init__(self, store: OpenedStore) -> None:
        self.store = store
        self.records: list[tuple[str, bytes]] = []
        self.marks_at_append: list[object] = []
        self.breaks = False

    async def append(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        self.marks_at_append += [(row.mark, topic) for row in self.store.rows(sources)]
        if self.breaks:
            raise OSError("broker away")
        self.records += records

    def reader(self, topic: str, name: str) -> None: ...

    async def close(self) -> None: ...


class Refusing(Line):
    """A stream whose brokers do not answer."""

    asked = 0

    async def append(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        self.asked += 1
        raise NotStored("broker away")


def heard(n: int) -> Heard:
    return Heard(
        source="one",
        at=START,
        health=HEALTH,
        mark={"n": n},
        payloads=(payload(str(n)),),
        records=(("one sender", b"record"),),
        spoken=(Reading("one", "st1", "level", 1.5, "m", START, payload(str(n)).sha256),),
    )


async def test_what_was_kept_is_what_is_read_back() -> None:
    store = OpenedStore()
    outlet = Embedded(store)
    assert await outlet.last("one") == ({}, Health())
    await outlet.keep(heard(1))
    assert await outlet.last("one") == ({"n": 1}, HEALTH)
    assert [row.kind for row in store.rows(spoken)] == ["reading"]


async def test_health_alone_leaves_the_mark_where_it_was() -> None:
    store = OpenedStore()
    outlet = Embedded(store)
    await outlet.keep(heard(1))
    await outlet.note("one", Health("failing", "dns"), at=START)
    mark, health = await outlet.last("one")
    assert (mark, health.state) == ({"n": 1}, "failing")


async def test_a_heard_without_a_mark_does_not_move_it() -> None:
    store = OpenedStore()
    outlet = Embedded(store)
    await outlet.keep(heard(1))
    await outlet.keep(Heard("one", START, HEALTH, None))
    assert (await outlet.last("one"))[0] == {"n": 1}


async def test_nothing_of_a_failed_transaction_stays() -> None:
    store = OpenedStore()
    store.breaks = [OSError("disk full")]
    with pytest.raises(OSError, match="disk full"):
        await Embedded(store).keep(heard(1))
    assert [store.rows(table) for table in (sources, payloads, spoken, stream_records)] == [[], [], [], []]


async def test_over_a_stream_apart_the_payload_comes_first_and_the_mark_last() -> None:
    store = OpenedStore()
    line = Line(store)
    outlet: Outlet = Published(store, line)  # type: ignore[arg-type]
    await outlet.keep(heard(1))
    assert line.records == [("one sender", b"record")]
    assert line.marks_at_append == [], "the mark must not be there before the candidates are"
    line.breaks = True
    with pytest.raises(OSError, match="broker away"):
        await outlet.keep(heard(2))
    assert (await outlet.last("one"))[0] == {"n": 1}
    assert len(store.rows(payloads)) == 2


def test_the_topic_is_the_one_acceptance_reads() -> None:
    assert TOPIC == "candidates"


async def test_candidates_that_a_stream_apart_does_not_take_go_into_the_store_s_own_with_the_mark() -> None:
    """A broker that is away stops no warning; it is asked again later, not by every read."""
    store = OpenedStore()
    line = Refusing(store)
    outlet = Published(store, line)  # type: ignore[arg-type]
    for n in (1, 2):
        await outlet.keep(heard(n))
    assert (await outlet.last("one"))[0] == {"n": 2}
    assert [(row.topic, row.value) for row in store.rows(stream_records)] == [(TOPIC, b"record")] * 2
    assert line.asked == 1
    outlet._rests_until = 0.0
    await outlet.keep(heard(3))
    assert line.asked == 2


async def test_news_items_are_kept_under_their_kind() -> None:
    store = OpenedStore()
    item = Item("one", "g", "t", "https://x", START, "s", "p")
    await Embedded(store).keep(Heard("one", START, HEALTH, None, spoken=(item,)))
    assert [(row.kind, row.source) for row in store.rows(spoken)] == [("item", "one")]


async def test_readings_go_to_whoever_takes_them_and_what_is_refused_is_in_quarantine() -> None:
    store, asked = OpenedStore(), []

    def take(_: object, said: Sequence[Reading], at: object) -> list[Taken]:
        asked.append((list(said), at))
        return [Taken("taken"), Taken("kept", "implausible"), Taken("refused", "no-authority")]

    item = Item("one", "g", "t", "https://x", START, "s", "p")
    numbers = [Reading("one", f"st{n}", "level", 1.5, "m", START, "p") for n in range(3)]
    await Embedded(store, take=take).keep(Heard("one", START, HEALTH, None, spoken=(numbers[0], item, *numbers[1:])))
    assert asked == [(numbers, START)]
    assert [row.kind for row in store.rows(spoken)] == ["item"]
    (row,) = store.rows(quarantine)
    assert (row.stage, row.source, row.reason) == ("reading", "one", "no-authority") and "st2/level" in row.detail


async def test_over_a_stream_apart_readings_are_taken_before_the_mark_moves() -> None:
    store = OpenedStore()

    def take(_: object, said: Sequence[Reading], at: object) -> list[Taken]:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await Published(store, Line(store), take).keep(heard(1))  # type: ignore[arg-type]
    assert await Published(store, Line(store), take).last("one") == ({}, Health())  # type: ignore[arg-type]
