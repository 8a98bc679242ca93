"""Other machines reach the hub only over TLS."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from hub import config as configuration
from hub.app.listening import check_free, check_listen, split_listen
from hub.errors import ConfigError


def listening(folder: Path, listen: str, **more: str) -> configuration.Config:
    conf = configuration.load(None, mode="test", data_dir=str(folder))
    http = replace(conf.settings.http, listen=listen, **more)
    return replace(conf, settings=replace(conf.settings, http=http))


def test_it_does_not_listen_to_other_machines_without_tls(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="without TLS"):
        check_listen(listening(tmp_path, "0.0.0.0:8700"))
    check_listen(listening(tmp_path, "0.0.0.0:8700", behind_proxy="127.0.0.1"))
    check_listen(listening(tmp_path, "127.0.0.1:8700"))


@pytest.mark.parametrize("listen", ["8700", "127.0.0.1:", "127.0.0.1:99999", ":80"])
def test_a_listen_address_that_is_none_is_refused(listen: str) -> None:
    with pytest.raises(ConfigError, match="is no address"):
        split_listen(listen)


def test_an_ipv6_address_is_split() -> None:
    assert split_listen("[::1]:8700") == ("::1", 8700)


def test_a_certificate_that_cannot_be_used_is_named_at_start(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")
    with pytest.raises(ConfigError, match=r"none\.pem"):
        check_listen(listening(tmp_path, "127.0.0.1:8700", cert=missing, key=missing))
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("no certificate", encoding="ascii")
    with pytest.raises(ConfigError, match="cannot be used"):
        check_listen(listening(tmp_path, "127.0.0.1:8700", cert=str(nonsense)))


def test_a_port_somebody_has_is_said_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = listening(tmp_path, f"127.0.0.1:{other.getsockname()[1]}")
        with pytest.raises(ConfigError, match="in use"):
            check_free(taken)
    check_free(taken)
