"""Loudspeakers through a provincial source-information system: text to be read aloud, posted with the form that the deployment describes.

The text is Vietnamese for a voice: whole sentences, numbers, units, times and abbreviations as words, the drill named at both ends.
Gaps of the form: `{to}` (the loudspeakers, a list with encoding json), `{text}`, `{repeat}` (how often it is played), `{play_s}` (seconds
of one reading, estimated), `{total_s}` (of all), `{id}` (the same over all tries), `{chain}` (the same for a warning, its Updates and its
end), `{event}`, `{mode}`, `{lane}` (0, the most urgent, to 3), `{until}` (when it is no longer in force, ISO 8601, "" when nobody
said) and `{sounds}` ("0" for an Update in which nothing that wakes people has changed: it is played once at most, or shown).

What ends a warning first stops what still plays of it, where `stop_url` says how, and is then read itself: silence would leave people
with the warning. Even when the stop fails the ending is read, and both are tried again. A test and the code by which a loudspeaker is
proven are read once; who hears the code gives it back at the desk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import msgspec

from hub.consumer import ChannelIO, Delivery, Endpoint, Receipt, Rendered
from hub.errors import ConfigError, Forbidden, Rejected, Retry
from hub.http.forms import Form, ask
from hub.http.gate import Gate
from hub.remembering import Remembered
from hub.telling import Told, play_time_s, read_aloud, tell

__all__ = ["Channel", "Gateway", "Settings"]

GAPS = ("to", "text", "repeat", "play_s", "total_s", "id", "chain", "event", "mode", "lane", "until", "sounds")
STOP_GAPS = ("to", "id", "chain", "mode")
MOST_REPEATS = 10
_NAME = re.compile(r"[\w.:/-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Settings:
    """Which loudspeakers, and how often they say it."""

    to: tuple[str, ...]
    """The loudspeakers or groups of them, by their ids in the source-information system."""

    repeat: int = 3
    """How often a warning or its end is played, 1 to 10."""

    def __post_init__(self) -> None:
        if not self.to:
            raise ConfigError("to", "is empty", "the ids of the loudspeakers in the source-information system")
        for one in self.to:
            if not _NAME.fullmatch(one):
                raise ConfigError("to", f"{one[:64]!r} is no id", "letters, digits and . : / - _")
        if not 1 <= self.repeat <= MOST_REPEATS:
            raise ConfigError("repeat", f"{self.repeat} is out of range", f"1 to {MOST_REPEATS}")


@dataclass(frozen=True, kw_only=True)
class Gateway(Form):
    """The source-information system."""

    repeated: Literal["there", "here"] = "there"
    """Who repeats: the system plays it `{repeat}` times, or the text holds it so often and `{repeat}` is 1."""

    syllables_per_minute: float = 180.0
    """How fast its voice reads, for the play time."""

    stop_url: str = ""
    """Where it is told to stop what plays of a `{chain}`; empty: it cannot be."""

    stop_body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What it reads there, written as `body` is; gaps `{to}`, `{id}`, `{chain}`, `{mode}`."""

    def __post_init__(self) -> None:
        self.check(GAPS, must=(("to",), ("text",)))
        if self.repeated not in ("there", "here"):
            raise ConfigError("repeated", f"{self.repeated!r} is unknown", "there or here")
        if not 30 <= self.syllables_per_minute <= 600:
            raise ConfigError("syllables_per_minute", f"{self.syllables_per_minute:g} is no pace", "about 180")
        if self.stop_url and self.encoding == "xml":
            raise ConfigError("stop_url", 'a stop cannot be written with encoding "xml"', "json, form or query")
        if self.stop_url:
            try:
                self.stop.check(STOP_GAPS, must=(("chain",),))
            except ConfigError as error:
                raise ConfigError(f"stop_{error.where}", error.reason, error.mend) from error

    @property
    def stop(self) -> Form:
        """How it is told to stop; its answer is judged like any other."""
        return Form(
            url=self.stop_url,
            encoding=self.encoding,
            headers=self.headers,
            body=self.stop_body,
            taken_field=self.taken_field,
            taken_values=self.taken_values,
            again_values=self.again_values,
            at_once=self.at_once,
        )


class Channel:
    """Writes what is read aloud, and has it played; an ending also stops what plays."""

    Settings: ClassVar[type] = Settings
    proven_by: ClassVar[str] = "code"

    def __init__(self, io: ChannelIO) -> None:
        self._io = io
        self._gate = Gate(io.gateway.at_once if io.gateway is not None else 1)
        self._played = Remembered()

    async def aclose(self) -> None:
        """Nothing is held open here; connections are the poster's."""

    def render(self, delivery: Delivery, endpoint: Endpoint) -> Rendered:
        """What fills the forms, as JSON."""
        gateway: Gateway = self._io.gateway
        told = tell(delivery, self._io.words, language="vi", hazards=self._io.hazards)
        text, times = read_aloud(told), _times(delivery, endpoint.settings)
        play_s = play_time_s(text, syllables_per_minute=gateway.syllables_per_minute)
        again = f" {told.say('telling.again')}. "
        filled = {
            "to": list(endpoint.settings.to),
            "text": again.join([text] * times) if gateway.repeated == "here" else text,
            "repeat": times if gateway.repeated == "there" else 1,
            "play_s": round(play_s),
            "total_s": round(play_s * times),
            "id": delivery.delivery_id,
            "chain": delivery.chain_id,
            "event": delivery.event_type,
            "mode": delivery.mode,
            "lane": delivery.lane,
            "until": _until(told),
            "sounds": "1" if _sounds(delivery) else "0",
        }
        return Rendered(msgspec.json.encode(filled), {})

    async def send(self, rendered: Rendered, endpoint: Endpoint, *, timeout_s: float) -> Receipt:
        """Contract and errors: `hub.consumer.Channel.send`."""
        values = msgspec.json.decode(rendered.body)
        gateway: Gateway = self._io.gateway
        clock, failed = self._io.clock, None
        until = clock.monotonic() + timeout_s
        if gateway.stop_url and values["event"] in STOPPING:
            try:
                await ask(
                    self._io.poster, gateway.stop, values, gate=self._gate, now=clock.now(), timeout_s=timeout_s / 2
                )
            except (Retry, Rejected, Forbidden) as error:
                failed = error
        detail = ""
        if failed is None or values["id"] not in self._played:
            left = max(until - clock.monotonic(), 0.001)
            taken = await ask(self._io.poster, gateway, values, gate=self._gate, now=clock.now(), timeout_s=left)
            self._played.add(values["id"])
            detail = taken.id
        if failed is not None:
            raise Retry(f"not stopped: {failed}")
        return Receipt(status=200, detail=detail)


STOPPING = ("alert.cancel", "alert.ended", "alert.left_your_area", "alert.update", "alert.missed")
"""What makes the reading of an earlier version wrong."""


def _sounds(delivery: Delivery) -> bool:
    return bool(delivery.sounds) or delivery.event_type != "alert.update"


def _times(delivery: Delivery, settings: Settings) -> int:
    """A test is heard once, and so is what wakes nobody."""
    return settings.repeat if _sounds(delivery) and delivery.event_type.startswith("alert.") else 1


def _until(told: Told) -> str:
    ends = [part.until for part in told.parts if part.until is not None]
    return max(ends).isoformat() if ends and not told.ends else ""
