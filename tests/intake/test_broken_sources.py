"""Eighteen ways in which a source is broken, by real servers: each is named on `/v1/sources` and none is in a healthy source's way."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from connectors import cap_feed
from hub.acceptance.accept import acceptance_loop
from hub.clock import SystemClock
from hub.connector import Source
from hub.http.addresses import rules_for
from hub.http.fetch import FetchRules, PinnedFetcher
from hub.intake.health import Rhythm
from hub.intake.outlet import Embedded
from hub.intake.read import Listener, Turn
from hub.intake.schedule import Schedule
from hub.store import alarms, sources
from hub.stream.sqlite import SqliteStream, append_in
from tests.api.doorway import Door, open_door
from tests.http.wire import Act, Authority, authority, listening, plain, read_request, resolver

INTERVAL_S = 0.5
TIMEOUT_S = 0.4
PHASE_S = 6.0
HEALTHY = 4
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

Answer = bytes | Callable[[int], bytes]
View = Mapping[str, Any]


def warning(identifier: str, *, sent: datetime | None = None, headline: str = "Lũ trên sông Đồng Nai") -> str:
    at = (sent or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)
    return f"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{identifier}</identifier><sender>kttv@example.test</sender>
<sent>{at.isoformat().replace("+00:00", "-00:00")}</sent><status>Test</status><msgType>Alert</msgType><scope>Public</scope>
<info><language>vi-VN</language><category>Met</category><event>Lũ</event><urgency>Expected</urgency><severity>Minor</severity>
<certainty>Likely</certainty><expires>{until.isoformat().replace("+00:00", "-00:00")}</expires><headline>{headline}</headline>
<area><areaDesc>Tỉnh Đồng Nai</areaDesc><geocode><valueName>VN:GSO</valueName><value>75</value></geocode></area></info></alert>"""


def cap(identifier: str, **said: Any) -> bytes:
    return plain(warning(identifier, **said).encode())


def atom(*entries: str) -> bytes:
    listed = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return plain(f'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{listed}</feed>'.encode())


def speaking_by(answer: Answer) -> Act:
    """Answers its nth request (0, 1, …) with `answer(n)`."""
    asked = 0

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        while True:
            await read_request(reader)
            writer.write(answer if isinstance(answer, bytes) else answer(asked))
            asked += 1
            await writer.drain()

    return act


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    await reader.read()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<alert>")


BOMB = gzip.compress(bytes(12_000_000))


@dataclass(frozen=True)
class Case:
    """One broken source: what its server does, what it must be called, and at which of its turns (1, 2, …) it breaks."""

    name: str
    called: Callable[[View], bool]
    answer: Answer = b""
    act: Act | None = None
    breaks_at: int = 1
    tls: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    silent_after_s: float | None = None
    alarm: str = ""


def failing(*reasons: str) -> Callable[[View], bool]:
    return lambda view: view["state"] in ("late", "failing") and view["reason"] in reasons


def wrong(*reasons: str) -> Callable[[View], bool]:
    return lambda view: view["state"] == "wrong-content" and view["reason"] in reasons


def doubted(code: str) -> Callable[[View], bool]:
    return lambda view: view["state"] == "live" and code in [doubt["code"] for doubt in view["doubts"]]


def then(*answers: Callable[[], bytes]) -> Callable[[int], bytes]:
    """The answers in turn, the last one for ever, each made once."""
    made: dict[int, bytes] = {}

    def answer(n: int) -> bytes:
        at = min(n, len(answers) - 1)
        return made.setdefault(at, answers[at]())

    return answer


def unchanged(n: int) -> bytes:
    first = warning("u-1").encode()
    return plain(first, headers='ETag: "1"\r\n') if n == 0 else b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'


def storm(n: int) -> bytes:
    return cap(f"s-{n}") if n % 3 == 0 else plain(b"", status="500 Internal Server Error")


SENT = datetime.now(UTC)
PAST = "Date: " + format_datetime(datetime(2009, 1, 1, tzinfo=UTC), usegmt=True) + "\r\n"
LOST = "Lũ trên sông Đồng Nai".encode().decode("latin-1")

CASES = (
    Case("dead", failing("refused"), alarm="source.failing"),
    Case("slow", failing("slow"), act=drip, alarm="source.failing"),
    Case("hanging", failing("timeout"), act=hang, alarm="source.failing"),
    Case(
        "unchanged-for-ever",
        lambda view: (view["state"], view["reason"]) == ("silent", "nothing-new"),
        unchanged,
        silent_after_s=0.3,
        alarm="source.silent",
    ),
    Case("unchanged-unasked", failing("http-304"), b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    Case("certificate-expired", failing("tls-expired"), cap("c-1"), tls="expired", alarm="source.failing"),
    Case("chain-incomplete", failing("tls-chain"), cap("c-2"), tls="chain", alarm="source.failing"),
    Case(
        "content-type",
        wrong("not-cap", "not-xml"),
        plain(b"<!doctype html><html><p>B\xe1\xba\xa3o tr\xc3\xac<br></html>", headers="Content-Type: text/html\r\n"),
        alarm="source.wrong-content",
    ),
    Case(
        "format-of-entries",
        wrong("no-entry-readable"),
        then(lambda: atom(f"<content>{warning('f-1')}</content>"), lambda: atom("<title>x</title><ref>/cap/1</ref>")),
        breaks_at=2,
        alarm="source.wrong-content",
    ),
    Case(
        "format-of-index",
        wrong("wrong-form"),
        then(lambda: atom(), lambda: plain(b"<rss><channel><title>x</title></channel></rss>")),
        breaks_at=2,
        settings={"form": "atom"},
    ),
    Case(
        "clock-in-the-past",
        doubted("clock-behind"),
        plain(warning("k-1").encode(), headers=PAST),
        alarm="source.doubtful",
    ),
    Case(
        "sent-in-the-past",
        doubted("clock-behind"),
        then(lambda: cap("p-1"), lambda: cap("p-2", sent=datetime(2009, 1, 1, tzinfo=UTC))),
        breaks_at=2,
    ),
    Case(
        "duplicate-ids",
        doubted("duplicate-ids"),
        then(lambda: cap("d-1", sent=SENT), lambda: cap("d-1", sent=SENT, headline="Hạn hán ở nơi khác")),
        breaks_at=2,
        alarm="source.doubtful",
    ),
    Case(
        "kttv",  # an item vanished; the name is that of the source which the door's acceptance knows
        doubted("vanished"),
        then(lambda: atom(f"<content>{warning('v-1')}</content>"), lambda: atom()),
        breaks_at=2,
    ),
    Case("redirect-loop", failing("redirect-loop"), plain(status="302 Found", headers="Location: /again\r\n")),
    Case("too-many-requests", failing("http-429"), plain(status="429 Too Many Requests", headers="Retry-After: 1\r\n")),
    Case(
        "storm-of-500",
        lambda view: failing("http-500")(view) or doubted("unsteady")(view),
        storm,
        breaks_at=2,
        alarm="source.unsteady",
    ),
    Case("partial", failing("partial"), act=half, alarm="source.failing"),
    Case("bomb", failing("bomb"), plain(BOMB, headers="Content-Encoding: gzip\r\n"), alarm="source.failing"),
    Case("mojibake", doubted("mojibake"), then(lambda: cap("m-1", headline=LOST)), alarm="source.doubtful"),
    Case(
        "zone-lie",
        doubted("zone-wrong"),
        then(lambda: cap("z-1"), lambda: cap("z-2", sent=datetime.now(UTC) + timedelta(hours=7))),
        breaks_at=2,
        alarm="source.doubtful",
    ),
)


class Timed(Listener):
    """A listener that keeps how long each of its turns took."""

    def __init__(self, *args: Any, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.took_s: list[float] = []

    async def turn(self) -> Turn:
        began = time.perf_counter()
        done = await super().turn()
        self.took_s.append(time.perf_counter() - began)
        return done


@dataclass
class Phase:
    """What was seen of the healthy sources while they were read."""

    turns: int
    took_s: list[float]
    lags_s: list[float]


@dataclass
class Rig:
    door: Door
    stack: contextlib.AsyncExitStack
    ca: Authority
    folder: Path

    async def listener(self, case: Case) -> Timed:
        """A listener of that source, its server running, shown on the page."""
        url = await self._served(case)
        settings = cap_feed.Settings(url=url, **case.settings)
        source = Source(case.name, "cap_feed", settings, ZONE, INTERVAL_S)
        rules = FetchRules(
            hosts=frozenset({"127.0.0.1", "localhost"}),
            user_agent="hub/test",
            plain_http=True,
            ca_file=str(self.ca.ca_file) if case.tls in ("expired", "good") else "",
            max_bytes=1_000_000,
            timeout_s=TIMEOUT_S,
        )
        clock = SystemClock()
        fetcher = PinnedFetcher(rules, rules_for(mode="test"), resolver=resolver(["127.0.0.1"]), clock=clock)
        self.stack.push_async_callback(fetcher.aclose)
        rhythm = Rhythm(INTERVAL_S, case.silent_after_s)
        await self.door.store.write(
            lambda conn: sources.expect(
                conn,
                case.name,
                interval_s=INTERVAL_S,
                late_after_s=rhythm.late_after_s,
                silent_after_s=case.silent_after_s,
            )
        )
        return Timed(
            source,
            cap_feed.Connector(source, clock=clock),
            fetcher,
            outlet=Embedded(self.door.store, append_in),
            clock=clock,
            silent_after_s=case.silent_after_s,
            shown=lambda: fetcher.shown,
        )

    async def _served(self, case: Case) -> str:
        if case.name == "dead":
            async with listening(hang) as gone:
                pass
            return f"{gone.http}/"
        tls = {"expired": lambda: self.ca.server(days=-1), "chain": lambda: self.ca.server(days=20)}.get(case.tls)
        tls = (lambda: self.ca.server(days=5)) if case.tls == "good" else tls
        act = case.act or speaking_by(case.answer)
        wire = await self.stack.enter_async_context(listening(act, tls=tls() if tls else None))
        return f"{wire.https if case.tls else wire.http}/"

    async def healthy(self, run: str) -> list[Timed]:
        made: list[Case] = []
        for n in range(HEALTHY):
            name = f"{run}-{n}"
            made.append(Case(name, lambda view: view["state"] == "live", lambda k, name=name: cap(f"{name}-{k}")))
        return [await self.listener(case) for case in made]


@contextlib.asynccontextmanager
async def rigged(folder: Path) -> AsyncIterator[Rig]:
    async with open_door(folder) as door, contextlib.AsyncExitStack() as stack:
        reader = SqliteStream(door.store, clock=SystemClock()).reader("candidates", "acceptance")
        loop = acceptance_loop(door.services.acceptor, reader, door.store, clock=SystemClock())  # type: ignore[arg-type]
        accepting = asyncio.create_task(loop.run())
        try:
            yield Rig(door, stack, authority(folder), folder)
        finally:
            accepting.cancel()
            await asyncio.gather(accepting, return_exceptions=True)


async def phase(healthy: Sequence[Timed], others: Sequence[Listener], during: Callable[[], Awaitable[None]]) -> Phase:
    """All are read until `PHASE_S` have gone by and `during` is done; what became of the healthy ones in the first `PHASE_S`."""
    schedule = Schedule([*healthy, *others], chance=random.Random(4), look_every_s=0.5)
    reading = asyncio.create_task(schedule.run())
    watching = asyncio.create_task(during())
    lags: list[float] = []
    end = time.perf_counter() + PHASE_S
    while time.perf_counter() < end:
        began = time.perf_counter()
        await asyncio.sleep(0.01)
        lags.append(time.perf_counter() - began - 0.01)
    took = [one for listener in healthy for one in listener.took_s]
    try:
        async with asyncio.timeout(30):
            await watching
    finally:
        reading.cancel()
        watching.cancel()
        await asyncio.gather(reading, watching, return_exceptions=True)
    return Phase(len(took), took, lags)


async def nothing() -> None:
    return


class Watch:
    """Polls `/v1/sources` and keeps, for each case, after how many of its turns it was first called by its name."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.named_at: dict[str, int] = {}
        self.last: dict[str, View] = {}

    async def run(self) -> None:
        """Until all are named, and the storm has been one for a while."""
        while len(self.named_at) < len(CASES) or len(self.last["storm-of-500"]["outcomes"]) < 8:
            answer = await self._client.get("/v1/sources")
            self.last = {view["source"]: view for view in answer.json()["sources"]}
            for case in CASES:
                view = self.last[case.name]
                if case.name not in self.named_at and case.called(view):
                    self.named_at[case.name] = len(view["outcomes"])
            await asyncio.sleep(0.05)


async def test_each_broken_source_is_named_within_two_intervals_and_delays_no_other(tmp_path: Path) -> None:
    async with rigged(tmp_path) as rig, await rig.door.dispatcher() as client:
        alone = await phase(await rig.healthy("before"), [], nothing)
        broken = [await rig.listener(case) for case in CASES]
        watch = Watch(client)
        healthy = await rig.healthy("beside")
        try:
            beside = await phase(healthy, broken, watch.run)
        except TimeoutError:
            missing = {case.name: watch.last[case.name] for case in CASES if case.name not in watch.named_at}
            raise AssertionError(f"not named: {missing}") from None
        opened = await rig.door.store.read(
            lambda conn: {(row.object, row.kind) for row in alarms.open_alarms(conn)},
        )
    late = {case.name: watch.named_at[case.name] for case in CASES if watch.named_at[case.name] > case.breaks_at + 2}
    assert late == {}, "named later than two intervals after it broke"
    for case in CASES:
        told = watch.last[case.name]["told"]
        assert told["vi"] and told["en"] and told["vi"] != told["en"]
        assert all(doubt["told"]["vi"] for doubt in watch.last[case.name]["doubts"])
    assert {(case.name, case.alarm) for case in CASES if case.alarm} <= opened
    assert not [row for row in opened if row[0].startswith("beside")], "a healthy source calls nobody"
    assert all(watch.last[one.source.name]["state"] == "live" for one in healthy)
    assert beside.turns >= 0.8 * alone.turns, "the healthy ones keep their rhythm"
    assert statistics.median(beside.took_s) - statistics.median(alone.took_s) < 0.05
    assert statistics.median(beside.lags_s) - statistics.median(alone.lags_s) < 0.05


async def test_an_alarm_closes_when_the_source_is_well_again_and_a_certificate_that_ends_soon_is_told(
    tmp_path: Path,
) -> None:
    async with rigged(tmp_path) as rig, await rig.door.dispatcher() as client:
        answer = then(
            *[lambda: plain(b"", status="503 Service Unavailable")] * 3,
            lambda: cap("a-1"),
        )
        listener = await rig.listener(Case("back", failing("http-503"), answer, tls="good"))
        for _ in range(3):
            await listener.turn()
        during = await rig.door.store.read(lambda conn: {row.kind for row in alarms.open_alarms(conn)})
        await listener.turn()
        after = await rig.door.store.read(lambda conn: {row.kind for row in alarms.open_alarms(conn)})
        (view,) = (await client.get("/v1/sources")).json()["sources"]
    assert during == {"source.failing", "source.certificate"}
    assert after == {"source.certificate"}
    assert view["state"] == "live" and view["certificate_soon"] and "sắp hết hạn" in view["certificate_told"]["vi"]
    assert view["outcomes"] == "xxx." and view["interval_s"] == INTERVAL_S
