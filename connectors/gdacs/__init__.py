"""Disasters as GDACS lists them (Global Disaster Alert and Coordination System of UN and European Commission): the items of its RSS.

Addresses: https://www.gdacs.org/xml/rss.xml (all current events), rss_24h.xml, rss_7d.xml, and the API
https://www.gdacs.org/gdacsapi/api/events/geteventlist/SEARCH (GeoJSON, at most 100 events; without `alertlevel` only Orange and Red).
Rhythm: made anew every few minutes; earthquakes are automatic, storms follow each advisory (6 h), floods and droughts daily. Times are
GMT. Formats: RSS 2.0 with the namespaces gdacs, geo and georss; the feeds' CAP is not read, it says less and is often malformed.

What is peculiar:
  * The guid names the event; its revisions are told by `episodeid` and `version`. All become versions of one alert.
  * `datemodified` is missing in older feeds; `pubDate` may be the event's own time and stay the same while the item changes.
  * `temporary` events are not confirmed yet: certainty Possible, and the text says so.
  * `alertlevel` is humanitarian impact where it happens. It gives the severity by a scale of the settings, with its basis stated.
  * `iscurrent` "false" ends nothing: events listed and revised for months bear it. An event ends by its lifetime.
  * `bbox` (west east south north) is the frame of a map. It is asked only where an item has no place at all: then its middle is it.
  * `country` may list many and is coarse; an event that names a country of the settings counts wherever its point lies.
  * Droughts get a new pubDate at every build of the feed: a payload is news only when something besides dates changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from connectors.gdacs import geojson, rss
from connectors.gdacs.alert import LEVELS, Scale, alert_of, fingerprint, spoken_at
from connectors.gdacs.event import Event, Listing
from connectors.gdacs.mark import mark_of, progress_of
from connectors.gdacs.region import Region
from hub.cap.model import SEVERITIES, Area
from hub.clock import Clock
from hub.connector import Candidate, Mark, Payload, Read, Source, Spoken, Unreadable, Withdrawn
from hub.errors import ConfigError, ParseError
from hub.http import Fetched, Fetcher


@dataclass(frozen=True)
class Settings:
    """Which events count, how grave they are taken to be and how long they live."""

    feed_url: str = "https://www.gdacs.org/xml/rss.xml"
    """An RSS feed or an address of the API; which of them is seen from the answer."""

    kinds: tuple[str, ...] = ()
    """EQ, TS, TC, FL, VO, DR, WF; empty means all."""

    box: tuple[float, float, float, float] | None = None
    """(south, west, north, east) in degrees; without `box` and `around` the whole world counts."""

    around: tuple[float, float, float] | None = None
    """(latitude, longitude, kilometres); with a box, either suffices."""

    countries: tuple[str, ...] = ()
    """ISO 3166-1 alpha-3 codes or names as GDACS writes them: an event that names one counts wherever its point lies."""

    severity: tuple[tuple[str, str], ...] = (("Green", "Minor"), ("Orange", "Moderate"), ("Red", "Severe"))
    """(GDACS level, CAP severity). Nothing is Extreme for its level unless this says so."""

    lifetime_h: tuple[tuple[str, float], ...] = (
        ("EQ", 24.0),
        ("TS", 12.0),
        ("TC", 12.0),
        ("FL", 48.0),
        ("VO", 72.0),
        ("WF", 72.0),
        ("DR", 240.0),
    )
    """(kind, hours): so long an event lives at least after GDACS last affirmed it, an earthquake after its origin time."""

    def __post_init__(self) -> None:
        if not self.feed_url.startswith(("http://", "https://")):
            raise ConfigError("feed_url", f"{self.feed_url!r} is not an address", "write http://… or https://…")
        if self.box is not None and not (-90 <= self.box[0] < self.box[2] <= 90 and _is_lon(self.box[1], self.box[3])):
            raise ConfigError("box", f"{self.box} is no box", "south, west, north, east in degrees")
        if self.around is not None and not (
            -90 <= self.around[0] <= 90 and _is_lon(self.around[1]) and self.around[2] > 0
        ):
            raise ConfigError("around", f"{self.around} is no circle", "latitude, longitude, kilometres")
        for level, severity in self.severity:
            if level not in LEVELS or severity not in SEVERITIES:
                raise ConfigError("severity", f"{level!r} = {severity!r}", f"{LEVELS} and a CAP severity")
        for kind, hours in self.lifetime_h:
            if not 1 <= hours <= 24 * 60:
                raise ConfigError("lifetime_h", f"{hours} hours for {kind!r}", "1 hour to 60 days")


class Connector:
    """Reads one feed whole and tells what is new in it."""

    Settings: ClassVar[type] = Settings

    def __init__(self, source: Source, *, clock: Clock) -> None:
        self._source = source
        self._settings: Settings = source.settings
        self._clock = clock
        self._region = Region(self._settings.box, self._settings.around, self._settings.countries)
        self._scale = Scale(self._settings.severity, dict(self._settings.lifetime_h))

    async def read(self, mark: Mark, fetcher: Fetcher) -> AsyncIterator[Read]:
        """One `Read`: the feed when it says anything new, and which living events vanished from it.

        A feed without a single item is a fault and withdraws nothing: GDACS always lists something.

        Raises:
            SourceError: the feed could not be read.
        """
        before = progress_of(mark)
        fetched = await fetcher.get(self._settings.feed_url, etag=before.etag, last_modified=before.last_modified)
        if fetched.status != 200:
            yield Read((), mark)
            return
        payload = self._payload(fetched)
        try:
            listing, listed = await asyncio.to_thread(self._listed, payload)
        except ParseError:
            yield Read((payload,), mark)  # parse says why; the validators are not taken, so it is looked at again
            return
        if not listing.events and not listing.broken:
            yield Read((), mark, faults=(f"feed-empty {fetched.url}",))
            return
        news = any(before.is_news(key, form) for key, form, _ in listed)
        broken = bool(listing.broken) and payload.sha256 != before.feed_sha256
        after, vanished = before.compared(listed, now=self._clock.now())
        after = replace(
            after,
            etag=payload.headers.get("etag", ""),
            last_modified=payload.headers.get("last-modified", ""),
            feed_sha256=payload.sha256,
        )
        yield Read(
            payloads=(payload,) if news or broken or vanished else (),
            mark=mark_of(after),
            withdrawn=tuple(Withdrawn(self._source.name, payload.sha256, source_key=key) for key in vanished),
        )

    def parse(self, payload: Payload) -> Sequence[Spoken]:
        """The events that count, an event's revisions in their order.

        Raises:
            ParseError: neither GDACS's RSS nor its GeoJSON.
        """
        listing = _listing_of(payload.body)
        broken = [Unreadable(payload.source, payload.sha256, "item-unreadable", detail) for detail in listing.broken]
        return [*self._candidates(listing, payload), *broken]

    def _listed(self, payload: Payload) -> tuple[Listing, list[tuple[str, str, datetime]]]:
        """What the feed lists, and of every event that counts (key, fingerprint, end of its life)."""
        listing = _listing_of(payload.body)
        said = self._candidates(listing, payload)
        ends = [one.alert.infos[0].expires or payload.received_at for one in said]
        return listing, [(one.source_key, fingerprint(one.alert), end) for one, end in zip(said, ends, strict=True)]

    def _candidates(self, listing: Listing, payload: Payload) -> list[Candidate]:
        """Every event that counts, each form once."""
        counting = [event for event in listing.events if self._counts(event)]
        said = [self._candidate(event, listing, payload) for event in sorted(counting, key=lambda e: e.order)]
        said.sort(key=lambda one: one.alert.sent)
        return list({(one.source_key, fingerprint(one.alert)): one for one in said}.values())

    def _candidate(self, event: Event, listing: Listing, payload: Payload) -> Candidate:
        sent = spoken_at(event, now=payload.received_at, made_at=listing.made_at)
        alert = alert_of(event, self._scale, sent=sent)
        otherwise = Area(alert.infos[0].areas[0].area_desc, polygons=event.others)
        return Candidate(
            source=payload.source,
            alert=alert,
            payload_sha256=payload.sha256,
            source_key=event.key,
            revised_at=sent,
            repairs=event.repairs,
            faults=event.faults,
            uncertain_areas=tuple((n, 0, otherwise) for n in range(len(alert.infos))) if event.others else (),
        )

    def _counts(self, event: Event) -> bool:
        return (not self._settings.kinds or event.kind in self._settings.kinds) and self._region.holds(event)

    def _payload(self, fetched: Fetched) -> Payload:
        return Payload(
            source=self._source.name,
            body=fetched.body,
            content_type=fetched.headers.get("content-type", ""),
            received_at=self._clock.now(),
            url=fetched.url,
            headers=fetched.headers,
        )


def _listing_of(body: bytes) -> Listing:
    return geojson.listing_of(body) if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else rss.listing_of(body)


def _is_lon(*degrees: float) -> bool:
    return all(-180 <= one <= 180 for one in degrees)
