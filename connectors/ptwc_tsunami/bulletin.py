"""A bulletin in the centre's own XML (tsunamiEvent, "TEX"): what it says as a value. Pure.

It is the only machine-readable form of a threat message that has no CAP: number and time of issue, the earthquake, and the text of the
bulletin, in which the coasts under threat are named in capitals. Times are UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.ptwc_tsunami.feed import is_test
from hub.cap.model import Circle
from hub.cap.parser import children, local, parse_xml, text
from hub.cap.polygons import read_circle
from hub.cap.times import read_time
from hub.errors import ParseError

LARGEST = 2 * 1024 * 1024
LONGEST = 20_000
_HEADLINE = re.compile(r"\.\.\.\s*([^.\n][^\n]*?)\s*\.\.\.")
_ENDED = re.compile(r"\bfinal\b|no longer|threat has|cancel", re.IGNORECASE)
_INFORMATION = re.compile(r"information statement|no tsunami (?:danger|threat)", re.IGNORECASE)
_ENDED_IN_TEXT = re.compile(r"final tsunami threat message|there is no longer a tsunami threat", re.IGNORECASE)
_INFORMATION_IN_TEXT = re.compile(
    r"tsunami information statement|there is no tsunami (?:danger|threat) from", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One bulletin. None and "" mean that it did not say. `test` is a communication test."""

    event: str
    number: str
    issued_at: datetime
    name: str = ""
    body: str = ""
    test: bool = False
    magnitude: str = ""
    depth_km: str = ""
    origin_at: datetime | None = None
    epicentre: Circle | None = None
    place: str = ""

    @property
    def kind(self) -> str:
        """ "ended", "information" or "threat", which is what it is in doubt.

        Its own headline ("...PTWC TSUNAMI THREAT MESSAGE...") decides: the text of a threat also says for whom there is none.
        """
        found = _HEADLINE.search(self.body)
        ended, information = (_ENDED, _INFORMATION) if found else (_ENDED_IN_TEXT, _INFORMATION_IN_TEXT)
        said = found[1] if found else f"{self.name} {self.body}"
        if ended.search(said):
            return "ended"
        return "information" if information.search(said) else "threat"

    def names(self, places: Iterable[str]) -> bool:
        """Whether its text names one of `places` as a word of its own, in whatever case and spacing."""
        said = f" {' '.join(re.findall(r'[a-z]+', self.body.lower()))} "
        return any(f" {' '.join(re.findall(r'[a-z]+', place.lower()))} " in said for place in places if place.strip())


def bulletin_of(body: bytes) -> Bulletin:
    """The bulletin in `body`.

    Raises:
        ParseError: not this form, or without an event or a time of issue.
    """
    root = parse_xml(body, max_bytes=LARGEST)
    if local(root) not in ("tsunamiEvent", "TWCBulletin"):
        raise ParseError("not-tex", f"root element <{local(root)[:60]}>; expected <tsunamiEvent>")
    said: dict[str, str] = {}
    for node in root.iter():
        name = local(node)
        if name and next(children(node), None) is None:
            said.setdefault(name, text(node).strip())
    event, issued_at = said.get("TWCEventID", ""), _moment(said.get("bulletinIssueTime", ""))
    if not event or issued_at is None:
        raise ParseError("no-bulletin", f"event {event[:40]!r} issued {said.get('bulletinIssueTime', '')[:40]!r}")
    lat, lon = _degrees(said.get("lat", "")), _degrees(said.get("long", ""))
    return Bulletin(
        event=event[:40],
        number=said.get("bulletinNumber", "")[:4],
        issued_at=issued_at,
        name=said.get("bulletinName", "")[:200],
        body=said.get("tsunamiBulletinBody", "")[:LONGEST],
        test=said.get("testMessage", "").lower() == "true" or is_test(said.get("tsunamiBulletinBody", "")),
        magnitude=_number(said.get("magnitude", "")),
        depth_km=_number(said.get("depth", "")),
        origin_at=_moment(said.get("originTime", "")),
        epicentre=read_circle(f"{lat} {lon} 0")[0] if lat and lon else None,
        place=" ".join(said.get("locationName", "").split())[:160],
    )


def _degrees(said: str) -> str:
    found = re.fullmatch(r"[-+]?\d{1,3}(?:\.\d{1,12})?", said)
    return found[0] if found else ""


def _number(said: str) -> str:
    found = re.fullmatch(r"-?\d{1,4}(?:\.\d{1,4})?", said)
    return found[0] if found else ""


def _moment(said: str) -> datetime | None:
    if not said:
        return None
    try:
        return read_time(said, UTC)[0].astimezone(UTC).replace(microsecond=0)
    except ValueError:
        return None
