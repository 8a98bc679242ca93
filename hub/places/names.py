"""Which unit a name means: marked letters first, then without diacritics; several that fit are given back for a person to choose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hub.places.unit import Unit
from hub.spelling import fold, marked_key


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
_SHORT_PLAIN = re.compile(r"\b(TP|TX)\s+(?=\w)", re.IGNORECASE)

_MARKED_KINDS = {marked_key(kind): kind for kind in KINDS}
_FOLDED_KINDS = {fold(kind): kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Written:
    """A name as written: the kinds it may be of (empty: not said) and its keys without the kind."""

    kinds: tuple[str, ...]
    marked: str
    folded: str


def spell_out(text: str) -> str:
    """`text` with "TP.", "H.", "TX." and the like written out; a single letter counts only with its full stop."""
    spelled = _SHORT_DOTTED.sub(lambda found: _SHORT[found[1].upper()] + " ", _CITY.sub("TP ", text))
    return _SHORT_PLAIN.sub(lambda found: _SHORT[found[1].upper()] + " ", spelled)


def written(text: str) -> Written:
    """The name in `text`, parted from the kind before it ("huyện …", "H.…") or after it ("… District")."""
    spelled = spell_out(text)
    marked, folded = marked_key(spelled), fold(spelled)
    for table, key in ((_MARKED_KINDS, marked), (_FOLDED_KINDS, folded)):
        for kind_key, kind in table.items():
            if key.startswith(kind_key + " "):
                rest = kind_key.count(" ") + 1
                return Written((kind,), " ".join(marked.split()[rest:]), " ".join(folded.split()[rest:]))
    last = folded.rpartition(" ")[2]
    if last in _ENGLISH and folded != last:
        return Written(_ENGLISH[last], marked.rpartition(" ")[0], folded.rpartition(" ")[0])
    return Written((), marked, folded)


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
        return one_each(exact(name, [unit for unit in fitting if self._rank(unit) == best]))

    def fitting(self, name: Written, *, level: str = "", marked_only: bool = False) -> list[Unit]:
        """Every version of every unit that fits, by the marked letters, else without diacritics unless `marked_only`."""
        for index, key in ((self._marked, name.marked), (self._folded, name.folded)):
            found = [u for u in index.get(key, ()) if _fits(u, name.kinds) and (not level or u.level == level)]
            if not name.kinds:
                found = [
                    u for u in found if u.level == "province"
                ] or found  # "Long An" is the province before the commune
            if found or marked_only:
                return found
        return []

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
