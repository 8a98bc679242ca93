"""Journey B: SIGKILL at random moments while alerts are pushed; nothing answered 202 is lost, nothing is doubled under another id."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.journeys.test_spine import signed_in, subscribe
from tests.journeys.town import Receiver, Town, cap, free_port, receiving, until

KILLS = int(os.environ.get("HUB_KILLS", "30"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    town = Town(tmp_path, free_port(), "", '[[authority]]\nsource = "pushed"\n', store=database_url)
    town.write()
    yield town
    town.kill()


class Pusher(threading.Thread):
    """Pushes one alert after another and keeps what was answered 202 in `accepted` (identifier → alert id)."""

    def __init__(self, town: Town, key: str) -> None:
        super().__init__(daemon=True)
        self.accepted: dict[str, str] = {}
        self.again: list[str] = []
        self.done = threading.Event()
        self._town = town
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cap+xml"}

    def run(self) -> None:
        number = 0
        while not self.done.is_set():
            number += 1
            body = cap(f"k-{number}", sent=datetime.now(UTC).isoformat(timespec="seconds"))
            while not self.done.is_set():
                with contextlib.suppress(httpx.HTTPError):
                    answer = httpx.post(
                        f"{self._town.base}/v1/alerts", content=body, headers=self._headers, timeout=5, trust_env=False
                    )
                    if answer.status_code in (200, 202):
                        self.accepted[f"k-{number}"] = answer.json()["alert_id"]
                        break
                time.sleep(0.05)
            time.sleep(0.02)


def test_random_kills_lose_nothing_and_double_nothing_under_another_id(town: Town, receiver: Receiver) -> None:
    kills = (
        KILLS if not town.store else KILLS // 3
    )  # the way is the same; the other store's own kills are in its contract
    chance = random.Random(int(os.environ.get("HUB_SEED", "11")))
    town.start()
    subscribe(signed_in(town), receiver)
    pusher = Pusher(town, town.hub("key", "create", "source", "pushed"))
    pusher.start()
    for _ in range(kills):
        time.sleep(chance.uniform(0.1, 1.2))
        town.kill()
        town.start()
    time.sleep(0.5)
    pusher.done.set()
    pusher.join(timeout=15)
    assert len(pusher.accepted) >= kills
    until(
        lambda: set(pusher.accepted) <= {d["data"]["alert"]["identifier"] for d in list(receiver.got)},
        within_s=40,
        what="every accepted alert at the receiver",
    )
    ids: dict[str, set[str]] = {}
    for delivery_id, told in zip(list(receiver.ids), list(receiver.got), strict=False):
        ids.setdefault(told["data"]["alert"]["identifier"], set()).add(delivery_id)
    assert {name: len(found) for name, found in ids.items() if len(found) != 1} == {}
    assert receiver.bad == 0
