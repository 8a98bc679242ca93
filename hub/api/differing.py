"""Where the sources of one incident say different things, in words: the figures, who says them, and that the gravest counts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Any

from hub.acceptance.incident import IncidentFacts, disagreement, km_between
from hub.words import LANGUAGES, Words, decimal

Said = tuple[float, str]
"""(figure, source)."""


def differences(chains: Sequence[IncidentFacts], words: Words) -> list[dict[str, Any]]:
    """One entry for each thing about which `chains` differ: `about`, the figures, and a sentence in each language.

    `about` is severity, magnitude (differing by 0.1 as shown), depth (1 km), place (1 km) or time (1 s). Empty when all say the same.
    """
    found = [
        _severity(chains, words),
        _range("magnitude", ((c.magnitude, c.source) for c in chains), words, digits=1),
        _range("depth", ((c.depth_km, c.source) for c in chains), words, digits=0),
        _apart("place", chains, km_between, words),
        _apart("time", chains, _seconds_between, words),
    ]
    return [one for one in found if one is not None]


def _severity(chains: Sequence[IncidentFacts], words: Words) -> dict[str, Any] | None:
    said = disagreement(chains)
    if len({severity for _, severity in said.severities}) < 2:
        return None
    return {
        "about": "severity",
        "gravest": said.severity,
        "severities": [{"source": source, "severity": severity} for source, severity in said.severities],
        **{
            language: words.say(
                "incident.severity",
                language,
                listed=", ".join(
                    f"{words.say(f'severity.{severity}', language)} ({source})" for source, severity in said.severities
                ),
            )
            for language in LANGUAGES
        },
    }


def _range(about: str, said: Iterable[tuple[float | None, str]], words: Words, *, digits: int) -> dict[str, Any] | None:
    figures: list[Said] = sorted((figure, source) for figure, source in said if figure is not None)
    if not figures or round(figures[0][0], digits) == round(figures[-1][0], digits):
        return None
    (least, least_by), (most, most_by) = figures[0], figures[-1]
    return {
        "about": about,
        "least": {"source": least_by, "value": least},
        "most": {"source": most_by, "value": most},
        **{
            language: words.say(
                f"incident.{about}",
                language,
                least=_shown(least, digits, language),
                least_by=least_by,
                most=_shown(most, digits, language),
                most_by=most_by,
            )
            for language in LANGUAGES
        },
    }


def _apart(
    about: str,
    chains: Sequence[IncidentFacts],
    between: Callable[[IncidentFacts, IncidentFacts], float | None],
    words: Words,
) -> dict[str, Any] | None:
    """The two that lie farthest apart, when it is 1 km or 1 s at least."""
    located = sorted((c for c in chains if c.lat is not None), key=lambda c: (c.source, c.chain_id))
    pairs = [(between(a, b) or 0.0, a.source, b.source) for a, b in combinations(located, 2)]
    apart, first, second = max(pairs, key=lambda pair: pair[0], default=(0.0, "", ""))
    if round(apart) < 1:
        return None
    return {
        "about": about,
        "apart": apart,
        "sources": [first, second],
        **{
            language: words.say(
                f"incident.{about}", language, apart=_shown(apart, 0, language), least_by=first, most_by=second
            )
            for language in LANGUAGES
        },
    }


def _seconds_between(a: IncidentFacts, b: IncidentFacts) -> float:
    return abs(a.began_at - b.began_at).total_seconds()


def _shown(figure: float, digits: int, language: str) -> str:
    return decimal(figure, digits) if language == "vi" else f"{figure:.{digits}f}"
