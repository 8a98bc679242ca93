"""A drill's scenario (config/scenarios/*.toml) as the payloads its sources send, hour by hour: CAP documents and readings."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

from tests.journeys.town import ROOT

VIETNAM = timezone(timedelta(hours=7))
SENDERS = {"vn-nchmf": "smartalert@nchmf.example.test"}
"""Source → CAP sender, where it is not the source's own name."""
BULLETIN_H = 6
"""A bulletin of the storm is good for so long."""


@dataclass(frozen=True)
class Said:
    """One CAP document of the scenario. `identifier` is `thread`-`hour`."""

    source: str
    thread: str
    hour: int
    identifier: str
    body: bytes


@dataclass(frozen=True)
class Step:
    """One version of a gauge's chain, as it must come: hour, kind of change, alarm level in force ("" none), who is told."""

    hour: int
    change: str
    level: str
    told: frozenset[str]


class Scenario:
    """The file, told from `start` (an instant without fractions of a second)."""

    def __init__(self, name: str, start: datetime) -> None:
        self._table: dict[str, Any] = tomllib.loads(
            (ROOT / "config" / "scenarios" / f"{name}.toml").read_text(encoding="utf-8")
        )
        self.start = start
        self.hours = int(self._table["hours"])
        self.everyone = self._table["groups"]["everyone"]
        self.said = self._documents()

    def at(self, hour: float) -> datetime:
        """The instant of that hour."""
        return self.start + timedelta(hours=hour)

    def at_hour(self, hour: int) -> list[Said]:
        """What sources say at that hour."""
        return [one for one in self.said if one.hour == hour]

    def readings(self, hour: int) -> dict[str, list[dict[str, Any]]]:
        """Source → the numbers of that hour, as they are pushed."""
        found: dict[str, list[dict[str, Any]]] = {}
        for river in self._table["river"]:
            value = _value(river["points"], hour)
            if value is not None and hour not in river.get("lost", ()):
                at = self.at(hour).astimezone(VIETNAM).isoformat()
                one = {"station": river["station"], "quantity": "level", "value": value, "unit": "m", "at": at}
                found.setdefault(river["source"], []).append(one)
        return found

    def chains(self) -> dict[str, list[Step]]:
        """Station → what must become of its chain."""
        return {
            chain["about"]: [
                Step(hour, change, level, self._members(groups)) for hour, change, level, groups in chain["steps"]
            ]
            for chain in self._table["chain"]
        }

    def told(self, said: Said) -> frozenset[str]:
        """Who must be told of what a source says; for an ending those who are told of what it ends."""
        lines = [one for one in self._table["told"] if one["thread"] == said.thread and one["from_h"] <= said.hour]
        return self._members(lines[-1]["groups"]) if lines else frozenset()

    def _members(self, groups: list[str]) -> frozenset[str]:
        return frozenset(one for group in groups for one in self._table["groups"].get(group, [group]))

    def _documents(self) -> list[Said]:
        entries = [
            (hour, one)
            for one in self._table["bulletin"]
            for hour in range(one["from_h"], one["until_h"] + 1, one["every_h"])
        ]
        entries += [(one["at_h"], one) for one in self._table["notice"]]
        made: list[Said] = []
        latest: dict[str, str] = {}
        for hour, one in sorted(entries, key=lambda entry: entry[0]):
            thread = one["thread"]
            sender, identifier = SENDERS.get(one["source"], one["source"]), f"{thread}-{hour:02d}"
            number = sum(said.thread == thread for said in made) + 1
            body = self._cap(one, hour=hour, number=number, sender=sender, references=latest.get(thread, ""))
            latest[thread] = f"{sender},{identifier},{_cap_time(self.at(hour))}"
            made.append(Said(one["source"], thread, hour, identifier, body))
        return made

    def _cap(self, one: dict[str, Any], *, hour: int, number: int, sender: str, references: str) -> bytes:
        sent = self.at(hour)
        gaps = {"n": number, "at": f"{sent.astimezone(VIETNAM):%H giờ ngày %d/%m}"}
        named = f"<references>{references}</references>" if references else ""
        risk = f"<parameter><valueName>VN:capDoRuiRo</valueName><value>{one['risk']}</value></parameter>" if "risk" in one else ""  # fmt: skip
        advice = f"<instruction>{escape(one['instruction'])}</instruction>" if "instruction" in one else ""
        circle = f"<circle>{one['circle']}</circle>" if "circle" in one else ""
        codes = "".join(
            f"<geocode><valueName>VN:GSO</valueName><value>{code}</value></geocode>" for code in one.get("units", ())
        )
        over = "<responseType>AllClear</responseType>" if one.get("ends") else ""
        expires = _cap_time(sent + timedelta(hours=one.get("lasts_h", BULLETIN_H)))
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{one["thread"]}-{hour:02d}</identifier><sender>{sender}</sender>
<sent>{_cap_time(sent)}</sent><status>Exercise</status><msgType>{"Update" if references else "Alert"}</msgType><scope>Public</scope>
<note>Diễn tập</note>{named}<info><language>vi-VN</language><category>Met</category><event>{escape(one["event"])}</event>{over}
<urgency>{one["urgency"]}</urgency><severity>{one["severity"]}</severity><certainty>{one["certainty"]}</certainty>
<expires>{expires}</expires><headline>{escape(one["headline"].format(**gaps))}</headline>
<description>{escape(one["description"].format(**gaps))}</description>{advice}{risk}
<area><areaDesc>{escape(one["area"])}</areaDesc>{circle}{codes}</area></info></alert>""".encode()


def _value(points: list[list[float]], hour: int) -> float | None:
    """The level of that hour in metres and centimetres, None outside the points."""
    for (h, low), (k, high) in pairwise(points):
        if h <= hour <= k:
            return round(low + (high - low) * (hour - h) / (k - h), 2)
    return None


def _cap_time(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).isoformat(timespec="seconds")


def starting_now() -> datetime:
    """An instant a scenario can start from: this second."""
    return datetime.now(UTC).replace(microsecond=0)
