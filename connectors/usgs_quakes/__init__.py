"""Earthquakes of the United States Geological Survey: a GeoJSON summary feed, and its FDSN event service for what left the feed.

Addresses: https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/{significant|4.5|2.5|1.0|all}_{hour|day|week|month}.geojson and
https://earthquake.usgs.gov/fdsnws/event/1/query. Rhythm: the feeds are made anew every minute (max-age 60). Times are milliseconds
since 1970 UTC; depth is kilometres, positive downward; GeoJSON writes longitude first. Formats: the USGS pages "GeoJSON Summary
Format" and "API Documentation - Earthquake Catalog".

What is peculiar:
  * The id of an event changes when another network becomes preferred, so it is matched on every one of `ids`.
  * A deleted event vanishes from the feed without a word; the event service says `status` deleted when asked with includedeleted.
    So does one whose magnitude was revised below the feed's: it is asked for and told, for someone holds the greater figure.
  * The event service answers 204 or 404 when it has nothing, 409 for a deleted event that was not asked for as such.
  * `tsunami` = 1 says "large and under an ocean", never that there is a tsunami warning.
  * `type` may be a quarry blast or an explosion: it is told as what it is and never assumed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from connectors.usgs_quakes.alert import alert_of
from connectors.usgs_quakes.event import Catalogue, Event, catalogue_of
from hub.clock import Clock
from hub.connector import Candidate, Mark, Payload, Read, Source, Spoken, Unreadable, Withdrawn
from hub.errors import ConfigError, ParseError, SourceError
from hub.http import Fetched, Fetcher
from hub.quakes import Progress, Region, checked_scale, mark_of, progress_of, revised_at
from hub.quakes.alert import DEFAULT_SCALE

WINDOWS_H = {"hour": 1.0, "day": 24.0, "week": 168.0, "month": 720.0}
ASKED_AT_ONCE = 10
"""At most so many single events are asked for at one turn."""

QUERY_LIMIT = 2000
_OVERLAP = timedelta(minutes=10)
_EDGE = timedelta(minutes=10)
"""An event this near the end of the feed's window may be left out because of its age."""


@dataclass(frozen=True)
class Settings:
    """Which earthquakes count, and how grave they are taken to be."""

    feed_url: str = "https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/2.5_day.geojson"
    """One of the summary feeds."""

    fdsn_url: str = "https://earthquake.usgs.gov/fdsnws/event/1/query"
    """The event service, asked for what vanished from the feed and, rarely, for all that changed."""

    min_magnitude: float = 2.5
    """Weaker events are left out; an event without a magnitude is not."""

    min_felt: int | None = None
    """An event reported felt by so many people counts however weak it is."""

    box: tuple[float, float, float, float] | None = None
    """(south, west, north, east) in degrees; without `box` and `around` the whole world counts."""

    around: tuple[float, float, float] | None = None
    """(latitude, longitude, kilometres); with a box, either suffices."""

    severity: tuple[tuple[float, str], ...] = DEFAULT_SCALE
    """(least magnitude, CAP severity): what the hub takes an event for until its impact is known, marked "hệ thống tính". Where USGS
    gives its own estimate (PAGER), that counts instead. Nothing is Extreme for its magnitude alone unless this says so."""

    reconcile_s: float = 1800.0
    """How often the event service is asked for all that changed, and again for an event that is still missing."""

    window_h: float | None = None
    """How far back the feed reaches, when its address does not say (hour, day, week, month)."""

    def __post_init__(self) -> None:
        for name in ("feed_url", "fdsn_url"):
            if not getattr(self, name).startswith(("http://", "https://")):
                raise ConfigError(name, f"{getattr(self, name)!r} is not an address", "write http://… or https://…")
        Region(self.box, self.around)
        checked_scale(self.severity)
        if self.reconcile_s < 60:
            raise ConfigError("reconcile_s", f"{self.reconcile_s} is too often for the event service", "at least 60")


class Connector:
    """Reads the feed, and asks the event service about what the feed no longer says."""

    Settings: ClassVar[type] = Settings

    def __init__(self, source: Source, *, clock: Clock) -> None:
        self._source = source
        self._settings: Settings = source.settings
        self._clock = clock
        self._region = Region(self._settings.box, self._settings.around)
        self._window = timedelta(hours=self._settings.window_h or _window_h(self._settings.feed_url))

    async def read(self, mark: Mark, fetcher: Fetcher) -> AsyncIterator[Read]:
        """One `Read`: the feed when it says anything new, missing events asked for singly, and from time to time all that changed.

        Raises:
            SourceError: the feed could not be read. What the event service refuses is a fault, asked again later.
        """
        before = progress_of(mark)
        fetched = await fetcher.get(self._settings.feed_url, etag=before.etag, last_modified=before.last_modified)
        step = _Step(before)
        if fetched.status == 200:
            payload = self._payload(fetched)
            try:
                catalogue = await asyncio.to_thread(catalogue_of, payload.body)
            except ParseError:
                yield Read((payload,), mark)  # parse says why; the validators are not taken, so it is looked at again
                return
            self._compare(step, catalogue, payload)
        await self._ask_missing(step, fetcher)
        await self._reconcile(step, fetcher)
        yield Read(tuple(step.payloads), mark_of(step.progress), tuple(step.faults), tuple(step.withdrawn))

    def parse(self, payload: Payload) -> Sequence[Spoken]:
        """The events that count; a single event, asked for by id, always counts, for it was told before.

        Raises:
            ParseError: not GeoJSON with features.
        """
        catalogue = catalogue_of(payload.body)
        broken = [
            Unreadable(payload.source, payload.sha256, "feature-unreadable", detail) for detail in catalogue.broken
        ]
        counting = [event for event in catalogue.events if catalogue.single or self._counts(event)]
        return [*(self._candidate(event, payload) for event in counting), *broken]

    def _candidate(self, event: Event, payload: Payload) -> Candidate:
        return Candidate(
            source=payload.source,
            alert=alert_of(event, self._settings.severity),
            payload_sha256=payload.sha256,
            source_key=event.key,
            also_known_as=tuple(one for one in event.ids if one != event.key),
            revised_at=revised_at(event),
            ended=event.deleted,
        )

    def _counts(self, event: Event) -> bool:
        if event.lat is not None and event.lon is not None and not self._region.holds(event.lat, event.lon):
            return False
        felt = self._settings.min_felt is not None and (event.felt or 0) >= self._settings.min_felt
        return felt or event.magnitude is None or event.magnitude >= self._settings.min_magnitude

    def _compare(self, step: _Step, catalogue: Catalogue, payload: Payload) -> None:
        """The feed is taken in: its news are to be told, and what it lacks is marked as missing."""
        counting = [event for event in catalogue.events if self._counts(event)]
        left_out = [event for event in catalogue.events if not self._counts(event)]
        fresh = {id(event) for event in step.progress.news(left_out)}
        as_told = [event for event in left_out if id(event) not in fresh]
        if step.progress.news(counting) or (catalogue.broken and payload.sha256 != step.progress.feed_sha256):
            step.payloads.append(payload)
        since = (catalogue.generated or self._clock.now()) - self._window + _EDGE
        compared = step.progress.told(step.progress.news(counting)).compared([*counting, *as_told], since=since)
        step.progress = replace(
            compared,
            etag=payload.headers.get("etag", ""),
            last_modified=payload.headers.get("last-modified", ""),
            feed_sha256=payload.sha256,
        )

    async def _ask_missing(self, step: _Step, fetcher: Fetcher) -> None:
        """Every missing event whose turn it is was asked for by its id, deleted or not."""
        now = self._clock.now()
        again_after = timedelta(seconds=self._settings.reconcile_s)
        for key in step.progress.to_ask(now, again_after=again_after, most=ASKED_AT_ONCE):
            try:
                answer = await fetcher.get(self._query({"eventid": key, "includedeleted": "true"}))
            except SourceError as error:
                if error.reason not in ("http-404", "http-409"):
                    step.faults.append(f"{error.reason} event {key}")
                    continue
                answer = None
            known = step.progress.known[key]
            events = self._take(step, answer) if answer is not None and answer.status == 200 else ()
            unknown = all(event.key != key and set(known.ids).isdisjoint(event.ids) for event in events)
            if unknown and not known.withdrawn:
                step.withdrawn.append(Withdrawn(self._source.name, "", source_key=key))
            step.progress = step.progress.asked(key, now, withdrawn=unknown)

    async def _reconcile(self, step: _Step, fetcher: Fetcher) -> None:
        """Everything that changed since the last time was asked for, deletions included; at a first read there is nothing to ask."""
        now, last = self._clock.now(), step.progress.reconciled_at
        if last is not None and now - last < timedelta(seconds=self._settings.reconcile_s):
            return
        if last is not None:
            asked: dict[str, Any] = {
                "updatedafter": _iso(last - _OVERLAP),
                "includedeleted": "true",
                **_feed_limits(self._settings),
                "limit": QUERY_LIMIT,
                **self._region.query_km(),
            }
            try:
                answer = await fetcher.get(self._query(asked))
            except SourceError as error:
                if error.reason != "http-404":
                    step.faults.append(f"{error.reason} reconcile")
                    return
            else:
                if answer.status == 200:
                    self._take(step, answer)
        step.progress = replace(step.progress, reconciled_at=now)

    def _take(self, step: _Step, answer: Fetched) -> tuple[Event, ...]:
        """The events of an answer of the event service that are news, their payload to be kept; () when it says nothing we can read."""
        payload = self._payload(answer)
        try:
            catalogue = catalogue_of(payload.body)
        except ParseError as error:
            step.faults.append(f"{error.reason} {answer.url}")
            return ()
        events = [event for event in catalogue.events if catalogue.single or self._counts(event)]
        known = step.progress.by_id()
        tellable = [event for event in events if not event.deleted or not known.keys().isdisjoint(event.ids)]
        if step.progress.news(tellable):
            step.payloads.append(payload)
        since = self._clock.now() - self._window
        step.progress = step.progress.told(
            event for event in tellable if event.deleted or (event.at or event.updated) > since
        )
        return catalogue.events

    def _query(self, asked: dict[str, Any]) -> str:
        return f"{self._settings.fdsn_url}?{urlencode({'format': 'geojson', **asked})}"

    def _payload(self, fetched: Fetched) -> Payload:
        return Payload(
            source=self._source.name,
            body=fetched.body,
            content_type=fetched.headers.get("content-type", ""),
            received_at=self._clock.now(),
            url=fetched.url,
            headers=fetched.headers,
        )


class _Step:
    """What one turn of reading has gathered so far."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.payloads: list[Payload] = []
        self.faults: list[str] = []
        self.withdrawn: list[Withdrawn] = []


def _window_h(feed_url: str) -> float:
    found = re.search(r"_(hour|day|week|month)\.", feed_url)
    return WINDOWS_H[found[1]] if found else 24.0


def _feed_limits(settings: Settings) -> dict[str, float]:
    """What keeps a query to the events the feed would list: anything else would be missing from the feed for ever."""
    named = re.search(r"/(significant|[\d.]+|all)_", settings.feed_url)
    if named and named[1] == "significant":
        return {"minmagnitude": settings.min_magnitude, "minsig": 600}
    least = float(named[1]) if named and named[1] != "all" else 0.0
    return {"minmagnitude": max(settings.min_magnitude, least)}


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
