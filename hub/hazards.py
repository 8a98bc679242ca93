"""Hazards: the table of what can happen, and which of it an info speaks of. The data are `config/hazards.csv`.

A hazard is known by an event code, else by words of the event and the headline, else by words of the description, else by the CAP
category. A negative word hides only the letters it covers ("bão giá"), never the rest of the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from hub.cap.model import CATEGORIES, Info
from hub.errors import ConfigError
from hub.faults import Faults, gathering
from hub.sheets import Row, many, number, read_rows
from hub.spelling import fold, has_marks, marked_key

OTHER = "other"
SOUNDS = ("alarm", "warning", "notice")
COLUMNS = (
    "id", "vi", "en", "category", "lifetime_h", "window_h", "sound", "closed", "fallback", "codes", "words", "not_words",
)  # fmt: skip
_MOST_DESCRIPTION = 2000


@dataclass(frozen=True, slots=True)
class Hazard:
    """One kind of danger.

    `lifetime_h` is how long an alert without `expires` lives; `window` is how long after one warning another of the same hazard and
    place is still the same incident. `sound` is alarm, warning or notice. A `closed` hazard goes to listed recipients only. `fallback`
    are CAP categories that mean it when no word does. `codes` are ("system", "value") of event codes.
    """

    id: str
    vi: str
    en: str
    category: str
    lifetime_h: float
    window: timedelta
    sound: str
    closed: bool = False
    fallback: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    not_words: tuple[str, ...] = ()

    def name(self, language: str) -> str:
        """Its name in "vi" or "en"."""
        return self.en if language.casefold().startswith("en") else self.vi


@dataclass(frozen=True)
class Hazards:
    """The table, in its order; `of` reads infos."""

    listed: tuple[Hazard, ...]
    _by_id: dict[str, Hazard] = field(init=False, repr=False)
    _codes: dict[tuple[str, str], list[str]] = field(init=False, repr=False)
    _words: _Index = field(init=False, repr=False)
    _hidden: _Index = field(init=False, repr=False)

    def __post_init__(self) -> None:
        codes: dict[tuple[str, str], list[str]] = {}
        for hazard in self.listed:
            for system, value in hazard.codes:
                codes.setdefault((fold(system), value.casefold()), []).append(hazard.id)
        object.__setattr__(self, "_by_id", {hazard.id: hazard for hazard in self.listed})
        object.__setattr__(self, "_codes", codes)
        object.__setattr__(self, "_words", _Index((hazard.id, hazard.words) for hazard in self.listed))
        object.__setattr__(self, "_hidden", _Index((hazard.id, hazard.not_words) for hazard in self.listed))

    @classmethod
    def load(cls, path: Path, faults: Faults | None = None) -> Hazards:
        """The table in that file.

        Raises:
            ConfigError: it is missing or has no row "other"; without `faults` also for every row that makes no sense.
        """
        listed: list[Hazard] = []
        with gathering(faults) as kept:
            for line, row in read_rows(path, COLUMNS, kept):
                with kept.kept(row["id"], where=f"{path.name} line {line}"):
                    hazard = _hazard(row)
                    if any(hazard.id == other.id for other in listed):
                        raise ConfigError("id", f"{hazard.id!r} stands there twice", "one row per hazard")
                    listed.append(hazard)
            if not any(hazard.id == OTHER for hazard in listed) and OTHER not in kept.blamed:
                kept.add(f"{path.name}: id", f"{OTHER!r} is missing", "what fits no other row goes there")
        return cls(tuple(listed))

    def __iter__(self) -> Iterator[Hazard]:
        return iter(self.listed)

    def __contains__(self, hazard_id: object) -> bool:
        return hazard_id in self._by_id

    def get(self, hazard_id: str) -> Hazard:
        """The hazard of that id, "other" for an id that is not in the table (it may come from an older one)."""
        return self._by_id.get(hazard_id, self._by_id[OTHER])

    def of(self, info: Info) -> frozenset[str]:
        """The ids of all hazards the info speaks of; {"other"} when it says nothing we know."""
        coded = {
            one
            for code in info.event_codes
            for one in self._coded(fold(code.value_name), code.value.strip().casefold())
        }
        found = coded | self._said(f"{info.event} . {info.headline}")
        found = found or self._said(info.description[:_MOST_DESCRIPTION])
        found = found or {h.id for h in self.listed if set(h.fallback) & set(info.categories)}
        return frozenset(found or {OTHER})

    def lifetime_h(self, hazard_ids: Iterable[str]) -> float:
        """Hours an alert of these hazards lives when its source named no end: the longest of them."""
        return max((self.get(one).lifetime_h for one in hazard_ids), default=self.get(OTHER).lifetime_h)

    def windows(self) -> dict[str, timedelta]:
        """Hazard id -> how long after one warning's end another is still about the same event."""
        return {hazard.id: hazard.window for hazard in self.listed}

    def closed(self) -> frozenset[str]:
        """The hazards that go to listed recipients only."""
        return frozenset(hazard.id for hazard in self.listed if hazard.closed)

    def _coded(self, system: str, value: str) -> Sequence[str]:
        """A code of the hub's own (VN:hazard) is the id itself; others stand in the table, whatever profile their name carries."""
        if system in ("vn hazard", "hub hazard"):
            return [value] if value in self._by_id else []
        return next(
            (ids for (known, code), ids in self._codes.items() if code == value and known in system.split()), []
        )

    def _said(self, text: str) -> set[str]:
        tokens = marked_key(text).split()
        found = self._words.found(tokens)
        hidden = self._hidden.found(tokens) if found else {}
        said = {one for one, spans in found.items() if any(not _covered(s, hidden.get(one, ())) for s in spans)}
        if not said and not has_marks(text):
            said = set(self._words.found_folded(fold(text).split()))
        return said


Span = tuple[int, int]


class _Index:
    """Words of several syllables by their first one, to find them in a run of syllables."""

    def __init__(self, listed: Iterable[tuple[str, Sequence[str]]]) -> None:
        self._marked: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._folded: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for hazard_id, words in listed:
            for word in words:
                key, bare = tuple(marked_key(word).split()), tuple(fold(word).split())
                self._marked.setdefault(key[0], []).append((key, hazard_id))
                # One syllable without its marks means too much: "bao" is bão, báo, bảo and bao.
                if len(bare) > 1:
                    self._folded.setdefault(bare[0], []).append((bare, hazard_id))

    def found(self, tokens: Sequence[str]) -> dict[str, list[Span]]:
        """Where each hazard's words stand among the syllables."""
        return _matches(self._marked, tokens)

    def found_folded(self, tokens: Sequence[str]) -> dict[str, list[Span]]:
        """The same for a text without diacritics, by words of at least two syllables."""
        return _matches(self._folded, tokens)


def _matches(index: dict[str, list[tuple[tuple[str, ...], str]]], tokens: Sequence[str]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for start, token in enumerate(tokens):
        for word, hazard_id in index.get(token, ()):
            if tuple(tokens[start : start + len(word)]) == word:
                found.setdefault(hazard_id, []).append((start, start + len(word)))
    return found


def _covered(span: Span, hidden: Sequence[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in hidden)


def _hazard(row: Row) -> Hazard:
    lifetime_h, window_h = number(row, "lifetime_h", least=0.01, most=1e5), number(row, "window_h", least=0, most=1e5)
    for column in ("id", "vi", "en", "lifetime_h", "window_h"):
        if not row[column]:
            raise ConfigError(column, "is empty", "every hazard has an id, a name in both languages and its hours")
    if row["sound"] not in SOUNDS:
        raise ConfigError("sound", f"{row['sound']!r} is unknown", ", ".join(SOUNDS))
    if row["closed"] not in ("", "yes"):
        raise ConfigError("closed", f"{row['closed']!r} is unknown", "yes, or nothing")
    for column in ("category", "fallback"):
        wrong = [one for one in many(row[column]) if one not in CATEGORIES]
        if wrong or (column == "category" and not row[column]):
            raise ConfigError(column, f"{wrong} is no CAP category", ", ".join(CATEGORIES))
    odd = [code for code in many(row["codes"]) if "=" not in code]
    if odd:
        raise ConfigError("codes", f"{odd[0]!r} names no system", "SAME=FLW")
    assert lifetime_h is not None  # neither is empty, as checked above
    assert window_h is not None
    return Hazard(
        id=row["id"],
        vi=row["vi"],
        en=row["en"],
        category=row["category"],
        lifetime_h=lifetime_h,
        window=timedelta(hours=window_h),
        sound=row["sound"],
        closed=row["closed"] == "yes",
        fallback=many(row["fallback"]),
        codes=tuple((s, v) for s, _, v in (code.partition("=") for code in many(row["codes"]))),
        words=many(row["words"]),
        not_words=many(row["not_words"]),
    )
