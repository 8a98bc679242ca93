"""STOP from the command line: with the store broken, locked or missing, and no hub running."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.app.stopping import RECORD, document_of, halt
from hub.clock import SystemClock
from hub.config import load
from hub.errors import ConfigError
from hub.faults import Faults
from hub.http.signatures import new_signing_key, public_key
from hub.store import rules
from tests.consumers.siren import Device, Head
from tests.hubbing import hub_in
from tests.servers.mosquitto import Broker, broker

ROOT = Path(__file__).resolve().parents[2]
TOPIC = "coi/tan-phu/lenh"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Broker]:
    with broker(tmp_path / "broker") as one:
        yield one


def deployment(folder: Path, port: int, ca_file: str, keys: dict[str, str]) -> Path:
    """A hub.toml in mode test with a profile that has one siren; what is wrong elsewhere in it does not matter to a STOP."""
    for name, key in keys.items():
        (folder / name).write_text(key + "\n")
        (folder / name).chmod(0o600)
    profile = folder / "profile"
    profile.mkdir()
    (profile / "profile.toml").write_text('extends = "dong-nai-2023"\nname = "thử"\n', encoding="utf-8")
    (profile / "endpoints.toml").write_text(
        '[[endpoint]]\nid = "coi-tan-phu"\nowner = "co-quan"\nkind = "mqtt_siren"\n'
        f'[endpoint.settings]\nto = "{TOPIC}"\ndevices = {{ coi-1 = "" }}\n',
        encoding="utf-8",
    )
    file = folder / "hub.toml"
    file.write_text(
        f'[hub]\nmode = "test"\nprofile = "{profile}"\ndata_dir = "{folder / "data"}"\n'
        f'[log]\nlevl = "mistaken"\n[channels.mqtt_siren]\nhost = "localhost"\nport = {port}\nca_file = "{ca_file}"\n'
        + "".join(f'{name} = "file:{folder / name}"\n' for name in keys),
        encoding="utf-8",
    )
    return file


def hub(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hub", "siren", *words, "--config", str(file)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def siren(where: Broker, keys: dict[str, str]) -> Device:
    trusted = {
        "hub": (public_key(keys["signing_key"]), frozenset({"sound"})),
        "stop": (public_key(keys["stop_key"]), frozenset({"stop", "release"})),
    }
    made = Device(
        Head("coi-1", "test", (TOPIC, f"{TOPIC}/stop", "coi/tat-ca/stop"), trusted), where.port, where.ca_file
    )
    made.head.sounding = "c1"
    made.connect()
    return made


@pytest.mark.needs("mosquitto")
def test_stop_works_while_the_store_is_rubbish_and_locked_by_a_dead_hub(tmp_path: Path, running: Broker) -> None:
    keys = {"signing_key": new_signing_key(), "stop_key": new_signing_key()}
    file = deployment(tmp_path, running.port, running.ca_file, keys)
    store = load(file, faults=Faults()).data_dir / "hub.db"
    store.parent.mkdir(parents=True)
    store.write_bytes(os.urandom(8192))
    one = siren(running, keys)
    try:
        told = hub(file, "stop", "coi-tan-phu")
        assert told.returncode == 0, told.stderr
        assert "coi-1" in told.stdout
        assert one.head.sounding == ""
        assert one.head.hold_until > 0
        assert hub(file, "release", "coi-tan-phu").returncode == 0
        assert one.head.hold_until == 0
        one.head.sounding = "c2"
        assert hub(file, "stop", "--all").returncode == 0
        assert one.head.sounding == ""
    finally:
        one.close()
    noted = [json.loads(line) for line in (store.parent / RECORD).read_text(encoding="utf-8").splitlines()]
    assert [(line["act"], line["endpoint"]) for line in noted] == [
        ("stop", "coi-tan-phu"),
        ("release", "coi-tan-phu"),
        ("stop", "*"),
    ]


@pytest.mark.needs("mosquitto")
def test_a_siren_that_does_not_confirm_is_named_and_the_command_fails(tmp_path: Path, running: Broker) -> None:
    keys = {"signing_key": new_signing_key(), "stop_key": new_signing_key()}
    file = deployment(tmp_path, running.port, running.ca_file, keys)
    one = siren(running, keys)
    one.mute = True
    try:
        told = hub(file, "stop", "coi-tan-phu", "--wait", "3")
    finally:
        one.close()
    assert told.returncode == 1
    assert "coi-1" in told.stderr


async def test_an_endpoint_of_the_desk_is_found_though_its_store_is_being_written(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "data") as one:
        body = {"owner": "co-quan", "kind": "mqtt_siren", "settings": {"to": TOPIC, "devices": {"coi-1": ""}}}
        now = datetime.now(UTC)
        await one.store.write(lambda conn: rules.put(conn, "endpoint", "e1", body, origin="desk", by="t", at=now))
        path = one.config.store_url.removeprefix("sqlite:///")
        lock = sqlite3.connect(path, timeout=5, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        try:
            assert document_of(one.config, "e1")["settings"]["to"] == TOPIC
            with pytest.raises(ConfigError, match="e9"):
                document_of(one.config, "e9")
        finally:
            lock.rollback()
            lock.close()


async def test_what_makes_no_noise_cannot_be_stopped(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "data") as one:
        body = {"owner": "co-quan", "kind": "webhook", "settings": {"url": "https://x.example/h"}}
        now = datetime.now(UTC)
        await one.store.write(lambda conn: rules.put(conn, "endpoint", "e1", body, origin="desk", by="t", at=now))
        for endpoint_id in ("e1", ""):
            with pytest.raises(ConfigError):
                await halt(one.config, endpoint_id, clock=SystemClock())
