"""Tsunami bulletins of the Pacific Tsunami Warning Center (or of its sister in Palmer): CAP by link, and threat messages without CAP.

Addresses: https://www.tsunami.gov/events/xml/PHEBAtom.xml (feed), /events/xml/PHEBTEX.xml (the latest bulletin in the centre's own XML)
and /events/PHEB/yyyy/mm/dd/<event>/<number>/<WMO heading>/PHEBCAP.xml. Rhythm: a bulletin at once, then each hour while a threat lasts.
Times are UTC. Formats: RFC 4287, CAP 1.2 with the CAP-TSU profile. PTWC advises Viet Nam; the national centre decides.

What is peculiar:
  * The feed holds only the latest bulletin, of whatever event and product, perhaps weeks old. What came and went between two readings
    is asked for at its own address: the lower numbers of a listed event, and the next number of an event that the feed has left. A
    number that stands nowhere is a fault. An event of which the feed was never seen to speak cannot be known from it.
  * One earthquake may have products for other coasts (Hawaii, Guam, Caribbean) under other WMO headings: these are not told, but make
    the same event be asked for under ours.
  * In the midst of a threat the feed may have no entry at all: international threat messages have no CAP. Then the bulletin is read in
    the centre's own XML, and where that fails too, its title alone is told, so that a person reads it.
  * The feed's ids are new at every build; its link to itself names another feed; hrefs end in blanks.
  * The sender is the other centre's address; references name older senders: `delegates` in the authorities.
  * The circle has radius 0: an epicentre, never the coast in danger. A threat message is therefore also read as text: where it names
    our coast, that is told as an alert of its own.
  * `expires` is an hour away though the threat lasts; the signature (DSA, bare key) proves nothing and is not checked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

from connectors.ptwc_tsunami.bulletin import bulletin_of
from connectors.ptwc_tsunami.feed import Address, Feed, address_of, feed_of, message_key
from connectors.ptwc_tsunami.mark import MOST_OWED, Followed, progress_of
from connectors.ptwc_tsunami.spoken import spoken_in
from connectors.ptwc_tsunami.turn import Turn
from hub.cap import xml
from hub.cap.model import Alert
from hub.clock import Clock
from hub.connector import Mark, Payload, Read, Source, Spoken
from hub.errors import ConfigError, ParseError, SourceError
from hub.http import Fetched, Fetcher

ASKED_AT_ONCE = 12
"""At most so many numbers are asked for at one turn beside what the feed lists."""


@dataclass(frozen=True)
class Settings:
    """Which centre is read, and what of it concerns us."""

    feed_url: str = "https://www.tsunami.gov/events/xml/PHEBAtom.xml"
    """The feed of the centre's latest bulletin."""

    text_url: str = "https://www.tsunami.gov/events/xml/PHEBTEX.xml"
    """The same bulletin in the centre's own XML, read when it may be a threat; empty: never."""

    products: tuple[str, ...] = ("WEPA40", "WEPA42")
    """The WMO headings that concern us (threat, information); others are asked for under these. Empty: all are told."""

    places: tuple[str, ...] = ()
    """How a bulletin's text names our coast, in English."""

    coast: str = ""
    """What our gazetteer calls that coast: the area of the alert when a threat message names it."""

    follow_h: float = 12.0
    """So long after its last bulletin an event that the feed has left is asked for the next one."""

    most_missed: int = 30
    """So many lower numbers of a listed event are asked for."""

    def __post_init__(self) -> None:
        for name in ("feed_url", "text_url"):
            if getattr(self, name) and not getattr(self, name).startswith(("http://", "https://")):
                raise ConfigError(name, f"{getattr(self, name)!r} is not an address", "write http://… or https://…")
        if not self.feed_url:
            raise ConfigError("feed_url", "is empty", "write http://… or https://…")
        for product in self.products:
            if len(product) != 6 or not product.isalnum() or not product.isupper():
                raise ConfigError("products", f"{product!r} is no WMO heading", "like WEPA40")
        if bool(self.places) != bool(self.coast):
            raise ConfigError("coast", f"{self.coast!r} for {self.places}", "both places and coast, or neither")
        if not 0 <= self.follow_h <= 72:
            raise ConfigError("follow_h", f"{self.follow_h} hours", "0 to 72")
        if not 0 <= self.most_missed <= 200:
            raise ConfigError("most_missed", f"{self.most_missed}", "0 to 200")


class Connector:
    """Reads the feed, the bulletins it lists, and those it no longer lists."""

    Settings: ClassVar[type] = Settings

    def __init__(self, source: Source, *, clock: Clock) -> None:
        self._source = source
        self._settings: Settings = source.settings
        self._clock = clock
        self._follow = timedelta(hours=self._settings.follow_h)

    async def read(self, mark: Mark, fetcher: Fetcher) -> AsyncIterator[Read]:
        """The listed bulletin first, then the message without CAP, then what the feed no longer lists; each a `Read` of its own.

        Raises:
            SourceError: the feed could not be read.
        """
        before = progress_of(mark)
        fetched = await fetcher.get(self._settings.feed_url, etag=before.etag, last_modified=before.last_modified)
        turn = Turn(before)
        feed: Feed | None = None
        if fetched.status == 200:
            payload = self._payload(fetched)
            try:
                feed = await asyncio.to_thread(feed_of, payload.body, url=payload.url)
            except ParseError:
                yield Read((payload,), mark)  # parse says why; the validators are not taken, so it is looked at again
                return
            self._take_feed(turn, feed, payload)
        await self._read_listed(turn, fetcher)
        if turn.payloads:
            yield turn.step()
        await self._read_message(turn, fetcher, feed, self._payload(fetched) if feed else None)
        if turn.payloads:
            yield turn.step()
        await self._read_missed(turn, fetcher)
        turn.progress = turn.progress.forgotten(self._clock.now(), follow=self._follow)
        yield turn.step(last=True)

    def parse(self, payload: Payload) -> Sequence[Spoken]:
        """A CAP document's alert; a bulletin without CAP as an alert to be minted; a feed speaks only when it lists no document.

        A communication test is news and no alert.

        Raises:
            ParseError: none of the three.
        """
        settings = self._settings
        return spoken_in(payload, places=settings.places, coast=settings.coast, zone=self._source.zone)

    def _take_feed(self, turn: Turn, feed: Feed, payload: Payload) -> None:
        """The feed is taken in: what it lists is due, what it listed before and could not be read stays due."""
        now = self._clock.now()
        known = turn.progress.documents
        changed = payload.sha256 != turn.progress.feed_sha256
        turn.again = frozenset(feed.documents) if changed else frozenset()
        kept = dict.fromkeys([url for url, sha256 in known.items() if not sha256][-MOST_OWED:], "")
        progress = replace(
            turn.progress,
            etag=payload.headers.get("etag", ""),
            last_modified=payload.headers.get("last-modified", ""),
            feed_sha256=payload.sha256,
            documents={**kept, **{url: known.get(url, "") for url in feed.documents}},
        )
        heard_at = min(feed.updated or now, now)
        for address in filter(None, map(address_of, feed.documents)):
            progress = progress.listed(address, heard_at=heard_at)
        is_old = now - heard_at > self._follow
        may_be_news = feed.key != progress.message and not (is_old and feed.documents)
        if (
            changed
        ):  # the centre's own XML holds the latest bulletin only: an older message is not to be had there any more
            due = may_be_news and (not feed.documents or feed.may_threaten)
            progress = replace(progress, untold=feed.key if due else "")
        turn.progress = progress

    async def _read_listed(self, turn: Turn, fetcher: Fetcher) -> None:
        """Every listed document that is new, or whose feed was made anew, was asked for."""
        for url, sha256 in list(turn.progress.documents.items()):
            if sha256 and url not in turn.again:
                continue
            address = address_of(url)
            if address is not None and not self._wants(address.product):
                turn.documents({**turn.progress.documents, url: "other-product"})
                continue
            try:
                answer = await fetcher.get(url)
            except SourceError as error:
                turn.faults.append(f"{error.reason} {url}")
                continue
            await self._take(turn, answer, url=url, address=address)

    async def _read_message(self, turn: Turn, fetcher: Fetcher, feed: Feed | None, payload: Payload | None) -> None:
        """A message that may be a threat, or that has no CAP, was read in the centre's own XML, else told by its title."""
        due = turn.progress.untold
        if not due:
            return
        reason = await self._read_text(turn, fetcher, due) if self._settings.text_url else "no-text"
        if not reason:
            turn.progress = replace(turn.progress, message=due, untold="")
            return
        turn.faults.append(f"{reason} {self._settings.text_url or due}")
        if feed is not None and payload is not None and not feed.documents and turn.progress.message != due:
            turn.payloads.append(payload)  # its title is told; the text is asked for again at the next turn
            turn.progress = replace(turn.progress, message=due)
        if reason in ("no-text", "http-404", "http-410"):
            turn.progress = replace(turn.progress, untold="", message=due)

    async def _read_text(self, turn: Turn, fetcher: Fetcher, due: str) -> str:
        """ "" when the bulletin in the centre's own XML is the one that is due, else why it is not. What it says is told once."""
        try:
            text = self._payload(await fetcher.get(self._settings.text_url))
            bulletin = await asyncio.to_thread(bulletin_of, text.body)
        except (SourceError, ParseError) as error:
            return error.reason
        if text.sha256 != turn.progress.text_sha256:
            turn.payloads.append(text)
        turn.progress = replace(turn.progress, text_sha256=text.sha256)
        _, number, issued = due.split("-")
        told = message_key(bulletin.number, bulletin.issued_at).split("-")
        return "text-behind" if bulletin.number and number not in ("0", told[1]) and told[2] < issued else ""

    async def _read_missed(self, turn: Turn, fetcher: Fetcher) -> None:
        """Bulletins that the feed no longer lists were asked for at the addresses they should have."""
        listed = {one for url in turn.progress.documents if (one := address_of(url)) is not None}
        owed = {(one.event, one.number) for one in listed if not turn.progress.documents[one.url]}
        left = ASKED_AT_ONCE
        for event, followed in turn.progress.living(self._clock.now(), follow=self._follow).items():
            gaps = [n for n in followed.gaps(most=self._settings.most_missed) if (event, n) not in owed][:left]
            for number in gaps:
                found = await self._ask(turn, fetcher, event, followed, number)
                if found is None:
                    return  # the centre is in trouble: the rest is asked for at the next turn
                if not found:
                    turn.progress = turn.progress.lost_one(event, number)
                    turn.faults.append(f"bulletin-not-found {event} number {number}")
            left -= len(gaps)
            has_left = not followed.closed and all(one.event != event for one in listed)
            number = followed.last + 1
            while has_left and left > 0 and await self._ask(turn, fetcher, event, followed, number):
                number, left = number + 1, left - 1

    async def _ask(self, turn: Turn, fetcher: Fetcher, event: str, followed: Followed, number: int) -> bool | None:
        """Whether that number was found under one of our products; None when that is not known yet."""
        used = [path.partition("/")[2] for path in followed.read]
        for product in dict.fromkeys([*reversed(used), *self._settings.products]):
            address = followed.address(event, number, product)
            try:
                payload = self._payload(await fetcher.get(address.url))
                alert = await asyncio.to_thread(self._alert_of, payload)
            except SourceError as error:
                if error.reason in ("http-404", "http-410"):
                    continue
                turn.faults.append(f"{error.reason} {address.url}")
                return None
            except ParseError:
                continue  # a page in place of 404: nobody said that a bulletin stands here
            if event not in alert.identifier and event not in alert.incidents:
                continue  # led to another bulletin
            turn.payloads.append(payload)
            turn.progress = turn.progress.read_one(address, now=self._clock.now(), closes=alert.is_ending())
            return True
        return False

    async def _take(self, turn: Turn, answer: Fetched, *, url: str, address: Address | None) -> None:
        """The listed document is to be told when it is an alert and new; what is none stays due, its bytes kept once."""
        payload = self._payload(answer)
        known = turn.progress.documents.get(url, "")
        try:
            alert = await asyncio.to_thread(self._alert_of, payload)
        except ParseError as error:
            turn.faults.append(f"{error.reason} {url}")
            if turn.progress.refused.get(url) != payload.sha256:
                turn.payloads.append(payload)
                turn.progress = turn.progress.refusing(url, payload.sha256)
            return
        if known != payload.sha256:
            turn.payloads.append(payload)
        turn.documents({**turn.progress.documents, url: payload.sha256})
        if address is not None:
            turn.progress = turn.progress.read_one(address, now=self._clock.now(), closes=alert.is_ending())

    def _alert_of(self, payload: Payload) -> Alert:
        return xml.read(payload.body, zone=self._source.zone).alert

    def _wants(self, product: str) -> bool:
        return not self._settings.products or product in self._settings.products

    def _payload(self, fetched: Fetched) -> Payload:
        return Payload(
            source=self._source.name,
            body=fetched.body,
            content_type=fetched.headers.get("content-type", ""),
            received_at=self._clock.now(),
            url=fetched.url,
            headers=fetched.headers,
        )
