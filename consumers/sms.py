"""SMS through an HTTP gateway that the deployment describes: the most urgent first, in segments that never break a word.

The endpoint says whose telephone, and how much it may take; `[channels.sms]` says how the gateway is asked. Gaps of its form:
`{to}` (the number, as `number` wants it), `{text}`, `{segments}` (the same cut between words, a list with encoding json), `{parts}`
(how many), `{letters}` ("ucs2" or "gsm7"), `{id}` (the same over all tries, so that a gateway that knows it sends nothing twice),
`{event}` (the event's type), `{mode}` and `{sounds}` ("1", or "0" for an Update in which nothing that wakes people has changed).

A gateway's yes means that it took the SMS, not that anybody read it: that says only the link, `{text}`'s last word. An ending is an SMS
of its own that begins with ĐÃ HỦY or KẾT THÚC. A telephone is proven by a code that is sent to it and given back at the desk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import msgspec

from hub.consumer import ChannelIO, Delivery, Endpoint, Receipt, Rendered
from hub.errors import ConfigError
from hub.http.forms import Form, Taken, ask
from hub.http.gate import Gate
from hub.phones import dialled, masked, read_phone
from hub.remembering import Remembered
from hub.telling import Room, brief, segments, tell

__all__ = ["Channel", "Gateway", "Settings"]

GAPS = ("to", "text", "segments", "parts", "letters", "id", "event", "mode", "sounds")
MOST_PARTS = 9
_NUMBERED = len("(9/9) ")


@dataclass(frozen=True)
class Settings:
    """Whose telephone, and what it can show."""

    to: str
    """The telephone number: 0912345678 or +84912345678."""

    letters: Literal["marked", "folded"] = "marked"
    """Vietnamese as it is written (70 letters a segment), or without diacritics for old telephones (160)."""

    most_parts: int = 3
    """Segments at most, 1 to 9; what does not fit is left out, what is least urgent first."""

    def __post_init__(self) -> None:
        read_phone(self.to)
        if self.letters not in ("marked", "folded"):
            raise ConfigError("letters", f"{self.letters!r} is unknown", "marked or folded")
        if not 1 <= self.most_parts <= MOST_PARTS:
            raise ConfigError("most_parts", f"{self.most_parts} is out of range", f"1 to {MOST_PARTS}")


@dataclass(frozen=True, kw_only=True)
class Gateway(Form):
    """The SMS gateway."""

    number: Literal["+84", "84", "0"] = "84"
    """How it wants numbers: "+84912345678", "84912345678" or "0912345678"."""

    long: Literal["joined", "single"] = "joined"
    """A long text in one request, for telephones to join, or each segment as an SMS of its own, numbered (1/3)."""

    def __post_init__(self) -> None:
        if self.number not in ("+84", "84", "0"):
            raise ConfigError("number", f"{self.number!r} is unknown", "+84, 84 or 0")
        if self.long not in ("joined", "single"):
            raise ConfigError("long", f"{self.long!r} is unknown", "joined or single")
        self.check(GAPS, must=(("to",), ("text", "segments")))


class Channel:
    """Writes the SMS, asks the gateway once for each that it takes, and says what its answer means."""

    Settings: ClassVar[type] = Settings
    proven_by: ClassVar[str] = "code"

    def __init__(self, io: ChannelIO) -> None:
        self._io = io
        self._gate = Gate(io.gateway.at_once if io.gateway is not None else 1)
        self._taken = Remembered()

    async def aclose(self) -> None:
        """Nothing is held open here; connections are the poster's."""

    def render(self, delivery: Delivery, endpoint: Endpoint) -> Rendered:
        """What fills the gateway's form, for each SMS in order, as JSON."""
        settings, gateway = endpoint.settings, self._io.gateway
        room = _room(settings, gateway)
        told = tell(delivery, self._io.words, language=endpoint.language, hazards=self._io.hazards)
        whole = brief(told, room)
        cut = segments(whole, room)
        texts = [whole] if gateway.long == "joined" else _numbered(cut)
        filled = [
            {
                "to": dialled(read_phone(settings.to), gateway.number),
                "text": text,
                "segments": list(cut) if gateway.long == "joined" else [text],
                "parts": len(cut) if gateway.long == "joined" else 1,
                "letters": "gsm7" if room.plain else "ucs2",
                "id": delivery.delivery_id if len(texts) == 1 else f"{delivery.delivery_id}-{n}",
                "event": delivery.event_type,
                "mode": delivery.mode,
                "sounds": "1" if delivery.sounds or delivery.event_type != "alert.update" else "0",
            }
            for n, text in enumerate(texts, 1)
        ]
        return Rendered(msgspec.json.encode(filled), {})

    async def send(self, rendered: Rendered, endpoint: Endpoint, *, timeout_s: float) -> Receipt:
        """Contract and errors: `hub.consumer.Channel.send`. Of several SMS those already taken are not sent again."""
        each: list[dict[str, Any]] = msgspec.json.decode(rendered.body)
        until = self._io.clock.monotonic() + timeout_s
        last = Taken(200)
        for values in each:
            if len(each) > 1 and values["id"] in self._taken:
                continue
            left = max(until - self._io.clock.monotonic(), 0.001)
            last = await ask(
                self._io.poster, self._io.gateway, values, gate=self._gate, now=self._io.clock.now(), timeout_s=left
            )
            self._taken.add(values["id"])
        detail = f"{masked(read_phone(endpoint.settings.to))} {last.id}".strip()
        return Receipt(status=last.status, detail=detail)


def _room(settings: Settings, gateway: Gateway) -> Room:
    make = Room.folded if settings.letters == "folded" else Room.marked
    room = make(settings.most_parts)
    if gateway.long == "joined":
        return room
    return Room(room.single, room.single - _NUMBERED, room.parts, plain=room.plain)


def _numbered(cut: tuple[str, ...]) -> list[str]:
    if len(cut) < 2:
        return list(cut)
    return [f"({n}/{len(cut)}) {text}" for n, text in enumerate(cut, 1)]
