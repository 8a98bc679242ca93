"""Earthquakes of the European-Mediterranean Seismological Centre: pushed by WebSocket, and its event service for what a cut has hidden.

Addresses: wss://www.seismicportal.eu/standing_order/websocket and https://seismicportal.eu/fdsnws/event/1/query. Rhythm: a frame
for every new or changed event of the world, within seconds; the event service is asked each `interval_s` of the source and whenever
the line has opened. Times are ISO 8601 in UTC; depth is kilometres, positive downward, while the geometry's third figure is height;
GeoJSON writes longitude first. Formats: the pages "(near) Realtime Notification" and "FDSN Event" of seismicportal.eu. Licence: CC BY
4.0, EMSC to be named.

What is peculiar:
  * Nothing is repeated on the line and nothing is said of deletions: what came during a cut, or between a frame and the disk, is found by
    asking. The mark says up to when nothing can be missing, and moves only with what it stands for.
  * "update" may come before "create", or without it: both say how the event stands, `lastupdate` says which is the newer.
  * `evtype` may be an explosion or a guess: it is told as what it is.
  * While the line is down the source is still read, by asking; the source page says that the line is down. Only when neither works has
    the source failed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from connectors.emsc_quakes.ears import Ears
from connectors.emsc_quakes.event import Event, is_frame, listed, pushed
from hub.clock import Clock
from hub.connector import Candidate, Mark, Payload, Read, Source, Spoken, Unreadable, Withdrawn
from hub.errors import ConfigError, ParseError, SourceError
from hub.http import Fetched, Fetcher
from hub.quakes import (
    Catalogue,
    Network,
    Progress,
    Quake,
    Region,
    alert_of,
    checked_scale,
    mark_of,
    progress_of,
    revised_at,
)
from hub.quakes.alert import DEFAULT_SCALE, Besides
from hub.quakes.fdsn import is_single
from hub.quakes.poll import Answer, Question, ask, taken

EMSC = Network("emsc-csem.org", "European-Mediterranean Seismological Centre (EMSC)", "EMSC", "emsc")

NONSENSE_PAUSE_S = 1.0
"""After a frame that means nothing the next one waits so long: nonsense without end must not keep the disk busy."""


@dataclass(frozen=True)
class Settings:
    """Which earthquakes count, and how grave they are taken to be."""

    push_url: str = "wss://www.seismicportal.eu/standing_order/websocket"
    """The socket."""

    fdsn_url: str = "https://seismicportal.eu/fdsnws/event/1/query"
    """The event service."""

    min_magnitude: float = 2.5
    """Weaker events are left out; an event without a magnitude is not."""

    box: tuple[float, float, float, float] | None = None
    """(south, west, north, east) in degrees; without `box` and `around` the whole world counts."""

    around: tuple[float, float, float] | None = None
    """(latitude, longitude, kilometres); with a box, either suffices."""

    severity: tuple[tuple[float, str], ...] = DEFAULT_SCALE
    """(least magnitude, CAP severity): what the hub takes an event for until its impact is known, marked "hệ thống tính"."""

    window_h: float = 24.0
    """How far back the event service is asked; further after a longer cut."""

    reconnect_s: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
    """Pauses after the first, second … cut in a row, ± 50 %; the last one from then on."""

    ping_s: float = 15.0
    """How often the line is tried, and how long an answer may take."""

    def __post_init__(self) -> None:
        if not self.push_url.startswith(("ws://", "wss://")):
            raise ConfigError("push_url", f"{self.push_url!r} is no address of a socket", "write wss://…")
        if not self.fdsn_url.startswith(("http://", "https://")):
            raise ConfigError("fdsn_url", f"{self.fdsn_url!r} is not an address", "write http://… or https://…")
        Region(self.box, self.around)
        checked_scale(self.severity)
        if not self.reconnect_s or min(self.reconnect_s) <= 0:
            raise ConfigError("reconnect_s", f"{self.reconnect_s} leaves no pause", "seconds above 0, longest last")
        if self.ping_s <= 0 or self.window_h <= 0:
            raise ConfigError("ping_s, window_h", f"{self.ping_s}, {self.window_h}", "above 0")


class Connector:
    """Listens, and asks. Pushed: its `read` never ends of itself."""

    Settings: ClassVar[type] = Settings
    PUSHED = True

    def __init__(self, source: Source, *, clock: Clock) -> None:
        self._source = source
        self._settings: Settings = source.settings
        self._clock = clock
        self._region = Region(self._settings.box, self._settings.around)

    async def read(self, mark: Mark, fetcher: Fetcher) -> AsyncIterator[Read]:
        """A `Read` for each frame that says something new, and one for each answer of the event service, also when it says nothing.

        Raises:
            SourceError: neither the line nor the event service works.
        """
        ears = Ears(
            fetcher,
            push_url=self._settings.push_url,
            waits_s=self._settings.reconnect_s,
            ping_s=self._settings.ping_s,
            rhythm_s=self._source.interval_s,
            chance=random.SystemRandom(),
        )
        progress, has_asked = progress_of(mark), False
        try:
            while True:
                if ears.is_time_to_ask:
                    ears.ask(ask(self._question(), progress, fetcher, now=self._clock.now()))
                await ears.something()
                answered = ears.answered()
                if answered is not None:
                    progress, read = await self._answered(answered, progress, ears.faults)
                    has_asked = True
                    yield read
                frame = ears.frame()
                if frame is not None:
                    if not has_asked:  # the first `Read` of a turn is the backlog, and this frame is none
                        has_asked = True
                        yield Read((), mark_of(progress), (*ears.faults, "timeout list"))
                    progress, heard = self._heard(frame, progress, ears)
                    if heard is not None:
                        yield heard
        finally:
            await ears.close()

    def parse(self, payload: Payload) -> Sequence[Spoken]:
        """The events that count; a frame was kept because it counts, and an event asked for by id was told before: they always do.

        Raises:
            ParseError: neither a frame nor GeoJSON with features.
        """
        if is_frame(payload.body):
            return [self._candidate(pushed(payload.body, by=payload.received_at), payload)]
        catalogue = listed(payload.body, by=payload.received_at)
        events = [one for one in catalogue.events if is_single(payload.url) or self._counts(one)]
        broken = [Unreadable(payload.source, payload.sha256, "feature-unreadable", one) for one in catalogue.broken]
        return [*(self._candidate(event, payload) for event in events), *broken]

    def _candidate(self, event: Quake, payload: Payload) -> Candidate:
        own = (("author", event.author), ("sourceId", event.source_id)) if isinstance(event, Event) else ()
        besides = Besides(parameters=own)
        return Candidate(
            source=payload.source,
            alert=alert_of(event, EMSC, self._settings.severity, besides=besides),
            payload_sha256=payload.sha256,
            source_key=event.key,
            also_known_as=tuple(one for one in event.ids if one != event.key),
            revised_at=revised_at(event),
        )

    def _counts(self, event: Quake) -> bool:
        if event.lat is not None and event.lon is not None and not self._region.holds(event.lat, event.lon):
            return False
        return event.magnitude is None or event.magnitude >= self._settings.min_magnitude

    def _question(self) -> Question:
        return Question(
            url=self._settings.fdsn_url,
            asked={"format": "json"},
            bounds={"minmagnitude": self._settings.min_magnitude, **self._region.query()},
            reads=self._reads,
            window=timedelta(hours=self._settings.window_h),
        )

    def _reads(self, page: Fetched) -> Catalogue:
        return listed(page.body, by=self._clock.now())

    async def _answered(
        self, answered: Answer | SourceError, progress: Progress, faults: Sequence[str]
    ) -> tuple[Progress, Read]:
        if isinstance(answered, SourceError):
            return progress, Read((), mark_of(progress), (*faults, f"{answered.reason} {answered.detail}"))
        new = await asyncio.to_thread(taken, answered, progress, reads=self._reads, counts=self._counts)
        payloads = tuple(
            self._payload(page.body, page.url, content_type=page.headers.get("content-type", "")) for page in new.fresh
        )
        lost = tuple(Withdrawn(self._source.name, "", source_key=key) for key in new.lost)
        return new.progress, Read(payloads, mark_of(new.progress), (*faults, *answered.faults), lost)

    def _heard(self, frame: bytes, progress: Progress, ears: Ears) -> tuple[Progress, Read | None]:
        """A frame is worth a `Read` when it counts or its event was told before, and says something new; or when it means nothing."""
        payload = self._payload(frame, self._settings.push_url, content_type="application/json")
        try:
            event = pushed(frame, by=payload.received_at)
        except ParseError:
            ears.rest(NONSENSE_PAUSE_S)
            return progress, Read((payload,), mark_of(progress), tuple(ears.faults))
        if not (self._counts(event) or progress.knows(event)) or not progress.news(progress.current([event])):
            return progress, None
        progress = progress.told([event])
        return progress, Read((payload,), mark_of(progress), tuple(ears.faults))

    def _payload(self, body: bytes, url: str, *, content_type: str) -> Payload:
        return Payload(self._source.name, body, content_type, self._clock.now(), url=url)
