"""What a geocode of an alert says: units we know, a place we know to be elsewhere, or nothing we know. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.cap.model import NamedValue
from hub.places.structure import Structure
from hub.places.tables import CodeRanges, system_key

_PARTS = re.compile(r"[\s,;|]+")
_GSO = re.compile(r"(?:VN[-:. ]?)?(\d{1,5})", re.IGNORECASE)
_GSO_PATH = re.compile(r"(?:VN[-:.])?\d{2}[./-]\d{3}(?:[./-]\d{5})?", re.IGNORECASE)
_ISO = re.compile(r"([A-Z]{2})(?:-[A-Z0-9]{1,3})?")
_WIDTHS = {1: 2, 2: 2, 3: 3, 4: 5, 5: 5}


@dataclass(frozen=True, slots=True)
class Coded:
    """What a set of geocodes says: codes of our gazetteer, whether some are known to lie elsewhere, and those nobody here knows."""

    codes: frozenset[str]
    elsewhere: bool
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Codes:
    """Reads geocodes. `iso` leads from ISO 3166-2 to our codes; `systems` from a system's name to what kind it is."""

    structure: Structure
    systems: Mapping[str, str]
    ranges: CodeRanges
    iso: Mapping[str, str]

    def read(self, geocodes: Iterable[NamedValue]) -> Coded:
        """What the geocodes say, all together; an empty value says nothing."""
        codes: set[str] = set()
        unknown: list[str] = []
        elsewhere = False
        for geocode in geocodes:
            system = self._system(geocode.value_name)
            for value in filter(None, _PARTS.split(geocode.value.strip())):
                code = "" if system is None else self.code(value) if system == "gso" else self.iso_code(value)
                if system == "elsewhere" or (code and self.structure.get(code) is None):
                    elsewhere = True
                elif code:
                    codes.add(code)
                else:
                    unknown.append(f"{geocode.value_name}={value}")
        return Coded(frozenset(codes), elsewhere, tuple(dict.fromkeys(unknown)))

    def code(self, value: str) -> str:
        """The GSO code in `value` in its full width; "" when it is none that could exist here or elsewhere in the country.

        A code that is not in the gazetteer but lies in the range of another province comes back as that province's code, which is
        enough to know that it is elsewhere; one in our own range is unknown, for it may be a new unit of ours.
        """
        path = _GSO_PATH.fullmatch(value)
        found = _GSO.fullmatch(re.split(r"[./-]", value)[-1] if path else value)
        if found is None:
            return ""
        code = found[1].zfill(_WIDTHS[len(found[1])])
        if self.structure.get(code) is not None:
            return code
        province = self.ranges.province(code) if len(code) > 2 else ""
        known = self.structure.get(province) if province else None
        return "" if known is None or self.structure.is_home(known) else province + "?"

    def iso_code(self, value: str) -> str:
        """Our code for an ISO 3166 code; a foreign one comes back as it is, our country's as our province, unknown ones as ""."""
        wanted = value.strip().upper().replace("_", "-")
        if wanted == "VN":
            return self.structure.home
        found = _ISO.fullmatch(wanted)
        if found is None:
            return ""
        return self.iso.get(wanted, "") if found[1] == "VN" else wanted

    def _system(self, value_name: str) -> str | None:
        key = system_key(value_name)
        if key in self.systems:
            return self.systems[key]
        if "gso" in key.split() or key.endswith("gso") or key.startswith("vngso"):
            return "gso"
        return "iso" if "iso3166" in key else None
