"""CAP warnings listed by an index (Atom, RSS) or served as one document: weather services, GDACS, MeteoAlarm, neighbours' hubs.

Address, rhythm and zone come from the configuration. Rhythm in practice: irregular, so poll each 60 s for Viet Nam, 300 s for
neighbours, always conditionally. Times are CAP's own; naive ones are taken in the source's zone. Coordinates are degrees WGS 84,
latitude first. Formats: CAP 1.2 (OASIS, ITU-T X.1303) and 1.0/1.1, RFC 4287, RSS 2.0, EDXL-DE 1.0.

Known quirks, and what answers them here or in the source's HTTP rules:
  * Thailand: pubDate is UTC labelled +0700, so no time of an index is ever used; an intermediate certificate is missing (CA file).
  * Philippines: the index links by a bare address (host rewrite).
  * Macao: one address per kind of warning, overwritten in place: `documents = "mutable"`. Its Updates reference only themselves, so
    they say by their address what they end: `replaced = "superseded"`.
  * MeteoAlarm: the first link of an entry is a web page; many entries share one document; 406 to a JSON-only Accept.
  * weather.gov: the same link is CAP only when asked for with Accept (source rule).
  * Viet Nam (NCHMF): often silent, and what it links is not always CAP: quarantined with its bytes, shown as wrong content, and looked
    at again until an alert stands there. A page or half a document never makes an alert seem withdrawn.
  * Indonesia (InaTEWS): an earthquake is Past as soon as it is told, so its Updates would be all-clears: `past = "happened"`.
  * Indonesia (BMKG): 60 requests a minute: `max_documents`; 429 ends a turn's fetching.
  * Links of an index read by https that name its own host by http are asked for by https.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from connectors.cap_feed.index import FORMS, LARGEST, Index, form_of, names_in, read_index
from connectors.cap_feed.mark import Document, Progress, mark_of, progress_of
from connectors.cap_feed.succession import happened, noted, of_the_server, succeeding
from hub.cap import xml
from hub.cap.repair import Repair
from hub.clock import Clock
from hub.connector import Candidate, Mark, Payload, Read, Source, Spoken, Unreadable, Withdrawn, candidate_of
from hub.errors import ConfigError, ParseError, SourceError, WrongContent
from hub.http import Fetched, Fetcher

STEP = 20
"""So many documents are held in memory and made durable together."""

LARGEST_DOCUMENT = 4 * 1024 * 1024
"""Bytes; the limit of `hub.cap.xml`. Real warnings reach 1.7 MB."""


@dataclass(frozen=True)
class Settings:
    """How one CAP feed is read."""

    url: str
    """Address of the index, or of the document itself."""

    form: Literal["auto", "atom", "rss", "cap"] = "auto"
    """What stands at the address; another form then counts as wrong content. `auto` takes any of them."""

    documents: Literal["immutable", "mutable"] = "immutable"
    """Whether a document, once fetched, can change under its address. Mutable ones are asked for again at every read."""

    replaced: Literal["withdrawn", "superseded"] = "withdrawn"
    """What an Update or Cancel that names no other warning means for the one it overwrote at its mutable address: no longer listed, or
    the same warning's earlier version."""

    past: Literal["over", "happened"] = "over"
    """What urgency Past says: the warning is over, or no more than that the event has happened (earthquakes). Then only a Cancel or
    responseType AllClear ends it."""

    inline: bool = True
    """Take the alert an entry carries inside itself instead of following its link."""

    max_documents: int = 500
    """At most so many documents are fetched at one turn; the newest first, the rest at the next turns."""

    at_once: int = 4
    """So many documents are fetched at the same time."""

    slow_after_s: float = 60.0
    """Documents of one step that have not come by then are given up until the next turn, so that slow ones hold up nothing."""

    max_listed: int = 5000
    """Of a longer index only the newest so many documents count."""

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ConfigError("url", f"{self.url!r} is not an address", "write http://… or https://…")
        if self.form not in ("auto", *FORMS):
            raise ConfigError("form", f"{self.form!r} is unknown", "auto, atom, rss or cap")
        if self.documents not in ("immutable", "mutable"):
            raise ConfigError("documents", f"{self.documents!r} is unknown", "immutable or mutable")
        if self.past not in ("over", "happened"):
            raise ConfigError("past", f"{self.past!r} is unknown", "over or happened")
        if self.replaced not in ("withdrawn", "superseded"):
            raise ConfigError("replaced", f"{self.replaced!r} is unknown", "withdrawn or superseded")
        for name in ("max_documents", "at_once", "max_listed"):
            if getattr(self, name) < 1:
                raise ConfigError(name, f"{getattr(self, name)} is too small", "at least 1")


class Connector:
    """Reads the index, then the documents it lists that are not known yet (all of them where they are mutable)."""

    Settings: ClassVar[type] = Settings

    def __init__(self, source: Source, *, clock: Clock) -> None:
        self._source = source
        self._settings: Settings = source.settings
        self._clock = clock

    async def read(self, mark: Mark, fetcher: Fetcher) -> AsyncIterator[Read]:
        """The alerts inside the index, then the documents that are new, `STEP` a `Read`, then what vanished.

        A document that cannot be fetched is a fault and stays pending; it holds up nothing.

        Raises:
            SourceError: the index could not be read.
            WrongContent: it is another form of index than agreed, or nothing it lists leads anywhere.
        """
        before = progress_of(mark)
        fetched = await fetcher.get(self._settings.url, etag=before.etag, last_modified=before.last_modified)
        payload = self._payload(fetched)
        try:
            index, progress = await asyncio.to_thread(self._listing, fetched, payload.sha256, before)
        except ParseError:
            yield Read((payload,), mark)  # parse says why; the validators are not taken, so it is looked at again
            return
        carried = (payload,) if index.carries else ()
        faults = list(index.faults)
        for chunk in self._chunks(progress):
            progress, documents, missed = await self._documents(progress, chunk, fetcher)
            faults += missed
            if documents:
                yield Read((*documents, *carried), mark_of(progress))
                carried = ()
            if any(fault.startswith("http-429 ") for fault in missed):
                break  # it asks us to wait: the rest is pending until the next turn
        gone = progress.gone()
        evidence = payload if gone and fetched.status == 200 else None
        waiting = (f"documents-pending {len(progress.pending)}",) if progress.pending else ()
        yield Read(
            payloads=(evidence,) if evidence else carried,
            mark=mark_of(replace(progress, leaving=())),
            faults=(*waiting, *faults),
            withdrawn=tuple(
                Withdrawn(self._source.name, evidence.sha256 if evidence else "", sender=sender, identifier=identifier)
                for sender, identifier in gone
            ),
        )

    def parse(self, payload: Payload) -> Sequence[Spoken]:
        """Every alert in the payload; an index that carries none says nothing, and one bad alert among several is Unreadable.

        Raises:
            ParseError: neither index nor alert, or the only alert cannot be read.
        """
        root, encoding = xml.open_xml(payload.body, max_bytes=LARGEST)
        form = form_of(root)
        if form != "cap" and not self._settings.inline:
            return []
        documents = xml.documents_of(root, payload.body)
        said: list[Spoken] = []
        for document in documents:
            try:
                found = candidate_of(xml.read(document, zone=self._source.zone), payload)
                found = found if document is payload.body else _said_in(found, encoding)
                found = happened(found) if self._settings.past == "happened" else found
                said.append(succeeding(found, payload))
            except ParseError as error:
                if len(documents) == 1 and form == "cap":
                    raise
                said.append(Unreadable(payload.source, payload.sha256, error.reason, error.detail))
        return said

    def _listing(self, fetched: Fetched, sha256: str, before: Progress) -> tuple[Index, Progress]:
        """What the index says and how far we are with it; an empty Index when it has not changed."""
        etag, last_modified = _validators(fetched)
        if fetched.status != 200:
            missed = () if before.index_sha256 else (f"http-{fetched.status} {fetched.url}",)
            return Index("", faults=missed), before
        if sha256 == before.index_sha256:
            return Index(""), replace(before, etag=etag, last_modified=last_modified)
        index = read_index(fetched.body, url=fetched.url, inline=self._settings.inline)
        if self._settings.form not in ("auto", index.form):
            raise WrongContent("wrong-form", f"{index.form} instead of {self._settings.form} at {fetched.url}")
        if index.faults and not (index.urls or index.carries):  # read as empty, everything it said would seem withdrawn
            raise WrongContent("no-entry-readable", f"{len(index.faults)} entries at {fetched.url}")
        left_out = len(index.urls) - self._settings.max_listed
        if left_out > 0:
            faults = (*index.faults, f"index-too-long {left_out} documents left out")
            index = replace(index, urls=index.urls[left_out:], faults=faults)
        return index, before.listing(index, etag=etag, last_modified=last_modified, sha256=sha256)

    def _chunks(self, progress: Progress) -> Iterator[tuple[str, ...]]:
        """The documents to fetch at this turn, the newest `STEP` first, oldest first within each."""
        mutable = self._settings.documents == "mutable"
        due = progress.due(most=self._settings.max_documents, mutable=mutable)
        for end in range(len(due), 0, -STEP):
            yield due[max(0, end - STEP) : end]

    async def _documents(
        self, progress: Progress, urls: Sequence[str], fetcher: Fetcher
    ) -> tuple[Progress, list[Payload], list[str]]:
        """After these documents were fetched: how far we are, the new bytes in the given order, and what failed."""
        answers = await self._fetched(progress, urls, fetcher)
        payloads: list[Payload] = []
        faults: list[str] = []
        for url, answer in zip(urls, answers, strict=True):
            known = progress.documents.get(url)
            if isinstance(answer, SourceError):
                faults.append(f"{answer.reason} {url}")
            elif answer.status == 200:
                payload = self._payload(answer)
                document = await self._document(answer, payload.sha256)
                if not document.names:
                    # an error page with status 200, or half a document: what stood there before is no less true
                    faults.append(f"no-alert {url}")
                    payloads += [payload] if progress.refused.get(url) != payload.sha256 else []
                    progress = progress.refusing(url, payload.sha256)
                    continue
                if known is None or payload.sha256 != known.sha256:
                    payloads.append(self._succeeding(payload, known, document))
                progress = progress.with_document(url, document)
            elif known is not None:
                progress = progress.with_document(url, known)
            else:
                faults.append(f"http-{answer.status} {url}")
        return progress, payloads, faults

    async def _fetched(self, progress: Progress, urls: Sequence[str], fetcher: Fetcher) -> list[Fetched | SourceError]:
        """The answer for each of `urls`, `at_once` at a time, within `slow_after_s` for all."""
        at_once = asyncio.Semaphore(self._settings.at_once)

        async def fetch(url: str) -> Fetched | SourceError:
            known = progress.documents.get(url, Document())
            async with at_once:
                try:
                    return await fetcher.get(
                        url, etag=known.etag, last_modified=known.last_modified, max_bytes=LARGEST_DOCUMENT
                    )
                except SourceError as error:
                    return error

        tasks = [asyncio.create_task(fetch(url)) for url in urls]
        try:
            _, slow = await asyncio.wait(tasks, timeout=self._settings.slow_after_s) if tasks else (set(), set())
        finally:
            for task in tasks:
                task.cancel()  # no effect on those that are done
        return [SourceError("timeout") if task in slow else task.result() for task in tasks]

    async def _document(self, answer: Fetched, sha256: str) -> Document:
        names = await asyncio.to_thread(names_in, answer.body)
        if self._settings.documents == "immutable":
            return Document(names=names)
        return Document(sha256, *_validators(answer), names)

    def _succeeding(self, payload: Payload, known: Document | None, document: Document) -> Payload:
        """The payload, with the alerts it overwrote at its address noted beside its headers where that makes it their successor."""
        if known is None or self._settings.replaced != "superseded":
            return payload
        return noted(payload, tuple(name for name in known.names if name not in document.names))

    def _payload(self, fetched: Fetched) -> Payload:
        return Payload(
            source=self._source.name,
            body=fetched.body,
            content_type=fetched.headers.get("content-type", ""),
            received_at=self._clock.now(),
            url=fetched.url,
            headers=of_the_server(fetched.headers),
        )


def _said_in(found: Candidate, encoding: str) -> Candidate:
    """The alert, cut out of a document that was read in `encoding` instead of the one it names ("" when it was not)."""
    if not encoding:
        return found
    return replace(
        found, repairs=(Repair(f"encoding-{encoding}", "", "utf-8", encoding, certain=False), *found.repairs)
    )


def _validators(fetched: Fetched) -> tuple[str, str]:
    """(ETag, Last-Modified) of an answer, "" where it has none."""
    return fetched.headers.get("etag", ""), fetched.headers.get("last-modified", "")
