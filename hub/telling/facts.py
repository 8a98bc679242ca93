"""What is to be told, taken from one delivery: what, how grave, where, until when, what to do, who says so, and whether it is over. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from hub.cap.model import Alert, Info, severity_rank
from hub.hazards import OTHER, Hazards
from hub.telling.choosing import chosen
from hub.telling.plain import one_line, text_lines
from hub.words import Words, moment

ENDINGS = ("alert.cancel", "alert.ended", "alert.left_your_area", "alert.missed")
"""After these nobody of the recipients is warned any more."""

TO_DO = frozenset({"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor"})
"""Response types that ask somebody to do something (CAP 1.2 §3.2.2)."""

MOST_AREAS = 400
"""More are counted: the province has 95 communes, and an alert of thousands of areas is no list for people."""

LEVELS = (
    ("VN:capDoRuiRo", "scale.risk", 5),
    ("VN:baoDong", "scale.flood_alarm", 3),
    ("VN:capDoPTDS", "scale.civil_defence", 3),
    ("VN:capDoRuiRoHeThongTinh", "scale.risk_computed", 5),
)
"""Levels by law, each with its own name; a bare number would be any of them."""


class Owed(Protocol):
    """What `tell` needs of a delivery; `hub.consumer.Delivery` is one. `alert` bears the mode's word in its texts (MOD-1)."""

    @property
    def event_type(self) -> str: ...
    @property
    def mode(self) -> str: ...
    @property
    def alert(self) -> Alert | None: ...
    @property
    def earlier(self) -> Alert | None: ...
    @property
    def live_infos(self) -> tuple[int, ...]: ...
    @property
    def flags(self) -> tuple[str, ...]: ...
    @property
    def reason(self) -> str: ...
    @property
    def summary(self) -> tuple[Mapping[str, Any], ...]: ...
    @property
    def challenge(self) -> str: ...
    @property
    def ack_url(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Part:
    """One info. Every text is one line but `description` and `advice`; "" where the source says nothing.

    `level` is a level by law with its scale's name when the bulletin gives one, else the severity in words. `language` is that of the
    source's own texts (headline, advice, description); `what`, `level` and `responses` are in the reader's.
    """

    what: str
    headline: str
    level: str
    severity: str
    where: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    advice: str
    description: str
    who: str
    contact: str = ""
    web: str = ""
    language: str = "vi"
    responses: tuple[str, ...] = ()

    @property
    def to_do(self) -> str:
        """What to do, in the source's words, else in those of CAP's responseType."""
        return self.advice or ", ".join(self.responses)


@dataclass(frozen=True, slots=True)
class Told:
    """Everything a layout needs. `mode_word` is "" in mode actual and comes first everywhere else; `word` says what kind of news it is.

    `says` is what that kind means for the reader; `listed` are the lines of a summary, `code` is what a new address is proven by. An ending's parts are those of what ends.
    """

    event_type: str
    language: str
    mode_word: str
    drill: str
    word: str
    says: str
    parts: tuple[Part, ...]
    words: Words = field(repr=False, compare=False)
    sent: datetime | None = None
    notes: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    ack_url: str = ""
    code: str = ""

    @property
    def ends(self) -> bool:
        """Whether it takes a warning back."""
        return self.event_type in ENDINGS

    def say(self, key: str, **values: object) -> str:
        """The text of `key` in the language it is told in."""
        return self.words.say(key, self.language, **values)


def tell(owed: Owed, words: Words, *, language: str = "vi", hazards: Hazards | None = None) -> Told:
    """What `owed` says in that language: infos in it, and those that no info in it says. The mode's word is `mode_word` alone.

    With `hazards` an event in another language is called by the hazard's name in this one.
    """
    kind = owed.event_type.removeprefix("alert.").replace(".", "_")
    mode_word = "" if owed.mode == "actual" else words.say(f"mode.{owed.mode}", language)
    return Told(
        event_type=owed.event_type,
        language=language,
        mode_word=mode_word,
        drill="" if owed.mode == "actual" else words.say(f"telling.drill_{owed.mode}", language),
        word=words.say(f"telling.{kind}", language),
        says="" if kind == "new" else words.say(f"telling.{kind}_says", language, **_gaps(owed)),
        parts=_parts(owed, words, language, hazards),
        words=words,
        sent=owed.alert.sent if owed.alert is not None else None,
        notes=_notes(owed, words, language),
        listed=tuple(_line(one, words, language) for one in owed.summary),
        ack_url=owed.ack_url,
        code=_gaps(owed).get("code", ""),
    )


def _gaps(owed: Owed) -> dict[str, str]:
    return {"code": owed.challenge} if owed.event_type == "endpoint.challenge" else {}


def _parts(owed: Owed, words: Words, language: str, hazards: Hazards | None) -> tuple[Part, ...]:
    alert = owed.alert
    if alert is None or owed.event_type == "alert.summary":
        return ()
    spoken = _Speaking(words, language, owed.mode, hazards)
    live = [alert.infos[n] for n in owed.live_infos if n < len(alert.infos)]
    infos: Sequence[Info] = live or alert.infos
    if not infos and owed.earlier is not None:
        alert, infos = owed.earlier, owed.earlier.infos
    if not infos:
        return (_nameless(alert, words, language),)
    ordered = sorted(chosen(infos, language), key=lambda info: severity_rank(info.severity))
    return tuple(spoken.part(info, alert) for info in ordered)


def _nameless(alert: Alert, words: Words, language: str) -> Part:
    """A Cancel that says nothing, of something we do not have: all that is known is whose it was and when it was sent."""
    of = alert.references[-1] if alert.references else None
    sender = one_line(of.sender if of is not None and of.sender else alert.sender)
    at = moment(of.sent if of is not None and of.sent is not None else alert.sent)
    what = words.say("telling.nameless", language, sender=sender, at=at)
    return Part(what, "", "", "Unknown", (), None, None, "", "", sender)


@dataclass(frozen=True)
class _Speaking:
    """How infos become parts in one language."""

    words: Words
    language: str
    mode: str
    hazards: Hazards | None

    def part(self, info: Info, alert: Alert) -> Part:
        since = max((at for at in (info.onset, info.effective) if at is not None), default=None)
        return Part(
            what=self._what(info),
            headline=one_line(self._unmarked(info.headline, info)),
            level=self._level(info),
            severity=info.severity,
            where=self._where(info),
            since=since or alert.sent,
            until=info.expires,
            advice=text_lines(self._unmarked(info.instruction, info)),
            description=text_lines(self._unmarked(info.description, info)),
            who=one_line(info.sender_name or alert.sender),
            contact=one_line(info.contact),
            web=one_line(info.web),
            language=info.language[:2].casefold(),
            responses=tuple(
                self.words.say(f"response.{one}", self.language) for one in info.response_types if one in TO_DO
            ),
        )

    def _where(self, info: Info) -> tuple[str, ...]:
        listed = dict.fromkeys(filter(None, (one_line(area.area_desc) for area in info.areas[:MOST_AREAS])))
        more = len(info.areas) - MOST_AREAS
        return (*listed, self.words.say("telling.more", self.language, count=more)) if more > 0 else tuple(listed)

    def _what(self, info: Info) -> str:
        said = one_line(self._unmarked(info.event, info))
        if self.hazards is None or info.language[:2].casefold() == self.language:
            return said
        names = [self.hazards.get(one).name(self.language) for one in sorted(self.hazards.of(info)) if one != OTHER]
        return ", ".join(names) or said

    def _unmarked(self, text: str, info: Info) -> str:
        """`text` without the mode's word: the layout says it, once and first."""
        if self.mode == "actual":
            return text
        for language in (info.language, self.language):
            word = self.words.say(f"mode.{self.mode}", language)
            text = text.removeprefix(self.words.say("mode.prefix", language, mode=word, text=""))
        return text

    def _level(self, info: Info) -> str:
        for name, key, most in LEVELS:
            said = (info.parameter(name) or "").strip()
            if said in {str(n) for n in range(1, most + 1)}:
                return self.words.say(key, self.language, level=said)
        severity = info.severity if f"severity.{info.severity}" in self.words.texts["vi"] else "Unknown"
        return self.words.say(f"severity.{severity}", self.language)


def _notes(owed: Owed, words: Words, language: str) -> tuple[str, ...]:
    """What makes the alert less certain than it looks."""
    keys = {"area-uncertain": "area.uncertain", "area-unresolved": "area.unresolved"}
    return tuple(words.say(key, language) for flag, key in keys.items() if flag in owed.flags)


def _line(one: Mapping[str, Any], words: Words, language: str) -> str:
    """One alert of a summary: how grave, what it says, until when."""
    severity = str(one.get("severity", "Unknown"))
    known = severity if f"severity.{severity}" in words.texts["vi"] else "Unknown"
    until = str(one.get("live_until", ""))
    told = {
        "severity": words.say(f"severity.{known}", language),
        "headline": one_line(str(one.get("headline", ""))) or str(one.get("identifier", "")),
        "until": moment(datetime.fromisoformat(until)) if until else "?",
    }
    return words.say("telling.line", language, **told)
