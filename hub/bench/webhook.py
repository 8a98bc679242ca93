"""Accepted alerts to the last of many webhook endpoints by a real hub process, and our HTTP client alone, against a blocking send loop."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import httpx
from sqlalchemy import Connection

from hub import app
from hub.bench.host import Host, Prepare, hub_process
from hub.bench.loop import loop_factory
from hub.bench.peers import Peer, Peers, find_peers
from hub.bench.report import Candidate, compare, interleave, table
from hub.bench.said import Submitter, alerts, submitting
from hub.cap.model import Alert
from hub.http.addresses import rules_for
from hub.http.dial import SystemResolver
from hub.http.post import PinnedPoster
from hub.http.signatures import new_secret
from hub.store import endpoints, rules

ENDPOINTS = 100
ALERTS = 10
AT_ONCE = 20
POSTS = 1000
SLOW_POSTS = 100
CONNECTIONS = 50
WITHIN_S = 60.0
PAUSE_S = 0.05

ROLES = ("acceptance", "routing", "delivery", "api")
FLOOR = "blocking loop"
OWNER = "bench"


@dataclass(frozen=True, slots=True)
class Post:
    """One request as the sink had it: when (ns), its size with its head, its path and its webhook-id."""

    at_ns: int
    size: int
    path: str
    webhook_id: str


@dataclass
class Lasts:
    """Milliseconds of each alert sent by itself: from the POST and from the 202 to the last endpoint."""

    posted_ms: list[float] = field(default_factory=list)
    answered_ms: list[float] = field(default_factory=list)


def run(rounds: int, *, count: int = ENDPOINTS, posts: int = POSTS, peers: Peers | None = None) -> str:
    """The tables of `hub bench webhook`."""
    peers = peers or find_peers()
    with ExitStack() as stack:
        sink = stack.enter_context(peers.running("http_sink"))
        (port,) = sink.expect("port")
        told = stack.enter_context(_telling(sink, int(port), count))
        size = told.one_by_one(1)
        told.lasts = Lasts()
        clients = stack.enter_context(_Clients(sink, int(port), size))
        hub_cpu = told.host.cpu_s
        measured = interleave(
            rounds,
            [
                Candidate(FLOOR, posts, lambda: clients.block(posts)),
                Candidate("our client", posts, lambda: clients.ours(posts)),
                Candidate("httpx", min(posts, SLOW_POSTS), lambda: clients.httpx(min(posts, SLOW_POSTS))),
                Candidate("hub, one alert at a time", ALERTS * count, lambda: told.one_by_one(ALERTS), hub_cpu),
                Candidate(f"hub, {AT_ONCE} alerts at once", AT_ONCE * count, lambda: told.together(AT_ONCE), hub_cpu),
            ],
        )
    loop_ms = [seconds / posts * count * 1e3 for seconds in measured[FLOOR].wall_s]
    head = f"{count} endpoints, requests of {size:,} bytes, signed; peers: {peers.kind}\nper delivery; all that the hub does is counted, from the POST to the rows of the ledger"
    return "\n\n".join((head, table(measured, floor=FLOOR), *_latencies(told.lasts, loop_ms, count)))


def _latencies(lasts: Lasts, loop_ms: Sequence[float], count: int) -> Iterator[str]:
    """By round, without the round that warmed up."""
    for word, of_round in (("median", statistics.median), ("worst", max)):
        rows = {f"{FLOOR}, {count} requests": list(loop_ms)}
        for name, values in (("hub, POST to last", lasts.posted_ms), ("hub, 202 to last", lasts.answered_ms)):
            counted = values[ALERTS:]
            rows[name] = [of_round(counted[n : n + ALERTS]) for n in range(0, len(counted), ALERTS)]
        yield compare(f"ms to the last of {count} endpoints, {word} of a round", rows, floor=next(iter(rows)))


class _Telling:
    """A hub whose every endpoint gets every alert."""

    def __init__(self, host: Host, submitter: Submitter, sink: Peer, count: int) -> None:
        self.host = host
        self.lasts = Lasts()
        self._submitter = submitter
        self._sink = sink
        self._count = count
        self._said = alerts()
        self._owed = 0

    def one_by_one(self, times: int) -> int:
        """Each alert is with everybody, and in the ledger, before the next; returns the size of a request."""
        found: list[Post] = []
        for _ in range(times):
            began, accepted, found = self._tell([next(self._said)])
            last = max(post.at_ns for post in found)
            self.lasts.posted_ms.append((last - began) / 1e6)
            self.lasts.answered_ms.append((last - accepted) / 1e6)
        return round(statistics.mean(post.size for post in found))

    def together(self, times: int) -> None:
        """All are submitted at once and then with everybody, and in the ledger."""
        self._tell([next(self._said) for _ in range(times)])

    def _tell(self, said: Sequence[Alert]) -> tuple[int, int, list[Post]]:
        requests = [self._submitter.request(alert) for alert in said]
        began = time.monotonic_ns()
        self._submitter.post(requests)
        accepted = time.monotonic_ns()
        found = posts_of(self._sink, len(said) * self._count)
        by_path = Counter(post.path for post in found)
        if len(by_path) != self._count or {*by_path.values()} != {len(said)}:
            raise RuntimeError(f"{len(said)} alerts came so often: {sorted(by_path.items())[:5]}")
        self._owed += len(found)
        self._settle()
        return began, accepted, found

    def _settle(self) -> None:
        """Returns when the ledger says of everything that it was delivered.

        Raises:
            TimeoutError: it does not say so in time.
        """
        until = time.monotonic() + WITHIN_S
        with closing(sqlite3.connect(f"file:{self.host.folder / 'test' / 'hub.db'}?mode=ro", uri=True)) as raw:
            while time.monotonic() < until:
                (count,) = raw.execute("SELECT count(*) FROM deliveries WHERE state = 'delivered'").fetchone()
                if count == self._owed:
                    return
                time.sleep(0.005)
        raise TimeoutError(f"{count} of {self._owed} deliveries are in the ledger")


@contextmanager
def _telling(sink: Peer, port: int, count: int) -> Iterator[_Telling]:
    with (
        hub_process(roles=ROLES, prepare=_with_endpoints(port, count)) as host,
        submitting(host.port, host.key, at_once=AT_ONCE) as submitter,
    ):
        yield _Telling(host, submitter, sink, count)


def _with_endpoints(port: int, count: int) -> Prepare:
    """`count` proven endpoints of one agency at the sink, each with a rule for the whole province."""

    def prepare(conn: Connection, hub: app.Hub) -> None:
        now = datetime.now(UTC)

        def put(kind: str, rule_id: str, body: Mapping[str, Any]) -> None:
            rules.put(conn, kind, rule_id, body, origin="desk", by="bench", at=now)

        put("owner", OWNER, {"kind": "agency"})
        for number in range(count):
            name, url = f"bench-{number}", f"http://127.0.0.1:{port}/e/{number}"
            put("endpoint", name, {"owner": OWNER, "kind": "webhook", "settings": {"url": url}})
            endpoints.create(conn, name, secrets=[new_secret()], seal_key=hub.seal_key)
            endpoints.proven(conn, name, url)
            put("subscription", name, {"endpoint_id": name, "owner": OWNER, "number": number, "units": ["75"]})

    return prepare


def posts_of(sink: Peer, count: int) -> list[Post]:
    """The next `count` requests that the sink has.

    Raises:
        RuntimeError: they are more or fewer, or one came twice.
    """
    *lines, _ = sink.report(count, within_s=WITHIN_S)
    found = []
    for line in lines:
        _, at, size, path, webhook_id = line.split(" ")
        found.append(Post(int(at), int(size), path, webhook_id))
    known = [post.webhook_id for post in found if post.webhook_id != "-"]
    if len(found) != count or len(set(known)) != len(known):
        raise RuntimeError(
            f"{len(found)} requests of {count} came, {len(set(known))} different deliveries of {len(known)}"
        )
    return found


class _Clients:
    """What posts the same bytes without a hub: a blocking loop on one connection, our client and httpx over 50 kept ones."""

    def __init__(self, sink: Peer, port: int, size: int) -> None:
        self._sink = sink
        self._port = port
        self._body = b"x" * (size - 300)
        self._runner = asyncio.Runner(loop_factory=loop_factory())
        self._poster = PinnedPoster(rules_for(mode="test"), resolver=SystemResolver(), user_agent="bench")
        self._httpx = httpx.AsyncClient(trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._runner.run(self._poster.aclose())
        self._runner.run(self._httpx.aclose())
        self._runner.close()

    def block(self, posts: int) -> None:
        """One after another."""
        filling = b"x-filling: " + b"f" * 200
        head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n%b\r\nContent-Length: %d\r\n\r\n" % (filling, len(self._body))
        with socket.create_connection(("127.0.0.1", self._port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(posts):
                connection.sendall(head + self._body)
                connection.recv(4096)
        posts_of(self._sink, posts)

    def ours(self, posts: int) -> None:
        """By the client that deliveries take, two at an address at a time."""
        headers = {"x-filling": "f" * 150}

        async def one(url: str) -> None:
            answer = await self._poster.post(url, self._body, headers, timeout_s=WITHIN_S)
            assert answer.status == 204

        self._at_once(one, posts)

    def httpx(self, posts: int) -> None:
        """By httpx."""
        headers = {"x-filling": "f" * 100}

        async def one(url: str) -> None:
            answer = await self._httpx.post(url, content=self._body, headers=headers)
            assert answer.status_code == 204

        self._at_once(one, posts)

    def _at_once(self, one: Callable[[str], Awaitable[None]], posts: int) -> None:
        numbers = iter(range(posts))

        async def lane(number: int) -> None:
            for _ in numbers:
                await one(f"http://127.0.0.1:{self._port}/c/{number}")

        async def all_lanes() -> None:
            await asyncio.gather(*(lane(number) for number in range(CONNECTIONS)))

        self._runner.run(all_lanes())
        posts_of(self._sink, posts)
