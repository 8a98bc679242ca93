"""STOP: every siren of a topic, or of the deployment, is silent at once and stays so for a while. Owes nothing to the alert pipeline.

It needs the deployment file, the broker and the second key: no store, no queue, no lock, no running hub. It has a connection of its own
and, where the deployment says so, another broker and name. What is due meanwhile is answered `held` and sounds after the hold, if
it still lives then; what was stopped does not sound again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any, Literal

from consumers.mqtt_siren import jws
from consumers.mqtt_siren.answers import DONE, Collected, command_id
from consumers.mqtt_siren.command import COMMAND, STOP_VALID_FOR, stop_claims
from consumers.mqtt_siren.line import Broken, Line, Where
from consumers.mqtt_siren.settings import Gateway, Settings
from hub.clock import Clock
from hub.consumer import Halted

TRY_S = 5.0
"""A try lasts so long; a broker that stands still costs no more."""

MOST_HOLD_S = 3600
_Act = Literal["stop", "release"]


async def stop(
    gateway: Gateway, settings: Settings | None, *, clock: Clock, mode: str, hold_s: int, timeout_s: float
) -> Halted:
    """The devices of that endpoint (None: every device) are told to be silent now and for `hold_s` more. Contract: `hub.consumer.Halted`.

    Raises:
        ValueError: the hold is longer than an hour: a mistake of the pen must not silence a district for a day.
    """
    if not 0 <= hold_s <= MOST_HOLD_S:
        raise ValueError(f"a hold of {hold_s} s: 0 to {MOST_HOLD_S}")
    return await _say("stop", gateway, settings, clock=clock, mode=mode, hold_s=hold_s, timeout_s=timeout_s)


async def release(gateway: Gateway, settings: Settings | None, *, clock: Clock, mode: str, timeout_s: float) -> Halted:
    """The hold of a STOP is lifted before its time."""
    return await _say("release", gateway, settings, clock=clock, mode=mode, hold_s=0, timeout_s=timeout_s)


async def _say(act: _Act, gateway: Gateway, settings: Settings | None, *, timeout_s: float, **said: Any) -> Halted:
    """Said again and again until every device confirmed or the time is up; each time on a new line."""
    saying = _Saying(act, gateway, settings, said)
    clock: Clock = said["clock"]
    ends = clock.monotonic() + timeout_s
    while (left := ends - clock.monotonic()) > 0 and not saying.done:
        try:
            async with asyncio.timeout(min(TRY_S, left)):
                await saying.once()
        except TimeoutError:
            saying.why = "timeout"
        except (Broken, OSError) as error:
            saying.why = str(error)
        if not saying.done:
            await asyncio.sleep(min(0.5, max(0.0, ends - clock.monotonic())))
    confirmed = tuple(answer.device for answer in saying.collected.by(DONE))
    return Halted(saying.taken, confirmed, saying.missing(), "" if saying.done else saying.why)


class _Saying:
    """One STOP or release: what was sent so far, and who confirmed it."""

    def __init__(self, act: _Act, gateway: Gateway, settings: Settings | None, said: Mapping[str, Any]) -> None:
        self._act: _Act = act
        self._gateway = gateway
        self._topic = settings.stops if settings is not None else gateway.stop_topic
        self._said = said
        self._ids: set[str] = set()
        self._devices: Mapping[str, str] = settings.devices if settings is not None else {}
        self.collected = Collected(self._devices, wanted=len(self._devices) or 1)
        self.taken = False
        self.why = ""

    @property
    def done(self) -> bool:
        """Whether every device confirmed; where none is known, whether the broker gave it to somebody."""
        return self.collected.met or (self.taken and not self._devices)

    def missing(self) -> tuple[str, ...]:
        """The devices that did not confirm: silent, or unwilling."""
        return tuple(sorted(self._devices.keys() - {answer.device for answer in self.collected.by(DONE)}))

    async def once(self) -> None:
        """Published on a line of its own, then waits for the devices as long as it is let."""
        line = Line(_where(self._gateway), heard=self._heard)
        acks = f"{self._topic}/ack"
        about = {"ResponseTopic": acks, "ContentType": "application/jose"}
        try:
            await line.opened()
            await line.subscribe(acks)
            expires_s = int(STOP_VALID_FOR.total_seconds())
            code = await line.publish(self._topic, self._signed(), expires_s=expires_s, about=about)
            self.taken = self.taken or code == 0
            self.why = "" if code == 0 else "no-device-listens"
            if self.taken and self._devices:
                await self.collected.enough()
                refused = [answer for answer in self.collected.answers.values() if answer.result != DONE]
                self.why = "; ".join(f"{answer.device} {answer.result} {answer.why}".strip() for answer in refused)
        finally:
            line.drop()

    def _signed(self) -> bytes:
        nonce = secrets.token_urlsafe(16)
        claims = stop_claims(
            self._act,
            to=self._topic,
            mode=self._said["mode"],
            at=self._said["clock"].now(),
            hold_s=self._said.get("hold_s", 0),
            nonce=nonce,
        )
        self._ids.add(claims["id"])
        return jws.sign(claims, self._gateway.stop_key, kid=self._gateway.stop_key_id, typ=COMMAND)

    def _heard(self, topic: str, payload: bytes) -> None:
        if command_id(payload) in self._ids:
            self.collected.take(payload)


def _where(gateway: Gateway) -> Where:
    """The broker that STOP goes through."""
    return Where(
        host=gateway.stop_host or gateway.host,
        port=gateway.stop_port or gateway.port,
        ca_file=gateway.ca_file,
        cert_file=gateway.cert_file,
        key_file=gateway.key_file,
        username=gateway.stop_username or gateway.username,
        password=gateway.stop_password or (gateway.password if not gateway.stop_username else ""),
    )
