"""Several processes of one hub over one store: each with its name, roles and port, any of them killed, stopped and started again."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.journeys.town import Receiver, Town, cap, free_port
from tests.servers.kafka import Kafka

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
        body = cap(identifier, sent=sent, msg_type=kind, references=before, instruction=f"Theo {identifier}", unit="731")
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


def first_arrivals(receiver: Receiver) -> dict[str, list[str]]:
    """Chain -> its identifiers in the order in which each came for the first time."""
    found: dict[str, list[str]] = {}
    for told in list(receiver.got):
        identifier = (told["data"].get("alert") or {}).get("identifier", "")
        seen = found.setdefault(identifier.partition("-")[0], [])
        if identifier and identifier not in seen:
            seen.append(identifier)
    return found


def ids_of(receiver: Receiver) -> dict[str, set[str]]:
    """Identifier -> the webhook-ids under which it came."""
    ids: dict[str, set[str]] = {}
    for delivery_id, told in zip(list(receiver.ids), list(receiver.got), strict=False):
        identifier = (told["data"].get("alert") or {}).get("identifier")
        if identifier:
            ids.setdefault(identifier, set()).add(delivery_id)
    return ids


def is_alive(pid: int) -> bool:
    """Whether that process is there."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


__all__ = ["ALL", "Any", "Path", "Pusher", "first_arrivals", "ids_of", "is_alive", "nodes_of", "stream_of"]
