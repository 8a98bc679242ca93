"""How far a CAP feed was read: its validators, the documents it lists with their alerts, and those still to be fetched. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.cap_feed.index import Index, Name

RETRIED = 20
"""So many documents that held no alert are looked at again at one turn."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document as last read. `sha256` is of its bytes; the validators are used only where documents are mutable."""

    sha256: str = ""
    etag: str = ""
    last_modified: str = ""
    names: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """The mark as values. `documents` holds only what the index lists now, the least recently read first; so do `pending` (oldest
    entry first, never read yet) and `names` (alerts inline in the index). `index_sha256` is "" before the first read.
    `leaving` are alerts that vanished and of which that is not told yet. `refused` are the SHA-256 of pages that stood at the address of
    a document and held no alert: it stays pending, behind all others, or as it was known.
    """

    etag: str = ""
    last_modified: str = ""
    index_sha256: str = ""
    documents: Mapping[str, Document] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    names: tuple[Name, ...] = ()
    leaving: tuple[Name, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    def gone(self) -> tuple[Name, ...]:
        """The leaving alerts that are listed nowhere else: the same alert may move to another address."""
        listed = set(self.names)
        for document in self.documents.values():
            listed.update(document.names)
        return tuple(name for name in dict.fromkeys(self.leaving) if name not in listed)

    def listing(self, index: Index, *, etag: str, last_modified: str, sha256: str) -> Progress:
        """After the index was read: documents it no longer lists are forgotten, new ones are pending."""
        listed = dict.fromkeys(index.urls)
        dropped = [document.names for url, document in self.documents.items() if url not in listed]
        return Progress(
            etag=etag,
            last_modified=last_modified,
            index_sha256=sha256,
            documents={url: document for url, document in self.documents.items() if url in listed},
            pending=(
                *(url for url in self.pending if url in self.refused and url in listed),
                *(url for url in listed if url not in self.documents and url not in self.refused),
            ),
            names=index.names,
            leaving=(*self.leaving, *self.names, *(name for names in dropped for name in names)),
            refused={url: seen for url, seen in self.refused.items() if url in listed},
        )

    def due(self, *, most: int, mutable: bool) -> tuple[str, ...]:
        """The documents to fetch now: the newest pending ones, and of mutable ones also those read longest ago; oldest first.

        Of those that held no alert when last looked at only the `RETRIED` longest ago are looked at again.
        """
        fresh = [url for url in self.pending if url not in self.refused]
        refused = [url for url in self.pending if url in self.refused][-RETRIED:]
        new = (*refused, *fresh)[-most:] if most else ()
        again = tuple(self.documents)[: most - len(new)] if mutable else ()
        return (*again, *new)

    def with_document(self, url: str, document: Document) -> Progress:
        """After `url` was read (or answered that it had not changed)."""
        kept = {known: value for known, value in self.documents.items() if known != url}
        before = self.documents.get(url, Document())
        return replace(
            self,
            refused={one: seen for one, seen in self.refused.items() if one != url},
            documents={**kept, url: document},
            pending=tuple(waiting for waiting in self.pending if waiting != url),
            leaving=(*self.leaving, *(name for name in before.names if name not in document.names)),
        )

    def refusing(self, url: str, sha256: str) -> Progress:
        """After a page that holds no alert stood at `url`: its turn comes again after all others."""
        waiting = tuple(one for one in self.pending if one != url)
        known = {one: document for one, document in self.documents.items() if one != url}
        if url in self.documents:
            known[url] = self.documents[url]
        return replace(
            self,
            documents=known,
            pending=(url, *waiting) if url in self.pending else waiting,
            refused={**self.refused, url: sha256},
        )


def progress_of(mark: Mapping[str, Any]) -> Progress:
    """The values of a stored mark; what another version of this connector wrote and this one does not know is left out."""
    documents = {
        url: Document(
            sha256=found.get("sha256", ""),
            etag=found.get("etag", ""),
            last_modified=found.get("last_modified", ""),
            names=_names(found.get("names", ())),
        )
        for url, found in mark.get("documents", {}).items()
    }
    return Progress(
        etag=mark.get("etag", ""),
        last_modified=mark.get("last_modified", ""),
        index_sha256=mark.get("index", ""),
        documents=documents,
        pending=tuple(mark.get("pending", ())),
        names=_names(mark.get("names", ())),
        leaving=_names(mark.get("leaving", ())),
        refused=dict(mark.get("refused", {})),
    )


def mark_of(progress: Progress) -> dict[str, Any]:
    """The mark to store: JSON values, empty ones left out."""
    documents = {
        url: _filled(
            {
                "sha256": document.sha256,
                "etag": document.etag,
                "last_modified": document.last_modified,
                "names": [list(name) for name in document.names],
            }
        )
        for url, document in progress.documents.items()
    }
    return _filled(
        {
            "etag": progress.etag,
            "last_modified": progress.last_modified,
            "index": progress.index_sha256,
            "documents": documents,
            "pending": list(progress.pending),
            "names": [list(name) for name in progress.names],
            "leaving": [list(name) for name in progress.leaving],
            "refused": dict(progress.refused),
        }
    )


def _names(found: Iterable[Iterable[str]]) -> tuple[Name, ...]:
    return tuple((sender, identifier) for sender, identifier in found)


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
