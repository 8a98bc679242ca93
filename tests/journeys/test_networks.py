"""The recorded words of earthquake networks, GDACS and the tsunami centre go through a real hub, each in its own format over its own wire.

What is served are the samples beside the project with all times of a source moved by one constant, so that the newest word is now, and
status Test; EMSC's frame comes over a real WebSocket, GDACS lists first its feed of a day and then the one made 73 minutes later. What
each must become is `BECOMES`, from reading the samples. The event of the two QuakeML documents is one: told by two services, it is one
incident. The two USGS features of one instant and place are told by one network, who would not tell one earthquake twice: two.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import Server, ServerConnection, serve

from tests.journeys.sampled import SAMPLES
from tests.journeys.shifting import in_mode_test
from tests.journeys.test_spine import signed_in
from tests.journeys.town import Pages, Receiver, Town, free_port, receiving, serving, until
from tests.journeys.watching import Ledger

pytestmark = pytest.mark.needs("shared")

GDACS = SAMPLES / "gdacs/aio-georss-gdacs"
FDSN = SAMPLES / "fdsn/aio-quakeml-client"
TSUNAMI = SAMPLES / "tsunami/ptwc_pheb"
BULLETIN = "/events/PHEB/2026/08/22/26234000/1/WEPA42/PHEBCAP.xml"

BECOMES = {
    "usgs": {"1234": 1, "3456": 1},
    "emsc": {"20260912_0000026": 1},
    "ingv": {"30116321": 1},
    "ingv-again": {"30116321": 1},
    "ptwc": {"PHEB-1-26234000": 1},
}
"""Source → what it tells → chains. 2345 is weaker than the source lets through, 3456 has no magnitude and counts."""

_ISO = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_RFC_822 = re.compile(rb"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")


def moved(body: bytes, by: timedelta) -> bytes:
    """Every ISO 8601 and RFC 822 time of the document so much later; nothing else of it is touched."""

    def iso(found: re.Match[bytes]) -> bytes:
        return (datetime.fromisoformat(found[0].decode()) + by).isoformat(timespec="seconds").encode()

    def rfc(found: re.Match[bytes]) -> bytes:
        return format_datetime(parsedate_to_datetime(found[0].decode()) + by, usegmt=True).encode()

    return _RFC_822.sub(rfc, _ISO.sub(iso, body))


def newest(*bodies: bytes) -> datetime:
    """The latest ISO 8601 time of these documents, all in UTC."""
    return max(
        datetime.fromisoformat(one.decode()).replace(tzinfo=UTC) for body in bodies for one in _ISO.findall(body)
    )


@dataclass
class Line:
    """EMSC's push: whoever listens is told what `say` is given."""

    url: str = ""
    listening: list[ServerConnection] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def say(self, frame: bytes) -> None:
        for connection in self.listening:
            connection.send(frame.decode())


@contextmanager
def pushing() -> Iterator[Line]:
    line = Line()

    def hold(connection: ServerConnection) -> None:
        line.listening.append(connection)
        line.over.wait(120)

    server: Server = serve(hold, "127.0.0.1", 0)
    line.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/standing_order/websocket"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        line.over.set()
        server.shutdown()
        thread.join(timeout=10)


def _sources(pages: Pages, line: Line) -> dict[str, tuple[str, dict[str, Any]]]:
    """Name → (kind, its own settings)."""
    ingv = {"sender": "webservices.ingv.it", "network": "INGV"}
    again = {"sender": "again.example.test", "network": "AGAIN"}
    return {
        "usgs": ("usgs_quakes", {"feed_url": f"{pages.base}/usgs/2.5_week.geojson", "fdsn_url": f"{pages.base}/none"}),
        "emsc": ("emsc_quakes", {"push_url": line.url, "fdsn_url": f"{pages.base}/emsc/query"}),
        "ingv": ("fdsn_quakes", {"url": f"{pages.base}/ingv/query", **ingv}),
        "ingv-again": ("fdsn_quakes", {"url": f"{pages.base}/again/query", **again}),
        "gdacs": ("gdacs", {"feed_url": f"{pages.base}/gdacs/rss.xml"}),
        "ptwc": ("ptwc_tsunami", {"feed_url": f"{pages.base}/PHEBAtom.xml", "text_url": f"{pages.base}/PHEBTEX.xml"}),
    }


def _town(folder: Path, pages: Pages, line: Line) -> Town:
    sources, authorities = "", ""
    for name, (kind, settings) in _sources(pages, line).items():
        own = ", ".join(f"{key} = {json.dumps(value)}" for key, value in settings.items())
        sources += f'[[source]]\nname = "{name}"\nkind = "{kind}"\ninterval_s = 10\nplain_http = true\nzone = "UTC"\n'
        sources += f'status = "Test"\nsettings = {{ {own} }}\n'
        authorities += f'[[authority]]\nsource = "{name}"\n'
    town = Town(folder, free_port(), sources, authorities)
    town.write()
    return town


def _serve(pages: Pages, now: datetime) -> bytes:
    """Every sample at its place, GDACS's of the day first; returns EMSC's frame."""
    usgs = json.loads((SAMPLES / "usgs/aio-geojson-usgs-earthquakes/earthquakes-1.json").read_bytes())
    latest = max(one["properties"]["updated"] for one in usgs["features"])
    for one in usgs["features"]:
        for name in ("time", "updated"):
            one["properties"][name] += int(now.timestamp() * 1000) - latest
    pages.put("/usgs/2.5_week.geojson", json.dumps(usgs).encode(), "application/json")
    for path, name in (("/ingv/query", "generic_feed_1.xml"), ("/again/query", "generic_feed_5.xml")):
        body = (FDSN / name).read_bytes()
        pages.put(path, moved(body, now - newest(body)))
    pages.put("/emsc/query", b'{"type": "FeatureCollection", "features": []}', "application/json")
    _gdacs(pages, "gdacs-rss-24h.xml", now)
    atom, cap = ((TSUNAMI / name).read_bytes() for name in ("noaa-pheb-atom.xml", "noaa-pheb-cap.xml"))
    by = now - datetime(2026, 8, 22, 8, 30, 40, tzinfo=UTC)
    pages.put("/PHEBAtom.xml", moved(atom, by).replace(b"https://www.tsunami.gov/events/PHEB", f"{pages.base}/events/PHEB".encode()))  # fmt: skip
    pages.put(BULLETIN, in_mode_test(moved(cap, by)))
    frame = (SAMPLES / "emsc/emsc-ws-sample.json").read_bytes()
    return moved(frame, now - newest(frame))


def _gdacs(pages: Pages, name: str, now: datetime) -> None:
    by = now - datetime(2019, 12, 30, 1, 35, 11, tzinfo=UTC)
    pages.put("/gdacs/rss.xml", moved((GDACS / name).read_bytes(), by))


def _guids(name: str) -> set[str]:
    return set(re.findall(r"<guid[^>]*>([^<]*)</guid>", (GDACS / name).read_text(encoding="utf-8-sig")))


@dataclass
class Heard:
    """What came of it. `alerts` are all rows of the store, `told` the identifiers that reached the agency at once."""

    alerts: list[dict[str, Any]]
    told: set[str]
    quarantined: list[dict[str, Any]]
    bad: int
    exit_code: int
    stderr: str

    def of(self, source: str) -> list[dict[str, Any]]:
        return [row for row in self.alerts if row["source"] == source]


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    folder = tmp_path_factory.mktemp("networks")
    with ExitStack() as stack:
        pages, line = stack.enter_context(serving(Pages())), stack.enter_context(pushing())
        receiver = stack.enter_context(receiving(Receiver()))
        town = _town(folder, pages, line)
        stack.callback(town.kill)
        now = datetime.now(UTC).replace(microsecond=0)
        frame = _serve(pages, now)
        town.start()
        client = signed_in(town)
        stack.callback(client.close)
        made = client.post("/v1/endpoints", json={"owner": "mttq-doan-the", "kind": "webhook", "settings": {"url": receiver.base}})  # fmt: skip
        assert made.status_code == 201, made.text
        receiver.secret = made.json().get("secret") or made.json()["secrets"][0]
        assert client.post("/v1/subscriptions", json={"endpoint_id": made.json()["endpoint_id"]}).status_code == 201
        ledger = Ledger(town.store_url)

        def keys(source: str) -> set[str]:
            return {row["source_key"] for row in ledger.rows("SELECT source_key FROM alerts WHERE source = ?", source)}

        read = "SELECT 1 FROM sources WHERE last_success_at IS NOT NULL"
        until(lambda: len(ledger.rows(read)) == 6 and line.listening, within_s=30, what="the first read of all")
        until(lambda: keys("gdacs") >= _guids("gdacs-rss-24h.xml"), within_s=20, what="GDACS's day")
        line.say(frame)
        _gdacs(pages, "gdacs-rss.xml", now)
        until(lambda: keys("gdacs") >= _guids("gdacs-rss.xml"), within_s=30, what="GDACS 73 minutes later")
        until(lambda: keys("emsc"), within_s=20, what="the pushed earthquake")
        until(ledger.is_at_rest, within_s=20, what="everything told")
        told = {one["data"]["alert"]["identifier"] for one in receiver.got if one["type"] == "alert.new"}
        alerts = ledger.rows("SELECT * FROM alerts ORDER BY seq")
        quarantined = ledger.rows("SELECT source, reason, detail FROM quarantine")
        exit_code = town.stop()
        yield Heard(alerts, told, quarantined, receiver.bad, exit_code, town.stderr())


@pytest.mark.parametrize("source", BECOMES)
def test_each_event_of_a_network_becomes_one_alert(heard: Heard, source: str) -> None:
    names = Counter(row["source_key"] or row["identifier"] for row in heard.of(source))
    assert names == BECOMES[source]
    assert {row["disposition"] for row in heard.of(source)} <= {"accepted", "repaired"}
    assert len({row["chain_id"] for row in heard.of(source)}) == len(names)


def test_each_event_that_gdacs_lists_is_one_chain_over_both_readings(heard: Heard) -> None:
    listed = _guids("gdacs-rss-24h.xml") | _guids("gdacs-rss.xml")
    assert len(_guids("gdacs-rss-24h.xml") & _guids("gdacs-rss.xml")) > 0, "the second reading says some again"
    chains: dict[str, set[str]] = {}
    for row in heard.of("gdacs"):
        chains.setdefault(row["source_key"], set()).add(row["chain_id"])
    assert chains.keys() == listed
    assert {key: len(ids) for key, ids in chains.items()} == dict.fromkeys(listed, 1)
    assert len({next(iter(ids)) for ids in chains.values()}) == len(listed)


def test_two_services_that_tell_one_earthquake_are_one_incident_and_one_who_tells_two_is_two(heard: Heard) -> None:
    def incidents(source: str) -> list[str]:
        return sorted({row["incident_id"] for row in heard.of(source)})

    assert len(incidents("ingv")) == 1
    assert incidents("ingv") == incidents("ingv-again")
    assert len(incidents("usgs")) == 2
    others = [set(incidents(name)) for name in ("usgs", "emsc", "ingv", "gdacs", "ptwc")]
    assert len(set().union(*others)) == sum(map(len, others)), "different events are never one incident"


def test_what_is_pushed_is_told_at_once_and_a_far_earthquake_makes_no_estimate(heard: Heard) -> None:
    (pushed,) = heard.of("emsc")
    assert pushed["identifier"] in heard.told
    assert heard.of("he-thong-tinh") == []


def test_nothing_went_wrong_inside(heard: Heard) -> None:
    assert heard.quarantined == []
    assert (heard.bad, heard.exit_code, heard.stderr) == (0, 0, "")
