"""What one XML element says, child by child and in any order, every liberty taken with it named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from math import nan

from hub.cap.model import NamedValue
from hub.cap.order import misplaced
from hub.cap.parser import Element, children, namespace, prose, text
from hub.cap.prose import mended
from hub.cap.repair import Fault, Repair
from hub.cap.times import read_time
from hub.cap.uris import escaped

DSIG = "http://www.w3.org/2000/09/xmldsig#"
MOST_NAMED = 5_000
"""So many repairs and faults are listed one by one; the last says how many more there were."""

_LARGEST = 2.0**53
_FOR_UNKNOWN = {
    "category": "Other",
    "urgency": "Unknown",
    "severity": "Unknown",
    "certainty": "Unknown",
    "responseType": "None",
}


@dataclass
class Liberties:
    """Everything mended and everything only flagged in one document. `zone` is assumed for times without one."""

    zone: tzinfo
    repairs: list[Repair] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unlisted: int = 0

    def fix(self, code: str, path: str, before: str = "", after: str = "", *, change: float | None = None) -> None:
        """Names a repair; `change` makes it an uncertain one."""
        if len(self.repairs) < MOST_NAMED:
            self.repairs.append(Repair(code, path, before[:200], after[:200], change is None, change or 0.0))
        else:
            self.unlisted += 1

    def fault(self, code: str, path: str, detail: str = "") -> None:
        """Names something wrong that stays as it is."""
        if len(self.faults) < MOST_NAMED:
            self.faults.append(Fault(code, path, detail[:200]))
        else:
            self.unlisted += 1

    def all_faults(self) -> tuple[Fault, ...]:
        """The faults, and how much is not listed."""
        more = (Fault("more-than-listed", "", str(self.unlisted)),) if self.unlisted else ()
        return (*self.faults, *more)


@dataclass
class Said:
    """The children of one element, whatever their order."""

    liberties: Liberties
    node: Element
    path: str
    by_name: dict[str, list[Element]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, child in children(self.node):
            if namespace(child) != DSIG:
                self.by_name.setdefault(name, []).append(child)

    def in_order(self, order: tuple[str, ...]) -> None:
        """Children that stand elsewhere than the schema wants are a repair: what we write has them in place."""
        found = misplaced((name for name, child in children(self.node) if namespace(child) != DSIG), order)
        if found:
            self.liberties.fix("element-order", self.path, found)

    def at(self, name: str) -> str:
        """Where the child of that name stands."""
        return f"{self.path}/{name}" if self.path else name

    def nodes(self, name: str) -> list[Element]:
        return self.by_name.get(name, [])

    def all(self, name: str) -> list[str]:
        """The texts of every child of that name that says anything."""
        return [said for node in self.nodes(name) if (said := self._mended(node, name))]

    def one(self, name: str) -> str:
        """The text of the only child of that name, "" without any; of several that differ the first, as a fault."""
        said = self.all(name)
        if len(set(said)) > 1:
            self.liberties.fault(f"repeated-{name}", self.at(name), " | ".join(one[:80] for one in said))
        return said[0] if said else ""

    def joined(self, name: str, by: str) -> str:
        """The texts of every child of that name in one, as a repair where they are several: nothing said is lost."""
        said = list(dict.fromkeys(self.all(name)))
        if len(said) > 1:
            self.liberties.fix("repeated-joined", self.at(name), " | ".join(one[:80] for one in said))
        return by.join(said)

    def required(self, name: str) -> str:
        """As `one`; a fault when it is not there."""
        said = self.one(name)
        if not said:
            self.liberties.fault(f"missing-{name}", self.at(name))
        return said

    def uri(self, name: str) -> str:
        """An address the schema allows."""
        said = self.one(name)
        sound = escaped(said)
        if sound != said:
            self.liberties.fix("uri-escaped", self.at(name), said, sound)
        return sound

    def _mended(self, node: Element, name: str) -> str:
        written = prose(node)
        said, repairs = mended(written)
        for code in (*(("tags-dropped",) if len(node) and "tags-dropped" not in repairs else ()), *repairs):
            self.liberties.fix(code, self.at(name), written, said)
        return said

    def word(self, name: str, known: Sequence[str], absent: str, also: Mapping[str, str] | None = None) -> str:
        """A word of an enumeration; `absent` and a fault when nothing is said."""
        said = self.required(name)
        return self._known(said, name, known, also or {}) if said else absent

    def words(self, name: str, known: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._known(said, name, known, {}) for said in self.all(name)))

    def _known(self, said: str, name: str, known: Sequence[str], also: Mapping[str, str]) -> str:
        if said in known:
            return said
        same = {word.casefold(): word for word in known} | dict(also)
        found = same.get(" ".join(said.split()).casefold()) or same.get("".join(said.split()).casefold())
        if found is None:
            return self._unknown(said, name)
        self.liberties.fix("word-respelled", self.at(name), said, found)
        return found

    def _unknown(self, said: str, name: str) -> str:
        """A word CAP does not have becomes CAP's word for that; status, msgType and scope are kept: acceptance sets them aside."""
        self.liberties.fault(f"unknown-{name}", self.at(name), said)
        meant = _FOR_UNKNOWN.get(name, said)
        if meant != said:
            self.liberties.fix("word-unknown", self.at(name), said, meant)
        return meant

    def time(self, name: str) -> datetime | None:
        """A time in whole seconds (CAP 1.2 §3.3.2 has no fractions: what we write is what we compare); None when it says none."""
        said = self.one(name)
        if not said:
            return None
        try:
            moment, repairs = read_time(said, self.liberties.zone)
            moment = moment.replace(microsecond=0)
        except ValueError:
            self.liberties.fault("time-unreadable", self.at(name), said)
            return None
        for code in repairs:
            self.liberties.fix(code, self.at(name), said, moment.isoformat())
        return moment

    def number(self, name: str) -> float | None:
        said = self.one(name)
        if not said:
            return None
        try:
            value = float(said.replace(",", "."))
        except ValueError:
            value = nan
        if abs(value) <= _LARGEST:
            return value
        self.liberties.fault("number-unreadable", self.at(name), said)
        return None

    def values(self, name: str) -> tuple[NamedValue, ...]:
        """Every `valueName`/`value` pair of that name, also in CAP 1.0's form `name=value`."""
        found = []
        for node in self.nodes(name):
            parts = {child: self._mended(part, name) for child, part in children(node)}
            if "valueName" in parts or "value" in parts:
                found.append(NamedValue(parts.get("valueName", ""), parts.get("value", "")))
                continue
            left, _, right = self._mended(node, name).partition("=")
            if left or right:
                found.append(NamedValue(left.strip(), right.strip()))
                self.liberties.fix("old-value-form", self.at(name), text(node), f"{left}={right}")
        return tuple(found)
