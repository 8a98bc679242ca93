"""Whether people who were told of an event by one chain need not be woken by another that tells of the same (CHN-3). Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.cap.model import CERTAINTIES, URGENCIES, Info, severity_rank
from hub.policy import lane_of
from hub.subscription import AlertFacts, InfoFacts

Part = tuple[Info, InfoFacts]

OTHER = "other"
"""The hazard of what nobody could name: two of them need have nothing in common."""

NO_LARGER = 1.1
"""A shape up to a tenth larger in area counts as no larger."""


@dataclass(frozen=True, slots=True)
class Said:
    """An alert as far as its infos numbered `infos` concern somebody."""

    facts: AlertFacts
    infos: Sequence[int]

    def parts(self) -> list[Part]:
        """Those infos with what is known of them."""
        return [(self.facts.alert.infos[i], self.facts.infos[i]) for i in self.infos]


def covers(told: Said, new: Said, *, now: datetime) -> bool:
    """Whether `told` said at least all that `new` would wake people for.

    Each info of `new` must be no graver, surer, more urgent, wider or earlier than one of `told` that still lives, for the same
    hazards, and must ask people to do nothing else. What lasts longer than all of `told` is covered until `told` ends; what one info
    of `told` covers must not outlast that one. A place that is not known, and a hazard that is not, are never covered.
    """
    heard = [part for part in told.parts() if part[1].live_until > now]
    if not heard or not new.infos or lane_of(new.facts, "alert.new") < lane_of(told.facts, "alert.new"):
        return False
    ends = max(known.live_until for known in told.facts.infos)
    return all(
        any(one[1].live_until >= min(part[1].live_until, ends) and _within(part, one, now) for one in heard)
        for part in new.parts()
    )


def _within(new: Part, told: Part, now: datetime) -> bool:
    info, known = new
    heard, heard_known = told
    return (
        OTHER not in known.hazards
        and known.hazards <= heard_known.hazards
        and severity_rank(info.severity) >= severity_rank(heard.severity)
        and _rank(URGENCIES, info.urgency) >= _rank(URGENCIES, heard.urgency)
        and _rank(CERTAINTIES, info.certainty) >= _rank(CERTAINTIES, heard.certainty)
        and (known.risk_level or 0) <= (heard_known.risk_level or 0)
        and _placed_within(known, heard_known)
        and _begins(info, now) >= _begins(heard, now)
        and frozenset(info.response_types) <= frozenset(heard.response_types)
        and _plain(info.instruction) in ("", _plain(heard.instruction))
    )


def _placed_within(known: InfoFacts, heard: InfoFacts) -> bool:
    """In the same units or fewer, and drawn no larger: two centres draw one earthquake in places a few kilometres apart."""
    if known.province_wide or not known.units:
        return False
    if heard.province_wide:
        return True
    if not known.units <= heard.units:
        return False
    if known.shape is None or heard.shape is None:
        return True
    return bool(known.shape.area <= heard.shape.area * NO_LARGER)


def _rank(words: Sequence[str], word: str) -> int:
    """0 for the gravest of `words`; a word that is none of them is the least."""
    return words.index(word) if word in words else len(words)


def _begins(info: Info, now: datetime) -> datetime:
    """When it begins for people: what has begun begins now."""
    return max(now, info.onset or info.effective or now)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
