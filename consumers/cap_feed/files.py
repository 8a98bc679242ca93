"""Files that are always whole: written beside their place, synced, renamed; nothing is deleted that a feed still links to."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from consumers.cap_feed.atom import document_name

GRACE_S = 3600.0
"""A document that no feed links to any more stays for so long: a reader may hold the feed that did."""

_LINKED = re.compile(rb'/cap/([A-Za-z0-9_~-]+\.xml)"')


class Shelf:
    """One feed and the documents beside it in `folder`; several feeds may share a folder. Times are seconds since 1970."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._documents = folder / "cap"
        self._path = folder / f"{name}.atom"
        self._unfinished = f".{name}.tmp"
        self._known: set[str] = set()
        self._swept_at = 0.0

    def feed(self) -> bytes:
        """The feed as it stands on disk, b"" when there is none."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""

    def publish(self, feed: bytes, documents: Mapping[str, bytes], *, now: float) -> None:
        """The documents (by alert id), then the feed, are on disk for good; old documents that nothing links to are gone.

        Raises:
            OSError: the disk refused; feed and documents are those of before, each whole.
        """
        self._documents.mkdir(parents=True, exist_ok=True)
        written = [self._put(document_name(alert_id), body, now) for alert_id, body in documents.items()]
        if any(written):
            _sync(self._documents)
        if self.feed() != feed:
            self._write(self._path, feed)
            _sync(self._folder)
        if abs(now - self._swept_at) >= GRACE_S / 4:
            self._sweep(now)
            self._swept_at = now

    def _put(self, name: str, body: bytes, now: float) -> bool:
        """The document stands there, and is young enough not to be swept before the feed links to it; True when it was written."""
        path = self._documents / name
        if name not in self._known and not _holds(path, body):
            self._write(path, body)
            os.utime(path, (now, now))
            self._known.add(name)
            return True
        self._known.add(name)
        try:
            if abs(now - path.stat().st_mtime) > GRACE_S / 2:
                os.utime(path, (now, now))
        except FileNotFoundError:
            self._known.discard(name)
            return self._put(name, body, now)
        return False

    def _write(self, path: Path, body: bytes) -> None:
        unfinished = path.with_name(f".{path.name}{self._unfinished}")
        with unfinished.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    def _sweep(self, now: float) -> None:
        linked = {name.decode() for path in self._folder.glob("*.atom") for name in _LINKED.findall(path.read_bytes())}
        for path in self._documents.iterdir():
            own_rest = path.name.startswith(".") and path.name.endswith(self._unfinished)
            if own_rest or (path.suffix == ".xml" and path.name not in linked and _is_old(path, now)):
                path.unlink(missing_ok=True)
                self._known.discard(path.name)


def _is_old(path: Path, now: float) -> bool:
    """Whether nothing links to the document for long enough; one that another feed of the folder has just swept is not."""
    try:
        return abs(now - path.stat().st_mtime) > GRACE_S
    except FileNotFoundError:
        return False


def _holds(path: Path, body: bytes) -> bool:
    try:
        return path.read_bytes() == body
    except FileNotFoundError:
        return False


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
