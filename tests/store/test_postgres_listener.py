"""hub.store.postgres_listener: what others commit is heard, also after the server was away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from hub.store.postgres_address import address
from hub.store.postgres_listener import Listener
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.needs("postgres")


def until(holds: Callable[[], object], within_s: float = 15) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def listens(server: Postgres) -> bool:
    return server.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle'") != "0"


def test_a_commit_is_heard_and_nonsense_is_not(postgres: Postgres, database: str) -> None:
    heard: list[tuple[int, int]] = []
    listener = Listener(address(database), "hub", lambda seq, records: heard.append((seq, records)))
    name = database.rpartition("/")[2]
    until(lambda: listens(postgres))
    for said in ("nonsense", "", "1 2 3", "7 9"):
        postgres.sql(f"NOTIFY hub, '{said}'", database=name)
    until(lambda: heard)
    assert heard == [(7, 9)]
    listener.stop()


def test_it_listens_again_after_its_session_was_ended(postgres: Postgres, database: str) -> None:
    heard = threading.Event()
    listener = Listener(address(database), "hub", lambda seq, records: heard.set())
    name = database.rpartition("/")[2]
    until(lambda: listens(postgres))
    postgres.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'hub listener'")

    def told() -> bool:
        postgres.sql("NOTIFY hub, '1 1'", database=name)
        return heard.wait(0.1)

    until(told)
    listener.stop()
