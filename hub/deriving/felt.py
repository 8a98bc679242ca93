"""The words of where an earthquake is felt: one CAP alert for one earthquake, an info for each severity and language. Pure.

The epicentre stands in the gravest infos as a circle of radius 0, so that the alert joins the incident of the networks' own. Parameters:
`magnitude`, `originTime`, `depthKm`, `intensityMedian` and `intensityUpper` (greatest of the info's units), `computed`. There is no
`VN:capDoRuiRo`: the level comes from the authorities. Urgency is Immediate: what is to be done is to be done now, and Past would end
the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.cap.model import Alert, Area, Circle, Info, NamedValue, severity_rank
from hub.deriving.impact import Felt, Quake, QuakeRules
from hub.deriving.intensity import QuakeScale
from hub.deriving.telling import LANGUAGES, MOST_HEADLINE, Voice
from hub.words import VIETNAM, decimal, moment

HAZARD = "earthquake"
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Shaking:
    """One earthquake as the networks tell it, and the units that feel it, the strongest first. `main` is the strongest of `quakes`."""

    quakes: tuple[Quake, ...]
    felt: tuple[Felt, ...]
    rules: QuakeRules
    aftershock: bool

    @property
    def main(self) -> Quake:
        return max(self.quakes, key=lambda quake: (quake.magnitude, quake.source))

    @property
    def expires(self) -> datetime:
        """When the estimate ends: a full hour, so that a second more or less in a review is no news."""
        end = (self.main.at + self.rules.lasts).astimezone(VIETNAM)
        whole = end.replace(minute=0, second=0, microsecond=0)
        return whole if whole == end else whole + timedelta(hours=1)


def told(shaking: Shaking, scale: QuakeScale, voice: Voice, *, sent: datetime) -> Alert:
    """The alert that says where it is felt, or that it no longer is when nobody feels it."""
    infos = [
        info
        for severity, felt in _bands(shaking.felt, scale)
        for info in _infos(shaking, severity, felt, scale, voice, first=felt[0] is shaking.felt[0])
    ]
    infos = infos or _ended(shaking, voice)
    return Alert(
        identifier="", sender=voice.speaker.sender, sent=sent, source=_sources(shaking.quakes), infos=tuple(infos)
    )


def _bands(felt: Sequence[Felt], scale: QuakeScale) -> list[tuple[str, list[Felt]]]:
    """(severity, its units), gravest first."""
    found: dict[str, list[Felt]] = {}
    for one in felt:
        found.setdefault(scale.band(one.median).severity, []).append(one)
    return sorted(found.items(), key=lambda band: severity_rank(band[0]))


def _infos(
    shaking: Shaking, severity: str, felt: Sequence[Felt], scale: QuakeScale, voice: Voice, *, first: bool
) -> list[Info]:
    quake, names = shaking.main, _names(felt, voice)
    areas: tuple[Area, ...] = (Area(", ".join(names), geocodes=tuple(NamedValue("VN:GSO", one.unit) for one in felt)),)
    if first:
        areas = (*areas, Area("Chấn tâm / Epicentre", circles=(Circle(quake.lat, quake.lon, 0.0),)))
    hazard = voice.hazards.get(HAZARD)
    return [
        Info(
            event=hazard.name(language),
            categories=(hazard.category,),
            urgency="Immediate",
            severity=severity,
            certainty="Likely",
            language=LANGUAGES[language],
            response_types=("Monitor",) if severity == "Minor" else ("Assess",),
            event_codes=(NamedValue("VN:hazard", HAZARD),),
            expires=shaking.expires,
            sender_name=voice.speaker.sender_name,
            headline=_headline(shaking, felt, names, scale, voice, language),
            description=_description(shaking, severity, felt, scale, voice, language),
            instruction=voice.words.say(f"quake.advice_{severity}", language),
            web=voice.speaker.web,
            contact=voice.speaker.contact,
            parameters=_parameters(shaking, felt),
            areas=areas,
        )
        for language in LANGUAGES
    ]


def _headline(
    shaking: Shaking, felt: Sequence[Felt], names: Sequence[str], scale: QuakeScale, voice: Voice, language: str
) -> str:
    places = ", ".join(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        places = voice.words.say("quake.and_more", language, places=places, count=len(names) - MOST_NAMED)
    intensity = _between(voice, language, scale.band(felt[-1].median).roman, scale.band(felt[0].median).roman)
    magnitude = _number(shaking.main.magnitude, language, 1)
    said = voice.words.say("quake.headline", language, magnitude=magnitude, intensity=intensity, places=places)
    return said if len(said) <= MOST_HEADLINE else f"{said[: MOST_HEADLINE - 1]}…"


def _description(
    shaking: Shaking,
    severity: str,
    felt: Sequence[Felt],
    scale: QuakeScale,
    voice: Voice,
    language: str,
) -> str:
    words, quake = voice.words, shaking.main
    known = quake.depth_km is not None
    depth = _number(quake.depth_km if quake.depth_km is not None else shaking.rules.depth_km, language, 0)
    median = _between(voice, language, scale.band(felt[-1].median).roman, scale.band(felt[0].median).roman)
    upper = scale.band(max(one.upper for one in felt)).roman
    said = [
        words.say(
            "quake.where",
            language,
            at=moment(quake.at),
            depth=words.say("quake.depth" if known else "quake.depth_unknown", language, depth=depth),
            epicentre=_epicentre(shaking.felt, voice, language),
        ),
        words.say(
            "quake.estimate",
            language,
            median=median,
            upper=upper,
            felt=words.say(f"quake.felt_{severity}", language),
        ),
    ]
    said += [words.say("quake.aftershock", language)] if shaking.aftershock else []
    return "\n".join([*said, words.say("quake.computed", language, sources=_sources(shaking.quakes))])


def _epicentre(felt: Sequence[Felt], voice: Voice, language: str) -> str:
    """Where it was, by the unit nearest to it."""
    nearest = min(felt, key=lambda one: one.distance_km)
    (name,), distance = _names([nearest], voice), _number(nearest.distance_km, language, 0)
    key = "quake.inside" if nearest.distance_km == 0 else "quake.away"
    return voice.words.say(key, language, nearest=name, distance=distance)


def _ended(shaking: Shaking, voice: Voice) -> list[Info]:
    """What is said when an estimate is taken back."""
    hazard = voice.hazards.get(HAZARD)
    return [
        Info(
            event=hazard.name(language),
            categories=(hazard.category,),
            urgency="Past",
            severity="Minor",
            certainty="Unlikely",
            language=LANGUAGES[language],
            event_codes=(NamedValue("VN:hazard", HAZARD),),
            expires=shaking.expires,
            sender_name=voice.speaker.sender_name,
            headline=voice.words.say("quake.ended", language)[:MOST_HEADLINE],
            description=voice.words.say("quake.computed", language, sources=_sources(shaking.quakes)),
            areas=(
                Area("Chấn tâm / Epicentre", circles=(Circle(shaking.main.lat, shaking.main.lon, 0.0),)),
                Area(
                    voice.gazetteer.province.full_name, geocodes=(NamedValue("VN:GSO", voice.gazetteer.province.code),)
                ),
            ),
        )
        for language in LANGUAGES
    ]


def _parameters(shaking: Shaking, felt: Sequence[Felt]) -> tuple[NamedValue, ...]:
    quake = shaking.main
    said = (
        ("magnitude", f"{quake.magnitude:.1f}"),
        ("originTime", quake.at.isoformat()),
        ("depthKm", "" if quake.depth_km is None else f"{quake.depth_km:g}"),
        ("intensityMedian", f"{felt[0].median:.2f}"),
        ("intensityUpper", f"{max(one.upper for one in felt):.2f}"),
        ("aftershock", "1" if shaking.aftershock else ""),
        ("computed", "hệ thống tính"),
    )
    return tuple(NamedValue(name, value) for name, value in said if value)


def _names(felt: Sequence[Felt], voice: Voice) -> list[str]:
    known = [voice.gazetteer.get(one.unit) for one in felt]
    return [unit.full_name if unit is not None else one.unit for unit, one in zip(known, felt, strict=True)]


def _between(voice: Voice, language: str, low: str, high: str) -> str:
    return high if low == high else voice.words.say("quake.between", language, low=low, high=high)


def _sources(quakes: Sequence[Quake]) -> str:
    return ", ".join(sorted({quake.source for quake in quakes}))


def _number(value: float, language: str, digits: int) -> str:
    return decimal(value, digits) if language == "vi" else f"{value:.{digits}f}"
