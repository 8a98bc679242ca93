"""One MQTT 5 connection over TLS, from its opening to its end: it never reconnects, so nothing old leaves on a new connection.

paho's own thread does the network; what it hears comes back into the event loop. A broker that stands still (stopped, cut off)
costs the caller its own timeout and no more.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.http.tls import reason_of

if TYPE_CHECKING:
    from paho.mqtt.client import Client

KEEPALIVE_S = 10
CONNECT_S = 5.0
MOST_IN_FLIGHT = 1000


class Broken(Exception):
    """The line is no more, or the broker refused; the text is a short reason for the ledger."""


@dataclass(frozen=True)
class Where:
    """A broker and who we are there."""

    host: str
    port: int
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    username: str = ""
    password: str = field(default="", repr=False)

    def context(self) -> ssl.SSLContext:
        """Verifies name and chain; against `ca_file` alone when there is one."""
        context = ssl.create_default_context(cafile=self.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert_file:
            context.load_cert_chain(self.cert_file, self.key_file or None)
        return context


class Line:
    """Opens as soon as it is made; `heard` (topic, payload) is called in the event loop for whatever arrives."""

    def __init__(self, where: Where, *, heard: Callable[[str, bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._heard = heard
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._waiting: dict[tuple[str, int], asyncio.Future[int]] = {}
        self._topics: dict[str, asyncio.Future[int]] = {}
        self._why = ""
        self._client = self._made(where)
        self._client.connect_async(where.host, where.port, keepalive=KEEPALIVE_S, clean_start=True)
        self._client.loop_start()

    @property
    def broken(self) -> bool:
        """Whether it is over: nothing can be sent on it any more."""
        return bool(self._why)

    @property
    def is_open(self) -> bool:
        """Whether the broker let us in and the line stands."""
        return self._opened.done() and not self.broken

    async def opened(self) -> None:
        """Returns once the broker let us in.

        Raises:
            Broken: it did not.
        """
        await asyncio.shield(self._opened)

    async def subscribe(self, topic: str) -> None:
        """What is said under `topic` is heard from now on; a topic is asked for once.

        Raises:
            Broken: the broker refused, or the line broke.
        """
        asked = self._topics.get(topic)
        if asked is None:
            _, mid = self._client.subscribe(topic, qos=1)
            asked = self._topics[topic] = self._wait("subscribe", mid)
        code = await asyncio.shield(asked)
        if code >= 128:
            raise Broken(f"mqtt-{code}: may not read {topic}")

    async def publish(self, topic: str, payload: bytes, *, expires_s: int, about: Mapping[str, Any]) -> int:
        """The broker has it: the code of its PUBACK, 0, or 16 when nobody listens. QoS 1, never retained.

        Raises:
            Broken: the broker refused, or the line broke.
        """
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = max(1, expires_s)
        for name, value in about.items():
            setattr(properties, name, value)
        if self.broken:
            raise Broken(self._why)
        told = self._client.publish(topic, payload, qos=1, retain=False, properties=properties)
        code = await self._wait("publish", told.mid)
        if code >= 128:
            raise Broken(f"mqtt-{code}: may not publish to {topic}")
        return code

    def drop(self) -> None:
        """The line is over; whoever waits on it hears so."""
        self._break("mqtt-dropped")
        self._client.disconnect()

    def _made(self, where: Where) -> Client:
        from paho.mqtt.client import Client, MQTTv5
        from paho.mqtt.enums import CallbackAPIVersion

        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5, reconnect_on_failure=False)
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(MOST_IN_FLIGHT)
        client.tls_set_context(where.context())
        if where.username:
            client.username_pw_set(where.username, where.password)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _wait(self, what: str, mid: int | None) -> asyncio.Future[int]:
        """The code that will answer this packet; answers come later than this step of the loop, so none is missed."""
        waiting: asyncio.Future[int] = self._loop.create_future()
        if self.broken or mid is None:
            waiting.set_exception(Broken(self._why or "mqtt-closed"))
        else:
            self._waiting[what, mid] = waiting
        return waiting

    # --- in the event loop -----------------------------------------------------------------------------------------------------------

    def _let_in(self, code: int, text: str) -> None:
        if code >= 128:
            self._break(f"mqtt-{code}: {text}")
            self._client.disconnect()
        elif not self._opened.done():
            self._opened.set_result(None)

    def _answered(self, what: str, mid: int, code: int) -> None:
        waiting = self._waiting.pop((what, mid), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(code)

    def _break(self, why: str) -> None:
        self._why = self._why or why
        every: list[asyncio.Future[Any]] = [self._opened, *self._waiting.values()]
        for waiting in every:
            if not waiting.done():
                waiting.set_exception(Broken(self._why))
                waiting.exception()  # nobody may be waiting: that is no fault of theirs
        self._waiting.clear()

    # --- in paho's thread ------------------------------------------------------------------------------------------------------------

    def _tell(self, said: Callable[..., None], *what: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
            self._loop.call_soon_threadsafe(said, *what)

    def _on_connect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._tell(self._let_in, reason.value, str(reason))

    def _on_connect_fail(self, client: Client, userdata: Any) -> None:
        # paho calls this while it handles the failure, and does not say which it was
        client.disconnect()
        self._tell(self._break, _reason(sys.exc_info()[1]))

    def _on_disconnect(self, client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._tell(self._break, f"mqtt-closed: {reason}")

    def _on_publish(self, client: Client, userdata: Any, mid: int, reason: Any, properties: Any) -> None:
        self._tell(self._answered, "publish", mid, reason.value)

    def _on_subscribe(self, client: Client, userdata: Any, mid: int, reasons: Any, properties: Any) -> None:
        self._tell(self._answered, "subscribe", mid, reasons[0].value)

    def _on_message(self, client: Client, userdata: Any, said: Any) -> None:
        self._tell(self._heard, said.topic, said.payload)


def _reason(error: BaseException | None) -> str:
    if isinstance(error, ssl.SSLError):
        return f"{reason_of(error)}: {error}"
    if isinstance(error, TimeoutError):
        return "timeout: the broker did not answer"
    return f"refused: {error}"
