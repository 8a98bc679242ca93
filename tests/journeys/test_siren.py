"""A siren behind a whole hub: proven by its device, sounded once, ended by the Cancel, whatever the broker does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub import app
from hub import config as configuration
from hub.http.signatures import new_secret, new_signing_key, public_key
from hub.store import endpoints, rules
from tests.consumers.siren import Device, Head
from tests.hubbing import later, ledger, say, settle, triple
from tests.servers.mosquitto import Broker, broker

TOPIC = "coi/tan-phu/lenh"
KEYS = {"signing_key": new_signing_key(), "stop_key": new_signing_key()}
pytestmark = pytest.mark.needs("mosquitto")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Broker]:
    with broker(tmp_path / "broker") as one:
        yield one


@pytest.fixture
def siren(running: Broker) -> Iterator[Device]:
    trusted = {"hub": (public_key(KEYS["signing_key"]), frozenset({"sound", "show", "test", "end"}))}
    made = Device(Head("coi-1", "test", (TOPIC,), trusted), running.port, running.ca_file)
    made.connect()
    yield made
    made.close()


@asynccontextmanager
async def hub_with_siren(folder: Path, where: Broker) -> AsyncIterator[app.Hub]:
    """A hub in mode test with a source that may say everything and one siren, not proven yet."""
    for name, key in KEYS.items():
        (folder / name).write_text(key + "\n")
        (folder / name).chmod(0o600)
    (folder / "hub.toml").write_text(
        f'[hub]\nmode = "test"\ndata_dir = "{folder / "data"}"\n'
        f'[channels.mqtt_siren]\nhost = "localhost"\nport = {where.port}\nca_file = "{where.ca_file}"\n'
        + "".join(f'{name} = "file:{folder / name}"\n' for name in KEYS),
        encoding="utf-8",
    )
    hub = app.open_hub(configuration.load(folder / "hub.toml"))
    now = datetime.now(UTC)

    def write(conn: Any) -> None:
        rules.put(conn, "authority", "nguon", {}, origin="config", by="t", at=now)
        rules.put(conn, "owner", "co-quan", {"kind": "agency"}, origin="config", by="t", at=now)
        settings = {"to": TOPIC, "devices": {"coi-1": ""}}
        body = {"owner": "co-quan", "kind": "mqtt_siren", "settings": settings}
        rules.put(conn, "endpoint", "coi", body, origin="desk", by="t", at=now)
        wanted = {"endpoint_id": "coi", "owner": "co-quan", "number": 1, "units": ["75"]}
        rules.put(conn, "subscription", "s", wanted, origin="desk", by="t", at=now)
        endpoints.create(conn, "coi", secrets=[new_secret()], seal_key=hub.seal_key)

    await hub.store.write(write)
    try:
        yield hub
    finally:
        await hub.channels.aclose()
        await hub.poster.aclose()
        await hub.store.close()


async def states(hub: app.Hub) -> list[tuple[str, str]]:
    return [(row["event_type"], row["state"]) for row in await ledger(hub)]


async def until_delivered(hub: app.Hub, count: int) -> None:
    """Scans until so many deliveries arrived; bounded."""
    for _ in range(200):
        await settle(hub)
        if sum(row["delivered_at"] is not None for row in await ledger(hub)) >= count:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(await states(hub))


async def test_a_siren_is_proven_by_its_device_sounds_once_and_is_ended_by_the_cancel(
    tmp_path: Path, running: Broker, siren: Device
) -> None:
    async with hub_with_siren(tmp_path, running) as hub:
        assert await app.prove_endpoint(hub, "coi")
        assert await app.send_test(hub, "coi")
        assert siren.head.sounding == "", "tests blink"
        sent = later(-60)
        await say(hub, "a1", sent=sent)
        await until_delivered(hub, 1)
        assert siren.head.sounding
        shown = siren.head.shown[-1]
        assert shown.startswith("THỬ NGHIỆM")
        await say(hub, "a2", sent=later(-30), msg_type="Cancel", references=triple("a1", sent))
        await until_delivered(hub, 2)
        assert siren.head.sounding == ""
        assert [act for act, _ in siren.head.done] == ["test", "test", "sound", "end"]


async def test_a_siren_that_no_device_vouches_for_gets_nothing(tmp_path: Path, running: Broker) -> None:
    async with hub_with_siren(tmp_path, running) as hub:
        assert not await app.prove_endpoint(hub, "coi")
        await say(hub, "a1")
        await settle(hub)
        assert await states(hub) == [("alert.new", "failed")]


async def test_while_the_broker_is_cut_it_is_tried_again_and_sounds_once_when_it_is_back(
    tmp_path: Path, running: Broker, siren: Device
) -> None:
    async with hub_with_siren(tmp_path, running) as hub:
        assert await app.prove_endpoint(hub, "coi")
        running.cut()
        await say(hub, "a1", severity="Extreme", urgency="Immediate")
        await settle(hub)
        (row,) = await ledger(hub)
        assert (row["state"], row["delivered_at"]) == ("pending", None)
        assert row["outcome"].startswith("retry")
        siren._ready.clear()
        running.start()
        assert await asyncio.to_thread(siren._ready.wait, 10)
        await until_delivered(hub, 1)
        assert [act for act, _ in siren.head.done].count("sound") == 1
        (row,) = await ledger(hub)
        assert row["attempts"] > 1
