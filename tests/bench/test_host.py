"""A hub in its own process: it accepts from the first moment, its CPU is its own, and nothing of it is left."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import pytest
from sqlalchemy import Connection

from hub import app
from hub.bench.host import SOURCE, cpu_of, hub_process
from hub.bench.said import alerts, submitting
from hub.errors import ConfigError
from hub.store import rules

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the CPU of another process")


def test_a_hub_runs_accepts_and_is_gone() -> None:
    asked: list[Any] = []

    def prepare(conn: Connection, hub: app.Hub) -> None:
        asked.append(rules.get(conn, "authority", SOURCE))

    with hub_process(roles=("api",), prepare=prepare) as host:
        with submitting(host.port, host.key) as submitter:
            submitter.post([submitter.request(next(alerts()))])
        assert (host.folder / "test" / "hub.db").exists() and asked
    assert not host.folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(host.pid, 0)


def test_a_hub_that_does_not_start_says_why() -> None:
    with pytest.raises(RuntimeError, match="did not start"), hub_process(roles=("nonsense",)):
        raise AssertionError("it ran")


def test_what_cannot_be_prepared_is_raised_and_nothing_runs() -> None:
    def prepare(conn: Connection, hub: app.Hub) -> None:
        raise ConfigError("bench", "no", "nothing")

    with pytest.raises(ConfigError), hub_process(prepare=prepare):
        raise AssertionError("it ran")


@linux
def test_the_cpu_of_a_process_is_what_it_says_of_itself() -> None:
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    before = time.process_time()
    found = cpu_of(os.getpid())
    assert before <= found <= time.process_time()


def test_the_cpu_of_no_process_is_unknown() -> None:
    assert cpu_of(2**22 + 1) != cpu_of(2**22 + 1), "nan"
