"""How the live feed writes: uvicorn's sans-I/O WebSocket, which also hands its transport to the feed for bytes framed once."""

from __future__ import annotations

from typing import Any, cast

from starlette.websockets import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

EXTENSION = "hub.feed"
MOST_BEHIND_BYTES = 1 << 20


class FeedProtocol(WebSocketsSansIOProtocol):
    """The sans-I/O protocol, known to the app under `scope["extensions"]["hub.feed"]`.

    Compression must be off (`ws_per_message_deflate=False`): a shared frame cannot go through each connection's own dictionary.
    """

    line: Line | None = None
    """The feed's way to this connection, told when the way is no longer free."""

    def handle_connect(self, event: Request) -> None:
        """The handshake is answered, and the app finds this protocol in its scope before it runs."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"] = cast(Any, {**cast(Any, self.scope["extensions"]), EXTENSION: self})

    def pause_writing(self) -> None:
        """The client takes less than it is sent: from now on the feed looks how far it is behind."""
        super().pause_writing()
        if self.line is not None:
            self.line.free = False

    def resume_writing(self) -> None:
        """The client has taken most of what was written."""
        super().resume_writing()
        if self.line is not None:
            self.line.free = True


class Line:
    """One viewer's connection, written to without waiting; whole frames only, so they may stand between uvicorn's own.

    Thousands are written to one after another, none of which the processor has at hand: `write` touches few objects.
    """

    __slots__ = ("_protocol", "_transport", "free")

    def __init__(self, socket: WebSocket) -> None:
        protocol: Any = socket.scope.get("extensions", {}).get(EXTENSION)
        if not isinstance(protocol, FeedProtocol):
            raise RuntimeError("the live feed needs uvicorn with ws=hub.api.sockets.FeedProtocol and compression off")
        self._protocol = protocol
        self._transport = protocol.transport
        self.free = protocol.writable.is_set()
        protocol.line = self

    def write(self, frames: bytes) -> bool:
        """The bytes are on their way; False when the viewer is gone or over 1 MiB behind: it is cut off and resumes by seq."""
        transport = self._transport
        if transport.is_closing() or not (self.free or self._is_near()):
            return False
        transport.write(frames)
        return True

    def _is_near(self) -> bool:
        """Whether a viewer that is behind is so by less than a client may be; else it is cut off."""
        if self._transport.get_write_buffer_size() <= MOST_BEHIND_BYTES:
            return True
        self._transport.abort()
        return False

    async def drained(self) -> bool:
        """Waits until the viewer has taken most of what was written; False when it is gone."""
        await self._protocol.writable.wait()
        return not self._protocol.disconnected
