"""A real door on loopback: uvicorn, the SQLite store, the acceptor, and clients of every kind of caller."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import websockets
from sqlalchemy import Connection

from hub.acceptance.accept import Acceptor, Setting
from hub.acknowledging.links import Links
from hub.api.door import build, serving
from hub.api.services import VIETNAM, Services
from hub.clock import SystemClock, to_us
from hub.hazards import Hazards
from hub.papers import Papers
from hub.places import Gazetteer
from hub.policy import Authority
from hub.store import Store, alerts, deliveries, keys, listing, open_store, people, routed, rules, tables
from hub.words import Words

ROOT = Path(__file__).resolve().parents[2]

CAP_XML = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>{identifier}</identifier><sender>{sender}</sender><sent>{sent}</sent>
  <status>{status}</status><msgType>{msg_type}</msgType><scope>Public</scope>{references}
  <info><language>vi-VN</language><category>Met</category><event>Lũ</event>
    <urgency>Expected</urgency><severity>{severity}</severity><certainty>Likely</certainty>
    <expires>{expires}</expires><headline>{headline}</headline>
    <area><areaDesc>Tỉnh Đồng Nai</areaDesc><geocode><valueName>VN</valueName><value>75</value></geocode></area>
  </info>
</alert>"""


def cap(identifier: str, *, severity: str = "Severe", headline: str = "Lũ trên sông Đồng Nai", **other: str) -> bytes:
    """A flood warning of now, as a source would send it."""
    now = datetime.now(VIETNAM).replace(microsecond=0)
    values = {
        "identifier": identifier,
        "severity": severity,
        "headline": headline,
        "sender": "kttv@example.test",
        "sent": now.isoformat(),
        "expires": (now + timedelta(hours=6)).isoformat(),
        "msg_type": "Alert",
        "status": "Test",
        "references": "",
    }
    return CAP_XML.format(**{**values, **other}).encode()


@dataclass
class Door:
    """The running hub door. `base` is its address; `asked` what the sibling roles were asked to do."""

    base: str
    store: Store
    services: Services
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def key(self, kind: str, owner: str) -> str:
        """A new key's token."""
        now = datetime.now(UTC)
        end = now + timedelta(days=1)
        return await self.store.write(lambda conn: keys.create(conn, kind=kind, owner=owner, at=now, expires_at=end))

    async def person(self, login: str, *roles: str, **scope: Any) -> str:
        """A new person's id."""
        now = datetime.now(UTC)
        return await self.store.write(
            lambda conn: people.create(conn, name=login.title(), login=login, roles=roles, scope=scope, at=now)
        )

    async def session(self, person_id: str) -> str:
        """A session's token, as a sign-in would have set it."""
        return await self.store.write(lambda conn: people.start_session(conn, person_id, datetime.now(UTC)))

    def client(self, *, key: str = "", session: str = "") -> httpx.AsyncClient:
        """A client with that credential."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        cookies = {self.services.cookie: session} if session else {}
        return httpx.AsyncClient(base_url=self.base, headers=headers, cookies=cookies, timeout=10)

    async def dispatcher(self) -> httpx.AsyncClient:
        """A client signed in as a dispatcher."""
        return self.client(session=await self.session(await self.person("an", "dispatcher")))

    async def source(self, owner: str = "kttv") -> httpx.AsyncClient:
        """A client with a source's key."""
        return self.client(key=await self.key("source", owner))

    def watch(self, *, session: str = "", key: str = "", query: str = "", origin: str | None = None) -> Any:
        """A connection of the live feed."""
        headers = {"Authorization": f"Bearer {key}"} if key else {"Cookie": f"{self.services.cookie}={session}"}
        sent = self.base if origin is None else origin
        return websockets.connect(
            f"{self.base.replace('http', 'ws')}/v1/live{query}",
            additional_headers=headers,
            origin=sent or None,  # type: ignore[arg-type]
            compression=None,
            proxy=None,
            open_timeout=5,
        )


async def frame(connection: Any, *kinds: str, timeout_s: float = 5) -> dict[str, Any]:
    """The next frame of one of these kinds; others are passed over."""
    async with asyncio.timeout(timeout_s):
        while True:
            told: dict[str, Any] = json.loads(await connection.recv())
            if told["frame"] in kinds:
                return told


class EveryoneMay:
    """Who may speak, for `hub.acceptance.accept.Setting`: these sources, about everything."""

    def __init__(self, sources: tuple[str, ...]) -> None:
        self._sources = sources

    def at(self, conn: Connection, rev: int) -> Any:
        return {name: authority(name) for name in self._sources}, lambda sender, other: False

    def forget(self) -> None:
        return


@contextlib.asynccontextmanager
async def open_door(tmp_path: Path, *, mode: str = "test", **changes: Any) -> AsyncIterator[Door]:
    """A door on a free port of loopback, over a new store."""
    clock = SystemClock()
    store = open_store(f"sqlite:///{tmp_path / 'hub.db'}", mode=mode, clock=clock)
    listening = socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # without the 6, asyncio leaves Nagle on
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    places, hazards = gazetteer(), hazards_table()
    setting = Setting(mode=mode, gazetteer=places, hazards=hazards, trusted=EveryoneMay(("kttv", "dia-chan")))
    asked: list[tuple[str, str]] = []

    def asking(act: str) -> Any:
        async def ask(object_id: str) -> bool:
            asked.append((act, object_id))
            return True

        return ask

    def why(conn: Connection, alert_id: str, endpoint_id: str) -> Mapping[str, Any]:
        return {"alert_id": alert_id, "endpoint_id": endpoint_id, "matched": False, "condition": "severity"}

    settings: dict[str, Any] = {
        "store": store,
        "acceptor": Acceptor(store, setting, clock=clock),
        "clock": clock,
        "machine": changes.get("clock", clock),
        "mode": mode,
        "name": "Trung tâm thử nghiệm",
        "gazetteer": places,
        "hazards": hazards,
        "words": words(),
        "hosts": ("127.0.0.1", "localhost"),
        "seal_key": bytes(32),
        "why": why,
        "port": port,
        "feeds_folder": tmp_path / "feeds",
        "papers": Papers(ROOT / "config" / "papers", date(2026, 11, 24)),
        "prove": asking("prove"),
        "send_test": asking("test"),
        "redeliver": asking("redeliver"),
        "links": Links(seal_key=bytes(32), mode=mode, base_url=f"http://127.0.0.1:{port}"),
        **changes,
    }
    services = Services(**settings)
    server = uvicorn.Server(serving(build(services)))
    task = asyncio.create_task(server._serve([listening]))
    try:
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - uvicorn offers a flag, no event
                await asyncio.sleep(0.01)
        yield Door(f"http://127.0.0.1:{port}", store, services, asked)
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 10)
        await store.close()


def authority(name: str) -> Authority:
    """A source that may say everything everywhere."""
    return Authority()


@functools.cache
def gazetteer() -> Gazetteer:
    """The gazetteer that the hub is delivered with, as of 2026."""
    return Gazetteer.load(ROOT / "config" / "gazetteer", on=date(2026, 11, 24))


@functools.cache
def words() -> Words:
    """The words that the hub is delivered with."""
    return Words.load(ROOT / "config" / "words")


@functools.cache
def hazards_table() -> Hazards:
    """The hazards that the hub is delivered with."""
    return Hazards.load(ROOT / "config" / "hazards.csv")


async def owe(door: Door, owed: Mapping[str, str]) -> None:
    """Each alert is owed to the endpoint of that agency, and everything accepted so far is marked as routed."""

    def write(conn: Connection) -> None:
        for alert_id, owner in owed.items():
            endpoint_id = f"e-{owner}"
            put_rule(conn, "endpoint", endpoint_id, {"owner": owner, "kind": "webhook", "settings": {}})
            deliveries.owe(conn, [delivery_row(conn, alert_id, endpoint_id)])
        for seq in range(routed.last_routed(conn) + 1, listing.head_seq(conn) + 1):
            routed.mark_routed(conn, seq=seq, rules_rev=1, matched=1, at=0)

    await door.store.write(write)


def delivery_row(conn: Connection, alert_id: str, endpoint_id: str) -> dict[str, Any]:
    """A pending delivery of that alert's first event, as routing writes it."""
    alert = alerts.get(conn, alert_id)
    assert alert is not None
    now = to_us(datetime.now(UTC))
    values: dict[str, Any] = {column.name: None if column.nullable else "" for column in tables.deliveries.columns}
    return {
        **values,
        "delivery_id": deliveries.delivery_id(str(alert.seq), endpoint_id, "alert.new"),
        "alert_id": alert_id,
        "seq": alert.seq,
        "endpoint_id": endpoint_id,
        "event_type": "alert.new",
        "chain_id": alert.chain_id,
        "chain_seq": alert.chain_seq,
        "lane": 1,
        "state": "pending",
        "due_at": now,
        "expires_at": alert.live_until,
        "attempts": 0,
        "ack_min": 0,
        "owner": str(
            (rules.get(conn, "endpoint", endpoint_id) or rules.Rule("", "", 0, "", {}, 0)).body.get("owner", "")
        ),
        "begun": 0,
        "subscription_version": 1,
        "infos": "[0]",
        "created_at": now,
        "rev": now,
    }


def put_rule(conn: Connection, kind: str, rule_id: str, body: Mapping[str, Any]) -> None:
    """That rule is in force."""
    rules.put(conn, kind, rule_id, dict(body), origin="desk", by="test", at=datetime.now(UTC))
