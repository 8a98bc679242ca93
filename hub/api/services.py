"""What the HTTP door is given by the composition root: the parts it may use, and the acts of roles it does not know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from hub.acknowledging.links import Links
from hub.cap.model import Alert
from hub.clock import Clock
from hub.connector import Candidate
from hub.hazards import Hazards
from hub.papers import Papers
from hub.places import Gazetteer
from hub.policy.marking import marking
from hub.scales import Scales
from hub.store import Store
from hub.store.readings import Takes
from hub.words import Words

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class Accepts(Protocol):
    """`hub.acceptance.accept.Acceptor`, as the door sees it: one decision per candidate, inside the caller's transaction;
    and what a person decides about a held alert."""

    def accept_in(self, conn: Connection, said: Sequence[Candidate], *, who: str = "") -> Sequence[Any]: ...

    async def release(self, alert_id: str, *, who: str, reason: str) -> Any: ...

    async def dismiss(self, alert_id: str, *, who: str, reason: str) -> Any: ...


@dataclass(frozen=True)
class Services:
    """Everything the API needs. Callables stand for sibling roles; None means this process runs without that role.

    `machine` is the clock of sessions, keys and how sources are doing, which no drill shifts. `base_url` is how others reach the hub,
    without a last slash. `hosts` are the names the hub answers to, without port. `port` names the cookie where there is no TLS.
    `secure` says whether browsers reach the hub over TLS. `zone` is assumed for naive times of submitted alerts. `prove` sends the
    signed challenge to an endpoint and says whether it answered. `send_test` and `redeliver` say whether something is now on its way.
    `check_endpoint` gives the reason why a channel refuses these settings, or "". `offer` (connection, endpoint id, who) puts the rules
    in force that the profile offers the endpoint's agency. `take_readings` takes numbers at stations in the caller's transaction,
    `gauges` tells how every gauge is doing. `signed_head` is the end of the decision chain, signed by the hub. `parts` says of each part
    of this process whether it is ready. `links` reads the signed links by which people confirm deliveries.
    `papers` are the templates of what is printed and filed.
    `console` is the folder of the built console, None where it is not built. `scales` are the levels of the law. `rings` (magnitude,
    depth in km or None) gives the distances in km to which each intensity is estimated.
    `rules_then` is what each rule of the time said to an alert.
    """

    store: Store
    acceptor: Accepts
    clock: Clock
    machine: Clock
    mode: str
    name: str
    gazetteer: Gazetteer
    hazards: Hazards
    words: Words
    hosts: Sequence[str]
    seal_key: bytes = field(repr=False)
    why: Callable[[Connection, str, str], Mapping[str, Any]]
    port: int = 8080
    secure: bool = False
    zone: tzinfo = VIETNAM
    zone_of: Mapping[str, tzinfo] = field(default_factory=dict)
    feeds_folder: Path | None = None
    base_url: str = ""
    prove: Callable[[str], Awaitable[bool]] | None = None
    give_code: Callable[[str, str], Awaitable[bool]] | None = None
    send_test: Callable[[str], Awaitable[bool]] | None = None
    redeliver: Callable[[str], Awaitable[bool]] | None = None
    check_endpoint: Callable[[str, Mapping[str, Any]], str] | None = None
    take_readings: Takes | None = None
    gauges: Callable[[Connection], Sequence[Mapping[str, Any]]] | None = None
    offer: Callable[[Connection, str, str], None] | None = None
    signed_head: Callable[[Connection], Any] | None = None
    console: Path | None = None
    scales: Scales | None = None
    rings: Callable[[float, float | None], Sequence[tuple[str, float]]] | None = None
    rules_then: Callable[[Connection, str], Sequence[Mapping[str, Any]]] | None = None
    parts: Callable[[], Mapping[str, bool]] | None = None
    links: Links | None = None
    papers: Papers | None = None

    @property
    def mark(self) -> Callable[[Alert], Alert]:
        """Puts the mode's word into what leaves the hub."""
        return marking(self.words, self.mode)

    @property
    def cookie(self) -> str:
        """The session cookie's name; it holds the mode, so a drill and the real hub never share a sign-in (MOD-1)."""
        return f"__Host-hub-{self.mode}" if self.secure else f"hub-{self.mode}-{self.port}"
