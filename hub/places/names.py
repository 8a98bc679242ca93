"""Which unit a name means: marked letters first, then without diacritics; several that fit are given back for a person to choose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hub.places.unit import Unit
from hub.spelling import fold, has_marks, marked_key


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The name fits several units: ask which. The likeliest stand first."""

    text: str
    candidates: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing in the gazetteer is called so."""

    text: str


Found = Unit | Ambiguous | Unknown

KINDS: dict[str, frozenset[str]] = {
    "tỉnh": frozenset({"Tỉnh", "Thành phố"}),
    "thành phố": frozenset({"Thành phố", "Tỉnh", "Thị xã"}),
    "thị xã": frozenset({"Thị xã", "Thành phố"}),
    "huyện": frozenset({"Huyện"}),
    "quận": frozenset({"Quận"}),
    "xã": frozenset({"Xã", "Phường", "Thị trấn"}),
    "phường": frozenset({"Phường", "Xã", "Thị trấn"}),
    "thị trấn": frozenset({"Thị trấn", "Xã", "Phường"}),
    "đặc khu": frozenset({"Đặc khu"}),
}
"""Kind as written -> kinds of units it can mean: units change their kind faster than people change their words."""

_LEVEL = {"tỉnh": "province", "huyện": "district", "quận": "district", "thị xã": "district"}
_ENGLISH = {
    "province": ("tỉnh",),
    "city": ("thành phố",),
    "district": ("huyện", "quận"),
    "town": ("thị xã", "thị trấn"),
    "township": ("thị trấn",),
    "commune": ("xã",),
    "ward": ("phường",),
}
_SHORT = {
    "TP": "thành phố",
    "TX": "thị xã",
    "TT": "thị trấn",
    "H": "huyện",
    "X": "xã",
    "P": "phường",
    "Q": "quận",
    "T": "tỉnh",
}
_CITY = re.compile(r"\bT\.\s?P\b\.?", re.IGNORECASE)
_SHORT_DOTTED = re.compile(r"\b(TP|TX|TT|H|X|P|Q|T)\.\s*(?=\w)", re.IGNORECASE)
_SHORT_PLAIN = re.compile(r"\b(TP|TX|TT)\s+(?=\w)", re.IGNORECASE)
_GLUED_NUMBER = re.compile(r"(?<=[^\W\d_]{2})(?=\d{1,2}\b)")
_TONED = re.compile(r"[^\W\d]\d\b")
"""A syllable of a marked key with its tone behind it."""
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}
_LEAST_TYPED = 6
"""Letters from which on a name with one letter wrong, missing or too many is still told from others."""
_MOST_TYPED = 60
_STRANGERS = 2
"""The rank from which on units are not ours."""

_MARKED_KINDS = {marked_key(kind): kind for kind in KINDS}
_FOLDED_KINDS = {fold(kind): kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Written:
    """A name as written: the kinds it may be of (empty: not said), its keys without the kind, and whether it bears diacritics."""

    kinds: tuple[str, ...]
    marked: str
    folded: str
    marks: bool = False


def spell_out(text: str) -> str:
    """`text` with "TP.", "H.", "TX." and the like written out; a single letter counts only with its full stop."""
    spelled = _SHORT_DOTTED.sub(lambda found: _SHORT[found[1].upper()] + " ", _CITY.sub("TP ", text))
    spelled = _SHORT_PLAIN.sub(lambda found: _SHORT[found[1].upper()] + " ", spelled)
    return _GLUED_NUMBER.sub(" ", spelled)


def written(text: str) -> Written:
    """The name in `text`, parted from the kind before it ("huyện …", "H.…") or after it ("… District")."""
    spelled = spell_out(text)
    marked, folded = marked_key(spelled), fold(spelled)
    for table, key in ((_MARKED_KINDS, marked), (_FOLDED_KINDS, folded)):
        for kind_key, kind in table.items():
            if key.startswith(kind_key + " "):
                rest = kind_key.count(" ") + 1
                return _written((kind,), " ".join(marked.split()[rest:]), " ".join(folded.split()[rest:]))
    last = folded.rpartition(" ")[2]
    if last in _ENGLISH and folded != last:
        return _written(_ENGLISH[last], marked.rpartition(" ")[0], folded.rpartition(" ")[0])
    return _written((), marked, folded)


def _written(kinds: tuple[str, ...], marked: str, folded: str) -> Written:
    """A number at the end is written in digits: Bàu Hàm II is Bàu Hàm 2."""
    head, _, last = folded.rpartition(" ")
    if head and last in _ROMAN:
        marked, folded = f"{marked.rpartition(' ')[0]} {_ROMAN[last]}", f"{head} {_ROMAN[last]}"
    return Written(kinds, marked, folded, marks=_TONED.search(marked) is not None or has_marks(marked))


class Names:
    """The index of names. `rank` orders units: 0 is most likely meant (ours, in force), higher ones count only without lower."""

    def __init__(self, units: Iterable[Unit], rank: Callable[[Unit], int]) -> None:
        self._rank = rank
        self._marked: dict[str, list[Unit]] = {}
        self._folded: dict[str, list[Unit]] = {}
        for unit in units:
            for name in (unit.name, *unit.aliases, unit.name_en):
                if name:
                    self._add(unit, written(name))
                    self._add(unit, Written((), marked_key(name), fold(name)))

    def _add(self, unit: Unit, name: Written) -> None:
        for index, key in ((self._marked, name.marked), (self._folded, name.folded)):
            listed = index.setdefault(key, [])
            if unit not in listed:
                listed.append(unit)

    def find(self, name: Written, *, level: str = "", marked_only: bool = False) -> list[Unit]:
        """The units that fit, one version per code, the likeliest only; [] when none is called so."""
        fitting = self.fitting(name, level=level, marked_only=marked_only)
        best = min((self._rank(unit) for unit in fitting), default=0)
        meant = [unit for unit in fitting if self._rank(unit) == best or (not name.kinds and unit.level == "province")]
        return one_each(exact(name, meant))

    def fitting(self, name: Written, *, level: str = "", marked_only: bool = False) -> list[Unit]:
        """Every version of every unit that fits: by its letters with diacritics when it bears some, else without.

        `marked_only` is for a bare name in a text with diacritics elsewhere: it means what it says, and is no name without its marks.
        """
        indexes = [(self._marked, name.marked)] if name.marks or marked_only else []
        indexes += [] if marked_only else [(self._folded, name.folded)]
        for index, key in indexes:
            found = [u for u in index.get(key, ()) if _fits(u, name.kinds) and (not level or u.level == level)]
            if found:
                return found if name.kinds else self._provinces_first(found)
        return []

    def _provinces_first(self, found: list[Unit]) -> list[Unit]:
        """ "Long An" is the province before the commune, unless the province is no more and ours in force is called so."""
        provinces = [unit for unit in found if unit.level == "province"]
        gone = all(self._rank(unit) % 2 for unit in provinces)
        return found if not provinces or (gone and any(self._rank(unit) == 0 for unit in found)) else provinces

    def knows(self, folded: str) -> bool:
        """Whether any unit has that name without diacritics and kind: quicker than asking which."""
        return folded in self._folded

    def near(self, name: Written, *, level: str = "") -> list[Unit]:
        """Our units, the likeliest version of each, whose name is as this one but for one letter or the spaces; [] for a short name."""
        if len(name.folded) < _LEAST_TYPED or len(name.folded) > _MOST_TYPED or name.folded.isdigit():
            return []
        found = [
            unit
            for key, units in self._folded.items()
            if abs(len(key) - len(name.folded)) <= 2 and _alike(key, name.folded)
            for unit in units
            if self._rank(unit) < _STRANGERS and _fits(unit, name.kinds) and (not level or unit.level == level)
        ]
        best = min((self._rank(unit) for unit in found), default=0)
        return one_each([unit for unit in found if self._rank(unit) == best])

    def starting(self, text: str) -> list[Unit]:
        """Units with a name that holds the folded `text`, those that begin with it first; one version per code."""
        wanted = written(text)
        hits: dict[str, tuple[int, int, str, Unit]] = {}
        for key, units in self._folded.items():
            if not wanted.folded or wanted.folded not in key:
                continue
            begins = 0 if key.startswith(wanted.folded) else 1
            for unit in units:
                if not _fits(unit, wanted.kinds):
                    continue
                place = (self._rank(unit), begins, unit.code, unit)
                if unit.code not in hits or place[:3] < hits[unit.code][:3]:
                    hits[unit.code] = place
        return [hit[3] for hit in sorted(hits.values(), key=lambda hit: hit[:3])]


def _alike(one: str, other: str) -> bool:
    """Whether they differ by one letter at most, or only in their spaces."""
    if one.replace(" ", "") == other.replace(" ", ""):
        return True
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    same = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    rest = short[same + 1 :] if len(short) == len(long) else short[same:]
    return rest == long[same + 1 :] and not (long[same : same + 1].isdigit() or short[same : same + 1].isdigit())


def exact(name: Written, units: Sequence[Unit]) -> list[Unit]:
    """Those of exactly the kind that was written, or all when none is."""
    return [unit for unit in units if unit.kind.casefold() in name.kinds] or list(units)


def one_each(units: Sequence[Unit]) -> list[Unit]:
    """The latest version of each code, in the order of levels and codes."""
    latest = {unit.code: unit for unit in sorted(units, key=lambda unit: unit.valid_from)}
    return sorted(latest.values(), key=lambda unit: (len(unit.code), unit.code))


def _fits(unit: Unit, kinds: tuple[str, ...]) -> bool:
    if not kinds:
        return True
    return any(unit.kind in KINDS[kind] and unit.level == _LEVEL.get(kind, unit.level) for kind in kinds)
