"""Whether people who were told of an event by one chain need not be woken by another that tells of the same (CHN-3). Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.cap.model import Info, severity_rank
from hub.policy import lane_of
from hub.subscription import AlertFacts, InfoFacts

Part = tuple[Info, InfoFacts]


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

    Each info of `new` must be no graver, no wider and no earlier than one of `told` that still lives, for the same hazards, and must
    ask people to do nothing else. What lasts longer is covered until `told` ends. A place that is not known is never covered.
    """
    heard = [part for part in told.parts() if part[1].live_until > now]
    if not heard or not new.infos or lane_of(new.facts, "alert.new") < lane_of(told.facts, "alert.new"):
        return False
    return all(any(_within(part, one, now) for one in heard) for part in new.parts())


def _within(new: Part, told: Part, now: datetime) -> bool:
    info, known = new
    heard, heard_known = told
    return (
        known.hazards <= heard_known.hazards
        and severity_rank(info.severity) >= severity_rank(heard.severity)
        and _placed_within(known, heard_known)
        and _begins(info, now) >= _begins(heard, now)
        and frozenset(info.response_types) <= frozenset(heard.response_types)
        and _plain(info.instruction) in ("", _plain(heard.instruction))
    )


def _placed_within(known: InfoFacts, heard: InfoFacts) -> bool:
    if known.province_wide or not known.units:
        return False
    return heard.province_wide or known.units <= heard.units


def _begins(info: Info, now: datetime) -> datetime:
    """When it begins for people: what has begun begins now."""
    return max(now, info.onset or info.effective or now)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
