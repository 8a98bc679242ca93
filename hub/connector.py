"""CONTRACT for connectors: `read` fetches bytes and says how far it came, `parse` turns bytes into what was said. Nothing else.

A connector is one module in `connectors/` (its name is the `kind` in the configuration) or a dotted path of a private package. It
defines `Settings` (a frozen dataclass, read from the source's TOML table) and `Connector` (the class below). It imports only
`hub.cap`, this module, `hub.quakes`, `hub.places`, `hub.hazards`, `hub.words`, `hub.http`, `hub.errors` and `hub.clock`.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, ClassVar, Protocol

import msgspec

from hub.cap.model import Alert, Area
from hub.cap.repair import Fault, Parsed, Repair
from hub.clock import Clock
from hub.errors import ParseError
from hub.http import Fetcher

Mark = Mapping[str, Any]
"""How far a source was read, as JSON values (ETag, Last-Modified, last id …). {} is a first read.

The hub stores it in the same transaction as the payloads and candidates it stands for, never before."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes exactly as a source sent them. `url` is where from ("" for a push); `headers` are lower-case.

    What a connector knows of the bytes from elsewhere may stand beside the headers under a name that begins with "hub-".
    """

    source: str
    body: bytes
    content_type: str
    received_at: datetime
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the body: the payload's name in the store."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An alert as parsed, not yet accepted.

    A source that speaks CAP leaves `source_key` empty. Any other source sets `source_key` (the event's id at the source),
    `also_known_as` (its other ids), `revised_at` and `ended`, and leaves `alert.identifier`, `msg_type` and `references` at "",
    "Alert" and (): acceptance mints them, so that two processes mint the same. `alert.sent` is then `revised_at`.

    `withdrawn` marks a document that vanished from its index: shown as withdrawn, never a Cancel (ACC-5).
    `next_issue_at` is when the source said it will speak again. `backlog` is set by intake, never by `parse`: the alert came with the
    first read of its source or with the first after an outage (ACC-10).
    """

    source: str
    alert: Alert
    payload_sha256: str
    source_key: str = ""
    also_known_as: tuple[str, ...] = ()
    revised_at: datetime | None = None
    ended: bool = False
    withdrawn: bool = False
    next_issue_at: datetime | None = None
    version: str = "1.2"
    repairs: tuple[Repair, ...] = ()
    faults: tuple[Fault, ...] = ()
    uncertain_areas: tuple[tuple[int, int, Area], ...] = ()
    backlog: bool = False


def candidate_of(parsed: Parsed, payload: Payload) -> Candidate:
    """The candidate of one CAP document read from `payload`."""
    return Candidate(
        source=payload.source,
        alert=parsed.alert,
        payload_sha256=payload.sha256,
        version=parsed.version,
        repairs=parsed.repairs,
        faults=parsed.faults,
        uncertain_areas=parsed.uncertain_areas,
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """A number measured at a station. `quality` is "good", "suspect" or "bad"; `unit` is UCUM ("m", "uSv/h", "m3/s").

    `datum` is above what a height is measured, when the source says so; "" is the one of the station's table.
    """

    source: str
    station: str
    quantity: str
    value: float
    unit: str
    at: datetime
    payload_sha256: str
    quality: str = "good"
    datum: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """News to look at: never an alert until a person promotes it. `guid` is the source's id or the link."""

    source: str
    guid: str
    title: str
    link: str
    published_at: datetime | None
    summary: str
    payload_sha256: str


@dataclass(frozen=True, slots=True)
class Report:
    """A person's observation (a post, a 112 call). Caller's name and telephone never stand in it: they are personal data."""

    source: str
    report_id: str
    kind: str
    text: str
    at: datetime
    payload_sha256: str
    lat: float | None = None
    lon: float | None = None
    unit_code: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An alert the source no longer lists: (sender, identifier) or `source_key`. It stays in force until it expires (ACC-5).

    `payload_sha256` is the index in which it was missing, "" when there is none to show.
    """

    source: str
    payload_sha256: str
    sender: str = ""
    identifier: str = ""
    source_key: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A part of a payload that `parse` could not read while the rest went on: quarantined with its reason (DEL-7)."""

    source: str
    payload_sha256: str
    reason: str
    detail: str = ""


Spoken = Candidate | Reading | Item | Report | Withdrawn | Unreadable


@dataclass(frozen=True, slots=True)
class Read:
    """One step of reading: the new payloads (none when nothing changed) and the mark that stands for them.

    `faults` are troubles that did not stop the reading ("http-404 https://…"), for the source page. `withdrawn` is what vanished from
    the source's index: no payload says it, only the comparison with the mark; it is told after everything the payloads say.
    """

    payloads: tuple[Payload, ...]
    mark: Mark
    faults: tuple[str, ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One configured source. `zone` is assumed for its naive times; `interval_s` is how often it is polled.

    `settings` is the connector's `Settings`, already checked.
    """

    name: str
    kind: str
    settings: Any
    zone: tzinfo
    interval_s: float = 60.0


class Connector(Protocol):
    """What every connector module offers as `Connector`.

    A pushed source (its `read` yields for ever) also has a class attribute `PUSHED = True`: it is kept running instead of polled.
    """

    Settings: ClassVar[type]

    def __init__(self, source: Source, *, clock: Clock) -> None: ...

    def read(self, mark: Mark, fetcher: Fetcher) -> AsyncIterator[Read]:
        """Yields one `Read` and ends (a polled source) or yields for ever (a pushed source).

        Each mark stands for its own `Read` and all before it: what is yielded is durable before the next is asked for.

        Raises:
            SourceError: nothing could be read; the hub reads again at the next interval.
        """
        ...

    def parse(self, payload: Payload) -> Sequence[Spoken]:
        """Everything the payload says. Pure: no I/O, no clock; the same bytes give the same result.

        Raises:
            ParseError: the payload as a whole is not what this source speaks.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Record:
    """A record of the topic `candidates`: exactly one of the two is set."""

    candidate: Candidate | None = None
    withdrawn: Withdrawn | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Record)


def dump(said: Candidate | Withdrawn) -> bytes:
    """`said` as a record of the topic `candidates`; `load` gives an equal value back, signatures and time offsets included."""
    return _encoder.encode(_Record(candidate=said) if isinstance(said, Candidate) else _Record(withdrawn=said))


def load(record: bytes) -> Candidate | Withdrawn:
    """What `dump` wrote.

    Raises:
        ParseError: the record is not what `dump` writes; it never will be, so quarantine it.
    """
    try:
        found = _decoder.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ParseError("record-unreadable", str(error)) from error
    said = found.candidate or found.withdrawn
    if said is None:
        raise ParseError("record-empty", "neither a candidate nor a withdrawal")
    return said
