"""What stands in a Phiếu báo tin: one alert as it was received, and how it stands now. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from hub.cap.model import Alert
from hub.hazards import Hazards
from hub.papers.office import Office
from hub.telling import span, subject, tell
from hub.words import VIETNAM, Words, moment

BULLETIN = "VN:soBanTin"


@dataclass(frozen=True, slots=True)
class Shown:
    """An alert as papers tell it; it is what `hub.telling.tell` asks for. `alert` bears the mode's word, `standing` is a key of words."""

    alert: Alert
    mode: str
    received_at: datetime
    standing: str
    flags: tuple[str, ...] = ()
    disposition: str = ""
    earlier: Alert | None = None
    live_infos: tuple[int, ...] = ()
    reason: str = ""
    summary: tuple[Any, ...] = ()
    challenge: str = ""
    ack_url: str = ""

    @property
    def event_type(self) -> str:
        """What kind of news the alert itself is."""
        if self.alert.msg_type == "Cancel":
            return "alert.cancel"
        if self.alert.is_ending():
            return "alert.ended"
        return "alert.update" if self.alert.msg_type == "Update" else "alert.new"


def notice(shown: Shown, *, office: Office, words: Words, hazards: Hazards | None, now: datetime) -> dict[str, Any]:
    """The values of the template, all of them text, lists of text, or truth."""
    told = tell(shown, words, hazards=hazards)
    number = next((n for info in shown.alert.infos if (n := info.parameter(BULLETIN))), "")
    return {
        "office": asdict(office),
        "mode_word": told.mode_word,
        "day": day_of(now),
        "subject": subject(told),
        "word": told.word,
        "says": told.says,
        "parts": [
            {
                "what": part.headline or part.what,
                "level": "" if told.ends else part.level,
                "where": ", ".join(part.where),
                "when": span(part.since, part.until, words),
                "advice": part.advice,
                "description": part.description,
                "who": part.who,
                "number": number,
            }
            for part in told.parts
        ],
        "notes": list(told.notes),
        "sent": moment(shown.alert.sent),
        "received": moment(shown.received_at),
        "printed": moment(now),
        "standing": standing_of(shown.standing, shown.disposition, words),
        "in_force": shown.standing == "active",
        "identifier": f"{shown.alert.sender}, {shown.alert.identifier}",
        "conveys": words.say("alert.conveys"),
    }


def standing_of(standing: str, disposition: str, words: Words) -> str:
    """How the alert stands, in words."""
    said = (
        words.say(f"standing.{standing}", disposition=disposition)
        if standing == "none"
        else words.say(f"standing.{standing}")
    )
    return said[0].upper() + said[1:]


def day_of(at: datetime) -> str:
    """ "ngày 05 tháng 9 năm 2026": days below ten and the first two months with a zero (Decree 30/2020/NĐ-CP, annex I)."""
    local = at.astimezone(VIETNAM)
    month = f"{local.month:02d}" if local.month < 3 else str(local.month)
    return f"ngày {local.day:02d} tháng {month} năm {local.year}"
