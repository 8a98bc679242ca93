"""One accepted alert to the last of many live clients of a real hub process, against a C loop that sends the same bytes to as many."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from hub.bench.host import Host, cpu_of, hub_process
from hub.bench.peers import Peer, Peers, find_peers
from hub.bench.report import compare, turns
from hub.bench.said import Submitter, alerts, submitting
from hub.cap.model import Alert

CLIENTS = 1000
ALERTS = 20
AT_ONCE = 20
GOAL = 1.7
"""Fan-out CPU a frame, of the C loop's (performance goal S1)."""

WITHIN_S = 20.0
READY_S = 120.0
PAUSE_S = 0.02

ROLES = ("acceptance", "routing", "delivery", "api")
READY, MARK = '"frame":"live"', '"frame":"alert"'

FLOOR = "send loop"
WATCHED = "hub"
ALONE = "hub without viewers"


@dataclass(frozen=True, slots=True)
class Told:
    """What one turn took. `lasts_ms` are from the POST (of the loop: from its first send) to the last client, `answered_ms` from the
    202; CPU seconds are those of the sending process alone."""

    lasts_ms: tuple[float, ...]
    answered_ms: tuple[float, ...]
    cpu_s: float
    burst_s: float
    burst_cpu_s: float


@dataclass(frozen=True, slots=True)
class Frame:
    """The n-th frame of all clients: instants in ns, and the text that every one of them had."""

    last_ns: int
    text: str


def run(rounds: int, *, clients: int = CLIENTS, count: int = ALERTS, peers: Peers | None = None) -> str:
    """The tables of `hub bench live`."""
    peers = peers or find_peers()
    with ExitStack() as stack:
        bench = _Bench(stack, peers, clients, count)
        taken: dict[str, list[Told]] = {name: [] for name in bench.candidates}
        for number, name in turns(rounds, list(bench.candidates)):
            told = bench.candidates[name]()
            if number >= 0:
                taken[name].append(told)
        size = len(bench.text.encode())
    head = (
        f"{clients:,} clients of one hub process; a round is {count} alerts one by one and {AT_ONCE} at once; "
        f"frames of {size:,} bytes; peers: {peers.kind}"
    )
    return "\n\n".join((head, *_tables(taken, clients, count)))


class _Bench:
    """Three processes that take turns: the loop and the hub with their clients, and a hub that nobody watches."""

    def __init__(self, stack: ExitStack, peers: Peers, clients: int, count: int) -> None:
        self._clients = clients
        self._count = count
        self._said = alerts()
        self.text = ""
        watched, self._watched, self._viewers = self._hub(stack, peers)
        alone, self._alone, _ = self._hub(stack, None)
        self._blast = stack.enter_context(peers.running("ws_blast", str(clients)))
        (port,) = self._blast.expect("port")
        self._listeners = stack.enter_context(peers.running("ws_swarm", port, "/", str(clients), "", MARK))
        for peer in (self._listeners, self._blast):
            peer.expect("ready", timeout_s=READY_S)
        self.candidates: dict[str, Callable[[], Told]] = {
            WATCHED: lambda: self._hub_told(watched, self._watched, self._viewers),
            ALONE: lambda: self._hub_told(alone, self._alone, None),
            FLOOR: self._blasted,
        }
        first = next(self._said)
        self._told(self._watched, [self._watched.request(first)], self._viewers, [first])

    def _hub(self, stack: ExitStack, peers: Peers | None) -> tuple[Host, Submitter, Peer | None]:
        host = stack.enter_context(hub_process(roles=ROLES))
        submitter = stack.enter_context(submitting(host.port, host.key, at_once=AT_ONCE))
        if peers is None:
            return host, submitter, None
        words = (str(host.port), "/v1/live", str(self._clients), READY, MARK)
        headers = (f"Cookie: {host.cookie}", f"Origin: http://127.0.0.1:{host.port}")
        viewers = stack.enter_context(peers.running("ws_swarm", *words, *headers))
        viewers.expect("ready", timeout_s=READY_S)
        return host, submitter, viewers

    def _hub_told(self, host: Host, submitter: Submitter, viewers: Peer | None) -> Told:
        lasts, answered = [], []
        cpu_began = host.cpu_s()
        for alert in self._next(self._count):
            request = submitter.request(alert)
            began, accepted, last = self._told(submitter, [request], viewers, [alert])
            lasts.append((last - began) / 1e6)
            answered.append((last - accepted) / 1e6)
            time.sleep(PAUSE_S)
        spaced = host.cpu_s()
        together = list(self._next(AT_ONCE))
        requests = [submitter.request(alert) for alert in together]
        began, _, last = self._told(submitter, requests, viewers, together)
        time.sleep(PAUSE_S)
        return Told(tuple(lasts), tuple(answered), spaced - cpu_began, (last - began) / 1e9, host.cpu_s() - spaced)

    def _told(
        self, submitter: Submitter, requests: Sequence[bytes], viewers: Peer | None, said: Sequence[Alert]
    ) -> tuple[int, int, int]:
        """Instants in ns: the POST, its last answer, the last client's last frame (the answer, where nobody watches)."""
        began = time.monotonic_ns()
        submitter.post(requests)
        accepted = time.monotonic_ns()
        if viewers is None:
            return began, accepted, accepted
        frames = frames_of(viewers, len(said), self._clients)
        found = {json.loads(frame.text)["alert"]["identifier"] for frame in frames}
        if found != {alert.identifier for alert in said}:
            raise RuntimeError(f"the clients were told of other alerts than were accepted: {sorted(found)[:3]}")
        self.text = frames[0].text
        return began, accepted, max(frame.last_ns for frame in frames)

    def _next(self, count: int) -> Iterator[Alert]:
        for _ in range(count):
            yield next(self._said)

    def _blasted(self) -> Told:
        """The frame that the hub's clients had, as often."""
        data = self.text.encode()
        self._blast.tell(f"load {len(data)}", data)
        self._blast.expect("loaded")
        pid = self._blast.process.pid
        cpu_began = cpu_of(pid)
        lasts = []
        for _ in range(self._count):
            lasts.append(self._blast_times(1) / 1e6)
            time.sleep(PAUSE_S)
        spaced = cpu_of(pid)
        burst = self._blast_times(AT_ONCE)
        return Told(tuple(lasts), tuple(lasts), spaced - cpu_began, burst / 1e9, cpu_of(pid) - spaced)

    def _blast_times(self, times: int) -> int:
        """Nanoseconds from the first send to the last client's last frame."""
        self._blast.tell(f"blast {times}")
        frames = frames_of(self._listeners, times, self._clients)
        began, _ = self._blast.expect("blasted")
        return max(frame.last_ns for frame in frames) - int(began)


def frames_of(swarm: Peer, count: int, clients: int) -> list[Frame]:
    """The next `count` frames of all clients.

    Raises:
        RuntimeError: a frame did not reach every client, or not with the same bytes: figures of a feed that loses frames mean nothing.
    """
    *lines, end = swarm.report(count, within_s=WITHIN_S)
    frames = []
    for line in lines:
        _, had, same, _, _, last, text = line.split(" ", 6)
        if int(had) != clients or int(same) != clients:
            raise RuntimeError(f"of {clients} clients {had} had the frame, {same} with the same bytes: {text[:200]}")
        frames.append(Frame(int(last), text))
    if len(frames) != count or end != f"end {clients}":
        raise RuntimeError(f"{len(frames)} of {count} frames in {WITHIN_S:g} s; connections: {end}")
    return frames


def _tables(taken: dict[str, list[Told]], clients: int, count: int) -> Iterator[str]:
    loop, hub, alone = taken[FLOOR], taken[WATCHED], taken[ALONE]
    for word, of_round in (("median", statistics.median), ("worst", max)):
        rows = {
            FLOOR: [of_round(told.lasts_ms) for told in loop],
            "hub, POST to last": [of_round(told.lasts_ms) for told in hub],
            "hub, 202 to last": [of_round(told.answered_ms) for told in hub],
            "hub, POST to 202, nobody watching": [of_round(told.lasts_ms) for told in alone],
        }
        yield compare(f"ms to the last client, {word} of a round", rows, floor=FLOOR)
    yield f"{_cpu('one by one', [[told.cpu_s for told in each] for each in (loop, hub, alone)], clients * count)}\ngoal for the fan-out: {GOAL} (S1)"
    yield _cpu("at once", [[told.burst_cpu_s for told in each] for each in (loop, hub, alone)], clients * AT_ONCE)
    rates = {name: [clients * AT_ONCE / told.burst_s for told in taken[name]] for name in (FLOOR, WATCHED)}
    yield compare(f"frames/s, {AT_ONCE} alerts at once, from the POST", rates, floor=FLOOR)


def _cpu(how: str, seconds: Sequence[Sequence[float]], frames: int) -> str:
    """CPU of the loop, of the whole hub, of the same without viewers, and of the fan-out: what the viewers add."""
    loop, hub, alone = ([each / frames * 1e5 for each in row] for row in seconds)
    if not all(map(math.isfinite, loop)):
        return f"CPU s per 100,000 frames, {how}: this system does not tell the CPU of another process"
    added = [whole - accepting for whole, accepting in zip(hub, alone, strict=True)]
    rows = {FLOOR: loop, "hub, whole process": hub, "hub, the same without viewers": alone, "hub, fan-out": added}
    return compare(f"CPU s per 100,000 frames, {how}", rows, floor=FLOOR)
