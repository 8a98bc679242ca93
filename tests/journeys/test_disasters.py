"""GDACS and the tsunami centre at a real hub: what concerns the province reaches its agency, what is far is listed and tells nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.gdacs.items import feed, gmt, item
from tests.connectors.ptwc_tsunami.bulletins import when
from tests.journeys.test_spine import signed_in
from tests.journeys.town import Pages, Receiver, Town, free_port, receiving, serving, until

SOURCES = """
[[source]]
name = "gdacs"
kind = "gdacs"
interval_s = 10
plain_http = true
zone = "UTC"
status = "Test"
settings = {{ feed_url = "{base}/rss.xml", box = [0.0, 95.0, 25.0, 125.0] }}

[[source]]
name = "ptwc-pacific"
kind = "ptwc_tsunami"
interval_s = 10
plain_http = true
zone = "UTC"
status = "Test"
[source.settings]
feed_url = "{base}/PHEBAtom.xml"
text_url = "{base}/PHEBTEX.xml"
places = ["VIET NAM"]
coast = "Việt Nam"
"""
AUTHORITIES = """
[[authority]]
source = "gdacs"
senders = ["www.gdacs.org"]
max_severity = "Severe"

[[authority]]
source = "ptwc-pacific"
senders = ["www.tsunami.gov"]
hazards = ["tsunami"]
"""


@pytest.fixture
def pages() -> Iterator[Pages]:
    with serving(Pages()) as pages:
        yield pages


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def town(tmp_path: Path, pages: Pages) -> Iterator[Town]:
    town = Town(tmp_path, free_port(), SOURCES.format(base=pages.base), AUTHORITIES)
    town.write()
    yield town
    town.kill()


def listed(key: str, point: str, *, level: str = "Orange") -> str:
    began = datetime.now(UTC) - timedelta(minutes=9)
    dates = {name: gmt(began) for name in ("fromdate", "todate", "datemodified")}
    return item(key, point=point, level=level, country="", **dates)


def message(number: int, text: str) -> tuple[bytes, bytes]:
    """(feed without entry, bulletin) of one message, issued a minute ago."""
    issued = when(datetime.now(UTC) - timedelta(minutes=1), "Z")
    atom = (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>TSUNAMI MESSAGE NUMBER {number}</title>'
        f"<updated>{issued}</updated></feed>"
    )
    tex = (
        f"<tsunamiEvent><TWCBulletin><TWCEventID>26328001</TWCEventID><bulletinNumber>{number}</bulletinNumber>"
        f"<bulletinIssueTime>{issued}</bulletinIssueTime><lat>14.1</lat><long>119.3</long>"
        f"<tsunamiBulletinBody>{text}</tsunamiBulletinBody></TWCBulletin></tsunamiEvent>"
    )
    return atom.encode(), tex.encode()


def told(receiver: Receiver, event: str) -> list[dict[str, Any]]:
    return [
        d for d in list(receiver.got) if any(i.get("event") == event for i in (d["data"].get("alert") or {}).get("info", []))
    ]  # fmt: skip


def test_a_quake_in_the_province_and_a_tsunami_threat_to_our_coast_reach_the_agency_and_a_far_storm_does_not(
    town: Town, pages: Pages, receiver: Receiver
) -> None:
    pages.put("/rss.xml", feed(listed("DR1", "20.9 99.3"), made_at=datetime.now(UTC)).encode())
    quiet = message(1, "...PTWC TSUNAMI INFORMATION STATEMENT...")
    pages.put("/PHEBAtom.xml", quiet[0])
    pages.put("/PHEBTEX.xml", quiet[1])
    town.start()
    client = signed_in(town)
    made = client.post(
        "/v1/endpoints", json={"owner": "bo-chqs", "kind": "webhook", "settings": {"url": receiver.base}}
    )
    body = made.json()
    receiver.secret = body.get("secret") or body["secrets"][0]
    rule = {"endpoint_id": body["endpoint_id"], "units": ["75"], "hazards": ["earthquake", "tsunami", "storm"], "min_severity": "Minor"}  # fmt: skip
    assert client.post("/v1/subscriptions", json=rule).status_code in (200, 201)
    until(lambda: {"/rss.xml", "/PHEBTEX.xml"} <= set(pages.asked), within_s=20, what="the first reads")
    pages.put("/rss.xml", feed(listed("EQ2", "11.1 107.2"), listed("TC3", "14.2 119.4", level="Red")).encode())
    threat = message(2, "...PTWC TSUNAMI THREAT MESSAGE... COASTS OF VIET\nNAM")
    pages.put("/PHEBAtom.xml", threat[0])
    pages.put("/PHEBTEX.xml", threat[1])
    until(lambda: told(receiver, "Động đất"), within_s=30, what="the earthquake at the agency")
    until(lambda: told(receiver, "Sóng thần"), within_s=30, what="the tsunami at the agency")

    def stored() -> set[str]:
        return {one["event"] for one in client.get("/v1/alerts").json()["alerts"]}

    until(lambda: "Bão, áp thấp nhiệt đới" in stored(), within_s=10, what="the storm in the list")
    assert told(receiver, "Bão, áp thấp nhiệt đới") == []
    final = message(3, "...PTWC FINAL TSUNAMI THREAT MESSAGE...")
    pages.put("/PHEBAtom.xml", final[0])
    pages.put("/PHEBTEX.xml", final[1])
    until(lambda: len(told(receiver, "Sóng thần")) >= 2, within_s=30, what="the end of the threat")
    assert receiver.bad == 0
    assert town.stop() == 0
