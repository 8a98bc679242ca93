"""Servers on loopback that speak as told: whole, slow, endless, broken, silent; and certificates made for the test."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Wire:
    """A running server: `connections` counts what was accepted, `requests` holds heads and bodies as received."""

    port: int = 0
    connections: int = 0
    requests: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def https(self) -> str:
        return f"https://localhost:{self.port}"


async def read_request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next((int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), 0)
    return head, await reader.readexactly(length)


@contextlib.asynccontextmanager
async def listening(act: Act, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    """`act` is run for each connection, which is closed afterwards."""
    wire = Wire()
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire.connections += 1
        writers.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            await act(reader, writer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


def answering(wire_of: Callable[[], Wire | None], *answers: bytes, then_close: bool = False) -> Act:
    """Answers request after request with `answers` in turn, over all connections, the last one for ever."""
    n = 0

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal n
        while True:
            request = await read_request(reader)
            wire = wire_of()
            if wire is not None:
                wire.requests.append(request)
            writer.write(answers[min(n, len(answers) - 1)])
            await writer.drain()
            n += 1
            if then_close and n >= len(answers):
                return

    return act


@contextlib.asynccontextmanager
async def speaking(*answers: bytes, then_close: bool = False, tls: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    """A server that answers with `answers` in turn and keeps what it was asked."""
    held: list[Wire] = []
    act = answering(lambda: held[0] if held else None, *answers, then_close=then_close)
    async with listening(act, tls=tls) as wire:
        held.append(wire)
        yield wire


def plain(body: bytes = b"ok", *, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def resolver(*answers: Sequence[str]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A name server that gives `answers` in turn, the last one for ever."""
    asked = 0

    async def resolve(host: str, port: int) -> Sequence[str]:
        nonlocal asked
        found = answers[min(asked, len(answers) - 1)]
        asked += 1
        return found

    return resolve


async def no_name_server(host: str, port: int) -> Sequence[str]:
    raise socket.gaierror(socket.EAI_AGAIN, "no name server")


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the test: `ca_file` to trust, `server(…)` for a server's context."""

    ca_file: Path
    server: Callable[..., ssl.SSLContext]
    name: x509.Name
    key: ec.EllipticCurvePrivateKey


def authority(folder: Path, *, under: Authority | None = None) -> Authority:
    """An authority; `under` another one it is an intermediate, and its servers do not send its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority" if under is None else "Intermediate")])
    issuer, signer = (name, key) if under is None else (under.name, under.key)
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    root = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - 30 * day)
        .not_valid_after(now + 30 * day)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    ca_file = folder / ("ca.pem" if under is None else "intermediate.pem")
    ca_file.write_bytes(root.public_bytes(serialization.Encoding.PEM))

    def server(host: str = "localhost", days: int = 10) -> ssl.SSLContext:
        own = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]))
            .issuer_name(name)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 20 * day)
            .not_valid_after(now + days * day)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = folder / f"{host}-{days}.pem"
        pem.write_bytes(
            own.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context

    return Authority(ca_file, server, name, key)
