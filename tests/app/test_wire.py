"""The stream that leaves the machine, built from the configuration; nothing goes over it before its topics were looked at."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from hub import app
from hub import config as configuration
from hub.app import wire as module
from hub.app.wire import make_topics, partner_topic, topics_for, wire_of
from hub.config import Config
from hub.config.settings import StreamSettings
from hub.errors import ConfigError
from hub.store import NotStored
from tests.hubbing import hub_in
from tests.servers.kafka import Kafka
from tests.stream.brokers import link_to


def configured(folder: Path, **stream: object) -> Config:
    conf = configuration.load(None, mode="test", data_dir=str(folder))
    return replace(conf, settings=replace(conf.settings, stream=StreamSettings(**stream)))  # type: ignore[arg-type]


def on(kafka: Kafka, folder: Path, **more: object) -> Config:
    url = f"kafka://{kafka.plain}/{link_to(kafka).prefix}"
    return configured(folder, url=url, replicas=1, min_in_sync=1, **more)


async def test_without_an_address_there_is_none(tmp_path: Path) -> None:
    assert wire_of(configured(tmp_path)) is None
    async with hub_in(tmp_path) as hub:
        assert hub.wire is None
        assert await make_topics(hub.config, hub.store) == []


async def test_a_partners_topic_has_one_partition_so_that_seq_grows_along_it() -> None:
    candidates, public, neighbour = topics_for(("public", "tinh-ban"))
    assert (candidates.name, public.name, neighbour.name) == ("candidates", "alerts.public", partner_topic("tinh-ban"))
    assert candidates.partitions > 1 and public.partitions == neighbour.partitions == 1


async def test_the_password_comes_from_its_file_and_needs_tls(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("mật khẩu\n", encoding="utf-8")
    (tmp_path / "word").chmod(0o600)
    said = {"url": "kafka://127.0.0.1:9/hub", "user": "hub", "password": f"file:{tmp_path / 'word'}"}
    wire = wire_of(configured(tmp_path, **said, ca="system"))
    assert wire is not None and (wire.link.user, wire.link.password) == ("hub", "mật khẩu")
    with pytest.raises(ConfigError, match=r"stream\.ca"):
        wire_of(configured(tmp_path, **said))


async def test_nothing_goes_out_before_the_topics_were_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    wire = wire_of(configured(tmp_path, url="kafka://127.0.0.1:9/hub"))
    assert wire is not None
    with pytest.raises(NotStored, match="not been looked at"):
        await wire.append("candidates", [("k", b"1")])


@pytest.mark.needs("kafka")
async def test_topics_are_made_once_and_another_store_is_refused_them(tmp_path: Path, kafka: Kafka) -> None:
    conf = on(kafka, tmp_path / "one", partners=("public",))
    assert len(await app.migrate(conf)) == 3
    hub = app.open_hub(conf)
    assert hub.wire is not None
    async with asyncio.timeout(30):
        await hub.wire.check(hub.store)
    assert hub.wire.good.is_set()
    await hub.wire.append("candidates", [("k", b"1")])
    other = replace(
        conf, settings=replace(conf.settings, hub=replace(conf.settings.hub, data_dir=str(tmp_path / "two")))
    )
    with pytest.raises(ConfigError, match="belong to hub"):
        await app.migrate(other)
    stranger = app.open_hub(other)
    assert stranger.wire is not None
    with pytest.raises(ConfigError, match="belong to hub"):
        await stranger.wire.check(stranger.store)
    for one in (hub, stranger):
        assert one.wire is not None
        await one.wire.stream.close()
        await one.poster.aclose()
        await one.store.close()


async def test_brokers_that_do_not_answer_hold_up_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    async with hub_in(tmp_path) as hub:
        wire = wire_of(configured(tmp_path, url="kafka://127.0.0.1:9/hub"))
        assert wire is not None
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wire.check(hub.store), 1.0)
        assert not wire.good.is_set()
