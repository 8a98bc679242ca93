"""A mail server on loopback (aiosmtpd): takes, refuses or delays as it is told, in the clear, with STARTTLS or in TLS."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from hub.app.certificate import make_certificate


@dataclass
class Post:
    """What arrived, and the answers given: to an address ("550 5.1.1 …"), to the mail itself."""

    port: int = 0
    ca_file: str = ""
    refused: dict[str, str] = field(default_factory=dict)
    answer: str = "250 2.0.0 OK queued as 4711"
    connections: int = 0
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Queue[None] = field(default_factory=asyncio.Queue)

    def mail(self, n: int = -1) -> EmailMessage:
        found = message_from_bytes(self.bodies[n], policy=default)
        assert isinstance(found, EmailMessage)
        return found

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        await self.free.wait()
        assert isinstance(envelope.content, bytes)
        assert envelope.mail_from is not None
        if self.answer.startswith("2"):
            self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
            self.bodies.append(envelope.content)
        return self.answer


def _login(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"hub", b"geheim")
    return AuthResult(success=known, handled=False)


@contextlib.asynccontextmanager
async def posting(folder: Path, *, tls: str = "none", login: bool = False) -> AsyncIterator[Post]:
    """A mail server for these tests; `tls` as in the gateway."""
    cert, key = make_certificate(folder, names=["localhost"], now=datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    post = Post(ca_file=str(cert))
    post.free.set()
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        post.connections += 1
        post.came.put_nowait(None)
        return SMTP(
            post,
            loop=loop,
            hostname="localhost",
            tls_context=context if tls == "starttls" else None,
            require_starttls=tls == "starttls",
            authenticator=_login if login else None,
            auth_required=login,
            auth_require_tls=tls == "starttls",
        )

    server = await loop.create_server(session, "localhost", 0, ssl=context if tls == "implicit" else None)
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        post.free.set()
        server.close()
