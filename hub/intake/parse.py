"""Bytes to what they say, guarded: whatever a plugin does, each payload ends as something said or as something unreadable."""

from __future__ import annotations

import asyncio
import hashlib
import traceback
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import structlog

from hub.connector import (
    Candidate,
    Connector,
    Item,
    Payload,
    Reading,
    Report,
    Spoken,
    Unreadable,
    Withdrawn,
    dump,
    load,
)
from hub.errors import HubError, ParseError
from hub.intake.health import reason_of

log = structlog.get_logger()

TRIES = 3
"""`parse` is pure, so three failures with the same bytes are deterministic: then the payload is quarantined (DEL-7)."""

_SAID_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Parts:
    """What some payloads say, sorted by where it goes. `wrong` is why a whole payload could not be read, or ""."""

    records: tuple[tuple[str, bytes], ...] = ()
    spoken: tuple[Reading | Item | Report, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    wrong: str = ""


class Said:
    """What a source has said already and is durable, so that an index of 300 alerts of which one is new brings one candidate.

    Only this process's memory: after a restart everything listed is told once more, which acceptance answers with `duplicate`.
    """

    def __init__(self, most: int = _SAID_KEPT) -> None:
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._names: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()
        self._most = most

    def fresh(self, said: Sequence[tuple[bytes, tuple[str, bytes]]]) -> list[tuple[bytes, tuple[str, bytes]]]:
        """Those of `said` (digest, record) that are not remembered, each once, in order: of equal ones the first, with its payload."""
        fresh: dict[bytes, tuple[bytes, tuple[str, bytes]]] = {}
        for digest, record in said:
            if digest not in self._known:
                fresh.setdefault(digest, (digest, record))
        return list(fresh.values())

    def remember(self, digests: Sequence[bytes]) -> None:
        """These are durable now."""
        for digest in digests:
            self._known[digest] = None
            self._known.move_to_end(digest)
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def twice(self, said: Sequence[tuple[bytes, Candidate]]) -> list[str]:
        """The identifiers of those (digest, candidate) whose sender, identifier and time were said before with another content."""
        found: list[str] = []
        for digest, one in said:
            if one.source_key or one.withdrawn:
                continue
            name = (one.alert.sender, one.alert.identifier, one.alert.sent.isoformat())
            if self._names.setdefault(name, digest) != digest:
                found.append(one.alert.identifier)
        while len(self._names) > self._most:
            self._names.popitem(last=False)
        return found

    def forget(self) -> None:
        """Something vanished from the source: what comes back must be told again, so that it no longer shows as withdrawn."""
        self._known.clear()


async def parsed(connector: Connector, payload: Payload) -> tuple[list[Spoken], str]:
    """What the payload says, and "" or why it cannot be read as a whole (then the only thing said is one Unreadable).

    Runs in a thread: a warning of 1.7 MB must not stop the other sources.
    """
    try:
        return list(await asyncio.to_thread(_tried, connector, payload)), ""
    except ParseError as error:
        return [Unreadable(payload.source, payload.sha256, error.reason, error.detail)], error.reason


def _tried(connector: Connector, payload: Payload) -> Sequence[Spoken]:
    for left in reversed(range(TRIES)):
        try:
            said = list(connector.parse(payload))
            for one in said:
                _proven(one)
            return said
        except HubError as error:
            raise error if isinstance(error, ParseError) else ParseError(reason_of(error), str(error)) from error
        except Exception as error:  # the one guard around a plugin: parse
            if not left:
                log.error("intake.parse_failed", source=payload.source, sha256=payload.sha256, exc_info=error)
                raise ParseError("connector-fault", where(error)) from error
    raise AssertionError("unreachable")


def _proven(said: Spoken) -> None:
    """What cannot be written and read back stops here, where its bytes are known."""
    if isinstance(said, Candidate | Withdrawn):
        load(dump(said))
    elif isinstance(said, Reading | Item | Report):
        body_of(said)
    elif not isinstance(said, Unreadable):
        raise ParseError("connector-fault", f"{type(said).__name__} is nothing a source says")


def sort(said: Sequence[Spoken], *, backlog: bool) -> tuple[list[tuple[bytes, tuple[str, bytes]]], Parts]:
    """Candidates and withdrawals as (digest, record) in the order they were said, and the rest by kind.

    The digest leaves out which payload said it and `backlog`: the same words in another index are not new.
    """
    numbered: list[tuple[bytes, tuple[str, bytes]]] = []
    spoken: list[Reading | Item | Report] = []
    unreadable: list[Unreadable] = []
    for one in said:
        if isinstance(one, Candidate):
            told = dump(replace(one, payload_sha256="", backlog=False))
            numbered.append((hashlib.sha256(told).digest(), (key_of(one), dump(replace(one, backlog=backlog)))))
        elif isinstance(one, Withdrawn):
            numbered.append((hashlib.sha256(dump(one)).digest(), (key_of(one), dump(one))))
        elif isinstance(one, Unreadable):
            unreadable.append(one)
        else:
            spoken.append(one)
    return numbered, Parts(spoken=tuple(spoken), unreadable=tuple(unreadable))


def key_of(said: Candidate | Withdrawn) -> str:
    """The record's key, which orders it: the source and, where the source speaks CAP, the sender."""
    if said.source_key:
        return said.source
    sender = said.alert.sender if isinstance(said, Candidate) else said.sender
    return f"{said.source} {sender}"


def body_of(spoken: Reading | Item | Report) -> tuple[str, str]:
    """(kind, JSON) of a reading, item or report, as the store keeps it; the payload's name is inside."""
    return type(spoken).__name__.lower(), msgspec.json.encode(spoken).decode()


def where(error: BaseException) -> str:
    """The type of `error` and the line it came from; its text may hold what nobody should read on a page."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
