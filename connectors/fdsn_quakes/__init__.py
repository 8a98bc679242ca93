"""Earthquakes of any FDSN event service (fdsnws-event 1.2): GEOFON, EMSC, INGV, ISC and others, as QuakeML or as text.

Address and network come from the configuration; GEOFON's is https://geofon.gfz-potsdam.de/fdsnws/event/1/query. Rhythm: a service
answers what it has; ask each minute at most. Times are UTC though most leave out the zone; depth is kilometres in text and metres in
QuakeML; latitude first. Formats: "FDSN Web Service Specifications, fdsnws-event" 1.2 and QuakeML 1.2.

What is peculiar:
  * 204 means that there is nothing, and at some services 404, which is what a moved service answers too: shown as a fault, and nothing
    counts as vanished then. 409 is a deleted event that was not asked for as such.
  * Few services know `updatedafter` and `includedeleted`; name those that do in `offers`. The others are asked for the whole window,
    under the same address for an hour, so that they may answer 304.
  * What vanished is asked for by its id. A service that takes an event back says type "not existing"; one that knows it no longer is
    shown as withdrawn, never as ended.
  * Text says neither who reviewed what nor when: prefer QuakeML.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar, Literal

from connectors.fdsn_quakes import quakeml, text
from hub.clock import Clock
from hub.connector import Candidate, Mark, Payload, Read, Source, Spoken, Unreadable, Withdrawn
from hub.errors import ConfigError
from hub.http import Fetched, Fetcher
from hub.quakes import (
    Catalogue,
    Network,
    Quake,
    Region,
    alert_of,
    checked_scale,
    mark_of,
    progress_of,
    revised_at,
)
from hub.quakes.alert import DEFAULT_SCALE
from hub.quakes.fdsn import is_single
from hub.quakes.poll import Question, ask, taken

FORMATS = {"xml": quakeml.quakes_in, "text": text.quakes_in}
OFFERS = ("updatedafter", "includedeleted")


@dataclass(frozen=True)
class Settings:
    """Which service, whose network it is, which earthquakes count, and how grave they are taken to be."""

    url: str
    """The service's query, without parameters."""

    sender: str
    """CAP's sender: the host name of the network, for instance geofon.gfz.de."""

    network: str
    """The network's short name, for headlines: GEOFON."""

    name: str = ""
    """The network's full name; the short one when left out."""

    format: Literal["xml", "text"] = "xml"
    """What the service is asked for."""

    kind: str = ""
    """What an event without a word for its type is taken for (earthquake), where the catalogue holds nothing else."""

    min_magnitude: float = 2.5
    """Weaker events are left out; an event without a magnitude is not."""

    box: tuple[float, float, float, float] | None = None
    """(south, west, north, east) in degrees; without `box` and `around` the whole world counts."""

    around: tuple[float, float, float] | None = None
    """(latitude, longitude, kilometres); with a box, either suffices."""

    severity: tuple[tuple[float, str], ...] = DEFAULT_SCALE
    """(least magnitude, CAP severity): what the hub takes an event for until its impact is known, marked "hệ thống tính"."""

    window_h: float = 24.0
    """How far back the service is asked; further after a longer outage."""

    limit: int = 200
    """Events of one page; QuakeML has some 60 elements for each, and no document may have more than 50,000."""

    offers: tuple[str, ...] = ()
    """What the service knows beyond the least of the standard: updatedafter, includedeleted."""

    compare_s: float = 1800.0
    """Where the service offers `updatedafter`: how often the whole window is asked for all the same, to see what vanished."""

    again_s: float = 1800.0
    """How soon an event that is missing is asked for by its id again."""

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")) or "?" in self.url:
            raise ConfigError("url", f"{self.url!r} is no address of a query", "https://…/fdsnws/event/1/query")
        if self.format not in FORMATS:
            raise ConfigError("format", f"{self.format!r} is unknown", ", ".join(FORMATS))
        if not self.sender or set(self.sender) & set(" ,<&"):
            raise ConfigError("sender", f"{self.sender!r} is no sender (CAP 1.2 §3.2.1)", "the network's host name")
        if not self.network:
            raise ConfigError("network", "a headline must name it", "GEOFON")
        unknown = sorted(set(self.offers) - set(OFFERS))
        if unknown:
            raise ConfigError("offers", f"{unknown} is unknown", ", ".join(OFFERS))
        Region(self.box, self.around)
        checked_scale(self.severity)
        for name in ("window_h", "limit", "compare_s", "again_s"):
            if getattr(self, name) <= 0:
                raise ConfigError(name, f"{getattr(self, name)} is too small", "above 0")


class Connector:
    """Asks the service, turn by turn."""

    Settings: ClassVar[type] = Settings

    def __init__(self, source: Source, *, clock: Clock) -> None:
        settings: Settings = source.settings
        self._source = source
        self._settings = settings
        self._clock = clock
        self._region = Region(settings.box, settings.around)
        self._network = Network(
            sender=settings.sender,
            name=settings.name or settings.network,
            short=settings.network,
            prefix="".join(letter for letter in settings.network.casefold() if letter.isalnum()),
        )

    async def read(self, mark: Mark, fetcher: Fetcher) -> AsyncIterator[Read]:
        """One `Read`: the pages that say anything new, and events that vanished, asked for singly.

        Raises:
            SourceError: the service could not be asked for its list. What it does not say of one event is a fault, asked again later.
        """
        progress = progress_of(mark)
        answer = await ask(self._question(), progress, fetcher, now=self._clock.now())
        new = await asyncio.to_thread(taken, answer, progress, reads=self._reads, counts=self._counts)
        payloads = tuple(self._payload(page) for page in new.fresh)
        lost = tuple(Withdrawn(self._source.name, "", source_key=key) for key in new.lost)
        yield Read(payloads, mark_of(new.progress), answer.faults, lost)

    def parse(self, payload: Payload) -> Sequence[Spoken]:
        """The events that count; a single event, asked for by id, always counts, for it was told before.

        Raises:
            ParseError: not the format the service was asked for.
        """
        catalogue = FORMATS[self._settings.format](payload.body, by=payload.received_at)
        events = [one for one in catalogue.events if is_single(payload.url) or self._counts(one)]
        broken = [Unreadable(payload.source, payload.sha256, "event-unreadable", one) for one in catalogue.broken]
        return [*(self._candidate(event, payload) for event in events), *broken]

    def _candidate(self, event: Quake, payload: Payload) -> Candidate:
        told = event if event.kind or not self._settings.kind else replace(event, kind=self._settings.kind)
        return Candidate(
            source=payload.source,
            alert=alert_of(told, self._network, self._settings.severity),
            payload_sha256=payload.sha256,
            source_key=event.key,
            also_known_as=tuple(one for one in event.ids if one != event.key),
            revised_at=revised_at(event),
            ended=event.deleted,
        )

    def _counts(self, event: Quake) -> bool:
        if event.lat is not None and event.lon is not None and not self._region.holds(event.lat, event.lon):
            return False
        return event.magnitude is None or event.magnitude >= self._settings.min_magnitude

    def _question(self) -> Question:
        settings = self._settings
        return Question(
            url=settings.url,
            asked={"format": settings.format},
            bounds={"minmagnitude": settings.min_magnitude, **self._region.query(), "orderby": "time"},
            reads=self._reads,
            window=timedelta(hours=settings.window_h),
            limit=settings.limit,
            offers=frozenset(settings.offers),
            compare_s=settings.compare_s,
            again_s=settings.again_s,
        )

    def _reads(self, page: Fetched) -> Catalogue:
        return FORMATS[self._settings.format](page.body, by=self._clock.now())

    def _payload(self, page: Fetched) -> Payload:
        return Payload(
            source=self._source.name,
            body=page.body,
            content_type=page.headers.get("content-type", ""),
            received_at=self._clock.now(),
            url=page.url,
            headers=page.headers,
        )
