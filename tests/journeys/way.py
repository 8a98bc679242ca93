"""One hub, its two ways in and its three receivers, and the test's own account of what was said, answered and received."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import connect

from hub.clock import SystemClock
from hub.store import open_store, people
from tests.journeys.found import Found, audit_fault, faults, found
from tests.journeys.points import Facts, publishing, word
from tests.journeys.test_spine import signed_in
from tests.journeys.town import Pages, Receiver, Town, cap, cap_source, free_port, receiving, serving, until

INDEX = "/index.xml"
HOLD_S = 0.12
"""Between a request that has come whole and its answer."""
REST_S = 60.0
"""A hub that was started again has told everybody by then, also on a machine that does much else."""


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
        self._served_before = 0
        self._numbers = iter(range(1, 10_000))
        pages.rss(INDEX, [])

    # --- setting up and ending ------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """The hub runs, the endpoints are proven, the first read has been."""
        self.town.start()
        self.client = signed_in(self.town)
        self.commander = self._commander()
        owners = ("bo-chqs", "ubnd-bien-hoa", "ubnd-tan-phu")
        units = ("75", "75", "734")
        self.endpoints = [self._subscribe(*one) for one in zip(self.receivers, owners, units, strict=True)]
        self.keys = {name: self.town.hub("key", "create", "source", name) for name in ("pushed", "limited")}
        until(lambda: INDEX in self.pages.served, within_s=15, what="the first read")
        for holding in (*self.receivers, self.pages):
            holding.answer_after_s = HOLD_S

    def _commander(self) -> httpx.Client:
        """A client with a session of a duty commander: an administrator may release nothing."""

        async def made() -> str:
            store, now = (
                open_store(f"sqlite:///{self.data / 'hub.db'}", mode="test", clock=SystemClock()),
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
        identifier = f"{entrance}-{kind.lower()}-{next(self._numbers)}"
        sent = datetime.now(UTC).isoformat(timespec="milliseconds")
        references = before.triple if before is not None else ""
        body = cap(identifier, msg_type=kind, references=references, sent=sent, unit="731")
        return Version(identifier, kind, entrance, body, sent, before)

    def say(self, version: Version) -> None:
        """The hub is told, or can read it from now on; returns at once."""
        version.began = True
        if version not in self.said:
            self.said.append(version)
        if version.entrance == "polled":
            self._served_before = len(self.pages.served)
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

    def told(self, version: Version) -> Version:
        """It is said, and everybody has it."""
        self.say(version)
        self.rest()
        return version

    def begun(self, version: Version) -> Version:
        """It is said, and both agencies have it and have not answered yet."""
        for receiver in self.receivers[:2]:
            receiver.answer_after_s = 2.0
        self.say(version)
        until(lambda: self.outside(version)["received"] == 2, within_s=10, what="the alert at both")
        for receiver in self.receivers[:2]:
            receiver.answer_after_s = HOLD_S
        return version

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
        return found(self.data, self.aside)

    def outside(self, version: Version) -> dict[str, Any]:
        """What the world knows of the version, for `Facts`."""
        wanting = self.receivers[:2]
        ids = [{i for i, told in _deliveries(receiver) if _about(told) == version.identifier} for receiver in wanting]
        good = [status for status, _ in list(version.answers) if status < 300]
        return {
            "index_read": version.began and INDEX in self.pages.served[self._served_before :],
            "document_read": version.path in self.pages.served,
            "answered": len(good) > (1 if version.entrance == "released" else 0),
            "received": sum(1 for one in ids if one),
            "taken": sum(1 for one, receiver in zip(ids, wanting, strict=True) if one & {*receiver.answered}),
        }

    def facts(self, version: Version, seen: Found, outside: dict[str, Any]) -> Facts:
        """How far the version has come."""
        row = seen.alert(version.identifier)
        kind = "released" if version.entrance == "released" else "decided"
        events = seen.rows("events", alert_id=row["alert_id"], kind=kind) if row is not None else []
        position = seen.candidate(version.sha256)
        alert_id, seq = (row["alert_id"], events[-1]["seq"]) if row is not None and events else ("", 0)
        owed = seen.rows("deliveries", seq=seq) if seq else []
        marks = seen.rows("follower_marks", follower="all")
        return Facts(
            entrance=version.entrance,
            wanted=2,
            covered=self.pages.base + version.path in seen.covered(),
            kept=bool(seen.rows("payloads", sha256=version.sha256)),
            candidate=position is not None,
            decided=bool(events),
            routed=bool(seen.rows("routed", seq=seq)) if seq else False,
            states=tuple(one["state"] for one in owed if one["endpoint_id"] in self.endpoints[:2]),
            document=alert_id in seen.documents,
            in_feed=alert_id in seen.feed,
            marked=bool(seq and marks and marks[0]["seq"] >= seq),
            **outside,
        )

    def moment(self, version: Version) -> tuple[Found, Facts] | None:
        """Files and world at one instant; None when something moved meanwhile."""
        before = self.outside(version)
        seen = self.look()
        if seen is None or before != self.outside(version):
            return None
        return seen, self.facts(version, seen, before)

    def check(self, seen: Found, facts: Facts) -> None:
        """This instant is one that may be.

        Raises:
            AssertionError: a kill now would lose or double something.
        """
        documents = {self.pages.base + one.path: one.sha256 for one in self.said if one.entrance == "polled"}
        assert faults(seen, documents) == []
        assert word(facts), f"between two commits without a name: {facts}"
        assert publishing(facts), f"the follower is where it cannot be: {facts}"

    # --- the end of a round ---------------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """The hub runs again, and holds no claim of its dead predecessor."""
        self.town.start()
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

    def rest(self) -> Found:
        """Everything that was said is with everybody who is owed it; the files then.

        Raises:
            AssertionError: not within `REST_S`.
        """
        end = time.monotonic() + REST_S
        late: list[str] = ["nothing was looked at"]
        while time.monotonic() < end:
            assert self.town.runs(), f"the hub ended by itself ({self.town.process}):\n{self.town.stderr()[-6000:]}"
            seen = self.look()
            late = self._unfinished(seen) if seen is not None else late
            if seen is not None and not late:
                return seen
            time.sleep(0.03)
        raise AssertionError(f"not at rest: {late[:4]} …\n{self.town.stderr()[-1500:]}")

    def done(self, version: Version) -> bool:
        """The version is with everybody and in the feed, and its client knows."""
        moment = self.moment(version)
        return moment is not None and (word(moment[1]), publishing(moment[1])) == ("at-rest", "marked")

    def compare(self) -> None:
        """At rest the pull cursor, the live feed and the Atom feed tell what the store holds."""
        seen = self.rest()
        order = [(row["seq"], row["alert_id"]) for row in seen.tables["events"]]
        told = self.client.get("/v1/events", params={"limit": 500}).json()
        assert [(one["seq"], one["alert"]["id"]) for one in told["events"]] == order
        cookie = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        address = f"ws://127.0.0.1:{self.town.port}/v1/live?after=0&epoch={told['epoch']}"
        frames = []
        with connect(address, additional_headers={"Cookie": cookie}, origin=self.town.base) as live:
            while (frame := json.loads(live.recv(timeout=10)))["frame"] != "live":
                frames.append(frame)
        assert [(one["seq"], one["id"]) for one in frames if one["frame"] == "alert"] == order
        heads = {(seen.alert(one.identifier) or {})["alert_id"] for one in self._heads()}
        assert seen.feed == heads
        assert heads <= seen.documents

    def _unfinished(self, seen: Found) -> list[str]:
        told = []
        for version in self.said:
            facts = self.facts(version, seen, self.outside(version))
            left = version.identifier if facts.in_feed != (version in self._heads()) else ""
            if not facts.decided or not facts.routed or facts.received < 2 or not facts.marked or left:
                told.append(f"{version.identifier}: {facts}")
        open_ = [row for row in seen.tables["deliveries"] if row["state"] in ("pending", "in_flight")]
        return told + [f"{row['event_type']} {row['alert_id']} is {row['state']}" for row in open_]

    def _heads(self) -> list[Version]:
        superseded = {id(one.before) for one in self.said}
        return [one for one in self.said if id(one) not in superseded]

    def account(self, seen: Found) -> None:
        """At rest the receivers hold what the sources and clients said, each version under one id, in the order of its chain."""
        assert audit_fault(self.aside) == ""
        assert [r.bad for r in self.receivers] == [0, 0, 0]
        assert self.receivers[2].got == [], "a district that it does not concern was told"
        for receiver in self.receivers[:2]:
            ids: dict[str, set[str]] = {}
            newest: dict[str, int] = {}
            for delivery_id, told in _deliveries(receiver):
                ids.setdefault(_about(told), set()).add(delivery_id)
                chain, place = told["data"]["chain_id"], told["data"]["chain_seq"]
                assert place >= newest.get(chain, 0), f"{_about(told)} came after what ends or replaces it"
                newest[chain] = place
            assert {name: len(found) for name, found in ids.items() if len(found) != 1} == {}
            assert set(ids) == {one.identifier for one in self.said}
        for version in self.said:
            row = seen.alert(version.identifier)
            assert row is not None
            assert len(seen.rows("events", alert_id=row["alert_id"], kind="decided")) <= 1
            assert len(seen.rows("events", alert_id=row["alert_id"], kind="released")) <= 1
            answered = {body["alert_id"] for status, body in version.answers if status in (200, 202)}
            assert answered <= {row["alert_id"]}, "the client was told of another alert"
        assert {one.identifier for one in self.said} == {row["identifier"] for row in seen.tables["alerts"]}


def _deliveries(receiver: Receiver) -> list[tuple[str, dict[str, Any]]]:
    with receiver.lock:
        return list(zip(receiver.ids, receiver.got, strict=True))


def _about(told: dict[str, Any]) -> str:
    return str((told["data"].get("alert") or {}).get("identifier", told["type"]))


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
