"""One hub with its ways in, polled and pushed, its receivers, and what was said to it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from hub.clock import SystemClock
from hub.store import open_store, people
from tests.journeys.found import Found, found
from tests.journeys.test_spine import signed_in
from tests.journeys.town import Pages, Receiver, Town, cap, cap_source, free_port, receiving, serving, until

INDEX = "/index.xml"
HOLD_S = 0.12
"""How long sources and receivers usually take to answer."""
START_S = 90.0
"""The longest start; the first one compiles everything."""


@dataclass
class Version:
    """One alert, Update or Cancel as said. `answers` are (status, body) of the hub, in order of arrival."""

    identifier: str
    kind: str
    entrance: str
    body: bytes
    sent: str
    before: Version | None = None
    began: bool = False
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/{self.identifier}.xml"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def triple(self) -> str:
        return f"kttv@example.test,{self.identifier},{self.sent}"


class Way:
    """A town with a polled source, a pushed one and one that may say little; two agencies that want floods, one that wants another district."""

    def __init__(self, folder: Path, pages: Pages, receivers: tuple[Receiver, Receiver, Receiver]) -> None:
        self.pages, self.receivers = pages, receivers
        source, authority = cap_source("kttv", pages.base + INDEX)
        source = source.replace("interval_s = 10", "interval_s = 1")
        pushed = '[[authority]]\nsource = "pushed"\n[[authority]]\nsource = "limited"\nmax_severity = "Minor"\n'
        self.town = Town(folder, free_port(), source, authority + pushed)
        self.town.env = {
            "PYTHONPYCACHEPREFIX": str(folder.parent / "compiled"),
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONFAULTHANDLER": "1",
        }
        self.town.write()
        feeds = '[[feed]]\nname = "all"\nkind = "cap_feed"\ntitle = "Cảnh báo"\n'
        (folder / "profile" / "feeds.toml").write_text(feeds, encoding="utf-8")
        self.aside = folder / "aside"
        self.aside.mkdir()
        self.said: list[Version] = []
        self.served_before = 0
        self._numbers = iter(range(1, 10_000))
        pages.rss(INDEX, [])

    # --- setting up and ending ------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """The hub runs, the endpoints are proven, the first read has been."""
        self.town.start(within_s=START_S)
        self.client = signed_in(self.town)
        self.commander = self._commander()
        owners = ("bo-chqs", "ubnd-bien-hoa", "ubnd-tan-phu")
        units = ("75", "75", "734")
        self.endpoints = [self._subscribe(*one) for one in zip(self.receivers, owners, units, strict=True)]
        self.keys = {name: self.town.hub("key", "create", "source", name) for name in ("pushed", "limited")}
        until(lambda: INDEX in self.pages.served, within_s=15, what="the first read")
        self.hold(HOLD_S)

    def hold(self, seconds: float) -> None:
        """Sources and receivers answer so long after a request has come whole."""
        for holding in (*self.receivers, self.pages):
            holding.answer_after_s = seconds

    def _commander(self) -> httpx.Client:
        """A client with a session of a duty commander: an administrator may release nothing."""

        async def made() -> str:
            store, now = (
                open_store(self.town.store_url, mode="test", clock=SystemClock()),
                datetime.now(UTC),
            )
            try:
                return await store.write(
                    lambda conn: people.signin_link(
                        conn, people.create(conn, name="Trực", login="truc", roles=["duty_commander"], at=now), now
                    )
                )
            finally:
                await store.close()

        client = httpx.Client(base_url=self.town.base, timeout=10)
        assert client.post("/v1/session/link", json={"token": asyncio.run(made())}).status_code < 300
        return client

    def _subscribe(self, receiver: Receiver, owner: str, unit: str) -> str:
        asked = {"owner": owner, "kind": "webhook", "settings": {"url": receiver.base}}
        made = self.client.post("/v1/endpoints", json=asked)
        assert made.status_code == 201, made.text
        receiver.secret = made.json()["secret"]
        endpoint_id = str(made.json()["endpoint_id"])
        rule = {"endpoint_id": endpoint_id, "units": [unit], "hazards": ["flood"], "min_severity": "Minor"}
        ruled = self.client.post("/v1/subscriptions", json=rule)
        assert ruled.status_code in (200, 201), ruled.text
        return endpoint_id

    # --- saying ---------------------------------------------------------------------------------------------------------------

    def version(self, kind: str, entrance: str, before: Version | None = None) -> Version:
        """A new version of that kind, about Biên Hòa; nobody has heard it yet."""
        number = next(self._numbers)
        identifier = f"{entrance}-{kind.lower()}-{number}"
        sent = datetime.now(UTC).isoformat(timespec="milliseconds")
        references = before.triple if before is not None else ""
        # An instruction of its own: what says no more than another source's warning wakes nobody (CHN-3).
        asked = f"Theo hướng dẫn số {number}"
        body = cap(identifier, msg_type=kind, references=references, sent=sent, unit="731", instruction=asked)
        return Version(identifier, kind, entrance, body, sent, before)

    def say(self, version: Version) -> None:
        """The hub is told, or can read it from now on; returns at once."""
        version.began = True
        if version not in self.said:
            self.said.append(version)
        if version.entrance == "polled":
            self.served_before = len(self.pages.served)
            listed = [self.pages.put(one.path, one.body) for one in self.said if one.entrance == "polled"]
            self.pages.rss(INDEX, listed)
            return
        threading.Thread(target=self._ask, args=(version,), daemon=True).start()

    def _ask(self, version: Version) -> None:
        """One request of a client that hears the answer or does not."""
        with contextlib.suppress(httpx.HTTPError):
            if version.entrance == "released" and version.answers:
                alert_id = version.answers[0][1]["alert_id"]
                answer = self.commander.post(f"/v1/alerts/{alert_id}/release", json={"reason": "đã gọi lại nguồn"})
            else:
                key = self.keys["limited" if version.entrance == "released" else "pushed"]
                headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cap+xml"}
                answer = httpx.post(
                    f"{self.town.base}/v1/alerts", content=version.body, headers=headers, timeout=10, trust_env=False
                )
            version.answers.append((answer.status_code, answer.json()))

    def held(self) -> Version:
        """A version that acceptance holds for a person."""
        version = self.version("Alert", "released")
        self._ask(version)
        assert [(status, body["disposition"]) for status, body in version.answers] == [(202, "held")]
        return version

    def unanswered(self, path: str, body: dict[str, Any]) -> httpx.Response | None:
        """The answer to a request of the administrator, or None when the hub died over it."""
        try:
            return self.client.post(path, json=body)
        except httpx.HTTPError:
            return None

    # --- seeing ---------------------------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        assert self.town.process is not None
        return self.town.process.pid

    @property
    def data(self) -> Path:
        return self.town.folder / "data" / "test"

    def look(self) -> Found | None:
        """The files as a restart would find them now, or None when the copy was torn."""
        return found(self.data, self.aside, store=self.town.store)

    # --- after a kill ---------------------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """The hub runs again, and holds no claim of its dead predecessor."""
        self.town.start(within_s=START_S)
        seen = until(self.look, within_s=5, what="an untorn copy")
        dead = [row for row in seen.rows("deliveries", state="in_flight") if not _is_of(row, self.pid)]
        assert dead == [], "a claim of the dead process stands"

    def again(self, version: Version) -> None:
        """A client that got no answer asks again until it has one, and learns of one and the same alert."""
        if version.entrance == "polled" or not version.began:
            return
        needed = 2 if version.entrance == "released" else 1
        until(lambda: len(version.answers) >= needed or self._ask(version), within_s=15, what="an answer")
        assert len({body["alert_id"] for status, body in version.answers if status < 300}) <= 1
        good = (200, 202) if version.entrance != "released" else (200, 202, 409)
        assert version.answers[-1][0] in good, version.answers


def _is_of(row: Any, pid: int) -> bool:
    return str(row["claimed_by"]).startswith(f"{pid}-")


@contextmanager
def opened(folder: Path) -> Iterator[Way]:
    """A way that is at rest, with nothing said."""
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        pages = stack.enter_context(serving(Pages()))
        near, far, elsewhere = (stack.enter_context(receiving(Receiver())) for _ in range(3))
        way = Way(folder, pages, (near, far, elsewhere))
        stack.callback(way.town.kill)
        way.open()
        yield way
