"""Which units the words of an `areaDesc` name: the last resort, when an alert gives neither codes nor a shape. Pure.

The words are cut at commas, brackets and "và"; each part must be a name as a whole, with its kind or with the kind said before it in
the list ("các huyện Tân Phú, Định Quán"); inside longer wording only names with their kind count. So a foreign place does not match
because a commune of ours is called alike, and a name whose province is named beside it and is not ours is elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hub.places.names import KINDS, Names, Written, exact, one_each, spell_out, written
from hub.places.structure import Structure
from hub.places.unit import Unit
from hub.spelling import fold, has_marks, marked_key

_CUT = re.compile(
    r"[,;:()\[\]{}/|•·–—&+\n\r\t]+|\s-\s|\.(?:\s|$)|\s+(?:và|hoặc|cùng với|cùng|với|lẫn|and|or)\s+", re.IGNORECASE
)
_LEADING = (
    "các", "một số", "nhiều", "toàn bộ", "toàn", "tất cả", "khắp", "khu vực", "địa bàn", "trên địa bàn", "vùng", "thuộc", "tại",
    "ở", "gồm", "bao gồm", "phần lớn", "trên", "của", "cho", "trong", "những", "phía đông", "phía tây", "phía bắc", "phía nam",
    "province of", "parts of", "the", "districts of", "in", "of",
)  # fmt: skip
_LEADING_KEYS = tuple(sorted({marked_key(w) for w in _LEADING} | {fold(w) for w in _LEADING}, key=len, reverse=True))
_MOST_WORDS = 6
MOST_LETTERS = 8000
"""What stands behind is not read, and a person is asked: naming every commune of the province takes 2,000 letters."""
_MOST_UNKNOWN = 20
_MOST_LOOKED = 60
"""Unknown parts that are compared with every name of ours; a list of more is foreign."""
_KIND_KEYS = tuple(sorted({marked_key(k) for k in KINDS} | {fold(k) for k in KINDS}, key=len, reverse=True))
_KIND_WORDS = tuple(tuple(key.split()) for key in _KIND_KEYS)
_EMPTY = frozenset(word for key in (*_KIND_KEYS, *_LEADING_KEYS) for word in fold(key).split()) | {
    "ap",
    "khom",
    "khu",
    "kp",
    "pho",
    "thon",
    "to",
}
"""Words that name nothing by themselves."""


@dataclass(frozen=True, slots=True)
class Region:
    """A wider area people name: `meaning` is home (it holds our province), elsewhere (it does not) or units (those listed)."""

    meaning: str
    units: tuple[str, ...] = ()


@dataclass
class Wording:
    """What was found: units, `unclear` words that look like places of ours or fit several, whether everything else is elsewhere."""

    units: list[Unit] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    home: bool = False
    elsewhere: bool = False
    unclear: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads wording with an index of names and the structure of the units."""

    names: Names
    regions: Mapping[str, Region]
    structure: Structure

    def read(self, text: str) -> Wording:
        """What `text` names; nothing found at all leaves everything empty. No part that could be a place of ours is passed over:
        what nobody knows stands in `unclear`.
        """
        read = text[:MOST_LETTERS]
        marked = has_marks(read)
        said = [self._part(part, marked) for part in self._parts(read)]
        self._carry(said, marked)
        result = self._judge(said)
        if len(text) > MOST_LETTERS:
            result.unclear.append(f"… {text[MOST_LETTERS:][:60]}")
        return result

    def _parts(self, text: str) -> list[str]:
        joined = re.sub(r"(?<=Rịa|Ria)\s*-\s*(?=V[ũu]ng)", " ", spell_out(text), flags=re.IGNORECASE)
        joined = re.sub(r"(?<=Thiên|Thien)\s*-\s*(?=Hu[ếe])", " ", joined, flags=re.IGNORECASE)
        return [part.strip() for part in _CUT.split(joined) if part and part.strip()]

    def _part(self, part: str, marked: bool) -> _Said:
        key = marked_key(part) if marked else fold(part)
        for _ in range(4):
            region = self.regions.get(key) or self.regions.get(fold(part) if not marked else "")
            if region is not None:
                return _Said(part, region=region)
            name = written(part)
            units = self._units(name, marked_only=marked and not name.kinds)
            if units:
                return _Said(part, name=name, units=units)
            lead = next((k for k in _LEADING_KEYS if key.startswith(k + " ")), None)
            if lead is None:
                break
            part = " ".join(part.split()[lead.count(" ") + 1 :])
            key = marked_key(part) if marked else fold(part)
        return self._inside(part, marked)

    def _inside(self, part: str, marked: bool) -> _Said:
        """Names with their kind, and wider areas, inside a longer wording; our province also without its kind."""
        words = part.split()
        keys = [marked_key(w) if marked else fold(w) for w in words]
        bare = [fold(w) for w in words]
        units: list[Unit] = []
        regions: list[Region] = []
        unclear = ""
        start = 0
        while start < len(words):
            kind = _kind_at(keys, start)
            taken = 0
            for length in range(min(_MOST_WORDS + 2, len(words) - start), 0, -1):
                region = self.regions.get(" ".join(keys[start : start + length])) if length > 1 else None
                found: list[Unit] = []
                if self.names.knows(" ".join(bare[start + kind : start + length])):
                    piece = " ".join(words[start : start + length])
                    found = self._units(written(piece)) if kind else self._home_named(piece, marked)
                if region is not None or found:
                    units += found
                    regions += [region] if region is not None else []
                    taken = length
                    break
            if kind and not taken and start + kind < len(words):
                unclear = part
            start += taken or 1
        return _Said(part, units=units, regions=regions, unclear="" if units or regions else unclear, loose=True)

    def _units(self, name: Written, *, marked_only: bool = False) -> list[Unit]:
        """The units meant. Of ours all that fit count, for a sender may live in the old structure or in the new; one that is gone
        counts beside one that is not only when no kind was said ("Biên Hòa": the former city too).
        """
        fitting = self.names.fitting(name, marked_only=marked_only)
        ours = [u for u in fitting if self.structure.is_home(u) and u.code != self.structure.home]
        if not ours:
            return self.names.find(name, marked_only=marked_only)
        if name.kinds:
            ours = exact(name, ours)
            on = self.structure.on
            ours = [unit for unit in ours if unit.valid_to is None or unit.valid_to > on] or ours
        return one_each(ours)

    def _home_named(self, piece: str, marked: bool) -> list[Unit]:
        name = written(piece)
        if name.kinds:
            return []
        return [u for u in self.names.find(name, level="province", marked_only=marked) if u.code == self.structure.home]

    def _carry(self, said: list[_Said], marked: bool) -> None:
        """A kind said before a list holds for the bare names that follow it, not for the unit above that stands behind one."""
        kinds: tuple[str, ...] = ()
        for n, one in enumerate(said):
            if one.name is not None and one.name.kinds:
                kinds = one.name.kinds
            elif one.region is not None or one.loose:
                kinds = _kind_at_end(one.text, marked) or (() if one.units else kinds)
            if kinds and not (one.name is not None and one.name.kinds) and not self._above(said, n):
                bare = written(one.text)
                units = self._units(replace(bare, kinds=kinds))
                if units and (not one.loose or not one.units):
                    said[n] = _Said(one.text, name=replace(bare, kinds=kinds), units=units)

    def _above(self, said: Sequence[_Said], n: int) -> bool:
        """Whether part `n`, the last, is a district that holds what stands before it: "xã Phú Lâm, Tân Phú"."""
        before = said[n - 1] if n else None
        if before is None or n + 1 < len(said) or _plural(said[0].text):
            return False
        districts = [unit for unit in said[n].units if unit.level == "district"]
        if not districts or _level(before) != "commune":
            return False
        return self._lay_in(self.names.fitting(before.name) if before.name is not None else before.units, districts)

    def _judge(self, said: Sequence[_Said]) -> Wording:
        result = Wording()
        provinces = [u for one in said for u in one.units if u.level == "province"]
        foreign = bool(provinces) and not any(self.structure.is_home(u) for u in provinces)
        for n, one in enumerate(said):
            for region in (*one.regions, *((one.region,) if one.region else ())):
                result.home = result.home or region.meaning == "home"
                result.elsewhere = result.elsewhere or region.meaning == "elsewhere"
                result.codes += region.units
            if one.unclear and not foreign:
                result.unclear.append(one.unclear)
            if self._is_context(said, n):
                continue
            self._take(result, said, n, provinces if foreign else ())
        self._ask(result, said, foreign=foreign)
        return result

    def _ask(self, result: Wording, said: Sequence[_Said], *, foreign: bool) -> None:
        """Parts that name nothing anybody knows are unclear beside places of ours, and everywhere when they are nearly one of ours."""
        ours = result.home or bool(result.codes) or any(self.structure.is_home(unit) for unit in result.units)
        looked = 0
        for one in said:
            if one.units or one.region or one.regions or one.unclear or _says_nothing(one.text):
                continue
            near: list[Unit] = []
            if looked < _MOST_LOOKED:
                looked += 1
                alike = self.names.near(written(_bare(one.text)))
                near = [unit for unit in alike if not foreign or unit.level == "province"]
            if (near or (ours and not foreign)) and len(result.unclear) < _MOST_UNKNOWN:
                meant = " | ".join(unit.full_name for unit in near[:3])
                result.unclear.append(f"{one.text}: {meant}?" if meant else one.text)

    def _take(self, result: Wording, said: Sequence[_Said], n: int, foreign: Sequence[Unit]) -> None:
        """The units of part `n`; of ours only when no other province is named beside them, else that province."""
        units = said[n].units
        below = [u for u in units if u.level != "province"]
        if foreign and below and all(self.structure.is_home(u) for u in below):
            result.elsewhere = True
            result.units += foreign
            return
        units = self._within(said, n)
        result.units += units
        if not said[n].loose and len(units) > 1 and not self._nested(units):
            result.unclear.append(f"{said[n].text}: " + " | ".join(u.full_name for u in units))

    def _within(self, said: Sequence[_Said], n: int) -> list[Unit]:
        """The units of part `n`; those of its name that lay in the district named right behind it, when there are such and the
        units lie elsewhere or apart.
        """
        units, name = said[n].units, said[n].name
        if name is None or n + 1 >= len(said) or said[n + 1].loose or _plural(said[n].text):
            return units
        districts = [unit for unit in said[n + 1].units if unit.level == "district"]
        if not districts or (self._nested(units) and self._lay_in(units, districts)):
            return units
        named = [u for u in self.names.fitting(name) if u.level == "commune" and self.structure.is_home(u)]
        return one_each([u for u in named if self._lay_in([u], districts)]) or units

    def _lay_in(self, below: Sequence[Unit], above: Sequence[Unit]) -> bool:
        """Whether one of the units below has been a part of one of those above, in any version."""
        codes = {unit.code for unit in above}
        return any(version.parent in codes for unit in below for version in self.structure.versions(unit.code))

    def _nested(self, units: Sequence[Unit]) -> bool:
        """Whether an alert for one of the units speaks to all the others, so that naming it names them."""
        return any(all(other.code in self.structure.reached(unit.code) for other in units) for unit in units)

    def _is_context(self, said: Sequence[_Said], n: int) -> bool:
        """Whether part `n` only says in which province (or district) the part before it, or those after it, lie."""
        level = _level(said[n])
        if level not in ("province", "district") or said[n].loose:
            return False
        before = _level(said[n - 1]) if n else ""
        after = _level(said[n + 1]) if n + 1 < len(said) else ""
        lower = {"province": ("district", "commune"), "district": ("commune",)}[level]
        if before in lower and after != level:
            return _holds(said[n].units, said[n - 1].units)
        return n == 0 and after in lower and level == "province" and _holds(said[n].units, said[n + 1].units)


@dataclass(slots=True)
class _Said:
    text: str
    name: Written | None = None
    units: list[Unit] = field(default_factory=list)
    region: Region | None = None
    regions: list[Region] = field(default_factory=list)
    unclear: str = ""
    loose: bool = False


def _kind_at(keys: Sequence[str], start: int) -> int:
    """How many words the kind has that begins at `start`; 0 when none does."""
    for words in _KIND_WORDS:
        if tuple(keys[start : start + len(words)]) == words:
            return len(words)
    return 0


def _plural(text: str) -> bool:
    """Whether a list is announced: "các xã …"."""
    return fold(text).partition(" ")[0] in ("cac", "nhung", "nhieu", "mot", "hai", "ba", "gom")


def _bare(text: str) -> str:
    """`text` without the words that stand before names."""
    key = fold(text)
    lead = next((k for k in _LEADING_KEYS if key.startswith(k + " ")), None)
    return " ".join(text.split()[lead.count(" ") + 1 :]) if lead else text


def _says_nothing(text: str) -> bool:
    """Whether the part is no name at all: signs, numbers, a kind alone, words that only lead to names."""
    key = fold(text)
    words = [word for word in key.split() if not word.isdigit()]
    return not words or all(word in _EMPTY for word in words)


def _level(said: _Said) -> str:
    levels = {unit.level for unit in said.units}
    return levels.pop() if len(levels) == 1 else ("district" if "district" in levels else "")


def _holds(above: Sequence[Unit], below: Sequence[Unit]) -> bool:
    """Whether a unit of `above` is the parent of one of `below`, or of that one's parent."""
    codes = {unit.code for unit in above}
    return any(unit.parent in codes for unit in below) or any(unit.level == "commune" for unit in below)


def _kind_at_end(text: str, marked: bool) -> tuple[str, ...]:
    """The kind with which the text ends, as in "các huyện:"; () when it does not."""
    key = marked_key(text) if marked else fold(text)
    for kind in KINDS:
        kind_key = marked_key(kind) if marked else fold(kind)
        if key == kind_key or key.endswith(" " + kind_key):
            return (kind,)
    return ()
