"""The composition root: what it refuses, and the files it makes."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from hub import app
from hub import config as configuration
from hub.errors import ConfigError, WrongMode
from tests.hubbing import hub_in


def listening(folder: Path, listen: str, **more: str) -> configuration.Config:
    conf = configuration.load(None, mode="test", data_dir=str(folder))
    http = replace(conf.settings.http, listen=listen, **more)
    return replace(conf, settings=replace(conf.settings, http=http))


def test_it_does_not_listen_to_other_machines_without_tls(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="without TLS"):
        app.check_listen(listening(tmp_path, "0.0.0.0:8700"))
    app.check_listen(listening(tmp_path, "0.0.0.0:8700", behind_proxy="127.0.0.1"))
    app.check_listen(listening(tmp_path, "127.0.0.1:8700"))


@pytest.mark.parametrize("listen", ["8700", "127.0.0.1:", "127.0.0.1:99999", ":80"])
def test_a_listen_address_that_is_none_is_refused(listen: str) -> None:
    with pytest.raises(ConfigError, match="is no address"):
        app.split_listen(listen)


def test_the_seal_key_is_ours_alone_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "seal.key"
    key = app.load_seal_key(path)
    assert app.load_seal_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_store_refuses_another_mode(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        url = hub.config.store_url
    conf = configuration.load(None, mode="exercise", data_dir=str(tmp_path))
    conf = replace(conf, settings=replace(conf.settings, store=replace(conf.settings.store, url=url)))
    with pytest.raises(WrongMode):
        app.open_hub(conf)


async def test_the_first_sign_in_makes_an_administrator_and_strangers_get_none(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        assert "/signin#" in await app.signin_link(hub, "admin")
        with pytest.raises(ConfigError):
            await app.signin_link(hub, "nobody")


def test_an_endpoint_is_checked_by_its_channel() -> None:
    assert app.check_endpoint("webhook", {"url": "https://example.org/x"}) == ""
    assert "url" in app.check_endpoint("webhook", {"url": "nonsense"})
    assert app.check_endpoint("no_such_channel", {})
