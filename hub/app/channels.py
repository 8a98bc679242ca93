"""Channels by the kind that an endpoint names; the one place that turns a kind into a plugin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hub.config import gateway_of, plugin, settings_of
from hub.consumer import Channel, ChannelIO
from hub.errors import ConfigError


class Channels(dict[str, Channel]):
    """Channels by kind, made when first needed. The folder of `io` holds one for each."""

    def __init__(self, io: ChannelIO, gateways: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        super().__init__()
        self._io = io
        self._gateways = gateways or {}

    def __missing__(self, kind: str) -> Channel:
        module = plugin("consumers", kind, where=f"endpoint kind {kind}")
        gateway = gateway_of(module, kind, self._gateways.get(kind, {}))
        folder = self._io.folder / kind if self._io.folder is not None else None
        channel: Channel = module.Channel(replace(self._io, gateway=gateway, folder=folder))
        self[kind] = channel
        return channel

    def __contains__(self, kind: object) -> bool:
        return isinstance(kind, str) and hasattr(plugin("consumers", kind, where=f"endpoint kind {kind}"), "Channel")

    def refuses(self, kind: str, table: Mapping[str, Any]) -> str:
        """Why an endpoint of that kind with these settings could not be reached by this deployment, or "".

        Whoever sets an endpoint at the desk loads no module that the deployment has not named: a private channel stands in its file.
        """
        if "." in kind and kind not in self._gateways:
            return f'{kind} is no channel of this deployment: [channels."{kind}"] in hub.toml names a private one'
        try:
            if kind not in self:
                return f"{kind} is no channel"
            channel_settings(kind, table)
            self[kind]
        except ConfigError as error:
            return "; ".join(str(one) for one in error.each())
        return ""

    async def aclose(self) -> None:
        """Every channel that was made is closed."""
        for channel in self.values():
            await channel.aclose()


def channel_settings(kind: str, table: Mapping[str, Any]) -> Any:
    return settings_of(plugin("consumers", kind, where=f"endpoint kind {kind}"), table, where=f"endpoint {kind}")
