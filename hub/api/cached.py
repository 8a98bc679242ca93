"""Files answered with ETag, Last-Modified and 304, from memory while they do not change on disk (RFC 9110 §13)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response

_MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes of a file with its validators."""

    body: bytes
    etag: str
    modified: datetime


class Shelf:
    """Documents of one folder by name; a name that is not a plain file directly in it does not exist."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, tuple[tuple[int, int, int], Document]] = {}

    def find(self, name: str) -> Document | None:
        """The document of that name, or None. Reads the disk: call it in a thread."""
        path = self._folder / name
        if not name or name.startswith(".") or Path(name).name != name or "\0" in name or path.is_symlink():
            return None
        try:
            facts = path.stat()
            mark = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
            kept = self._kept.get(name)
            if kept is not None and kept[0] == mark:
                return kept[1]
            body = path.read_bytes()
        except OSError:
            return None
        modified = datetime.fromtimestamp(facts.st_mtime, UTC).replace(microsecond=0)
        document = Document(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', modified)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[name] = (mark, document)
        return document


def answer(document: Document, asked: Headers, media_type: str) -> Response:
    """The document, or 304 when the asker has it: If-None-Match decides, If-Modified-Since only without it."""
    headers = {
        "ETag": document.etag,
        "Last-Modified": format_datetime(document.modified, usegmt=True),
        "Cache-Control": "private, no-cache",
    }
    if _has(document, asked):
        return Response(status_code=304, headers=headers)
    return Response(document.body, headers=headers, media_type=media_type)


def _has(document: Document, asked: Headers) -> bool:
    tags = asked.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in known or document.etag in known
    since = asked.get("if-modified-since")
    if since is None:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except ValueError:
        return False
    return document.modified <= (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
