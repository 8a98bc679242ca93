"""The live feed over real sockets: order, resuming, slow clients, and permissions that change under an open connection."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from websockets.exceptions import ConnectionClosed

from hub.api.live import _kept_up
from hub.api.order import PORTION
from hub.store import alerts, head, listening, meta, people, sources
from tests.api.doorway import Door, cap, frame, open_door, owe

XML = {"Content-Type": "application/cap+xml"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def _submit(door: Door, *names: str, **values: str) -> list[str]:
    async with await door.source() as source:
        answers = [await source.post("/v1/alerts", content=cap(name, **values), headers=XML) for name in names]
    return [answer.json()["alert_id"] for answer in answers]


async def _session(door: Door, login: str = "an", *roles: str, **scope: Any) -> str:
    return await door.session(await door.person(login, *(roles or ("dispatcher",)), **scope))


async def test_a_new_viewer_gets_a_snapshot_and_then_what_follows_it(door: Door) -> None:
    (first,) = await _submit(door, "a1")
    async with door.watch(session=await _session(door)) as viewer:
        hello = await frame(viewer, "hello")
        assert hello["mode"] == "test" and hello["heartbeat_s"] == 5
        shot = await frame(viewer, "snapshot")
        assert [alert["id"] for alert in shot["alerts"]] == [first] and shot["seq"] == shot["last"] == 1
        assert (await frame(viewer, "live"))["last"] == 1
        (second,) = await _submit(door, "a2")
        told = await frame(viewer, "alert")
        assert (told["id"], told["seq"], told["prev"]) == (second, 2, 1)
        assert told["alert"]["headline"] == "Lũ trên sông Đồng Nai"


async def test_what_waits_for_a_person_is_in_the_snapshot_and_its_decision_is_told_at_once(door: Door) -> None:
    async with await door.source("nobody-configured") as stranger:
        held = (await stranger.post("/v1/alerts", content=cap("a"), headers=XML)).json()["alert_id"]
    commander = await _session(door, "chi-huy", "duty_commander")
    async with door.watch(session=await _session(door)) as viewer:
        (shown,) = (await frame(viewer, "snapshot"))["alerts"]
        assert (shown["id"], shown["disposition"], shown["held_by"]) == (held, "held", "duty-commander")
        assert shown["held_until"] > shown["received_at"]
        async with door.client(session=commander) as client:
            assert (await client.post(f"/v1/alerts/{held}/dismiss", json={"reason": "tin giả"})).status_code == 200
        told = await frame(viewer, "alert")
        assert (told["kind"], told["alert"]["disposition"], told["alert"]["held_until"]) == (
            "dismissed",
            "refused",
            None,
        )
    async with door.watch(session=commander) as later:
        assert (await frame(later, "snapshot"))["alerts"] == []


async def test_a_viewer_who_was_away_gets_everything_missed_and_no_snapshot(door: Door) -> None:
    session = await _session(door)
    async with door.watch(session=session) as viewer:
        await frame(viewer, "live")
        await _submit(door, "a1")
        last = (await frame(viewer, "alert"))["seq"]
    missed = await _submit(door, *(f"b{n}" for n in range(7)))
    async with door.watch(session=session, query=f"?after={last}") as viewer:
        told = [await frame(viewer, "snapshot", "alert", "live") for _ in range(8)]
    assert [one["frame"] for one in told] == ["alert"] * 7 + ["live"]
    assert [one["id"] for one in told[:7]] == missed
    assert [one["prev"] for one in told[:7]] == list(range(1, 8)) and told[7]["last"] == 8


async def test_a_seq_of_another_epoch_or_beyond_the_head_begins_anew(door: Door) -> None:
    await _submit(door, "a1")
    session = await _session(door)
    epoch = await door.store.read(lambda conn: meta.get(conn, "epoch"))
    for query, kind in (
        (f"?after=1&epoch={epoch}", "live"),
        ("?after=1&epoch=old", "snapshot"),
        ("?after=99", "snapshot"),
    ):
        async with door.watch(session=session, query=query) as viewer:
            assert (await frame(viewer, "snapshot", "alert", "live"))["frame"] == kind


async def test_prev_is_the_seq_before_in_the_viewer_s_own_filter(door: Door) -> None:
    session = await _session(door)
    async with door.watch(session=session, query="?severity=Extreme") as viewer:
        await frame(viewer, "live")
        await _submit(door, "a1", severity="Extreme")
        await _submit(door, "a2", "a3", severity="Minor")
        await _submit(door, "a4", severity="Extreme")
        told = [await frame(viewer, "alert") for _ in range(2)]
        assert [(one["seq"], one["prev"]) for one in told] == [(1, 0), (4, 1)]
    async with door.watch(session=session, query="?severity=Extreme&after=3") as viewer:
        missed = await frame(viewer, "alert", "live")
        assert (missed["seq"], missed["prev"]) == (4, 1)


async def test_a_heartbeat_tells_head_and_last_so_that_a_gap_at_the_end_shows(door: Door) -> None:
    async with door.watch(session=await _session(door), query="?severity=Extreme") as viewer:
        await frame(viewer, "live")
        (extreme,) = await _submit(door, "a1", severity="Extreme")
        await _submit(door, "a2", severity="Minor")
        beat = await frame(viewer, "heartbeat", timeout_s=11)
        if beat["seq"] < 2:
            beat = await frame(viewer, "heartbeat", timeout_s=7)
    assert (beat["seq"], beat["last"], beat["recent"]) == (2, 1, [extreme])
    assert abs((datetime.fromisoformat(beat["time"]) - datetime.now(UTC)).total_seconds()) < 12


async def test_two_dispatchers_share_the_very_bytes_and_nobody_misses_one(door: Door) -> None:
    sessions = [await _session(door, f"an{n}") for n in range(3)]
    async with door.watch(session=sessions[0]) as one, door.watch(session=sessions[1]) as two:
        for viewer in (one, two):
            await frame(viewer, "live")
        sending = asyncio.create_task(_submit(door, *(f"a{n}" for n in range(30))))
        async with door.watch(session=sessions[2]) as late:  # joins in the middle of it
            shot = await frame(late, "snapshot")
            await sending
            heard = [[await frame(viewer, "alert") for _ in range(30)] for viewer in (one, two)]
            rest = [await frame(late, "alert") for _ in range(30 - shot["seq"])]
    assert heard[0] == heard[1]
    assert [told["seq"] for told in heard[0]] == list(range(1, 31))
    assert [told["prev"] for told in heard[0]] == list(range(30))
    assert [told["seq"] for told in rest] == list(range(shot["seq"] + 1, 31))


async def test_a_client_that_does_not_read_is_cut_off_and_resumes_with_nothing_lost(door: Door) -> None:
    session = await _session(door)
    bodies = [_big(f"a{n}") for n in range(500)]
    async with door.watch(session=session) as healthy:
        await frame(healthy, "live")
        host, port = door.base.removeprefix("http://").split(":")
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((host, int(port)))
        deaf.setblocking(False)
        await _handshake(deaf, f"{host}:{port}", f"{door.services.cookie}={session}")
        hearing = asyncio.create_task(_hear(healthy, len(bodies)))
        async with await door.source() as source:
            for start in range(0, len(bodies), 50):
                sending = [source.post("/v1/alerts", content=body, headers=XML) for body in bodies[start : start + 50]]
                await asyncio.gather(*sending)
        assert await hearing == list(range(1, len(bodies) + 1))
        read = await _drain(deaf)
        deaf.close()
        assert read < len(bodies) * 12_000, "the slow client got everything: nothing was bounded"
    async with door.watch(session=session, query="?after=3") as viewer:
        assert await _hear(viewer, len(bodies) - 3) == list(range(4, len(bodies) + 1))


def _big(name: str) -> bytes:
    """An alert far away (so that none is about another's event) whose frame has some 14 kB."""
    square = "<polygon>-10,-140 -10,-139 -11,-139 -10,-140</polygon>"
    areas = "".join(f"<area><areaDesc>{'ế' * 200}{n}</areaDesc>{square}</area>" for n in range(20))
    whole = cap(name, headline="ế" * 500).decode()
    return (whole.partition("<area>")[0] + areas + "</info></alert>").encode()


async def _hear(viewer: Any, count: int) -> list[int]:
    return [(await frame(viewer, "alert", timeout_s=30))["seq"] for _ in range(count)]


async def _handshake(raw: socket.socket, host: str, cookie: str) -> None:
    loop = asyncio.get_running_loop()
    lines = [
        "GET /v1/live HTTP/1.1",
        f"Host: {host}",
        f"Origin: http://{host}",
        f"Cookie: {cookie}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    await loop.sock_sendall(raw, ("\r\n".join(lines) + "\r\n\r\n").encode())
    answer = await loop.sock_recv(raw, 100)
    assert answer.startswith(b"HTTP/1.1 101")


async def _drain(raw: socket.socket) -> int:
    loop, total = asyncio.get_running_loop(), 0
    try:
        async with asyncio.timeout(5):
            while got := await loop.sock_recv(raw, 1 << 20):
                total += len(got)
    except (ConnectionError, TimeoutError):
        pass
    return total


@pytest.mark.parametrize("origin", ["http://evil.test", "null", ""])
async def test_a_page_elsewhere_cannot_watch_with_the_viewer_s_cookie(door: Door, origin: str) -> None:
    with pytest.raises(Exception, match="HTTP 403"):
        async with door.watch(session=await _session(door), origin=origin):
            pass


async def test_without_a_session_the_handshake_is_refused(door: Door) -> None:
    with pytest.raises(Exception, match="HTTP 401"):
        async with door.watch(session="none"):
            pass


async def test_a_source_s_key_does_not_watch(door: Door) -> None:
    with pytest.raises(Exception, match="HTTP 403"):
        async with door.watch(key=await door.key("source", "kttv"), origin=""):
            pass


async def test_a_machine_watches_with_its_key_and_without_an_origin(door: Door) -> None:
    async with door.watch(key=await door.key("agency", "pccc"), origin="") as viewer:
        assert (await frame(viewer, "live"))["last"] == 0


async def test_signing_out_closes_the_socket_at_once(door: Door) -> None:
    session = await _session(door)
    async with door.watch(session=session) as viewer, door.client(session=session) as client:
        await frame(viewer, "live")
        assert (await client.delete("/v1/session")).status_code == 204
        with pytest.raises(ConnectionClosed) as closed:
            await frame(viewer, "heartbeat", timeout_s=2)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


@pytest.mark.parametrize("change", ["disabled", "roles"])
async def test_the_socket_closes_when_what_one_may_see_changes(door: Door, change: str) -> None:
    person = await door.person("an", "dispatcher")
    async with door.watch(session=await door.session(person)) as viewer:
        await frame(viewer, "live")
        if change == "disabled":
            await door.store.write(lambda conn: people.disable(conn, person, datetime.now(UTC)))
        else:
            await door.store.write(lambda conn: people.set_roles(conn, person, ["agency_member"], {"owner": "pccc"}))
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await frame(viewer, "never", timeout_s=10)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


async def test_an_agency_gets_what_is_owed_to_it_once_that_is_known_and_nothing_else(door: Door) -> None:
    session = await _session(door, "binh", "agency_member", owner="pccc")
    async with door.watch(session=session) as viewer:
        assert (await frame(viewer, "snapshot"))["alerts"] == []
        await frame(viewer, "live")
        ids = await _submit(door, "a1", "a2", "a3")
        await owe(door, {ids[1]: "pccc", ids[2]: "y-te"})
        told = await frame(viewer, "alert")
        assert (told["id"], told["seq"], told["prev"]) == (ids[1], 2, 0)
        (later,) = await _submit(door, "a4")
        await owe(door, {later: "pccc"})
        told = await frame(viewer, "alert")
        assert (told["id"], told["seq"], told["prev"]) == (later, 4, 2)
    async with door.watch(session=session) as viewer:
        shot = await frame(viewer, "snapshot")
    assert {alert["id"] for alert in shot["alerts"]} == {ids[1], later} and shot["sources"] == []


async def test_a_stalled_routing_holds_nothing_back_from_those_who_see_all(door: Door) -> None:
    (first,) = await _submit(door, "a1")
    member = await _session(door, "binh", "agency_member", owner="pccc")
    async with door.watch(session=member) as waiting, door.watch(session=await _session(door)) as viewer:
        for one in (waiting, viewer):
            await frame(one, "live")
        await door.store.write(lambda conn: _events(conn, first, 3 * PORTION))
        await door.store.write(lambda conn: _events(conn, first, 1))
        assert await _hear(viewer, 3 * PORTION + 1) == list(range(2, 3 * PORTION + 3))


def _events(conn: Connection, alert_id: str, count: int) -> None:
    state = head.lock(conn)
    for _ in range(count):
        alerts.insert_event(conn, seq=state.next_seq(), kind="revived", alert_id=alert_id, at=0)
    head.save(conn, state)


async def test_states_of_deliveries_and_sources_are_told_as_they_change(door: Door) -> None:
    async with door.watch(session=await _session(door)) as viewer:
        await frame(viewer, "live")
        (alert_id,) = await _submit(door, "a1")
        await owe(door, {alert_id: "pccc"})
        told = await frame(viewer, "state")
        assert (told["object"], told["id"], told["body"]) == ("deliveries", alert_id, {"pending": 1})
        health = {"state": "silent", "reason": "timeout", "failures": 3, "faults": []}
        await door.store.write(lambda conn: sources.set_health(conn, "usgs", health))
        told = await frame(viewer, "state")
        assert (told["object"], told["id"], told["body"]["state"]) == ("source", "usgs", "silent")
        assert "mark" not in told["body"]


async def test_a_viewer_who_was_away_is_told_how_things_stand_now(door: Door) -> None:
    (alert_id,) = await _submit(door, "a1")
    await owe(door, {alert_id: "pccc"})
    await door.store.write(lambda conn: sources.set_health(conn, "usgs", {"state": "live"}))
    async with door.watch(session=await _session(door), query="?after=0") as viewer:
        told = [await frame(viewer, "state") for _ in range(2)]
    assert {(one["object"], one["id"]) for one in told} == {("deliveries", alert_id), ("source", "usgs")}


async def test_what_a_client_says_is_not_listened_to_and_cannot_fill_the_memory(door: Door) -> None:
    async with door.watch(session=await _session(door)) as viewer:
        await frame(viewer, "live")
        await viewer.send(json.dumps({"frame": "alert"}))
        await _submit(door, "a1")
        assert (await frame(viewer, "alert"))["seq"] == 1
        await viewer.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            await frame(viewer, "never", timeout_s=5)


async def test_an_ending_process_closes_its_viewers_who_resume_elsewhere(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        viewer = await door.watch(session=await _session(door))
        await frame(viewer, "live")
    with pytest.raises(ConnectionClosed) as closed:
        await frame(viewer, "never", timeout_s=2)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1012


async def test_those_who_come_back_at_once_share_a_snapshot_and_still_miss_nothing(door: Door) -> None:
    (first,) = await _submit(door, "a1")
    session = await _session(door)
    async with door.watch(session=session) as one:
        shot = await frame(one, "snapshot")
        await frame(one, "live")
        (second,) = await _submit(door, "a2")  # inside the second for which the snapshot is kept
        async with door.watch(session=session) as two:
            shared = await frame(two, "snapshot")
            seen = {alert["id"] for alert in shared["alerts"]}
            last = shared["last"]
            while seen != {first, second}:
                told = await frame(two, "alert")
                assert told["prev"] == last
                seen.add(told["id"])
                last = told["seq"]
            assert (await frame(two, "live"))["last"] == 2
            (third,) = await _submit(door, "a3")
            assert [(await frame(viewer, "alert", timeout_s=10))["id"] for viewer in (one, two)] == [second, third]
    assert [alert["id"] for alert in shot["alerts"]] == [first]


async def test_a_loop_of_the_feed_goes_on_whatever_stopped_it() -> None:
    runs, again = 0, asyncio.Event()

    async def loop() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise ValueError("one bad frame")
        again.set()
        await asyncio.sleep(60)

    kept = asyncio.create_task(_kept_up(loop))
    async with asyncio.timeout(10):
        await again.wait()
    assert not kept.done()
    kept.cancel()


async def test_only_a_desk_with_sound_counts_as_listening(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        desk = await door.session(await door.person("an", "dispatcher"))
        member = await door.session(await door.person("binh", "agency_member", owner="y-te"))
        heard = lambda: door.store.read(listening.last_heard)  # noqa: E731 - asked again and again
        async with door.watch(session=desk) as silent, door.watch(session=member) as other:
            for connection in (silent, other):
                await frame(connection, "live")
            await other.send('{"frame": "sound", "on": true}')
            await silent.send("{")
            await frame(silent, "heartbeat", timeout_s=8)
            assert await heard() is None
            await silent.send('{"frame": "sound", "on": true}')
            await frame(silent, "heartbeat", timeout_s=8)
            assert await heard() is not None
