"""What stands in the call list: by agency, whom to call and what to read to them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from hub.hazards import Hazards
from hub.papers.notice import Shown
from hub.papers.office import Office
from hub.telling import read_aloud, subject, tell
from hub.words import Words, moment

MOST_LINES = 300


@dataclass(frozen=True, slots=True)
class Call:
    """One alert that an agency has not confirmed. `state` is that of its deliveries that came furthest; lane 0 is called first."""

    shown: Shown
    state: str
    lane: int


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency, who is on duty there (name, post, phone; the first is called first), and what it has to be told."""

    name: str
    contacts: tuple[Mapping[str, str], ...]
    calls: tuple[Call, ...]


def call_list(
    agencies: Sequence[Agency], *, office: Office, mode: str, words: Words, hazards: Hazards | None, now: datetime
) -> dict[str, Any]:
    """The values of the template: the agency with the most urgent line first; what does not fit is counted in `more`."""
    ordered = sorted(agencies, key=lambda one: (min((c.lane for c in one.calls), default=9), one.name))
    room, shown = MOST_LINES, []
    for agency in ordered:
        calls = sorted(agency.calls, key=lambda call: (call.lane, call.shown.received_at))[:room]
        room -= len(calls)
        if calls:
            lines = [_line(call, words, hazards) for call in calls]
            shown.append({"name": agency.name, "contacts": list(agency.contacts), "lines": lines})
    every = sum(len(agency.calls) for agency in agencies)
    return {
        "office": asdict(office),
        "mode_word": "" if mode == "actual" else words.say(f"mode.{mode}"),
        "printed": moment(now),
        "agencies": shown,
        "more": every - (MOST_LINES - room),
    }


def _line(call: Call, words: Words, hazards: Hazards | None) -> dict[str, str]:
    told = tell(call.shown, words, hazards=hazards)
    return {"subject": subject(told), "aloud": read_aloud(told), "state": words.say(f"state.{call.state}")}
