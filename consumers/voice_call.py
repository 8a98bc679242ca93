"""Telephone calls through a gateway that the deployment describes: the text is read, and the key 1 confirms that it was heard.

Gaps of the form: `{to}`, `{text}` (what the voice reads, sentences of words), `{confirm}` ("1" when a key is to confirm, else "0"),
`{key}` (which: "1"), `{repeat}` (how often it is read), `{play_s}` (seconds of one reading, estimated), `{id}` (the same over all tries: a
gateway that knows it calls nobody twice), `{event}`, `{mode}`, `{lane}` (0, the most urgent, to 3) and `{sounds}` ("0" for an Update
in which nothing that wakes people has changed).

Who confirms. A gateway that answers after the call says so in its answer: `pressed_field` and `pressed_values`; then the delivery is
acknowledged by the endpoint's `name` with the answer. One that answers at once and calls afterwards must tell the hub later: write the hub's
address with the gap `{id}` into `body`, such as "https://canhbao.example.vn/v1/deliveries/{id}/ack", and give the gateway a key that
may acknowledge for the recipients it calls. That callback must come over TLS with the key as bearer token, only after the key was
pressed, and may come twice; that the telephone was picked up, or that a machine answered, acknowledges nothing. Until then the delivery
is delivered (the gateway took it), never acknowledged.

An ending is a call of its own and asks for no key. A telephone is proven by a code that is read, digit by digit, and given back at the desk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import msgspec

from hub.consumer import ChannelIO, Delivery, Endpoint, Receipt, Rendered
from hub.errors import ConfigError
from hub.http.forms import Form, ask, at
from hub.http.gate import Gate
from hub.phones import dialled, masked, read_phone
from hub.telling import one_line, play_time_s, read_aloud, tell

__all__ = ["Channel", "Gateway", "Settings"]

GAPS = ("to", "text", "confirm", "key", "repeat", "play_s", "id", "event", "mode", "lane", "sounds")
KEY = "1"
MOST_REPEATS = 5


@dataclass(frozen=True)
class Settings:
    """Whose telephone is called."""

    to: str
    """The telephone number: 0912345678 or +84912345678."""

    name: str = ""
    """Who answers it ("Trực ban xã Tân Phú"): the key is pressed in this name."""

    repeat: int = 2
    """How often the text is read in one call, 1 to 5."""

    def __post_init__(self) -> None:
        read_phone(self.to)
        if self.name != one_line(self.name) or len(self.name) > 100:
            raise ConfigError("name", "is no name", "at most 100 letters on one line")
        if not 1 <= self.repeat <= MOST_REPEATS:
            raise ConfigError("repeat", f"{self.repeat} is out of range", f"1 to {MOST_REPEATS}")


@dataclass(frozen=True, kw_only=True)
class Gateway(Form):
    """The telephone gateway."""

    number: Literal["+84", "84", "0"] = "84"
    """How it wants numbers: "+84912345678", "84912345678" or "0912345678"."""

    syllables_per_minute: float = 180.0
    """How fast its voice reads, for the play time."""

    pressed_field: str = ""
    """Where a JSON answer given after the call says which key was pressed, by dots; empty: it does not."""

    pressed_values: tuple[str, ...] = (KEY,)
    """What stands there when the call was confirmed."""

    def __post_init__(self) -> None:
        self.check(GAPS, must=(("to",), ("text",)))
        if self.number not in ("+84", "84", "0"):
            raise ConfigError("number", f"{self.number!r} is unknown", "+84, 84 or 0")
        if not 30 <= self.syllables_per_minute <= 600:
            raise ConfigError("syllables_per_minute", f"{self.syllables_per_minute:g} is no pace", "about 180")
        if self.pressed_field and not self.pressed_values:
            raise ConfigError("pressed_values", "is empty, so no key would confirm", f'["{KEY}"]')


class Channel:
    """Writes what is read, has the number called, and knows a pressed key from an answered call."""

    Settings: ClassVar[type] = Settings
    proven_by: ClassVar[str] = "code"

    def __init__(self, io: ChannelIO) -> None:
        self._io = io
        self._gate = Gate(io.gateway.at_once if io.gateway is not None else 1)

    async def aclose(self) -> None:
        """Nothing is held open here; connections are the poster's."""

    def render(self, delivery: Delivery, endpoint: Endpoint) -> Rendered:
        """What fills the gateway's form, as JSON."""
        settings, gateway = endpoint.settings, self._io.gateway
        told = tell(delivery, self._io.words, language="vi", hazards=self._io.hazards)
        asks = bool(delivery.ack_url) and not told.ends
        text = read_aloud(told) + (f" {told.say('telling.press')}." if asks else "")
        filled = {
            "to": dialled(read_phone(settings.to), gateway.number),
            "text": text,
            "confirm": "1" if asks else "0",
            "key": KEY,
            "repeat": settings.repeat,
            "play_s": round(play_time_s(text, syllables_per_minute=gateway.syllables_per_minute)),
            "id": delivery.delivery_id,
            "event": delivery.event_type,
            "mode": delivery.mode,
            "lane": delivery.lane,
            "sounds": "1" if delivery.sounds or delivery.event_type != "alert.update" else "0",
        }
        return Rendered(msgspec.json.encode(filled), {})

    async def send(self, rendered: Rendered, endpoint: Endpoint, *, timeout_s: float) -> Receipt:
        """Contract and errors: `hub.consumer.Channel.send`."""
        values = msgspec.json.decode(rendered.body)
        gateway: Gateway = self._io.gateway
        taken = await ask(
            self._io.poster, gateway, values, gate=self._gate, now=self._io.clock.now(), timeout_s=timeout_s
        )
        number = masked(read_phone(endpoint.settings.to))
        pressed = at(taken.said, gateway.pressed_field) if gateway.pressed_field else None
        confirmed = values["confirm"] == "1" and pressed is not None and str(pressed) in gateway.pressed_values
        return Receipt(
            status=taken.status,
            detail=f"{number} {taken.id}".strip(),
            acknowledged_by=(endpoint.settings.name or number) if confirmed else "",
        )
