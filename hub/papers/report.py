"""What stands in a Báo cáo nhanh: one incident from the ledger — what, when, who was told, who confirmed, who decided. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from hub.hazards import Hazards
from hub.papers.notice import Shown, day_of, standing_of
from hub.papers.office import Office
from hub.telling import subject, tell
from hub.words import Words, moment

MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Happened:
    """One version of one alert of the incident, by the source of that name."""

    shown: Shown
    source: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What one agency was owed of one version: over which channels, in which state the furthest of them, when, and who confirmed."""

    agency: str
    about: str
    channels: tuple[str, ...]
    state: str
    delivered_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision of a person about the incident; `act` as the decision chain names it."""

    at: datetime
    act: str
    who: str
    about: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """Everything the record says of an incident. Lists are in the order of time; `differences` are sentences. `severity` is the gravest
    in force, "" when nothing is any more.
    """

    incident_id: str
    hazards: tuple[str, ...]
    severity: str
    began_at: datetime
    mode: str
    happened: tuple[Happened, ...]
    answered: tuple[Answered, ...]
    decided: tuple[Decided, ...]
    differences: tuple[str, ...] = ()


def report(said: Reported, *, office: Office, words: Words, hazards: Hazards | None, now: datetime) -> dict[str, Any]:
    """The values of the template, all of them text, lists, or truth. What does not fit is counted in `more_…`, never left out unsaid."""
    silent = [one for one in said.answered if one.state not in ("acknowledged", "superseded", "covered")]
    return {
        "office": asdict(office),
        "mode_word": "" if said.mode == "actual" else words.say(f"mode.{said.mode}"),
        "day": day_of(now),
        "printed": moment(now),
        "title": ", ".join(said.hazards) or said.incident_id,
        "incident_id": said.incident_id,
        "began": moment(said.began_at),
        "severity": words.say(f"severity.{said.severity}" if said.severity else "standing.nothing"),
        "sources": ", ".join(sorted({one.source for one in said.happened})),
        "happened": [_happened(one, words, hazards) for one in said.happened[:MOST_ROWS]],
        "more_happened": max(0, len(said.happened) - MOST_ROWS),
        "answered": [_answered(one, words) for one in said.answered[:MOST_ROWS]],
        "more_answered": max(0, len(said.answered) - MOST_ROWS),
        "counts": _counts(said.answered),
        "silent": [_answered(one, words) for one in silent[:MOST_ROWS]],
        "decided": [_decided(one, words) for one in said.decided[:MOST_ROWS]],
        "differences": list(said.differences),
    }


def _counts(answered: Sequence[Answered]) -> dict[str, int]:
    """How many agencies: all, those to which something arrived, those who confirmed something."""
    return {
        "agencies": len({one.agency for one in answered}),
        "told": len({one.agency for one in answered if one.delivered_at or one.acknowledged_at}),
        "confirmed": len({one.agency for one in answered if one.acknowledged_at}),
    }


def _happened(one: Happened, words: Words, hazards: Hazards | None) -> dict[str, str]:
    told = tell(one.shown, words, hazards=hazards)
    return {
        "at": moment(one.shown.received_at),
        "source": one.source,
        "text": subject(told),
        "standing": standing_of(one.shown.standing, one.shown.disposition, words),
    }


def _answered(one: Answered, words: Words) -> dict[str, str]:
    return {
        "agency": one.agency,
        "about": one.about,
        "channels": ", ".join(one.channels),
        "state": words.say(f"state.{one.state}"),
        "delivered": moment(one.delivered_at) if one.delivered_at else "",
        "confirmed": moment(one.acknowledged_at) if one.acknowledged_at else "",
        "by": one.acknowledged_by,
        "reason": one.outcome,
    }


def _decided(one: Decided, words: Words) -> dict[str, str]:
    key = f"act.{one.act.replace('.', '-')}"
    said = words.say(key) if key in words.texts["vi"] else words.say("act.other", act=one.act)
    return {"at": moment(one.at), "who": one.who, "act": said, "about": one.about, "reason": one.reason}
