"""Journey A told once: the samples are served to a real hub, agencies receive, a viewer watches, alerts are cancelled; then all is asked.

Serving. Each source lists its documents in an index, Atom and RSS by turns, newest first as real ones do, so that they are read in the
order of the table. Where the samples hold the source's own index it is served, its links led to this server. Before the first step all
sources list nothing, so that what follows is news and not what a first read finds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import feedparser
import httpx
import shapely
from lxml import etree

from tests.journeys.reading import NEW_SOUTH_WALES, is_ending
from tests.journeys.sampled import SAMPLES, USGS, Feed, Served, feeds, rows
from tests.journeys.test_spine import signed_in
from tests.journeys.town import Pages, Receiver, Town, cap_source, free_port, receiving, serving, until
from tests.journeys.watching import Frames, Ledger, following

EMPTY = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title></feed>'
ITSELF = ("rfs", "cfs")
"""Sources whose address is the document itself: a list of alerts, not of links."""

OWN_INDEX = {
    "openwarn": ("cap/openwarn/cap-feed.atom.xml", "http://example.org/alert"),
    "pheb": (
        "tsunami/ptwc_pheb/noaa-pheb-atom.xml",
        "https://www.tsunami.gov/events/PHEB/2026/08/22/26234000/1/WEPA42/PHEBCAP.xml",
    ),
}
"""Source → (its recorded index, the link in it that leads to the one document)."""

RULES: Mapping[str, Mapping[str, Any]] = {
    "everything": {},
    "severe": {"min_severity": "Severe"},
    "earthquakes": {"hazards": ["earthquake"]},
    "new-south-wales": {"shape": shapely.geometry.mapping(NEW_SOUTH_WALES)},
    "dong-nai": {"units": ["75"]},
}
"""One endpoint for each rule."""

Heard = tuple[str, str, datetime]
"""(sender, identifier, sent) of an alert, as a receiver read it."""


@dataclass
class Story:
    """What came of it. `receivers` by the name of their rule; The Atom documents are those after
    each step, by identifier; `cancelled` by alert id; `again` is the hub's word for what was submitted once more."""

    served: list[Served]
    ledger: Ledger
    receivers: Mapping[str, Receiver]
    frames: Frames = field(default_factory=Frames)
    first_atom: dict[str, bytes] = field(default_factory=dict)
    last_atom: dict[str, bytes] = field(default_factory=dict)
    cancelled: dict[str, Served] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    exit_code: int | None = None
    stderr: str = ""

    def told(self) -> list[Served]:
        """What the table says is told to those whom it fits: in force, and no ending."""
        in_force = ("accepted", "repaired", "revision")
        return [
            one
            for one in self.served
            if one.alert is not None and one.row.disposition in in_force and not is_ending(one.alert)
        ]

    def heard(self, endpoint: str, *kinds: str) -> dict[Heard, set[str]]:
        """Every alert told to that endpoint as one of these event types, with the webhook-ids it was told under."""
        receiver = self.receivers[endpoint]
        found: dict[Heard, set[str]] = {}
        for webhook_id, told in zip(receiver.ids, receiver.got, strict=True):
            if told["type"] in kinds:
                found.setdefault(_heard(told["data"]["alert"]), set()).add(webhook_id)
        return found


@contextmanager
def told(folder: Path) -> Iterator[Story]:
    """The whole journey has happened and the hub has stopped."""
    with ExitStack() as stack:
        pages = stack.enter_context(serving(Pages()))
        receivers = {name: stack.enter_context(receiving(Receiver())) for name in RULES}
        receivers["everything"].falters = 7
        town = _town(folder, pages)
        stack.callback(town.kill)
        town.start()
        client = signed_in(town)
        stack.callback(client.close)
        for name, rule in RULES.items():
            _subscribe(client, receivers[name], rule)
        ledger = Ledger(town.store_url)
        names = list(dict.fromkeys(row.source for row in rows()))
        read = "SELECT 1 FROM sources WHERE last_success_at IS NOT NULL"
        until(lambda: len(ledger.rows(read)) == len(names), within_s=45, what="the first read of every source")
        listed = feeds(datetime.now(UTC).replace(microsecond=0))
        keys = stack.enter_context(_keys_of(town))
        story = Story([one for feed in listed for one in feed.served()], ledger, receivers)
        story.frames = stack.enter_context(following(town, client))
        _step_one(story, pages, listed)
        story.first_atom = _atom(client, {one.triple[1] for one in story.told()})
        _step_two(story, pages, listed)
        story.last_atom = _atom(client, {f"cancel-of-{one}" for one in story.cancelled})
        story.again = _said_again(story, town, keys)
        story.exit_code = town.stop()
        story.stderr = town.stderr()
    yield story


def _town(folder: Path, pages: Pages) -> Town:
    sources, authorities = "", '[[authority]]\nsource = "again"\n'
    for name in dict.fromkeys(row.source for row in rows()):
        if name == USGS:
            pages.put(
                "/usgs/2.5_week.geojson",
                (SAMPLES / "usgs/aio-geojson-usgs-earthquakes/earthquakes-2.json").read_bytes(),
            )
            source, authority = _usgs_source(pages.base)
        else:
            source, authority = cap_source(name, pages.put(f"/{name}/index.xml", EMPTY))
        sources, authorities = sources + source, authorities + authority
    town = Town(folder, free_port(), sources, authorities)
    town.write()
    return town


def _usgs_source(base: str) -> tuple[str, str]:
    source = (
        f'[[source]]\nname = "{USGS}"\nkind = "usgs_quakes"\ninterval_s = 10\nplain_http = true\nstatus = "Test"\n'
        f'settings = {{ feed_url = "{base}/usgs/2.5_week.geojson", fdsn_url = "{base}/usgs/query" }}\n'
    )
    return source, f'[[authority]]\nsource = "{USGS}"\n'


def _subscribe(client: httpx.Client, receiver: Receiver, rule: Mapping[str, Any]) -> None:
    asked = {"owner": "mttq-doan-the", "kind": "webhook", "settings": {"url": receiver.base}}
    made = client.post("/v1/endpoints", json=asked)
    assert made.status_code == 201, made.text
    receiver.secret = made.json().get("secret") or made.json()["secrets"][0]
    ruled = client.post("/v1/subscriptions", json={"endpoint_id": made.json()["endpoint_id"], **rule})
    assert ruled.status_code == 201, ruled.text


def _step_one(story: Story, pages: Pages, listed: list[Feed]) -> None:
    for number, feed in enumerate(listed):
        _list(pages, feed, number=number, step=1)
    awaited = {one.payload for one in story.served if one.row.step == 1}
    until(lambda: awaited <= _payloads(story.ledger), within_s=45, what="every document of step 1 read")
    until(story.ledger.is_at_rest, within_s=60, what="everything of step 1 told")


def _step_two(story: Story, pages: Pages, listed: list[Feed]) -> None:
    """The second step of the table, and a Cancel for every alert in force whose source lists links."""
    in_force = story.ledger.rows(
        "SELECT alert_id, sender, identifier, payload_sha256 FROM alerts WHERE state = 'active'"
    )
    by_payload = {(row["payload_sha256"], row["sender"], row["identifier"]): row["alert_id"] for row in in_force}
    awaited = {one.payload for one in story.served}
    for number, feed in enumerate(listed):
        cancels = []
        for one in feed.served() if feed.name not in (*ITSELF, *OWN_INDEX, USGS, "trinet") else []:
            named = by_payload.pop((one.payload, *one.triple[:2]), None)
            if named is not None and one.row.disposition in ("accepted", "repaired", "revision"):
                cancels.append(_cancel(one, identifier=f"cancel-of-{named}"))
                story.cancelled[named] = one
        awaited |= (
            _list(pages, feed, number=number, step=2, more=cancels) if cancels or feed.name == "trinet" else set()
        )
    until(lambda: awaited <= _payloads(story.ledger), within_s=45, what="every document of step 2 read")
    until(story.ledger.is_at_rest, within_s=60, what="everything of step 2 told")


def _list(pages: Pages, feed: Feed, *, number: int, step: int, more: list[bytes] | None = None) -> set[str]:
    """The source serves what it has up to that step, and `more`; returns the payloads' hashes of `more`."""
    if feed.name == USGS:
        pages.put("/usgs/2.5_week.geojson", next(iter(feed.copies().values())), "application/json")
        return set()
    due = {row.file for row in feed.rows if row.step <= step}
    bodies = [body for file, body in feed.copies().items() if file in due]
    if feed.name in ITSELF:
        pages.put(f"/{feed.name}/index.xml", bodies[0])
        return set()
    links = [pages.put(f"/{feed.name}/{n}.xml", body) for n, body in enumerate(bodies)]
    links += [pages.put(f"/{feed.name}/more-{n}.xml", body) for n, body in enumerate(more or [])]
    if feed.name in OWN_INDEX:
        file, link = OWN_INDEX[feed.name]
        pages.put(f"/{feed.name}/index.xml", (SAMPLES / file).read_bytes().replace(link.encode(), links[0].encode()))
    elif number % 2:
        pages.rss(f"/{feed.name}/index.xml", links[::-1])
    else:
        pages.atom(f"/{feed.name}/index.xml", links[::-1])
    return {Served(feed.rows[0], body, None).payload for body in more or []}


def _cancel(one: Served, *, identifier: str) -> bytes:
    """A Cancel, without info, of what was served."""
    sender, cancelled, sent = one.triple
    assert sent is not None
    now = datetime.now(UTC).replace(microsecond=0)
    clock, then = (moment.isoformat().replace("+00:00", "-00:00") for moment in (now, sent))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{identifier}</identifier><sender>{escape(sender)}</sender>
<sent>{clock}</sent><status>Test</status><msgType>Cancel</msgType><scope>Public</scope>
<references>{escape(sender)},{escape(cancelled)},{then}</references></alert>""".encode()


def _payloads(ledger: Ledger) -> set[str]:
    return {row["sha256"] for row in ledger.rows("SELECT sha256 FROM payloads")}


def _atom(client: httpx.Client, awaited: set[str]) -> dict[str, bytes]:
    """Identifier → the CAP document behind each entry of the published feed, read with feedparser; `awaited` are given 20 s to be there."""
    found: dict[str, bytes] = {}
    end = time.monotonic() + 20
    while not awaited <= found.keys() and time.monotonic() < end:
        parsed = feedparser.parse(client.get("/feeds/all.atom").content)
        assert not parsed.bozo, parsed.bozo_exception
        found = {entry.cap_identifier: _linked(client, entry) for entry in parsed.entries}
    return found


def _linked(client: httpx.Client, entry: Any) -> bytes:
    (link,) = [one.href for one in entry.links if one.type == "application/cap+xml"]
    answer = client.get(httpx.URL(link).path)
    assert answer.status_code == 200, link
    return answer.content


@contextmanager
def _keys_of(town: Town) -> Iterator[Mapping[str, Future[str]]]:
    """A key for each source that submits again, made while the journey goes on: each costs the start of a program."""
    names = ("again", *dict.fromkeys(row.source for row in rows() if row.times == "unshifted"))
    with ThreadPoolExecutor(1) as pool:
        yield {name: pool.submit(town.hub, "key", "create", "source", name) for name in names}


def _said_again(story: Story, town: Town, keys: Mapping[str, Future[str]]) -> dict[str, str]:
    """Sample → the hub's word when it is submitted once more, of those that brought no alert of their own."""
    words = {}
    for one in story.served:
        if one.alert is None or one.row.disposition not in ("duplicate", "conflict"):
            continue
        key = keys[one.row.source if one.row.times == "unshifted" else "again"].result(timeout=60)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cap+xml"}
        body = one.body if "#" not in one.row.document else etree.tostring(one.alert, encoding="utf-8", with_tail=False)
        answer = httpx.post(f"{town.base}/v1/alerts", content=body, headers=headers, timeout=20, trust_env=False)
        words[one.name] = answer.json()["disposition"]
    return words


def _heard(alert: Mapping[str, Any]) -> Heard:
    return alert["sender"], alert["identifier"], datetime.fromisoformat(alert["sent"]).astimezone(UTC)
