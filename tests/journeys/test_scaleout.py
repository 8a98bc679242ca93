"""Two hub processes over one store and three brokers, under load: brokers and hubs are killed and stopped; nothing is lost or doubled.

The short form runs a few faults; `make attack-scaleout` many (`HUB_FAULTS`), from the same seed (`HUB_SEED`).
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from hub.store.tables import alerts, deliveries, events, routed
from tests.journeys.nodes import (
    ALL,
    Pusher,
    acted_on,
    holds,
    ids_of,
    leader_of,
    nodes_of,
    read_store,
    read_topic,
    stream_of,
)
from tests.journeys.test_spine import signed_in, subscribe
from tests.journeys.town import Pages, Receiver, Town, cap, cap_source, free_port, receiving, serving, until
from tests.servers.kafka import Kafka

pytestmark = pytest.mark.needs("kafka")

FAULTS = int(os.environ.get("HUB_FAULTS", "6"))
SEED = int(os.environ.get("HUB_SEED", "5"))
LONGEST_STOP_S = float(os.environ.get("HUB_STOP_S", "8"))
STALL_S = 10.0
KINDS = ("broker killed", "hub killed", "broker stopped", "hub stopped")


class Source(threading.Thread):
    """A polled source with a new warning every half second; `said` are its identifiers."""

    def __init__(self, pages: Pages) -> None:
        super().__init__(daemon=True)
        self._pages = pages
        self.said: list[str] = []
        self.done = threading.Event()

    def run(self) -> None:
        links: list[str] = []
        while not self.done.wait(0.5):
            identifier = f"p{len(self.said) + 1}"
            body = cap(identifier, instruction=f"Theo {identifier}", unit="731")
            links.append(self._pages.put(f"/{identifier}.xml", body))
            self._pages.rss("/index.xml", links[-20:])
            self.said.append(identifier)


class Scene:
    """The brokers, the two nodes, what speaks to them and who listens."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.kafka = stack.enter_context(Kafka(3))
        self.pages = stack.enter_context(serving(Pages()))
        self.receiver = stack.enter_context(receiving(Receiver()))
        self.prefix = f"t{uuid.uuid4().hex[:10]}"
        self.pages.rss("/index.xml", [])
        source, authority = cap_source("kttv", f"{self.pages.base}/index.xml")
        town = Town(
            folder,
            free_port(),
            source.replace("interval_s = 10", "interval_s = 1"),
            authority + '[[authority]]\nsource = "pushed"\n',
            tables=stream_of(self.kafka, self.prefix),
        )
        town.write()
        town.hub("migrate")
        self.store = f"sqlite:///{folder / 'data/test/hub.db'}"
        self.nodes = nodes_of(town, {"a": ALL, "b": ALL})
        for node in self.nodes.values():
            node.start(within_s=90)
            stack.callback(node.kill)
        subscribe(signed_in(self.nodes["a"]), self.receiver)
        self.pusher = Pusher([node.base for node in self.nodes.values()], town.hub("key", "create", "source", "pushed"))
        self.source = Source(self.pages)

    @property
    def topic(self) -> str:
        return f"{self.prefix}.test.alerts.public"

    def fault(self, kind: str, chance: random.Random) -> None:
        """It happens, lasts a while, and is over."""
        node = self.nodes[chance.choice(sorted(self.nodes))]
        for_s = chance.uniform(1, LONGEST_STOP_S)
        if kind == "hub killed":
            node.kill()
            time.sleep(chance.uniform(0, 3))
            node.start(within_s=90)
        elif kind == "hub stopped":
            assert node.process is not None
            node.process.send_signal(signal.SIGSTOP)
            time.sleep(for_s)
            node.process.send_signal(signal.SIGCONT)
        else:
            broker = leader_of(self.kafka, self.topic)
            if kind == "broker killed":
                self.kafka.kill(broker)
                time.sleep(chance.uniform(0, 3))
                self.kafka.start(broker)
                self.kafka.wait()
            else:
                self.kafka.signal(broker, signal.SIGSTOP)
                time.sleep(for_s)
                self.kafka.signal(broker, signal.SIGCONT)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(tmp_path, stack)


def test_kills_and_stops_of_brokers_and_hubs_lose_double_and_reorder_nothing(scene: Scene) -> None:
    chance = random.Random(SEED)
    scene.pusher.start()
    scene.source.start()
    kinds = [KINDS[n % len(KINDS)] for n in range(FAULTS)]
    chance.shuffle(kinds)
    for kind in kinds:
        time.sleep(chance.uniform(0.5, 2.5))
        print(f"{time.monotonic():.1f} {kind}")
        scene.fault(kind, chance)
        assert all(node.runs() for node in scene.nodes.values()), [
            node.stderr()[-2000:] for node in scene.nodes.values()
        ]
    time.sleep(2)
    for speaking in (scene.pusher, scene.source):
        speaking.done.set()
        speaking.join(timeout=15)
    told = {identifier for identifier, _ in scene.pusher.said}
    assert len(told) >= 5 * FAULTS and len(scene.source.said) >= 5 * FAULTS

    last = {identifier.partition("-")[0]: identifier for identifier, _ in scene.pusher.said}
    last |= {identifier: identifier for identifier in scene.source.said}
    until(
        lambda: last.items() <= holds(scene.receiver).items(),
        within_s=60,
        what="the last word of every chain at the agency",
    )
    assert {name: ids for name, ids in ids_of(scene.receiver).items() if len(ids) != 1} == {}
    assert scene.receiver.bad == 0

    until(lambda: _is_whole(scene, told | set(scene.source.said)), within_s=40, what="ledger and topic agree")
    records = acted_on(read_topic(scene.kafka, scene.topic))
    for chain in {key for _, key, _ in records}:
        versions = [_version(value) for _, key, value in records if key == chain]
        assert versions == sorted(versions), chain
    print(f"{len(told)} pushed, {len(scene.source.said)} polled, longest answer {scene.pusher.longest_s:.1f} s")


def _is_whole(scene: Scene, said: set[str]) -> bool:
    """Every accepted alert is in the store once, was routed, and stands on the topic if it is in force; no other one does."""

    def look(conn: Connection) -> tuple[Sequence[Any], dict[int, str], set[int], Sequence[Any]]:
        rows = conn.execute(select(alerts.c.identifier, alerts.c.state, alerts.c.alert_id)).all()
        seqs = {row.seq: row.alert_id for row in conn.execute(select(events.c.seq, events.c.alert_id)).all()}
        done = set(conn.execute(select(routed.c.seq)).scalars())
        unfinished = deliveries.c.state.in_(("pending", "in_flight"))
        return rows, seqs, done, conn.execute(select(deliveries.c.state).where(unfinished)).all()

    rows, seqs, done, open_rows = read_store(scene.store, look)
    found = [row.identifier for row in rows]
    assert len(found) == len(set(found)), "an alert was accepted twice"
    assert said <= set(found)
    assert sorted(seqs) == list(range(1, len(seqs) + 1)), "the order has a gap"
    published = {(seq, seqs.get(seq)) for seq, _, _ in read_topic(scene.kafka, scene.topic)}
    in_force = {row.alert_id for row in rows if row.state == "active"}
    assert all(alert_id is not None for _, alert_id in published), "the topic knows a seq that the store does not"
    return done == set(seqs) and not open_rows and in_force <= {alert_id for _, alert_id in published}


def _version(value: bytes) -> int:
    """The number of the version in its chain, as `Pusher` names them."""
    identifier = value.decode().partition("<identifier>")[2].partition("<")[0]
    return int(identifier.partition("-v")[2] or 0)
