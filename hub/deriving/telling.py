"""The words of what a gauge's numbers mean: one CAP alert for one change, in Vietnamese and English, without identity. Pure.

Acceptance mints identity, msgType and references; an end is an Update whose infos are AllClear and Past. Parameters: `VN:baoDong` (the
alarm level that is in force, 1 … 3), `VN:capDoRuiRoHeThongTinh` (what the hub computes; the official level, `VN:capDoRuiRo`, comes
with a bulletin and is never set here), `gauge:station`, `gauge:quantity`, `gauge:value`, `gauge:unit`, `gauge:datum`, `gauge:at`,
`gauge:above` (over the highest level it has reached), `gauge:trend`, `gauge:state` (live or no-data), `gauge:change`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.cap.model import Alert, Area, Info, NamedValue
from hub.deriving import thresholds
from hub.deriving.scales import Rung
from hub.deriving.stations import Gauge
from hub.deriving.thresholds import CLEARED, FELL, SILENT, Scale, Seen, State
from hub.hazards import Hazards
from hub.places import Gazetteer
from hub.words import VIETNAM, Words, decimal, moment

LANGUAGES = {"vi": "vi-VN", "en": "en-US"}
RESPONSES: Mapping[int, tuple[str, ...]] = {1: ("Monitor",), 2: ("Prepare",), 3: ("Execute", "Avoid")}
MOST_HEADLINE = 160
_DIGITS = 2
_LEAST = 0.5 * 10**-_DIGITS
"""A difference that would be written as nought is none."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """In whose name the hub speaks: the profile's sender, its name, address and telephone."""

    sender: str
    sender_name: str = ""
    web: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """Everything texts are made of."""

    speaker: Speaker
    words: Words
    gazetteer: Gazetteer
    hazards: Hazards


@dataclass(frozen=True, slots=True)
class News:
    """One change to be told: `state` is after it, `sent` and `expires` are the alert's."""

    gauge: Gauge
    scale: Scale
    state: State
    change: str
    sent: datetime
    expires: datetime

    @property
    def last(self) -> Seen:
        last = self.state.last
        assert last is not None  # nothing is told of a gauge that never spoke
        return last

    @property
    def rung(self) -> Rung | None:
        """The rung in force; None once the alert has ended."""
        return self.scale.ladder[self.state.rung - 1] if self.state.rung else None


def told(news: News, voice: Voice) -> Alert:
    """The alert that says it."""
    names = areas_of(news.gauge.units, voice)
    infos = tuple(_info(news, voice, language, names) for language in LANGUAGES)
    sources = ", ".join(one.source for one in news.state.latest)
    return Alert(identifier="", sender=voice.speaker.sender, sent=news.sent, source=sources, infos=infos)


def areas_of(units: tuple[str, ...], voice: Voice) -> tuple[Area, ...]:
    """One area with the codes and names of these units; a unit that is no more is told by its old name, called so, and its code."""
    known = [unit for code in units if (unit := voice.gazetteer.get(code)) is not None]
    names = [
        unit.full_name
        if unit.valid_on(voice.gazetteer.on)
        else voice.words.say("area.former", "vi", name=unit.full_name)
        for unit in known
    ]
    return (Area(", ".join(names), geocodes=tuple(NamedValue("VN:GSO", code) for code in units)),)


def where(scale: Scale, value: float, words: Words, language: str) -> str:
    """The value among the alarm levels: "trên BĐ3 0,43 m"."""
    reached = [(n, mark) for n, mark in scale.levels.marks if value >= mark]
    number, mark = reached[-1] if reached else scale.levels.marks[0]
    key = "gauge.at" if abs(value - mark) < _LEAST else "gauge.above" if reached else "gauge.below"
    return words.say(key, language, level=number, by=_length(abs(value - mark), language))


def trend(state: State) -> str:
    """rising, falling or steady: the last number against the one before it."""
    last = state.last
    if last is None or state.before is None or last.value == state.before:
        return "steady"
    return "rising" if last.value > state.before else "falling"


def _info(news: News, voice: Voice, language: str, areas: tuple[Area, ...]) -> Info:
    gauge, state, rung = news.gauge, news.state, news.rung
    hazard = voice.hazards.get(gauge.hazard)
    ended = news.change == CLEARED
    return Info(
        event=hazard.name(language),
        categories=(hazard.category,),
        urgency="Past" if ended else "Immediate",
        severity=rung.severity if rung is not None else "Minor",
        certainty="Likely" if state.silent else "Observed",
        language=LANGUAGES[language],
        response_types=("AllClear",) if ended else RESPONSES[state.alarm],
        event_codes=(NamedValue("VN:hazard", gauge.hazard),),
        onset=state.began_at.astimezone(VIETNAM) if state.began_at is not None else None,
        expires=news.expires,
        sender_name=voice.speaker.sender_name,
        headline=_headline(news, voice.words, language)[:MOST_HEADLINE],
        description=_description(news, voice.words, language),
        instruction=_instruction(news, voice.words, language),
        web=voice.speaker.web,
        contact=voice.speaker.contact,
        parameters=_parameters(news),
        areas=areas,
    )


def _instruction(news: News, words: Words, language: str) -> str:
    """What to do, at that station on that river: the same advice at another river is another warning and is never covered (CHN-3)."""
    vi = language == "vi"
    return words.say(
        "gauge.advice",
        language,
        station=news.gauge.name if vi else news.gauge.name_en,
        water=news.gauge.water if vi else news.gauge.water_en,
        advice=words.say(f"gauge.advice_{news.state.alarm}", language),
    )


def _headline(news: News, words: Words, language: str) -> str:
    last, vi = news.last, language == "vi"
    gaps = {
        "water": news.gauge.water if vi else news.gauge.water_en,
        "station": news.gauge.name if vi else news.gauge.name_en,
        "value": _length(last.value, language),
        "at": moment(last.at),
        "where": where(news.scale, last.value, words, language),
        "trend": words.say(f"gauge.{trend(news.state)}", language),
        "level": news.state.alarm,
    }
    # A silent gauge's alert is told anew in the words of silence, whatever the change.
    key = SILENT if news.state.silent else news.change if news.change in (FELL, CLEARED) else "now"
    return words.say(f"gauge.{key}", language, **gaps)


def _description(news: News, words: Words, language: str) -> str:
    scale, state = news.scale, news.state
    marks = "; ".join(f"BĐ{number} {_length(value, language)}" for number, value in scale.levels.marks)
    said = [words.say("gauge.levels", language, marks=marks, source=scale.levels.source, datum=scale.levels.datum)]
    if state.alarm and state.last is not None and not scale.holds(state.last.value, state.alarm):
        said.append(words.say("gauge.kept", language, level=state.alarm))
    if state.peak is not None:
        said.append(
            words.say("gauge.peak", language, value=_length(state.peak.value, language), at=moment(state.peak.at))
        )
    rung, historic = news.rung, scale.levels.historic
    if rung is not None and rung.historic and historic is not None:
        on = scale.levels.historic_on
        day = f"{on:%d/%m/%Y}" if on is not None else "?"
        said.append(words.say("gauge.historic", language, value=_length(historic, language), day=day))
    differing = thresholds.apart(scale, state)
    if differing is not None:
        high, low = (f"{_length(one.value, language)} ({one.source})" for one in differing)
        said.append(words.say("gauge.disagree", language, high=high, low=low))
    if rung is not None and rung.risk is not None:
        said.append(words.say("gauge.risk", language, risk=words.say("scale.risk_computed", language, level=rung.risk)))
    said.append(words.say("gauge.computed", language, sources=", ".join(one.source for one in state.latest)))
    return "\n".join(said)


def _parameters(news: News) -> tuple[NamedValue, ...]:
    last, rung = news.last, news.rung
    reached = [mark for _, mark in news.scale.levels.marks if last.value >= mark]
    said = (
        ("VN:baoDong", str(news.state.alarm) if news.state.alarm else ""),
        ("VN:capDoRuiRoHeThongTinh", str(rung.risk) if rung is not None and rung.risk is not None else ""),
        ("gauge:station", news.gauge.station),
        ("gauge:quantity", news.gauge.quantity),
        ("gauge:value", f"{last.value:.10g}"),
        ("gauge:unit", news.gauge.unit),
        ("gauge:datum", news.scale.levels.datum),
        ("gauge:at", last.at.astimezone(VIETNAM).isoformat()),
        ("gauge:above", f"{last.value - reached[-1]:.{_DIGITS}f}" if reached else ""),
        ("gauge:trend", trend(news.state)),
        ("gauge:state", "no-data" if news.state.silent else "live"),
        ("gauge:change", news.change),
    )
    return tuple(NamedValue(name, value) for name, value in said if value)


def _length(value: float, language: str) -> str:
    """Metres with two decimals, as they are written in that language."""
    return f"{decimal(value, _DIGITS)} m" if language == "vi" else f"{value:.{_DIGITS}f} m"
