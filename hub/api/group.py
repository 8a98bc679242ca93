"""Viewers of the live feed grouped by identical filter: each alert is framed once per group and the bytes are shared (DEL-9)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from hub.api import feed
from hub.api.auth import Caller
from hub.api.feed import Entry, Track, Wish
from hub.api.sight import Needs, Sight, Thing
from hub.api.sockets import Line

MOST_WATCHED = 50


@dataclass(eq=False, slots=True)
class Viewer:
    """One connection. Frames up to `after` it has; `code` says why it was closed, 0 while it is open, and `gone` wakes who waits for that.
    It has said that its sound is on until `sound_until` (monotonic seconds)."""

    line: Line
    caller: Caller
    after: int = 0
    code: int = 0
    sound_until: float = 0.0
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def close(self, code: int) -> None:
        """The connection ends with that code."""
        self.code = self.code or code
        self.gone.set()

    def write(self, frames: bytes) -> None:
        """The bytes are on their way, or the viewer is gone: too slow, or left."""
        if not self.code and not self.line.write(frames):
            self.close(feed.CLOSE_TOO_SLOW)


class Group:
    """All viewers with one identical filter: what they may see and what they asked for."""

    def __init__(self, sight: Sight, wish: Wish) -> None:
        self.sight = sight
        self.wish = wish
        self.needs = sight.needs | Needs(units=wish.units)
        self.viewers: set[Viewer] = set()
        self.members = 0
        self.track = Track(0)
        self.cursor: int | None = None
        self.told: OrderedDict[str, object] = OrderedDict()

    def entries(self, things: Sequence[Thing], *, after: int, upto: int) -> list[Entry]:
        """Those events in (after, upto] that this filter lets through."""
        return [thing.entry() for thing in things if after < thing.seq <= upto and self.admits(thing)]

    def admits(self, thing: Thing) -> bool:
        """Whether its viewers may see it and asked for it."""
        return thing.fits(self.wish) and self.sight.sees(thing)

    def watch(self, alert_id: str) -> None:
        """State frames tell of this alert's deliveries while it is among the last fifty."""
        self.told.setdefault(alert_id, None)
        self.told.move_to_end(alert_id)
        while len(self.told) > MOST_WATCHED:
            self.told.popitem(last=False)

    def tell(self, frame: bytes) -> None:
        """Every viewer gets the frame: the same bytes."""
        framed = feed.wire(frame)
        for viewer in tuple(self.viewers):
            viewer.write(framed)

    def pump(self, entries: Sequence[Entry], upto: int) -> None:
        """Every viewer gets the alert frames it has not, and the group has come to `upto`."""
        framed = [(entry.seq, feed.wire(self.track.alert(entry))) for entry in entries]
        for entry in entries:
            self.watch(entry.alert_id)
        self.cursor = upto
        together = b"".join(frame for _, frame in framed)
        for viewer in tuple(self.viewers) if framed else ():
            late = viewer.after >= framed[0][0]
            viewer.write(b"".join(f for seq, f in framed if seq > viewer.after) if late else together)
