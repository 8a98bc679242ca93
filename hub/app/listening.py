"""Where the hub may listen: other machines reach it only over TLS."""

from __future__ import annotations

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
    if host in ("127.0.0.1", "::1", "localhost") or http.cert or http.behind_proxy:
        return
    raise ConfigError(
        "http.listen",
        f"{http.listen} is reachable from other machines without TLS",
        "set http.cert and http.key (hub cert dev makes some), or http.behind_proxy, or listen on 127.0.0.1",
    )
