"""How units hang together: versions of a code, parents, children, and what a unit's land belonged and belongs to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from hub.places.unit import Unit


class Structure:
    """All versions of all units, seen from the day `on`; `home` is the code of our province."""

    def __init__(self, units: Sequence[Unit], *, on: date, home: str) -> None:
        self.on = on
        self.home = home
        self._versions: dict[str, list[Unit]] = {}
        self._children: dict[str, list[Unit]] = {}
        self._before: dict[str, list[Unit]] = {}
        for unit in sorted(units, key=lambda unit: unit.valid_from):
            self._versions.setdefault(unit.code, []).append(unit)
            self._children.setdefault(unit.parent, []).append(unit)
            for code in unit.successors:
                self._before.setdefault(code, []).append(unit)
        self._reached: dict[str, frozenset[str]] = {}

    def versions(self, code: str) -> Sequence[Unit]:
        """Every version of that code, oldest first; () when it is unknown."""
        return self._versions.get(code, ())

    def get(self, code: str) -> Unit | None:
        """The version in force on the day, else the latest before it, else the earliest after it; None for an unknown code."""
        listed = self._versions.get(code)
        if not listed:
            return None
        begun = [unit for unit in listed if unit.valid_from <= self.on]
        return begun[-1] if begun else listed[0]

    def parent(self, unit: Unit) -> Unit | None:
        """The unit above, in the version that lived with this one."""
        above = [u for u in self._versions.get(unit.parent, ()) if _together(u, unit)]
        return above[-1] if above else None

    def ancestors(self, unit: Unit) -> list[Unit]:
        """The units above, nearest first."""
        found: list[Unit] = []
        above = self.parent(unit)
        while above is not None:
            found.append(above)
            above = self.parent(above)
        return found

    def descendants(self, unit: Unit) -> list[Unit]:
        """Everything below that lived with this version."""
        found: list[Unit] = []
        for child in self._children.get(unit.code, ()):
            if _together(child, unit):
                found += [child, *self.descendants(child)]
        return found

    def later(self, unit: Unit) -> list[Unit]:
        """What its land belongs to after its end, and after that, whatever the level."""
        found: list[Unit] = []
        for code in unit.successors:
            for heir in self._versions.get(code, ()):
                if _outlives(heir, unit) and heir not in found:
                    found += [heir, *self.later(heir)]
        return found

    def earlier(self, unit: Unit) -> list[Unit]:
        """The units of its own level whose land went into it, and what went into those."""
        found: list[Unit] = []
        for former in self._before.get(unit.code, ()):
            if former.level == unit.level and _outlives(unit, former):
                found += [former, *self.earlier(former)]
        return found

    def is_home(self, unit: Unit) -> bool:
        """Whether it lies in our province as that is on the day, or lay in what has become part of it."""
        top = (self.ancestors(unit) or [unit])[-1]
        if top.code == self.home:
            return True
        return self.home in top.successors and top.valid_to is not None and top.valid_to <= self.on

    def reached(self, code: str) -> frozenset[str]:
        """The codes to whose people an alert for the whole of this unit speaks: itself, everything above and below it, and the same
        of what its land belonged and belongs to. For a province only its version of the day counts, for other units every version,
        for a sender may mean either.
        """
        if code not in self._reached:
            known = self.get(code)
            meant: Iterable[Unit] = (
                () if known is None else ((known,) if known.level == "province" else self.versions(code))
            )
            self._reached[code] = frozenset().union(*(self._reach(unit) for unit in meant)) | {code}
        return self._reached[code]

    def touched(self, unit: Unit) -> frozenset[str]:
        """The codes to whose people an alert for a part of this unit speaks: itself and everything above it."""
        return frozenset({unit.code, *(above.code for above in self.ancestors(unit))})

    def _reach(self, unit: Unit) -> set[str]:
        below = self.descendants(unit)
        units = [unit, *below]
        for one in (unit, *below):
            units += self.later(one)
        for former in self.earlier(unit):
            units += [former, *self.descendants(former)]
        return {code for one in units for code in self.touched(one)}


def _together(a: Unit, b: Unit) -> bool:
    """Whether both were in force on some day."""
    return (a.valid_to is None or b.valid_from < a.valid_to) and (b.valid_to is None or a.valid_from < b.valid_to)


def _outlives(a: Unit, b: Unit) -> bool:
    """Whether `a` was still there when `b` ended; a unit of long standing can take in another."""
    return b.valid_to is not None and (a.valid_to is None or a.valid_to > b.valid_to)
