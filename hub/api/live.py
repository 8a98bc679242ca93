"""`WS /v1/live`: one pump reads the accepted order, frames each alert once per identical filter, and writes it to every viewer."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import operator
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.websockets import WebSocket, WebSocketDisconnect

from hub.api import auth, feed, summaries
from hub.api.auth import Caller
from hub.api.feed import Resume, Track, Wish
from hub.api.group import MOST_WATCHED, Group, Viewer
from hub.api.services import Services
from hub.api.sight import Needs, Sight, Thing, things_of
from hub.api.sockets import Line
from hub.clock import to_us
from hub.errors import HubError
from hub.store import listing, meta

log = logging.getLogger(__name__)

MOST_VIEWERS = 5000
MOST_IN_SNAPSHOT = 2000
PORTION = 200
LOOK_BACK = 2000
DRAIN_TIMEOUT_S = 30.0
STATE_EVERY_S = 1.0
LAGGING_POLL_S = 0.25


@dataclass(frozen=True, slots=True)
class _Opening:
    """Where a viewer's telling begins: `seq`, with the bytes of a snapshot at it ("" when it resumes) and the alerts to watch."""

    epoch: str
    track: Track
    seq: int
    snapshot: bytes = b""
    shown: Sequence[str] = ()


class LiveFeed:
    """The feed of one API process; viewers are served while `running`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._groups: dict[tuple[Any, Wish], Group] = {}
        self._lock = asyncio.Lock()
        self._occupied = asyncio.Event()
        self._head = 0
        self._source_rev = 0

    def viewers(self) -> int:
        """How many are watching."""
        return sum(group.members for group in self._groups.values())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The feed runs inside this context; on leaving, every viewer is closed and may resume elsewhere."""
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
            await _ended(socket, viewer)
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
        began = await self._store.read(lambda conn: self._opening(conn, group, resume))
        hello = feed.hello(hub=services.name, mode=services.mode, epoch=began.epoch, at=services.clock.now())
        viewer.write(feed.wire(hello) + began.snapshot)
        for alert_id in began.shown:
            group.watch(alert_id)
        track, seq, more = began.track, began.seq, not began.snapshot
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

    def _opening(self, conn: Connection, group: Group, resume: Resume) -> _Opening:
        """Where the telling begins: at `after` when it is a place of this epoch's order, else with a snapshot of now."""
        epoch, seq = meta.get(conn, "epoch") or "", group.sight.upto(conn)
        after = None if resume.epoch not in ("", epoch) else resume.after
        if after is not None and 0 <= after <= seq:
            return _Opening(epoch, Track(*_before(conn, group, after)), after)
        sought = listing.Sought(active_at=to_us(self._services.clock.now()), endings=True)
        rows = listing.before(conn, seq + 1, sought=sought, limit=MOST_IN_SNAPSHOT)
        seen = [thing for thing in things_of(conn, rows, group.needs) if group.admits(thing)]
        sources = [summaries.source(row) for row in listing.sources_since(conn, 0)] if group.sight.sources else []
        last, recent = _before(conn, group, seq)
        frame = feed.snapshot(seq=seq, last=last, alerts=[thing.summary for thing in seen], sources=sources)
        shown = [thing.row.alert_id for thing in reversed(seen[:MOST_WATCHED])]
        return _Opening(epoch, Track(last, recent), seq, feed.wire(frame), shown)

    async def _catch_up(self, viewer: Viewer, group: Group, track: Track, seq: int) -> tuple[int, bool]:
        """Tells the viewer one portion of what came after `seq`; returns how far that went and whether there is more."""
        things, upto, more = await self._store.read(
            lambda conn: _portion(conn, group.sight.upto(conn), seq, group.needs)
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
        things, upto, more = await self._store.read(lambda conn: _portion(conn, sight.upto(conn), at, needs))
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

    async def _tell_states(self) -> None:
        while True:
            await asyncio.sleep(STATE_EVERY_S)
            for group in tuple(self._groups.values()):
                if group.viewers:
                    for alert_id, now in (await self._deliveries(group)).items():
                        if group.told.get(alert_id) != now:
                            group.told[alert_id] = now
                            group.tell(feed.state(kind="deliveries", object_id=alert_id, rev=now[0], body=now[1]))
            await self._tell_sources()

    async def _tell_sources(self) -> None:
        groups = [group for group in self._groups.values() if group.viewers and group.sight.sources]
        rev = self._source_rev
        for row in await self._store.read(lambda conn: listing.sources_since(conn, rev)) if groups else ():
            self._source_rev = max(self._source_rev, row.rev)
            told = feed.state(kind="source", object_id=row.source, rev=row.rev, body=summaries.source(row))
            for group in groups:
                group.tell(told)

    async def _tell_all_states(self, viewer: Viewer, group: Group) -> None:
        """What changed while the viewer was away or joining is told to it alone."""
        for alert_id, (rev, states) in (await self._deliveries(group)).items():
            viewer.write(feed.wire(feed.state(kind="deliveries", object_id=alert_id, rev=rev, body=states)))
        rows = await self._store.read(lambda conn: listing.sources_since(conn, 0)) if group.sight.sources else ()
        for row in rows:
            told = feed.state(kind="source", object_id=row.source, rev=row.rev, body=summaries.source(row))
            viewer.write(feed.wire(told))

    async def _deliveries(self, group: Group) -> dict[str, tuple[int, dict[str, int]]]:
        watched = tuple(group.told)
        if not group.sight.deliveries or not watched:
            return {}
        return await self._store.read(
            lambda conn: listing.delivery_counts(conn, watched, endpoints=group.sight.endpoints(conn))
        )

    def _everyone(self) -> list[Viewer]:
        return [viewer for group in self._groups.values() for viewer in group.viewers]


async def _kept_up(loop: Callable[[], Awaitable[None]]) -> None:
    """`loop` runs for ever: when the store fails it goes on a second later, from where it was."""
    while True:
        try:
            await loop()
        except (SQLAlchemyError, HubError) as error:
            log.error("feed.store-failed error=%s", type(error).__name__)
            await asyncio.sleep(1.0)


async def _drained(viewer: Viewer) -> bool:
    try:
        async with asyncio.timeout(DRAIN_TIMEOUT_S):
            return await viewer.line.drained()
    except TimeoutError:
        return False


async def _ended(socket: WebSocket, viewer: Viewer) -> None:
    """Returns when the client has left or the hub closes it; what a client says is not listened to."""

    async def deaf() -> None:
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass

    listening = asyncio.create_task(deaf())
    closing = asyncio.create_task(viewer.gone.wait())
    try:
        await asyncio.wait((listening, closing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        listening.cancel()
        closing.cancel()


def _portion(conn: Connection, upto: int, seq: int, needs: Needs) -> tuple[list[Thing], int, bool]:
    """One portion of the events in (seq, upto], the seq up to which that looked, and whether there are more."""
    if upto <= seq:
        return [], seq, False
    rows = listing.events_after(conn, seq, upto=upto, limit=PORTION)
    came_to = rows[-1].event_seq if len(rows) == PORTION else upto
    return things_of(conn, rows, needs), came_to, came_to < upto


def _before(conn: Connection, group: Group, seq: int) -> tuple[int, list[str]]:
    """The greatest seq up to `seq` in the group's filter and the last ten alerts there; (0, []) when the last 2,000 hold none."""
    found: list[Thing] = []
    looked = seq
    for _ in range(LOOK_BACK // PORTION):
        rows = listing.events_before(conn, looked, limit=PORTION)
        found += [thing for thing in things_of(conn, rows, group.needs) if group.admits(thing)]
        if found or len(rows) < PORTION:
            break
        looked = rows[-1].event_seq - 1
    recent = [thing.row.alert_id for thing in found[: feed.RECENT]]
    return (found[0].seq if found else 0), recent[::-1]
