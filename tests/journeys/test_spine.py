"""Journey A in small: bytes at a source → signed webhook, live feed, Atom feed; a Cancel reaches who was told; a kill loses nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.journeys.town import Pages, Receiver, Town, cap, cap_source, free_port, receiving, serving, until


@pytest.fixture
def pages() -> Iterator[Pages]:
    with serving(Pages()) as pages:
        yield pages


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def town(tmp_path: Path, pages: Pages, database_url: str) -> Iterator[Town]:
    source, authority = cap_source("kttv", f"{pages.base}/index.xml")
    pushed = '[[authority]]\nsource = "pushed"\n'
    town = Town(tmp_path, free_port(), source, authority + pushed, store=database_url)
    town.write()
    yield town
    town.kill()


def signed_in(town: Town) -> httpx.Client:
    """A client with a session of the first administrator."""
    client = httpx.Client(base_url=town.base, timeout=10)
    token = town.link.partition("#")[2] or town.link.rpartition("=")[2]
    answer = client.post("/v1/session/link", json={"token": token})
    assert answer.status_code in (200, 201, 204), answer.text
    return client


def subscribe(client: httpx.Client, receiver: Receiver, *, owner: str = "bo-chqs") -> str:
    """A proven endpoint of the receiver, with a rule that takes every flood of the province; returns its id."""
    made = client.post("/v1/endpoints", json={"owner": owner, "kind": "webhook", "settings": {"url": receiver.base}})
    assert made.status_code in (200, 201), made.text
    body = made.json()
    receiver.secret = body.get("secret") or body["secrets"][0]
    rule = {"endpoint_id": body["endpoint_id"], "units": ["75"], "hazards": ["flood"], "min_severity": "Minor"}
    ruled = client.post("/v1/subscriptions", json=rule)
    assert ruled.status_code in (200, 201), ruled.text
    return str(body["endpoint_id"])


def test_an_alert_goes_from_a_source_to_webhook_live_feed_and_atom(
    town: Town, pages: Pages, receiver: Receiver
) -> None:
    pages.rss("/index.xml", [])
    town.start()
    client = signed_in(town)
    subscribe(client, receiver)
    until(lambda: "/index.xml" in pages.asked, within_s=15, what="the first read")
    first = cap("dn-1")
    pages.rss("/index.xml", [pages.put("/1.xml", first)])
    cookie = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
    with connect(
        f"ws://127.0.0.1:{town.port}/v1/live", additional_headers={"Cookie": cookie}, origin=town.base
    ) as live:
        until(lambda: receiver.alerts("dn-1"), within_s=25, what="the webhook")
        seen = []
        while not any("dn-1" in frame for frame in seen):
            seen.append(str(live.recv(timeout=10)))
    assert receiver.bad == 0
    told = receiver.alerts("dn-1")[0]
    assert told["type"] == "alert.new"
    listed = client.get("/v1/alerts").json()["alerts"]
    alert_id = listed[0]["id"]
    assert client.get(f"/v1/alerts/{alert_id}/payload").content == first
    assert client.get(f"/v1/alerts/{alert_id}/deliveries").json()["deliveries"][0]["state"] == "delivered"
    atom = until(
        lambda: (a := client.get("/feeds/all.atom")).status_code == 200 and "dn-1" in a.text and a,
        within_s=10,
        what="atom",
    )
    assert "dn-1" in atom.text
    triple = f"kttv@example.test,dn-1,{first.decode().partition('<sent>')[2].partition('<')[0]}"
    cancel = cap("dn-2", msg_type="Cancel", references=triple, sent=datetime.now(UTC).isoformat(timespec="seconds"))
    pages.rss("/index.xml", [f"{pages.base}/1.xml", pages.put("/2.xml", cancel)])
    until(lambda: receiver.alerts("dn-2"), within_s=25, what="the Cancel")
    assert receiver.alerts("dn-2")[0]["type"] == "alert.cancel"
    assert town.stop() == 0


def test_what_was_answered_202_survives_a_kill_and_keeps_its_id(town: Town, pages: Pages, receiver: Receiver) -> None:
    pages.rss("/index.xml", [])
    town.start()
    client = signed_in(town)
    subscribe(client, receiver)
    key = town.hub("key", "create", "source", "pushed")
    receiver.status = 503
    answers = []
    for n in range(5):
        body = cap(f"kill-{n}", sent=(datetime.now(UTC) - timedelta(seconds=n)).isoformat(timespec="seconds"))
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cap+xml"}
        answer = httpx.post(f"{town.base}/v1/alerts", content=body, headers=headers, timeout=10)
        assert answer.status_code == 202, answer.text
        answers.append(answer.json())
    town.kill()
    receiver.status = 204
    town.start()
    until(
        lambda: len({d["data"]["alert"]["identifier"] for d in list(receiver.got)}) == 5, within_s=30, what="all five"
    )
    client = signed_in(town)
    for answer in answers:
        ids = [
            i for i, d in zip(receiver.ids, receiver.got, strict=False) if d["data"]["alert_id"] == answer["alert_id"]
        ]
        assert len(set(ids)) == 1
    again = httpx.post(
        f"{town.base}/v1/alerts",
        content=cap("kill-9") * 1,
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/cap+xml"},
        timeout=10,
    )
    assert json.loads(again.text)["seq"] > max(a["seq"] for a in answers)


def test_what_a_first_read_finds_in_force_is_told_as_one_summary(town: Town, pages: Pages, receiver: Receiver) -> None:
    pages.rss("/index.xml", [])
    town.sources = town.sources.replace(f"{pages.base}/index.xml", f"{pages.base}/late.xml")
    town.write()
    town.start()
    client = signed_in(town)
    subscribe(client, receiver)
    links = [pages.put(f"/{n}.xml", cap(f"old-{n}")) for n in range(4)]
    links.append(pages.put("/x.xml", cap("old-x", severity="Extreme", urgency="Immediate")))
    pages.rss("/late.xml", links)
    until(lambda: any(d["type"] == "alert.summary" for d in list(receiver.got)), within_s=45, what="the summary")
    summaries = [d for d in receiver.got if d["type"] == "alert.summary"]
    assert len(summaries) == 1
    assert {one["identifier"] for one in summaries[0]["data"]["summary"]} == {f"old-{n}" for n in range(4)}
    assert [d["type"] for d in receiver.alerts("old-x")] == ["alert.new"]
