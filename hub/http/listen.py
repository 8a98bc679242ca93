"""Listening to a source by WebSocket (RFC 6455): dialled to an address that was checked, with limits on silence and on length."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as handshake
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.protocol import State

from hub.clock import Clock
from hub.errors import Forbidden, SourceError
from hub.http.addresses import AddressRules
from hub.http.dial import Resolver, Unreachable, checked_addresses, connect
from hub.http.retry_after import retry_after_s
from hub.http.tls import expires_at, reason_of
from hub.http.urls import Url

CLOSE_S = 2.0
"""A source has so long to answer our farewell; then the connection is dropped."""

MOST_WAITING = 64
"""Frames that wait to be received; further ones wait at the sender."""

_TOO_BIG = 1009
_OF_THE_PROTOCOL = frozenset({1002, 1003, 1007, 1010})
_PARTINGS = frozenset({1000, 1001})
_NO_PONG = 1011
"""What we say when a ping was not answered (RFC 6455 §7.4.1 has no better word)."""


@dataclass(frozen=True, slots=True)
class ListenRules:
    """How a source is listened to: `max_bytes` bounds a frame, `timeout_s` the way to an open line."""

    user_agent: str
    max_bytes: int
    ping_s: float
    timeout_s: float


class _Connection(ClientConnection):
    """A connection that ends when it must: `websockets` waits for ever for a peer that broke the rules to hang up."""

    _ending = False

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.state is State.CLOSING and not self._ending:
            self._ending = True
            self.loop.call_later(CLOSE_S, self.transport.abort)


class PinnedLine:
    """`hub.http.Line` over one connection."""

    def __init__(self, connection: ClientConnection, where: Url) -> None:
        self._connection = connection
        self._where = where

    @property
    def certificate_expires_at(self) -> datetime | None:
        """The end of the certificate that the host showed; None without TLS."""
        return expires_at(self._connection.transport.get_extra_info("ssl_object"))

    async def receive(self) -> bytes:
        """The next frame. Contract and errors: `hub.http.Line.receive`."""
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed as error:
            raise SourceError(_reason(error), f"{self._where}: {error}") from error


@asynccontextmanager
async def listening(
    where: Url, rules: ListenRules, addresses: AddressRules, *, resolver: Resolver, tls: ssl.SSLContext, clock: Clock
) -> AsyncIterator[PinnedLine]:
    """An open line to `where` (its scheme is http or https, as for any other request), closed afterwards.

    Raises:
        SourceError: it could not be opened; see `hub.http.Fetcher.listen`.
    """
    connection = await _open(where, rules, addresses, resolver, tls, clock)
    try:
        yield PinnedLine(connection, where)
    finally:
        await connection.close()


async def _open(
    where: Url, rules: ListenRules, addresses: AddressRules, resolver: Resolver, tls: ssl.SSLContext, clock: Clock
) -> ClientConnection:
    secure = where.scheme == "https"
    named = {"ssl": tls, "server_hostname": where.host} if secure else {}
    try:
        async with asyncio.timeout(rules.timeout_s):
            sock = await connect(await checked_addresses(where, addresses, resolver), where.port)
            return await handshake(
                f"{'wss' if secure else 'ws'}://{where.authority}{where.path}",
                sock=sock,
                proxy=None,
                compression=None,
                user_agent_header=rules.user_agent,
                open_timeout=None,
                ping_interval=rules.ping_s,
                ping_timeout=rules.ping_s,
                close_timeout=CLOSE_S,
                max_size=rules.max_bytes,
                max_queue=MOST_WAITING,
                create_connection=_Connection,
                **named,  # type: ignore[arg-type]  # asyncio's own arguments go through
            )
    except Forbidden as error:
        raise SourceError("forbidden-address", str(error).removeprefix("forbidden-address: ")) from error
    except Unreachable as error:
        raise SourceError(error.reason, error.detail) from error
    except ssl.SSLError as error:
        raise SourceError(reason_of(error), f"{where}: {error}") from error
    except TimeoutError as error:
        raise SourceError("timeout", f"{where}: no open line within {rules.timeout_s:g} s") from error
    except (OSError, EOFError) as error:
        raise SourceError("reset", f"{where}: {error}") from error
    except (WebSocketException, ValueError) as error:
        raise _refused(error, where, clock) from error


def _refused(error: Exception, where: Url, clock: Clock) -> SourceError:
    """Why the server did not become a line: its status, or that it does not speak the protocol."""
    answered = error if isinstance(error, InvalidStatus) else error.__cause__
    if isinstance(answered, InvalidStatus):
        after = retry_after_s(answered.response.headers.get("Retry-After", ""), clock.now())
        return SourceError(f"http-{answered.response.status_code}", str(where), retry_after_s=after)
    if isinstance(answered, EOFError | ConnectionError):
        return SourceError("reset", f"{where}: {error}")
    return SourceError("protocol", f"{where}: {error}")


def _reason(error: ConnectionClosed) -> str:
    """The one word for the end of a line: what we found wrong, else what the source said, else that it was torn."""
    if error.sent is not None and not error.rcvd_then_sent:
        if error.sent.code == _TOO_BIG:
            return "too-big"
        if error.sent.code in _OF_THE_PROTOCOL:
            return "protocol"
        if error.sent.code == _NO_PONG:
            return "timeout"
    if error.rcvd is not None:
        return "closed" if error.rcvd.code in _PARTINGS else "reset"
    return "reset"
