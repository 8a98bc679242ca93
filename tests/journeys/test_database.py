"""Journey: PostgreSQL is killed, restarted and stopped under a running hub; nothing accepted is lost, and the hub goes on by itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.test_kills import Pusher
from tests.journeys.test_spine import signed_in, subscribe
from tests.journeys.town import Receiver, Town, free_port, receiving, until
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.needs("postgres")

KILLS = int(os.environ.get("HUB_KILLS", "3"))


@pytest.fixture
def mortal() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def town(tmp_path: Path, mortal: Postgres) -> Iterator[Town]:
    town = Town(tmp_path, free_port(), "", '[[authority]]\nsource = "pushed"\n', store=mortal.database())
    town.write()
    yield town
    town.kill()


def readiness(town: Town) -> int:
    return httpx.get(f"{town.base}/readyz", timeout=30, trust_env=False).status_code


def test_a_database_that_dies_again_and_again_costs_no_accepted_alert(
    town: Town, receiver: Receiver, mortal: Postgres
) -> None:
    town.start()
    subscribe(signed_in(town), receiver)
    pusher = Pusher(town, town.hub("key", "create", "source", "pushed"))
    pusher.start()
    for n in range(KILLS):
        before = len(pusher.accepted)
        until(lambda before=before: len(pusher.accepted) > before + 2, within_s=30, what="alerts accepted")
        mortal.stop(signal.SIGINT if n % 2 else signal.SIGKILL)
        assert readiness(town) == 503
        mortal.start()
        began = time.monotonic()
        until(lambda: readiness(town) == 200, within_s=10, what="ready again")
        known = len(pusher.accepted)
        until(
            lambda known=known: len(pusher.accepted) > known,
            within_s=10 - (time.monotonic() - began),
            what="an alert accepted after the restart",
        )
    pusher.done.set()
    pusher.join(timeout=30)
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
    assert town.runs()
    assert town.stop() == 0
