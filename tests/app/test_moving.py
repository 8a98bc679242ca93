"""hub.app.moving: where the store is, and `hub migrate` with its refusals."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from hub import config as configuration
from hub.app import move, store_place
from hub.clock import SystemClock
from hub.config import Config
from hub.errors import ConfigError
from hub.store import open_store
from hub.store.node import Node
from hub.store.postgres_address import Address
from tests.store.contract import START, decide


def laid(folder: Path, *, store: str = "") -> Config:
    file = folder / "hub.toml"
    file.write_text(f'[hub]\nmode = "test"\ndata_dir = "{folder / "data"}"\n[store]\n{store}\n', encoding="utf-8")
    return configuration.load(file)


async def kept(config: Config) -> None:
    store = open_store(config.store_url, mode="test", clock=SystemClock())
    assert await store.write(decide) == 1
    await store.close()


def test_a_store_is_a_file_or_a_database(tmp_path: Path) -> None:
    assert store_place(laid(tmp_path)) == tmp_path / "data" / "test" / "hub.db"
    secret = tmp_path / "secret"
    secret.write_text("bi mat\n", encoding="utf-8")
    secret.chmod(0o600)
    place = store_place(laid(tmp_path, store=f'url = "postgresql://h@127.0.0.1/hub"\npassword = "file:{secret}"'))
    assert isinstance(place, Address) and place.password == "bi mat"
    with pytest.raises(ConfigError, match="no store"):
        store_place(laid(tmp_path, store='url = "mysql://x"'))


@pytest.mark.needs("postgres")
def test_the_store_of_the_configuration_is_moved_when_no_other_is_named(tmp_path: Path, database: str) -> None:
    config = laid(tmp_path)
    asyncio.run(kept(config))
    assert move(config, "", database, at=START).seq == 1
    moved = laid(tmp_path, store=f'url = "{database}"')
    store = open_store(moved.store_url, mode="test", clock=SystemClock())
    assert asyncio.run(store.write(decide)) == 2
    asyncio.run(store.close())


def test_nothing_is_moved_under_a_running_hub(tmp_path: Path) -> None:
    config = laid(tmp_path)
    asyncio.run(kept(config))
    with closing(Node(config.data_dir, "hub")), pytest.raises(ConfigError, match="runs as node hub here"):
        move(config, "", "postgresql://hub@127.0.0.1:1/hub", at=START)


@pytest.mark.parametrize(
    ("source", "target", "where"),
    [
        ("postgresql://h@127.0.0.1/a", "postgresql://h@127.0.0.1/b", "--from"),
        ("", "sqlite:///x.db", "--to"),
        ("", "", "--to"),
    ],
)
def test_the_only_way_is_from_a_file_to_postgresql(tmp_path: Path, source: str, target: str, where: str) -> None:
    with pytest.raises(ConfigError) as refused:
        move(laid(tmp_path), source, target, at=START)
    assert refused.value.where == where
