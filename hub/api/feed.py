"""The live feed's protocol, pure: which frames there are, what stands in them, and their bytes on the wire (DEL-9).

A connection goes `hello`, then a `snapshot` (or, with `after=` and the same `epoch=`, every missed `alert`), then `live`, then `alert`, `state` and
`heartbeat` frames. `prev` of an alert frame is the seq before it in this viewer's filter: a viewer whose last seq is another has
missed something and reads `/v1/events?after=`. `live` and every heartbeat repeat that `last`, so a gap at the very end shows too.
A client says one thing only: whether its sound is on (`sound`).
"""

from __future__ import annotations

import contextlib
import struct
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

HEARTBEAT_S = 5.0
STALE_S = 15.0
SOUND_KEPT_S = 30.0
"""A console whose sound is on says so at least every 20 s; after this long it counts as silent."""

RECENT = 10

CLOSE_SIGNED_OUT = 4401
"""The session or key is no longer good, or what it may see has changed: sign in or connect again."""

CLOSE_TOO_SLOW = 4408
CLOSE_GOING_AWAY = 1012


@dataclass(frozen=True, slots=True)
class Wish:
    """What a viewer asked to see, within what it may. Empty means everything; any of `units` fits, `severity` is the least."""

    units: frozenset[str] = frozenset()
    hazard: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Resume:
    """Where a viewer was: it has everything up to `after`, of the seqs of `epoch` ("" when it does not say). None: nothing yet."""

    after: int | None = None
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the accepted order with the summary of its alert."""

    seq: int
    kind: str
    alert_id: str
    summary: Mapping[str, Any]


class Track:
    """The place of one filter in the accepted order: numbers its alert frames so that each names the one before."""

    def __init__(self, last: int, recent: Iterable[str] = ()) -> None:
        self.last = last
        self.recent: deque[str] = deque(recent, maxlen=RECENT)

    def alert(self, entry: Entry) -> bytes:
        """The alert frame of an event; call it once per event, in seq order."""
        text = encode(
            frame="alert", seq=entry.seq, prev=self.last, kind=entry.kind, id=entry.alert_id, alert=entry.summary
        )
        self.last = entry.seq
        self.recent.append(entry.alert_id)
        return text


def encode(**members: Any) -> bytes:
    """A frame as JSON in UTF-8."""
    return msgspec.json.encode(members)


def hello(*, hub: str, mode: str, epoch: str, at: datetime) -> bytes:
    """The first frame: whom you are connected to, in which epoch its seqs were given, and how to tell that it has gone silent."""
    return encode(frame="hello", hub=hub, mode=mode, epoch=epoch, time=at, heartbeat_s=HEARTBEAT_S, stale_s=STALE_S)


def snapshot(
    *, seq: int, last: int, alerts: Sequence[Mapping[str, Any]], sources: Sequence[Mapping[str, Any]]
) -> bytes:
    """Everything in force at `seq` and what waits for a person; frames after it follow. `alerts` is empty when there is none: a fact."""
    return encode(frame="snapshot", seq=seq, last=last, alerts=alerts, sources=sources)


def live(*, seq: int, last: int) -> bytes:
    """What was missed has been told: from here on `prev` is compared with `last`."""
    return encode(frame="live", seq=seq, last=last)


def state(*, kind: str, object_id: str, rev: int, body: Mapping[str, Any]) -> bytes:
    """An object is now thus; a frame with a smaller `rev` than one already seen is to be dropped."""
    return encode(frame="state", object=kind, id=object_id, rev=rev, body=body)


def heartbeat(*, at: datetime, seq: int, last: int, recent: Sequence[str]) -> bytes:
    """The hub lives: its time, the head of the accepted order, and the last ten alert ids of this filter."""
    return encode(frame="heartbeat", time=at, seq=seq, last=last, recent=list(recent))


def sound(said: str | None) -> bool | None:
    """What a client says about its sound, {"frame": "sound", "on": true}; None for anything else, which nobody listens to."""
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        told = msgspec.json.decode(said or "")
        if isinstance(told, dict) and told.get("frame") == "sound" and isinstance(told.get("on"), bool):
            return bool(told["on"])
    return None


def wire(text: bytes) -> bytes:
    """`text` as one unmasked, final WebSocket text frame (RFC 6455 §5.2), to be written to any number of connections."""
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    if size < 1 << 16:
        return b"\x81\x7e" + struct.pack("!H", size) + text
    return b"\x81\x7f" + struct.pack("!Q", size) + text
