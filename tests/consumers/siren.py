"""A reference siren as its maker would build it from docs/siren.md: its decisions (`Head`, pure) and its line to the broker (`Device`).

Written from the document, with a verifier of its own: it shares no code with the channel.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

SKEW_S = 300


class Ignored(Exception):
    """Not for us, or not by the hub: nothing is done and nothing is answered."""


@dataclass
class Head:
    """What a siren keeps, and how it decides. `keys` are kid -> `whpk_…` with the acts that key may order; `clock` is in Unix seconds."""

    device: str
    mode: str
    topics: tuple[str, ...]
    keys: dict[str, tuple[str, frozenset[str]]]
    clock: Callable[[], float] = time.time
    sounding: str = ""
    done: list[tuple[str, str]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    hold_until: float = 0.0
    ids: dict[str, str] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    last: dict[str, int] = field(default_factory=dict)
    silenced: set[str] = field(default_factory=set)

    def obey(self, text: bytes, topic: str) -> dict[str, Any]:
        """What is answered.

        Raises:
            Ignored: nothing is.
        """
        claims = self._verified(text)
        if claims["to"] != topic or topic not in self.topics or claims["nonce"] in self.nonces:
            raise Ignored("another topic, or said before")
        now = self.clock()
        if claims["mode"] != self.mode:
            return self._answer(claims, "refused", "mode")
        if abs(claims["iat"] - now) > SKEW_S:
            return self._answer(claims, "refused", "clock")
        if now >= claims["exp"]:
            return self._answer(claims, "refused", "expired")
        self.nonces.add(claims["nonce"])
        return getattr(self, f"_{claims['act']}")(claims)  # type: ignore[no-any-return]

    def _verified(self, text: bytes) -> dict[str, Any]:
        try:
            first, second, third = text.split(b".")
            header, claims = json.loads(_raw(first)), json.loads(_raw(second))
            key, acts = self.keys[header["kid"]]
            if header["alg"] != "EdDSA" or header["typ"] != "hub-siren" or claims["act"] not in acts:
                raise Ignored("not an order that this key may give")
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))
            public.verify(_raw(third), first + b"." + second)
        except (ValueError, KeyError, TypeError, InvalidSignature) as error:
            raise Ignored(str(error)) from error
        return claims  # type: ignore[no-any-return]

    def _sound(self, claims: dict[str, Any]) -> dict[str, Any]:
        if claims["id"] in self.ids:
            return self._answer(claims, self.ids[claims["id"]], "again")
        chains = {claims["chain"], *claims["chains"]}
        if max((self.last.get(chain, -1) for chain in chains), default=-1) > claims["chain_seq"]:
            return self._finish(claims, "done", "superseded")
        if self.clock() < self.hold_until:
            return self._answer(claims, "held", "stop")
        self._remember(claims)
        self.sounding = claims["chain"]
        self.shown.append(claims["text"])
        return self._finish(claims, "done", "")

    def _show(self, claims: dict[str, Any]) -> dict[str, Any]:
        self._remember(claims)
        if claims["id"] not in self.ids:
            self.shown.append(claims.get("text", ""))
        return self._finish(claims, "done", "")

    def _end(self, claims: dict[str, Any]) -> dict[str, Any]:
        self._remember(claims)
        if self.sounding in (claims["chain"], *claims["chains"]):
            self.sounding = ""
        return self._finish(claims, "done", "")

    def _test(self, claims: dict[str, Any]) -> dict[str, Any]:
        return self._finish(claims, "done", "blinked") | {"challenge": claims.get("challenge", "")}

    def _stop(self, claims: dict[str, Any]) -> dict[str, Any]:
        self.sounding = ""
        self.hold_until = self.clock() + claims["hold_s"]
        return self._finish(claims, "done", "silent")

    def _release(self, claims: dict[str, Any]) -> dict[str, Any]:
        self.hold_until = 0.0
        return self._finish(claims, "done", "released")

    def _remember(self, claims: dict[str, Any]) -> None:
        for chain in (claims["chain"], *claims["chains"]):
            self.last[chain] = max(self.last.get(chain, -1), claims["chain_seq"])

    def _finish(self, claims: dict[str, Any], result: str, why: str) -> dict[str, Any]:
        if claims["id"] not in self.ids:
            self.done.append((claims["act"], claims["id"]))
        self.ids[claims["id"]] = result
        return self._answer(claims, result, why)

    def _answer(self, claims: dict[str, Any], result: str, why: str) -> dict[str, Any]:
        return {"id": claims["id"], "device": self.device, "result": result, "why": why, "at": int(self.clock())}


@dataclass
class Device:
    """A siren at a real broker. `key` signs its answers (None: they are plain JSON); `mute` answers nothing; `heard` is what came."""

    head: Head
    port: int
    ca_file: str
    key: Ed25519PrivateKey | None = None
    username: str = ""
    password: str = ""
    mute: bool = False
    heard: list[tuple[str, bytes, Any]] = field(default_factory=list)
    _ready: threading.Event = field(default_factory=threading.Event)
    _client: Client | None = None

    def connect(self) -> None:
        """It is subscribed; it comes back by itself after a cut, as sirens do."""
        client = self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        client.tls_set_context(ssl.create_default_context(cafile=self.ca_file))
        client.reconnect_delay_set(1, 1)
        if self.username:
            client.username_pw_set(self.username, self.password)
        client.on_connect = lambda c, *_: c.subscribe([(topic, 1) for topic in self.head.topics])
        client.on_subscribe = lambda *_: self._ready.set()
        client.on_message = self._on_message
        client.connect_async("localhost", self.port, keepalive=10)
        client.loop_start()
        assert self._ready.wait(10), "the siren is not subscribed"

    def close(self) -> None:
        """It is switched off."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()

    def _on_message(self, client: Client, userdata: Any, said: Any) -> None:
        self.heard.append((said.topic, said.payload, said))
        try:
            answer = self.head.obey(said.payload, said.topic)
        except Ignored:
            return
        if not self.mute:
            properties = Properties(PacketTypes.PUBLISH)
            client.publish(said.properties.ResponseTopic, self.said(answer), qos=1, properties=properties)

    def said(self, answer: dict[str, Any]) -> bytes:
        """The answer as it leaves the siren."""
        if self.key is None:
            return json.dumps(answer).encode()
        start = b".".join(
            _packed(json.dumps(part).encode())
            for part in ({"alg": "EdDSA", "typ": "hub-siren-ack", "kid": self.head.device}, answer)
        )
        return start + b"." + _packed(self.key.sign(start))


def _packed(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _raw(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
