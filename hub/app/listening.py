"""Where the hub may listen: other machines reach it only over TLS."""

from __future__ import annotations

import socket
import ssl

from hub.config import Config
from hub.errors import ConfigError


def split_listen(listen: str) -> tuple[str, int]:
    """(host, port) of `host:port`.

    Raises:
        ConfigError: not of that form.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError("http.listen", f"{listen!r} is no address", "127.0.0.1:8700")
    return host.strip("[]"), int(port)


def check_listen(config: Config) -> None:
    """Other machines reach the hub only over TLS.

    Raises:
        ConfigError: it would listen elsewhere than on loopback without a certificate or a named proxy.
    """
    http = config.settings.http
    host, _ = split_listen(http.listen)
    if http.cert:
        _check_certificate(http.cert, http.key)
    if host in ("127.0.0.1", "::1", "localhost") or http.cert or http.behind_proxy:
        return
    raise ConfigError(
        "http.listen",
        f"{http.listen} is reachable from other machines without TLS",
        "set http.cert and http.key (hub cert dev makes some), or http.behind_proxy, or listen on 127.0.0.1",
    )


def _check_certificate(cert: str, key: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key or None)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise ConfigError(
            "http.cert", f"{cert} with key {key or 'in it'} cannot be used: {error}", "PEM files of a chain and its key"
        ) from error


def check_free(config: Config) -> None:
    """Nobody else listens on our address.

    Raises:
        ConfigError: somebody does, or the address is not one of this machine.
    """
    host, port = split_listen(config.settings.http.listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                "http.listen",
                f"{config.settings.http.listen}: {error.strerror}",
                "another port, or stop what listens there",
            ) from error
