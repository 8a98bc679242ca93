"""From a URL to a connected socket: resolve once, check every address, connect to exactly an address that was checked."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from hub.errors import Forbidden, HubError
from hub.http.addresses import Address, AddressRules, verdict
from hub.http.urls import Url

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) to addresses as text, in order of preference. Raises `socket.gaierror`."""

STAGGER_S = 0.25
"""A further address is tried when the one before has not answered for so long (RFC 8305 §5)."""


class Unreachable(HubError):
    """No connection could be made; `reason` is one of dns, refused, timeout, tls, tls-chain, tls-expired, reset."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class SystemResolver:
    """The machine's resolver in threads of its own: a hanging name server never holds up the hub's other threads.

    Callers who ask for one name at the same time share one lookup, also when an earlier asker no longer waits.
    """

    def __init__(self, threads: int = 64) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="dns")
        self._asked: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        key = (host, port)
        found = self._asked.get(key)
        if found is None:
            loop = asyncio.get_running_loop()
            found = asyncio.ensure_future(loop.run_in_executor(self._threads, _look_up, host, port))
            self._asked[key] = found
            found.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(found)

    def _forget(self, key: tuple[str, int], done: asyncio.Future[list[str]]) -> None:
        self._asked.pop(key, None)
        if not done.cancelled():
            done.exception()  # read, so that a failure nobody waits for any more is not reported by the loop

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class RememberingResolver:
    """Another resolver, and for `keep_s` the last answer it gave: a name server lost in the storm must not silence the hub.

    The old answer is used only when the name server fails or says nothing for `patience_s`, never when it says that the name does
    not exist. What it gives is checked against the address rules like any other answer.
    """

    def __init__(self, inner: Resolver, *, patience_s: float = 2.0, keep_s: float = 86400.0) -> None:
        self._inner = inner
        self._patience_s = patience_s
        self._keep_s = keep_s
        self._known: dict[tuple[str, int], tuple[float, Sequence[str]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        now = asyncio.get_running_loop().time()
        learned_at, known = self._known.get((host, port), (now, ()))
        known = known if now - learned_at < self._keep_s else ()
        asked = asyncio.ensure_future(self._inner(host, port))
        try:
            await asyncio.wait({asked}, timeout=self._patience_s if known else None)
            if not asked.done():
                return known
            answers = asked.result()
        except socket.gaierror as error:
            if known and error.errno in _PASSING:
                return known
            raise
        finally:
            asked.cancel()
        self._known[host, port] = (now, answers)
        return answers


_PASSING = frozenset({socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM})


async def checked_addresses(where: Url, rules: AddressRules, resolver: Resolver) -> list[Address]:
    """The addresses of `where`, every one of which may be connected to. Asks the resolver at most once.

    Raises:
        Unreachable: the name has no address now.
        Forbidden: one address at least may not be connected to; then none may.
    """
    if where.address is not None:
        found = [where.address]
    else:
        try:
            answers = await resolver(where.host, where.port)
        except (OSError, UnicodeError) as error:
            raise Unreachable("dns", f"{where.host}: {error}") from error
        found = [ipaddress.ip_address(text.partition("%")[0]) for text in answers]
    if not found:
        raise Unreachable("dns", f"{where.host} has no address")
    for address in found:
        reason = verdict(address, where.port, rules, scheme=where.scheme)
        if reason:
            raise Forbidden(f"forbidden-address: {where.host} is {address}, port {where.port}: {reason}")
    return found


async def connect(addresses: Sequence[Address], port: int) -> socket.socket:
    """A socket connected to the first of `addresses` that answers; each further one starts `STAGGER_S` after the one before.

    Raises:
        Unreachable: none of them answered.
    """
    begun: set[asyncio.Task[socket.socket]] = set()
    pending: set[asyncio.Task[socket.socket]] = set()
    failure: OSError | None = None
    queue = list(addresses)
    try:
        while queue or pending:
            if queue:
                pending.add(asyncio.ensure_future(_connect_one(queue.pop(0), port)))
                begun |= pending
            done, pending = await asyncio.wait(
                pending, timeout=STAGGER_S if queue else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                error = task.exception()
                if error is None:
                    begun.discard(task)
                    return task.result()
                failure = error if isinstance(error, OSError) else failure
    finally:
        for task in begun:
            task.cancel()
            task.add_done_callback(_close_late)
    raise Unreachable(_reason_of(failure), f"{', '.join(map(str, addresses))} port {port}: {failure}")


async def _connect_one(address: Address, port: int) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, (str(address), port))
    except BaseException:
        sock.close()
        raise
    return sock


def _close_late(task: asyncio.Task[socket.socket]) -> None:
    """A second address that answered after all: nobody wants it."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()


def _reason_of(error: OSError | None) -> str:
    if isinstance(error, TimeoutError) or (error is not None and error.errno == errno.ETIMEDOUT):
        return "timeout"
    return "reset" if isinstance(error, ConnectionResetError) else "refused"


def is_here(address: Address) -> bool:
    """Whether `address` belongs to this machine. Asks the routing table by a datagram socket; nothing is sent."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return bool(ipaddress.ip_address(probe.getsockname()[0].partition("%")[0]) == address)
    except OSError:
        return False
