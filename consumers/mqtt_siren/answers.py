"""What devices answer to one command, and when enough of them have."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from consumers.mqtt_siren import jws
from consumers.mqtt_siren.command import ANSWER

DONE, HELD, REFUSED = "done", "held", "refused"
MOST_WHY = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """One device's word about one command: `done`, `held` (a STOP stands: later) or `refused`, with a short reason."""

    command_id: str
    device: str
    result: str
    why: str = ""
    challenge: str = ""


class Collected:
    """The answers to one command; only those of `devices` (id -> public key, "" where unsigned ones count) are taken."""

    def __init__(self, devices: Mapping[str, str], *, wanted: int) -> None:
        self._devices = devices
        self._wanted = wanted
        self._enough = asyncio.Event()
        self.answers: dict[str, Answer] = {}

    def take(self, payload: bytes) -> None:
        """An answer of one of the devices counts, its newest first; anything else changes nothing."""
        try:
            answer = read(payload, self._devices)
        except jws.Unsigned:
            return
        self.answers[answer.device] = answer
        undecided = len(self._devices) - len(self.answers)
        if len(self.by(DONE)) >= self._wanted or len(self.by(DONE)) + undecided < self._wanted:
            self._enough.set()

    async def enough(self) -> None:
        """Returns when so many as wanted have done it, or no longer can."""
        await self._enough.wait()

    def by(self, result: str) -> list[Answer]:
        """The answers with that result, by device."""
        return [self.answers[device] for device in sorted(self.answers) if self.answers[device].result == result]

    def silent(self) -> list[str]:
        """The devices that have not answered."""
        return sorted(self._devices.keys() - self.answers.keys())

    @property
    def met(self) -> bool:
        """Whether so many as wanted have done it."""
        return len(self.by(DONE)) >= self._wanted


def command_id(payload: bytes) -> str:
    """Which command the answer speaks of, before anything in it is believed; "" for what is no answer."""
    try:
        return str(_claims(payload).get("id", ""))
    except jws.Unsigned:
        return ""


def read(payload: bytes, devices: Mapping[str, str]) -> Answer:
    """The answer, when it is by one of these devices and signed with the device's key, where it has one.

    Raises:
        jws.Unsigned: it is not.
    """
    plain = payload.startswith(b"{")
    name = _claims(payload).get("device") if plain else jws.header_of(payload).get("kid")
    key = devices.get(name) if isinstance(name, str) else None
    if key is None or bool(key) == plain:
        raise jws.Unsigned("not a device that may answer so")
    claims = _claims(payload) if plain else jws.verify(payload, key, typ=ANSWER)
    result = claims.get("result")
    if claims.get("device") != name or result not in (DONE, HELD, REFUSED):
        raise jws.Unsigned("its claims are another device's, or none")
    words = [str(claims.get(one, "")) for one in ("id", "why", "challenge")]
    return Answer(words[0], str(name), str(result), words[1][:MOST_WHY], words[2][:MOST_WHY])


def _claims(payload: bytes) -> Mapping[str, Any]:
    if not payload.startswith(b"{"):
        return jws.unverified(payload)
    try:
        found = msgspec.json.decode(payload[: jws.MOST_BYTES])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise jws.Unsigned("no JSON object")
    return found
