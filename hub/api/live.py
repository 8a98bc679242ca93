"""`WS /v1/live`: one pump reads the accepted order, frames each alert once per identical filter, and writes it to every viewer."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import operator
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Row
from starlette.websockets import WebSocket, WebSocketDisconnect

from hub import policy
from hub.api import auth, feed, order, troubles
from hub.api.auth import Caller
from hub.api.feed import Resume, Track, Wish
from hub.api.group import Group, Viewer
from hub.api.order import Opening
from hub.api.services import Services
from hub.api.sight import Sight
from hub.api.sockets import Line
from hub.clock import Clock, to_us
from hub.errors import HubError
from hub.store import desk, listening, listing

log = logging.getLogger(__name__)

MOST_VIEWERS = 5000
DRAIN_TIMEOUT_S = 30.0
STATE_EVERY_S = 1.0
LAGGING_POLL_S = 0.25
SNAPSHOT_KEPT_S = 1.0


class LiveFeed:
    """The feed of one API process; viewers are served while `running`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._groups: dict[tuple[Any, Wish], Group] = {}
        self._snapshots: WeakKeyDictionary[Group, tuple[float, Opening]] = WeakKeyDictionary()
        self._lock = asyncio.Lock()
        self._occupied = asyncio.Event()
        self._head = 0
        self._source_rev = 0
        self._desk_rev = 0
        self._process_id = secrets.token_hex(8)

    def viewers(self) -> int:
        """How many are watching."""
        return sum(group.members for group in self._groups.values())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The feed runs inside this context; on leaving, every viewer is closed and may resume elsewhere."""
        self._desk_rev = await self._store.read(desk.last_rev)
        loops = [asyncio.create_task(_kept_up(loop)) for loop in (self._pump, self._beat, self._tell_states)]
        try:
            yield
        finally:
            for viewer in self._everyone():
                viewer.close(feed.CLOSE_GOING_AWAY)
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)

    def signed_out(self, session: str) -> None:
        """Every connection of that session closes at once."""
        for viewer in self._everyone():
            if viewer.caller.session == session:
                viewer.close(feed.CLOSE_SIGNED_OUT)

    async def view(self, socket: WebSocket, *, caller: Caller, sight: Sight, wish: Wish, resume: Resume) -> None:
        """Serves one accepted connection until it ends."""
        viewer = Viewer(Line(socket), caller)
        key = (sight.key, wish)
        group = self._groups.setdefault(key, Group(sight, wish))
        group.members += 1
        self._occupied.set()
        try:
            await self._bring_up(viewer, group, resume)
            await _ended(socket, viewer, self._services.machine)
        finally:
            group.viewers.discard(viewer)
            group.members -= 1
            if not group.members:
                self._groups.pop(key, None)
        if viewer.code:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(viewer.code)

    async def _bring_up(self, viewer: Viewer, group: Group, resume: Resume) -> None:
        """The viewer has everything up to the head of the order and gets what follows with its group."""
        services = self._services
        began = await self._opening(group, resume)
        hello = feed.hello(hub=services.name, mode=services.mode, epoch=began.epoch, at=services.clock.now())
        viewer.write(feed.wire(hello) + began.snapshot)
        for alert_id in began.shown:
            group.watch(alert_id)
        track, seq, more = began.track(), began.seq, not began.snapshot
        while more:
            seq, more = await self._catch_up(viewer, group, track, seq)
            if not await _drained(viewer):
                viewer.close(feed.CLOSE_TOO_SLOW)
                return
        async with (
            self._lock
        ):  # the last events and the joining are one step for the pump; nobody waits for a client here
            more = True
            while more:
                seq, more = await self._catch_up(viewer, group, track, seq)
            if group.cursor is None:
                group.track, group.cursor = track, seq
            viewer.after = seq
            viewer.write(feed.wire(feed.live(seq=seq, last=track.last)))
            group.viewers.add(viewer)
        await self._tell_all_states(viewer, group)

    async def _opening(self, group: Group, resume: Resume) -> Opening:
        """Where the viewer begins. When all come back at once, those of a group share the snapshot of a second: it is read once."""
        now = self._services.clock.monotonic()
        kept = self._snapshots.get(group)
        if resume.after is None and kept is not None and now - kept[0] < SNAPSHOT_KEPT_S:
            return kept[1]
        at = self._services.clock.now()
        began = await self._store.read(
            lambda conn: order.opening(
                conn, group, resume, now=at, machine=self._services.machine.now(), words=self._services.words
            )
        )
        if began.snapshot:
            self._snapshots[group] = (now, began)
        return began

    async def _catch_up(self, viewer: Viewer, group: Group, track: Track, seq: int) -> tuple[int, bool]:
        """Tells the viewer one portion of what came after `seq`; returns how far that went and whether there is more."""
        things, upto, more = await self._store.read(
            lambda conn: order.portion(conn, group.sight.upto(conn), seq, group.needs)
        )
        entries = group.entries(things, after=seq, upto=upto)
        for entry in entries:
            group.watch(entry.alert_id)
        if entries:
            viewer.write(b"".join(feed.wire(track.alert(entry)) for entry in entries))
        return upto, more

    async def _pump(self) -> None:
        while True:
            await self._occupied.wait()
            if not self._groups:
                self._occupied.clear()
                continue
            lagging = any(group.cursor is not None and group.cursor < self._head for group in self._groups.values())
            self._head = await self._store.wait(self._head, LAGGING_POLL_S if lagging else STATE_EVERY_S)
            async with self._lock:
                for routed in (False, True):
                    while await self._advance(routed=routed):
                        pass

    async def _advance(self, *, routed: bool) -> bool:
        """Every group that waits for routing (or does not) is one portion further; whether there is more of what was there then.

        The two kinds go apart: else those whose routing stalls would hold the portion back from everyone. Each event is read once.
        """
        groups = [g for g in self._groups.values() if g.cursor is not None and g.needs.owners == routed]
        at = min((group.cursor or 0 for group in groups), default=None)
        if at is None:
            return False
        sight, needs = groups[0].sight, functools.reduce(operator.or_, (group.needs for group in groups))
        things, upto, more = await self._store.read(lambda conn: order.portion(conn, sight.upto(conn), at, needs))
        for group in groups:
            cursor = group.cursor or 0
            if upto > cursor:
                group.pump(group.entries(things, after=cursor, upto=upto), upto)
        if not routed:
            self._head = max(self._head, upto)
        return more

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(feed.HEARTBEAT_S)
            await self._close_those_signed_out()
            await self._note_listening()
            now = self._services.clock.now()
            for group in tuple(self._groups.values()):
                track = group.track
                group.tell(feed.heartbeat(at=now, seq=self._head, last=track.last, recent=tuple(track.recent)))

    async def _close_those_signed_out(self) -> None:
        """A session or key that ended, or that may see something else now, keeps no connection longer than a heartbeat."""
        callers = {viewer.caller for viewer in self._everyone()}
        good = {caller for caller in callers if await auth.still_good(self._services, caller)}
        for viewer in self._everyone():
            if viewer.caller in callers - good:
                viewer.close(feed.CLOSE_SIGNED_OUT)

    async def _note_listening(self) -> None:
        """That a console of the desk listens with sound is in the store, for whoever watches over that."""
        machine = self._services.machine
        at = machine.monotonic()
        if any(viewer.sound_until > at and _is_desk(viewer.caller) for viewer in self._everyone()):
            heard = to_us(machine.now())
            await self._store.write(lambda conn: listening.heard(conn, self._process_id, at=heard))

    async def _tell_states(self) -> None:
        while True:
            await asyncio.sleep(STATE_EVERY_S)
            for group in tuple(self._groups.values()):
                watched = tuple(group.told)
                if group.viewers and group.sight.deliveries and watched:
                    at = self._services.clock.now()
                    counts = await self._store.read(lambda conn: order.deliveries_of(conn, group, watched, at=at))  # noqa: B023 - awaited at once
                    for alert_id, now in counts.items():
                        if group.told.get(alert_id) != now:
                            group.told[alert_id] = now
                            group.tell(feed.state(kind="deliveries", object_id=alert_id, rev=now[0], body=now[1]))
            await self._tell_sources()
            await self._tell_desk()

    async def _tell_sources(self) -> None:
        groups = [group for group in self._groups.values() if group.viewers and group.sight.sources]
        rev = self._source_rev
        for row in await self._store.read(lambda conn: listing.sources_since(conn, rev)) if groups else ():
            self._source_rev = max(self._source_rev, row.rev)
            told = feed.state(kind="source", object_id=row.source, rev=row.rev, body=self._told(row))
            for group in groups:
                group.tell(told)

    async def _tell_desk(self) -> None:
        groups = [group for group in self._groups.values() if group.viewers and not group.sight.needs.owners]
        rev = self._desk_rev
        for row in await self._store.read(lambda conn: desk.since(conn, rev)) if groups else ():
            self._desk_rev = max(self._desk_rev, row.rev)
            told = feed.state(kind="desk", object_id=row.alert_id, rev=row.rev, body=desk.told(row))
            for group in groups:
                group.tell(told)

    def _told(self, row: Row[Any]) -> dict[str, Any]:
        return troubles.source(row, self._services.words, now=self._services.machine.now())

    async def _tell_all_states(self, viewer: Viewer, group: Group) -> None:
        """What changed while the viewer was away or joining is told to it alone."""
        watched = tuple(group.told)
        at = self._services.clock.now()
        counts, rows = await self._store.read(
            lambda conn: (
                order.deliveries_of(conn, group, watched, at=at),
                listing.sources_since(conn, 0) if group.sight.sources else (),
            )
        )
        told = [feed.state(kind="deliveries", object_id=one, rev=rev, body=now) for one, (rev, now) in counts.items()]
        told += [feed.state(kind="source", object_id=r.source, rev=r.rev, body=self._told(r)) for r in rows]
        if told:
            viewer.write(b"".join(map(feed.wire, told)))

    def _everyone(self) -> list[Viewer]:
        return [viewer for group in self._groups.values() for viewer in group.viewers]


def _is_desk(caller: Caller) -> bool:
    """Whether they sit at the hub's desk: people who may confirm for everybody."""
    who = caller.who
    return isinstance(who, policy.Person) and isinstance(
        policy.may(who, "alert.ack", policy.What(kind="delivery")), policy.Yes
    )


async def _kept_up(loop: Callable[[], Awaitable[None]]) -> None:
    """`loop` runs for ever: whatever fails it goes on a second later, from where it was. Heartbeats never go on over a feed that stopped."""
    while True:
        try:
            await loop()
        except Exception as error:
            log.error("feed.failed error=%s", type(error).__name__, exc_info=not isinstance(error, HubError))
            await asyncio.sleep(1.0)


async def _drained(viewer: Viewer) -> bool:
    try:
        async with asyncio.timeout(DRAIN_TIMEOUT_S):
            return await viewer.line.drained()
    except TimeoutError:
        return False


async def _ended(socket: WebSocket, viewer: Viewer, machine: Clock) -> None:
    """Returns when the client has left or the hub closes it; what it says of its sound is noted, nothing else is listened to."""

    async def deaf() -> None:
        while (said := await socket.receive())["type"] != "websocket.disconnect":
            on = feed.sound(said.get("text"))
            if on is not None:
                viewer.sound_until = machine.monotonic() + feed.SOUND_KEPT_S if on else 0.0

    listening = asyncio.create_task(deaf())
    closing = asyncio.create_task(viewer.gone.wait())
    try:
        await asyncio.wait((listening, closing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        listening.cancel()
        closing.cancel()
