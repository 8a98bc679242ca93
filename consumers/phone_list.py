"""A call list on paper, for when everything else fails: one sheet an endpoint, as a page to print and as CSV, in a folder of the hub.

What stands in it: for each chain the newest word that is owed to the endpoint's agency, the text to read aloud, and empty boxes for who
called whom, when, and whether it was confirmed. Names and numbers do not: they are personal data, live in the store alone and
are deleted there for good (`hub.store.rosters`); `GET /v1/call-list` and `hub call-list` put them beside the lines for a person.

Delivered means: it lies on the desk's list. That somebody was told is the acknowledgement, which the caller records.

Each line is a file of its own in a folder beside the sheet, written whole or not at all, named by its chain: a try that is repeated
changes nothing, an older version never replaces a newer one. A line stays for a day after its alert is over.
"""

from __future__ import annotations

import asyncio
import csv
import html
import io as text_io
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import msgspec

from hub.consumer import ChannelIO, Delivery, Endpoint, Receipt, Rendered
from hub.errors import ConfigError, Retry
from hub.telling import read_aloud, subject, tell
from hub.words import Words, moment

KEPT = timedelta(hours=24)
WITHOUT_END = timedelta(hours=24)
_TESTS = frozenset({"endpoint.test", "endpoint.challenge"})
_NAME = re.compile(r"[\w.-]{1,100}")


@dataclass(frozen=True)
class Settings:
    """Whom the list is for."""

    title: str = ""
    """What stands at the head of the sheet, such as the agency's name; its id when empty."""


class Line(msgspec.Struct, frozen=True):
    """One line of a sheet: what to tell the agency about one chain. Times are ISO 8601."""

    delivery_id: str
    chain_id: str
    chain_seq: int
    event_type: str
    lane: int
    subject: str
    aloud: str
    listed_at: str
    until: str


class Channel:
    """Writes lines and sheets; `send` blocks no loop."""

    Settings: ClassVar[type] = Settings

    def __init__(self, io: ChannelIO) -> None:
        if io.folder is None:
            raise ConfigError("phone_list", "there is no folder to write to", "a data directory")
        self._io = io
        self._folder = io.folder
        self._writing = asyncio.Lock()

    async def aclose(self) -> None:
        """Nothing is held open here."""

    def render(self, delivery: Delivery, endpoint: Endpoint) -> Rendered:
        """The line as JSON. Pure."""
        told = tell(delivery, self._io.words, language=endpoint.language, hazards=self._io.hazards)
        ends = [part.until for part in told.parts if part.until is not None]
        listed = delivery.attempted_at
        line = Line(
            delivery.delivery_id,
            delivery.chain_id or delivery.delivery_id,
            delivery.chain_seq,
            delivery.event_type,
            delivery.lane,
            subject(told),
            read_aloud(told),
            listed.isoformat(),
            max([*ends, listed] if ends else [listed + WITHOUT_END]).isoformat(),
        )
        return Rendered(msgspec.json.encode(line), {"event_type": delivery.event_type, "challenge": delivery.challenge})

    async def send(self, rendered: Rendered, endpoint: Endpoint, *, timeout_s: float) -> Receipt:
        """The line is on the sheet and on the disk; a test or challenge only shows that the folder can be written."""
        if not _NAME.fullmatch(endpoint.endpoint_id):
            raise ConfigError(f"endpoint {endpoint.endpoint_id}", "cannot name a file", "letters, digits, . _ -")
        try:
            async with asyncio.timeout(timeout_s), self._writing:
                await asyncio.to_thread(self._write, rendered, endpoint)
        except OSError as error:
            raise Retry(f"disk: {error.strerror or error}") from error
        except TimeoutError:
            raise Retry("disk: too slow") from None
        return Receipt(0, "on the call list", rendered.headers["challenge"].encode())

    def _write(self, rendered: Rendered, endpoint: Endpoint) -> None:
        folder = self._folder / endpoint.endpoint_id
        folder.mkdir(parents=True, exist_ok=True)
        if rendered.headers["event_type"] not in _TESTS:
            new = msgspec.json.decode(rendered.body, type=Line)
            path = folder / f"{sha256(new.chain_id.encode()).hexdigest()[:24]}.json"
            old = _read(path)
            if old is None or old.chain_seq <= new.chain_seq:
                _replace(path, rendered.body)
        now = self._io.clock.now()
        lines = sorted(_kept(folder, now), key=lambda line: (line.lane, line.listed_at))
        title = endpoint.settings.title or endpoint.owner
        page = sheet(lines, self._io.words, title=title, at=now, language=endpoint.language)
        _replace(self._folder / f"{endpoint.endpoint_id}.html", page.encode())
        table = as_csv(lines, self._io.words, language=endpoint.language)
        _replace(self._folder / f"{endpoint.endpoint_id}.csv", table.encode("utf-8-sig"))


def sheet(lines: Iterable[Line], words: Words, *, title: str, at: datetime, language: str = "vi") -> str:
    """The page to print: a line a warning, with the text to read and empty boxes."""

    def say(key: str, **values: object) -> str:
        return html.escape(words.say(f"calls.{key}", language, **values))

    head = "".join(f"<th>{say(column)}</th>" for column in COLUMNS)
    rows = "".join(
        f"<tr><td>{number}</td><td><b>{html.escape(line.subject)}</b><p>{html.escape(line.aloud)}</p>"
        f"<small>{say('listed', at=moment(datetime.fromisoformat(line.listed_at)))}</small></td>"
        + "<td class=box></td>" * (len(COLUMNS) - 3)
        + "<td class=box>☐</td></tr>"
        for number, line in enumerate(lines, 1)
    )
    return (
        f'<!doctype html><html lang="{html.escape(language)}"><meta charset="utf-8"><title>{say("title")}</title>'
        "<style>@page{size:A4 landscape;margin:12mm}body{font:12pt serif}table{border-collapse:collapse;width:100%}"
        "td,th{border:1px solid #000;padding:4pt;vertical-align:top;text-align:left}tr{break-inside:avoid}"
        f".box{{width:11%;height:36pt}}</style><h1>{say('title')}: {html.escape(title)}</h1>"
        f"<p>{say('printed', at=moment(at))}</p><p>{say('numbers')}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></html>\n"
    )


COLUMNS = ("number", "text", "whom", "phone", "when", "caller", "confirmed")
"""Keys of the headings, in `words` under `calls`."""


def as_csv(lines: Iterable[Line], words: Words, *, language: str = "vi") -> str:
    """The same for a spreadsheet. A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    out = text_io.StringIO()
    writer = csv.writer(out)
    writer.writerow([words.say(f"calls.{column}", language) for column in (*COLUMNS[:2], "aloud", *COLUMNS[2:])])
    for number, line in enumerate(lines, 1):
        writer.writerow([number, _cell(line.subject), _cell(line.aloud), *[""] * (len(COLUMNS) - 2)])
    return out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _kept(folder: Path, now: datetime) -> Iterable[Line]:
    """The lines of a folder; those that were over a day ago are gone."""
    for path in folder.glob("*.json"):
        line = _read(path)
        if line is None:
            continue
        if datetime.fromisoformat(line.until) + KEPT < now:
            path.unlink(missing_ok=True)
        else:
            yield line


def _read(path: Path) -> Line | None:
    """The line, or None when there is none that can be read: a new one then takes its place."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Line)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _replace(path: Path, body: bytes) -> None:
    """The file is the old one or the new one, whenever the machine stops; only we can read it."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
