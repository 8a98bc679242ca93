"""Several processes of one hub over one store: each with its name, roles and port, any of them killed, stopped and started again."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import Connection

from hub.clock import SystemClock
from hub.store import open_store
from tests.journeys.town import Receiver, Town, cap, free_port
from tests.servers.kafka import Kafka

T = TypeVar("T")

ALL = "intake,deriving,acceptance,routing,delivery,following,api"


def stream_of(kafka: Kafka, prefix: str, *, partners: tuple[str, ...] = ("public",)) -> str:
    """The table [stream] for that Kafka in the clear."""
    copies = min(3, len(kafka.brokers))
    listed = ", ".join(f'"{one}"' for one in partners)
    return (
        f'[stream]\nurl = "kafka://{kafka.plain}/{prefix}"\nreplicas = {copies}\n'
        f"min_in_sync = {2 if copies == 3 else 1}\npartners = [{listed}]\n"
    )


def nodes_of(town: Town, roles: dict[str, str]) -> dict[str, Town]:
    """The same hub as several processes: name -> node of these roles, with a port of its own; all configured, none running."""
    made = {}
    for name, wanted in roles.items():
        node = replace(town, port=free_port(), name=name, words=("--node", name, "--roles", wanted), process=None)
        node.env = dict(town.env)
        node.write()
        made[name] = node
    return made


@dataclass
class Pusher(threading.Thread):
    """Says versions of chains, one after another, to whichever of `bases` answers; `said` are those that were accepted, in order.

    Each chain is an alert and two Updates, told in this order; what was not answered is asked again, elsewhere.
    """

    bases: list[str]
    key: str
    pause_s: float = 0.05
    said: list[tuple[str, str]] = field(default_factory=list)
    asked: int = 0
    longest_s: float = 0.0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.done = threading.Event()

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        chain = 0
        while not self.done.is_set():
            chain += 1
            before = ""
            for version in range(3):
                identifier = f"c{chain}-v{version}"
                sent = datetime.now(UTC).isoformat(timespec="milliseconds")
                self._say(identifier, sent, before)
                if self.done.is_set():
                    return
                before = f"{before} kttv@example.test,{identifier},{sent}".strip()

    def _say(self, identifier: str, sent: str, before: str) -> None:
        kind = "Update" if before else "Alert"
        body = cap(
            identifier, sent=sent, msg_type=kind, references=before, instruction=f"Theo {identifier}", unit="731"
        )
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/cap+xml"}
        began = time.monotonic()
        while not self.done.is_set():
            base = self.bases[self.asked % len(self.bases)]
            self.asked += 1
            with contextlib.suppress(httpx.HTTPError):
                answer = httpx.post(f"{base}/v1/alerts", content=body, headers=headers, timeout=3, trust_env=False)
                if answer.status_code in (200, 202):
                    self.said.append((identifier, answer.json()["alert_id"]))
                    self.longest_s = max(self.longest_s, time.monotonic() - began)
                    break
            time.sleep(0.05)
        time.sleep(self.pause_s)


def holds(receiver: Receiver) -> dict[str, str]:
    """Chain -> the identifier that a receiver believes by the contract: the one of the greatest chain_seq, whenever it came."""
    found: dict[str, tuple[int, str]] = {}
    for told in list(receiver.got):
        alert = told["data"].get("alert")
        if alert:
            chain = alert["identifier"].partition("-")[0]
            found[chain] = max(found.get(chain, (0, "")), (told["data"]["chain_seq"], alert["identifier"]))
    return {chain: identifier for chain, (_, identifier) in found.items()}


def ids_of(receiver: Receiver) -> dict[str, set[str]]:
    """Identifier -> the webhook-ids under which it came."""
    ids: dict[str, set[str]] = {}
    for delivery_id, told in zip(list(receiver.ids), list(receiver.got), strict=False):
        identifier = (told["data"].get("alert") or {}).get("identifier")
        if identifier:
            ids.setdefault(identifier, set()).add(delivery_id)
    return ids


def read_store(url: str, look: Callable[[Connection], T]) -> T:
    """What stands in the hub's store, whatever it is, while the hub runs."""

    async def read() -> T:
        store = open_store(url, mode="test", clock=SystemClock())
        try:
            return await store.read(look)
        finally:
            await store.close()

    return asyncio.run(read())


def leader_of(kafka: Kafka, topic: str) -> int:
    """The broker that leads the topic's first partition."""

    async def ask() -> int:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.plain, request_timeout_ms=5000)
        await admin.start()
        try:
            (told,) = await admin.describe_topics([topic])
            return int(next(part["leader"] for part in told["partitions"] if part["partition"] == 0))
        finally:
            await admin.close()

    return asyncio.run(ask())


def read_topic(kafka: Kafka, topic: str) -> list[tuple[int, str, bytes]]:
    """(seq, key, value) of every record of a topic with one partition, in its order."""

    async def read() -> list[tuple[int, str, bytes]]:
        consumer = AIOKafkaConsumer(bootstrap_servers=kafka.plain, request_timeout_ms=5000)
        part = TopicPartition(topic, 0)
        await consumer.start()
        try:
            consumer.assign([part])
            await consumer.seek_to_beginning(part)
            end = (await consumer.end_offsets([part]))[part]
            found: list[tuple[int, str, bytes]] = []
            while await consumer.position(part) < end:
                for one in (await consumer.getmany(part, timeout_ms=1000)).get(part, ()):
                    found.append((int(dict(one.headers)["ce_seq"]), one.key.decode(), one.value))
            return found
        finally:
            await consumer.stop()

    return asyncio.run(read())


def acted_on(records: list[tuple[int, str, bytes]]) -> list[tuple[int, str, bytes]]:
    """What a reader that keeps the contract acts on: a record whose seq is not greater than the greatest was there before."""
    greatest, kept = 0, []
    for record in records:
        if record[0] > greatest:
            greatest = record[0]
            kept.append(record)
    return kept
