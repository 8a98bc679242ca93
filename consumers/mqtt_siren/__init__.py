"""Sirens over MQTT 5: a signed command to one topic a siren or group, and the answer of its devices within the timeout.

What a device must do is written for its maker in `docs/siren.md`. In short: a command is a JWS by Ed25519 (`jws`) with id, act, mode,
iat, exp, nonce and its place in its chain (`command`); a device obeys it once by its id and answers every time. Delivered and
acknowledged (`device:<id>`) is what the devices confirmed; a PUBACK proves that the broker has it and no more. Without their answer in
time the try failed, and the next one bears the same id. STOP has a key, topics and a connection of its own (`stop`).
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from consumers.mqtt_siren import jws
from consumers.mqtt_siren.answers import DONE, HELD, Collected, command_id
from consumers.mqtt_siren.command import COMMAND, claims_of
from consumers.mqtt_siren.line import Broken, Line, Where
from consumers.mqtt_siren.settings import Gateway, Settings
from consumers.mqtt_siren.settings import Settings as _Settings
from consumers.mqtt_siren.stopping import release, stop
from hub.consumer import ChannelIO, Delivery, Endpoint, Receipt, Rendered
from hub.errors import ConfigError, Rejected, Retry

__all__ = ["Channel", "Gateway", "Settings", "release", "stop"]

NOBODY_LISTENS = 16
"""The broker's word (MQTT 5 §3.4.2.1) that no device is subscribed."""


class Channel:
    """Signs a command, publishes it once and waits for the devices; all sirens of a process share one connection."""

    Settings: ClassVar[type] = Settings

    def __init__(self, io: ChannelIO) -> None:
        if not isinstance(io.gateway, Gateway):
            raise ConfigError("hub.toml: channels.mqtt_siren", "is missing", "the broker and the keys")
        self._gateway = io.gateway
        self._line: Line | None = None
        self._waiting: dict[str, Collected] = {}

    async def aclose(self) -> None:
        """The connection is closed."""
        if self._line is not None:
            self._line.drop()

    def render(self, delivery: Delivery, endpoint: Endpoint) -> Rendered:
        """The signed command. Pure: the same delivery, endpoint and attempt give the same bytes."""
        settings: Settings = endpoint.settings
        claims = claims_of(delivery, topic=settings.to, sound_s=settings.sound_s, pattern=settings.pattern)
        body = jws.sign(claims, self._gateway.signing_key, kid=self._gateway.key_id, typ=COMMAND)
        about = {name: str(claims[name]) for name in ("id", "act", "mode", "event_type", "iat", "exp")}
        return Rendered(body, {**about, "challenge": delivery.challenge})

    async def send(self, rendered: Rendered, endpoint: Endpoint, *, timeout_s: float) -> Receipt:
        """One publication and what the devices answer to it. Contract and errors: `hub.consumer.Channel.send`."""
        settings: Settings = endpoint.settings
        name = rendered.headers["id"]
        collected = self._waiting[name] = Collected(settings.devices, wanted=settings.wanted)
        taken: list[int] = []
        try:
            async with asyncio.timeout(timeout_s):
                taken.append(await self._publish(rendered, settings))
                if settings.awaits == "broker":
                    return Receipt(taken[0], "taken by the broker", rendered.headers["challenge"].encode())
                await collected.enough()
        except TimeoutError:
            raise Retry(self._late(collected, taken), status=0 if taken else None) from None
        except Broken as error:
            raise Retry(str(error)) from error
        finally:
            if self._waiting.get(name) is collected:
                del self._waiting[name]
        return _judged(collected)

    async def _publish(self, rendered: Rendered, settings: _Settings) -> int:
        """The broker has the command and a device is subscribed; the line is that of now."""
        line = self._the_line()
        await line.opened()
        await line.subscribe(settings.acks)
        code = await line.publish(
            settings.to,
            rendered.body,
            expires_s=int(rendered.headers["exp"]) - int(rendered.headers["iat"]),
            about={
                "ResponseTopic": settings.acks,
                "CorrelationData": rendered.headers["id"].encode(),
                "ContentType": "application/jose",
                "UserProperty": [(f"hub-{key}", rendered.headers[key]) for key in ("mode", "act", "event_type")],
            },
        )
        if code == NOBODY_LISTENS:
            raise Retry("no-device-listens", status=code)
        return code

    def _the_line(self) -> Line:
        """The line that is open or opening; a broken one is followed by a new one."""
        if self._line is None or self._line.broken:
            try:
                self._line = Line(where_of(self._gateway), heard=self._heard)
            except OSError as error:
                raise Retry(f"tls: {error}") from error
        return self._line

    def _late(self, collected: Collected, taken: list[int]) -> str:
        """Why the time was up. A broker that did not even take it may stand still: the next try opens another line."""
        if taken:
            return f"no-device-answered: {', '.join(collected.silent())}"[:200]
        if self._line is not None and self._line.is_open:
            self._line.drop()
        return "timeout: the broker took nothing"

    def _heard(self, topic: str, payload: bytes) -> None:
        collected = self._waiting.get(command_id(payload))
        if collected is not None:
            collected.take(payload)


def _judged(collected: Collected) -> Receipt:
    """A receipt when enough devices have done it; what else their answers mean is raised."""
    done = collected.by(DONE)
    if collected.met:
        who = ",".join(f"device:{answer.device}" for answer in done)
        challenge = next((answer.challenge for answer in done if answer.challenge), "")
        return Receipt(0, who, challenge.encode(), acknowledged_by=who)
    held = collected.by(HELD)
    if held:
        raise Retry(f"device-held: {held[0].device} {held[0].why}".strip())
    told = [f"{answer.device} {answer.why}".strip() for answer in collected.answers.values() if answer.result != DONE]
    raise Rejected(f"device-refused: {'; '.join(told)}"[:200])


def where_of(gateway: Gateway) -> Where:
    """The broker that commands go through."""
    names = ("host", "port", "ca_file", "cert_file", "key_file", "username", "password")
    return Where(**{name: getattr(gateway, name) for name in names})
