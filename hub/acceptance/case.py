"""One candidate being decided: what decisions stand on, where it has come to, and what became of it. Values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hub.acceptance.facts import Worked
from hub.acceptance.incident import Windows
from hub.acceptance.trust import Trust
from hub.cap.model import Alert
from hub.clock import to_us
from hub.connector import Candidate
from hub.hazards import Hazards
from hub.places import Gazetteer
from hub.policy import Authority
from hub.store.head import Head

HOLD = timedelta(minutes=10)
"""A held alert waits so long for a person; its alarm is open from the first moment."""

DECIDER = "duty-commander"
"""Who is to decide about a held alert."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a candidate. `seq` is 0 only for `unchanged` of an event we hold no version of."""

    alert_id: str
    seq: int
    disposition: str
    reason: str = ""
    repairs: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    chain_id: str = ""
    chain_seq: int = 0
    incident_id: str = ""
    payload_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What decisions stand on: the hub's mode, its places and hazards, who may speak, and the time."""

    mode: str
    gazetteer: Gazetteer
    hazards: Hazards
    windows: Windows
    authorities: Mapping[str, Authority]
    may_speak_for: Callable[[str, str], bool]
    status_of: Mapping[str, str]
    now: datetime
    who: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A candidate under the head lock, with the alert it is (minted where its source speaks no CAP) and that alert's id.

    `source_key` is the event's first known id at a source that does not speak CAP, else "".
    """

    conn: Connection
    head: Head
    ground: Ground
    candidate: Candidate
    alert: Alert
    alert_id: str
    source_key: str = ""

    @property
    def now(self) -> int:
        """The time of the decision, in µs since 1970."""
        return to_us(self.ground.now)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is written of a case. `keep_until` in µs, that of its last info when None."""

    disposition: str
    reason: str = ""
    worked: Worked | None = None
    trust: Trust | None = None
    state: str = "none"
    superseded_by: str = ""
    chain_id: str = ""
    chain_seq: int = 0
    incident_id: str = ""
    keep_until: int | None = None
    flags: tuple[str, ...] = ()

    def live_until(self, alert: Alert) -> int:
        """When the last info ends, in µs since 1970; when it was sent, without any."""
        infos = self.worked.infos if self.worked is not None else ()
        return max((to_us(i.live_until) for i in infos), default=to_us(alert.sent))
