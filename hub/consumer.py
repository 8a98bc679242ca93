"""CONTRACT for consumers: a Channel brings one delivery to one endpoint, a Follower keeps a published copy of the alerts.

A consumer is one module in `consumers/`. A channel defines `Settings` and `Channel` (pure `render`, thin `send`), and `Gateway` when it
goes through a server of the deployment; a follower `Settings` and `Follower`. A channel whose devices make noise by themselves has
module-level `stop` and `release` beside, which need no store and no running hub (`Halted`). A channel only ever answers with a `Receipt` or raises `Retry` or `Rejected`: retries, leases, circuits,
metrics and the ledger live once, in `hub.delivery`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol

from hub.cap.model import Alert
from hub.clock import Clock
from hub.hazards import Hazards
from hub.http import Poster
from hub.words import Words

EVENT_TYPES = (
    "alert.new",
    "alert.update",
    "alert.cancel",
    "alert.ended",
    "alert.left_your_area",
    "alert.missed",
    "alert.disputed",
    "alert.summary",
    "alert.reminder",
    "endpoint.test",
    "endpoint.challenge",
    "endpoint.suspended",
    "desk.unheard",
)
"""What a delivery tells. `alert.cancel` is a Cancel (hủy), `alert.ended` an ending Update (kết thúc / báo yên), `alert.reminder` an alert in
force that nobody has acknowledged in time (chưa xác nhận). `endpoint.suspended` tells an agency that another endpoint of theirs takes nothing
more, `desk.unheard` the chief that no console with sound is listening."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one recipient is reached. `settings` is the channel's `Settings`; `secrets` are the active signing secrets, newest first."""

    endpoint_id: str
    owner: str
    kind: str
    settings: Any
    secrets: tuple[str, ...] = field(default=(), repr=False)
    language: str = "vi"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert version owed to one endpoint. `delivery_id` never changes over retries and restarts (DEL-1).

    `chain_seq` grows within a chain. `heads` are the alerts that have the last word in it as this is sent, normally one;
    `chain_aliases` are other ids of the same chain, under which its parts were told before they were joined (CHN-1). `recent_ids` are the ten delivery ids before this
    one for the same endpoint, newest first, so that the receiver notices a gap. `live_infos` are the indexes of the infos that matched
    and are still live. `sounds` says why it sounds: "new", "ended", "disputed", "unacknowledged", or what an Update changed ("severity", "area",
    "onset-earlier", "expires-later", "instruction"); () is only shown. `alert` is None only for `endpoint.*` and `desk.*` events; `summary` is set only for `alert.summary`.
    `ack_url` is the signed page on which a person of the recipient confirms this delivery; "" when nobody is asked to. `earlier` is
    the newest version with infos that this endpoint was told before, set where `alert` has none: what it is that a bare Cancel ends.
    """

    delivery_id: str
    event_type: str
    mode: str
    attempt_no: int
    attempted_at: datetime
    lane: int
    alert_id: str = ""
    seq: int = 0
    chain_id: str = ""
    chain_seq: int = 0
    heads: tuple[str, ...] = ()
    chain_aliases: tuple[str, ...] = ()
    incident_id: str = ""
    alert: Alert | None = None
    cap_xml: bytes = b""
    reason: str = ""
    sounds: tuple[str, ...] = ()
    live_infos: tuple[int, ...] = ()
    flags: tuple[str, ...] = ()
    recent_ids: tuple[str, ...] = ()
    summary: tuple[Mapping[str, Any], ...] = ()
    challenge: str = ""
    ack_url: str = ""
    earlier: Alert | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """What goes over the wire, complete and signed. `headers` do not hold Host or Content-Length."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that the recipient took it: the status or id the other side gave, and at most 64 KiB of its answer."""

    status: int
    detail: str = ""
    body: bytes = b""
    acknowledged_by: str = ""


@dataclass(frozen=True, slots=True)
class Halted:
    """What became of `stop(gateway, settings, *, clock, mode, hold_s, timeout_s)` or `release(…)` (without `hold_s`); settings None is for all.

    `taken` is whether it left for at least one device; `confirmed` and `silent` are the devices known by name that confirmed or did
    not (a refusal confirms nothing); `why` is what kept it, "" when nothing did.
    """

    taken: bool
    confirmed: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class ChannelIO:
    """What a channel may use of the world. `clock` is the machine's.

    `gateway` is the module's `Gateway` with what `[channels.<kind>]` of the deployment file says (a mail server, an SMS gateway); None
    when the module has none. `hazards` is the table of hazards, for names in the reader's language.
    `folder` is the channel's own in the data directory, made when it first writes; None where there is none.
    """

    poster: Poster
    clock: Clock
    words: Words
    gateway: Any = None
    hazards: Hazards | None = None
    folder: Path | None = None


def address_of(settings: Any) -> str:
    """Where a channel's Settings, or the table they are made of, lead: their `url`, else their `to`; "" where neither is known.

    It is this address that proves itself; an endpoint that gets another one gets nothing until that has been proven too.
    """
    table = settings if isinstance(settings, Mapping) else {n: getattr(settings, n, None) for n in ("url", "to")}
    found = table.get("url") or table.get("to") or ""
    return " ".join(map(str, found)) if isinstance(found, list | tuple) else str(found)


class Channel(Protocol):
    """What every channel module offers as `Channel`.

    A channel to people has `proven_by` = "code": their address is proven by a code that is sent there and given back at the desk. Where
    a system answers (the default, "answer"), it proves itself by answering with the challenge.
    """

    Settings: ClassVar[type]

    def __init__(self, io: ChannelIO) -> None: ...

    async def aclose(self) -> None:
        """Closes what it holds open; nothing is sent afterwards."""
        ...

    def render(self, delivery: Delivery, endpoint: Endpoint) -> Rendered:
        """The message as bytes. Pure: the same arguments give the same bytes."""
        ...

    async def send(self, rendered: Rendered, endpoint: Endpoint, *, timeout_s: float) -> Receipt:
        """Brings it there within `timeout_s` in all.

        Raises:
            Retry: not now (timeout, connection, 408, 425, 429, 5xx).
            Rejected: the recipient refused (other 3xx, 4xx; `gone` for 410).
            Forbidden: the address is not allowed; no connection was made.
        """
        ...


@dataclass(frozen=True, slots=True)
class Published:
    """One alert as a follower sees it, in seq order. `active` is False once superseded, ended or expired.

    `keep_until` is when the follower may forget it (a Cancel is kept until what it cancels would have expired).
    """

    seq: int
    alert_id: str
    chain_id: str
    chain_seq: int
    alert: Alert
    cap_xml: bytes
    received_at: datetime
    active: bool
    keep_until: datetime
    units: frozenset[str] = frozenset()
    hazards: frozenset[str] = frozenset()


class AlertLog(Protocol):
    """The accepted alerts as a follower reads them."""

    def after(self, seq: int) -> AsyncIterator[Published]:
        """Every publicly shareable alert with a greater seq, then waits for more, for ever."""
        ...

    async def in_force(self) -> list[Published]:
        """What a feed shows now: alerts in force and endings still to be kept, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class FollowerIO:
    """What a follower may use of the world. `folder` is its own, created and writable; readers find it at `base_url` + `path`.

    `clock` says what is over by now, `machine` how old a file is: a drill shifts the one and not the other. `hub_url` is where
    WebSub subscribers ask, "" where nobody pushes.
    """

    folder: Path
    clock: Clock
    machine: Clock
    base_url: str
    mode: str
    path: str = "/feeds"
    hub_url: str = ""


class Follower(Protocol):
    """What every follower module offers as `Follower`."""

    Settings: ClassVar[type]

    def __init__(self, name: str, settings: Any, io: FollowerIO) -> None: ...

    async def follow(self, log: AlertLog, after: int) -> AsyncIterator[int]:
        """Yields the seq up to which the copy is complete and durable; the hub resumes there after a restart."""
        ...
        yield 0
