"""What the test knows against what the hub shows: how far a version has come, and whether everybody has what they are owed."""

from __future__ import annotations

import json
import time
from typing import Any

from websockets.sync.client import connect

from tests.journeys.found import Found, audit_fault, faults
from tests.journeys.points import Facts, publishing, word
from tests.journeys.town import Receiver
from tests.journeys.way import INDEX, Version, Way

REST_S = 60.0
"""A hub that was started again has told everybody by then, also on a machine that does much else."""


def outside(way: Way, version: Version) -> dict[str, Any]:
    """What the world knows of the version, for `Facts`."""
    wanting = way.receivers[:2]
    ids = [{i for i, told in _deliveries(receiver) if _about(told) == version.identifier} for receiver in wanting]
    good = [status for status, _ in list(version.answers) if status < 300]
    return {
        "index_read": version.began and INDEX in way.pages.served[way.served_before :],
        "document_read": version.path in way.pages.served,
        "answered": len(good) > (1 if version.entrance == "released" else 0),
        "received": sum(1 for one in ids if one),
        "taken": sum(1 for one, receiver in zip(ids, wanting, strict=True) if one & {*receiver.answered}),
    }


def facts_of(way: Way, version: Version, seen: Found, world: dict[str, Any]) -> Facts:
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
        covered=way.pages.base + version.path in seen.covered(),
        kept=bool(seen.rows("payloads", sha256=version.sha256)),
        candidate=position is not None,
        decided=bool(events),
        routed=bool(seen.rows("routed", seq=seq)) if seq else False,
        states=tuple(one["state"] for one in owed if one["endpoint_id"] in way.endpoints[:2]),
        document=alert_id in seen.documents,
        in_feed=alert_id in seen.feed,
        marked=bool(seq and marks and marks[0]["seq"] >= seq),
        **world,
    )


def moment(way: Way, version: Version) -> tuple[Found, Facts] | None:
    """Files and world at one instant; None when something moved meanwhile."""
    before = outside(way, version)
    seen = way.look()
    if seen is None or before != outside(way, version):
        return None
    return seen, facts_of(way, version, seen, before)


def check(way: Way, seen: Found, facts: Facts) -> None:
    """This instant is one that may be.

    Raises:
        AssertionError: a kill now would lose or double something.
    """
    documents = {way.pages.base + one.path: one.sha256 for one in way.said if one.entrance == "polled"}
    wrong = faults(seen, documents)
    assert wrong == [], f"a kill now would lose something: {wrong}"
    assert word(facts), f"between two commits without a name: {facts}"
    assert publishing(facts), f"the follower is where it cannot be: {facts}"


def rest(way: Way) -> Found:
    """Everything that was said is with everybody who is owed it; the files then.

    Raises:
        AssertionError: not within `REST_S`.
    """
    end = time.monotonic() + REST_S
    late: list[str] = ["nothing was looked at"]
    while time.monotonic() < end:
        assert way.town.runs(), f"the hub ended by itself ({way.town.process}):\n{way.town.stderr()[-6000:]}"
        seen = way.look()
        late = _unfinished(way, seen) if seen is not None else late
        if seen is not None and not late:
            return seen
        time.sleep(0.03)
    raise AssertionError(f"not at rest: {late[:4]} …\n{way.town.stderr()[-1500:]}")


def done(way: Way, version: Version) -> bool:
    """The version is with everybody and in the feed, and its client knows."""
    found = moment(way, version)
    return found is not None and (word(found[1]), publishing(found[1])) == ("at-rest", "marked")


def compare(way: Way) -> None:
    """At rest the pull cursor, the live feed and the Atom feed tell what the store holds."""
    seen = rest(way)
    order = [(row["seq"], row["alert_id"]) for row in seen.tables["events"]]
    told = way.client.get("/v1/events", params={"limit": 500}).json()
    assert [(one["seq"], one["alert"]["id"]) for one in told["events"]] == order
    cookie = "; ".join(f"{name}={value}" for name, value in way.client.cookies.items())
    address = f"ws://127.0.0.1:{way.town.port}/v1/live?after=0&epoch={told['epoch']}"
    frames = []
    with connect(address, additional_headers={"Cookie": cookie}, origin=way.town.base) as live:
        while (frame := json.loads(live.recv(timeout=10)))["frame"] != "live":
            frames.append(frame)
    assert [(one["seq"], one["id"]) for one in frames if one["frame"] == "alert"] == order
    heads = {(seen.alert(one.identifier) or {})["alert_id"] for one in _heads(way)}
    assert seen.feed == heads
    assert heads <= seen.documents


def _unfinished(way: Way, seen: Found) -> list[str]:
    told = []
    for version in way.said:
        facts = facts_of(way, version, seen, outside(way, version))
        left = version.identifier if facts.in_feed != (version in _heads(way)) else ""
        if not facts.decided or not facts.routed or facts.received < 2 or not facts.marked or left:
            told.append(f"{version.identifier}: {facts}")
    open_ = [row for row in seen.tables["deliveries"] if row["state"] in ("pending", "in_flight")]
    return told + [f"{row['event_type']} {row['alert_id']} is {row['state']}" for row in open_]


def _heads(way: Way) -> list[Version]:
    superseded = {id(one.before) for one in way.said}
    return [one for one in way.said if id(one) not in superseded]


def account(way: Way, seen: Found) -> None:
    """At rest the receivers hold what the sources and clients said, each version under one id, in the order of its chain."""
    assert audit_fault(way.aside, store=way.town.store) == ""
    said = {one.identifier for one in way.said}
    assert {row["identifier"] for row in seen.tables["alerts"]} == said
    assert [receiver.bad for receiver in way.receivers] == [0, 0, 0], "signatures"
    assert way.receivers[2].got == [], "an agency that it does not concern was told"
    for receiver in way.receivers[:2]:
        _holds(receiver, said)
    for version in way.said:
        alert_id = (seen.alert(version.identifier) or {})["alert_id"]
        kinds = [row["kind"] for row in seen.rows("events", alert_id=alert_id)]
        assert len(kinds) == len(set(kinds)), f"{version.identifier} was accepted twice: {kinds}"
        answered = {body["alert_id"] for status, body in version.answers if status < 300}
        assert answered <= {alert_id}, f"the client was told of another alert than {alert_id}: {answered}"


def _holds(receiver: Receiver, said: set[str]) -> None:
    """The receiver has each version, always under the same id, and never one after what ends or replaces it."""
    ids: dict[str, set[str]] = {}
    newest: dict[str, int] = {}
    for delivery_id, told in _deliveries(receiver):
        ids.setdefault(_about(told), set()).add(delivery_id)
        chain, place = told["data"]["chain_id"], told["data"]["chain_seq"]
        assert place >= newest.get(chain, 0), f"{_about(told)} came after what ends or replaces it"
        newest[chain] = place
    doubled = {name: found for name, found in ids.items() if len(found) != 1}
    assert doubled == {}, f"sent under several ids: {doubled}"
    assert set(ids) == said, f"lost: {said - set(ids)}, never said: {set(ids) - said}"


def _deliveries(receiver: Receiver) -> list[tuple[str, dict[str, Any]]]:
    with receiver.lock:
        return list(zip(receiver.ids, receiver.got, strict=True))


def _about(told: dict[str, Any]) -> str:
    return str((told["data"].get("alert") or {}).get("identifier", told["type"]))
