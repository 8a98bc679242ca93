"""How the feed writes: it says so when it runs on another server, and never waits for a client."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.websockets import WebSocket

from hub.api.sockets import Line


async def _nothing(*_: Any) -> Any: ...


def test_another_server_s_socket_is_refused_with_what_to_do() -> None:
    scope: dict[str, Any] = {"type": "websocket", "extensions": {}, "headers": [], "path": "/"}
    with pytest.raises(RuntimeError, match="FeedProtocol"):
        Line(WebSocket(scope, _nothing, _nothing))
