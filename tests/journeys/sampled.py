"""The public samples as the journey serves them: the committed table of what each must become, and the documents it names.

`samples.csv` has one row for every CAP alert (and USGS feature) of `../shared/samples`, in serving order within its source:
`document` is the file, with `#n` the nth alert inside it; `sha256` that of the file, or of the inner alert in C14N; `disposition` and
`reason` come from reading the CAP by `semantics.md`, not from running the hub. `times` says what the served copy is:

| times | served |
|---|---|
| `shifted` | all times of the source moved by one constant, so that its newest `sent` is now; status Test |
| `unshifted` | byte for byte (everything that is signed) |
| `control` | times as they are, status Test |

`step` 2 is served when all of step 1 has been told. Only hashes and dispositions are committed, never a sample.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from lxml import etree

from tests.conftest import SHARED
from tests.journeys.shifting import in_mode_test, newest_sent, shifted

SAMPLES = SHARED / "samples"
TABLE = Path(__file__).parent / "samples.csv"
USGS = "usgs"

Triple = tuple[str, str, datetime | None]
"""(sender, identifier, sent as an instant; None when it is no time)."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    source: str
    times: str
    step: int
    document: str
    sha256: str
    disposition: str
    reason: str

    @property
    def file(self) -> str:
        """The file below the folder of samples."""
        return self.document.partition("#")[0]

    @property
    def place(self) -> int:
        """Which alert of the file."""
        return int(self.document.partition("#")[2] or 0)


def rows() -> list[Row]:
    """The table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [Row(**{**line, "step": int(line["step"])}) for line in csv.DictReader(file)]


def alerts_in(body: bytes) -> list[etree._Element]:
    """Every element called alert, the root first; entities stay closed."""
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    return [element for element in root.iter() if isinstance(element.tag, str) and local(element) == "alert"]


def local(element: etree._Element) -> str:
    """The name without its namespace, "" for what is no element."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def sha256_of(row: Row) -> str:
    """The hash the table should have for this row."""
    body = (SAMPLES / row.file).read_bytes()
    if row.source == USGS:
        feature = json.loads(body)["features"][row.place]
        return hashlib.sha256(json.dumps(feature, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    if "#" not in row.document:
        return hashlib.sha256(body).hexdigest()
    inner = etree.tostring(alerts_in(body)[row.place], method="c14n", with_tail=False)
    return hashlib.sha256(inner).hexdigest()


def documents() -> Iterator[str]:
    """Every CAP alert and USGS feature of the samples, named as in the table."""
    for path in sorted(SAMPLES.rglob("*")):
        name = path.relative_to(SAMPLES).as_posix()
        if name.startswith("xsd/") or not path.is_file():
            continue
        if name.startswith("usgs/") and path.suffix == ".json":
            yield from (f"{name}#{n}" for n in range(len(json.loads(path.read_bytes())["features"])))
        elif b"alert" in (body := path.read_bytes()) and body.lstrip()[:1] in (b"<", b"\xef"):
            yield from _alerts_named(name, body)


def _alerts_named(name: str, body: bytes) -> Iterator[str]:
    try:
        found = alerts_in(body)
    except etree.XMLSyntaxError:
        return
    for n, alert in enumerate(found):
        yield name if alert.getparent() is None else f"{name}#{n}"


@dataclass(frozen=True)
class Served:
    """One row with the copy that is served of it. `alert` is that copy's element, None for a USGS feature."""

    row: Row
    body: bytes
    alert: etree._Element | None

    @property
    def name(self) -> str:
        """What it is called in a failing test: one document may be served by two sources."""
        return f"{self.row.source} {self.row.document}"

    @cached_property
    def triple(self) -> Triple:
        """Identity of the served copy."""
        if self.alert is None:
            return ("", "", None)
        said = {name: (self.alert.findtext(f"{{*}}{name}") or "").strip() for name in ("sender", "identifier", "sent")}
        try:
            sent = datetime.fromisoformat(said["sent"]).astimezone(UTC)
        except ValueError:
            sent = None
        return said["sender"], said["identifier"], sent

    @property
    def event_id(self) -> str:
        """The id of a USGS feature."""
        return str(json.loads(self.body)["features"][self.row.place]["id"])

    @property
    def payload(self) -> str:
        """SHA-256 of the bytes that carry it."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class Feed:
    """One source: its rows in serving order and the constant by which its times are moved."""

    name: str
    rows: tuple[Row, ...]
    by: timedelta

    def copies(self) -> dict[str, bytes]:
        """File → the copy that is served, in serving order."""
        return {row.file: self._copy(row) for row in self.rows}

    def served(self) -> list[Served]:
        """Every row with its copy."""
        copies = self.copies()
        return [Served(row, copies[row.file], self._alert(copies[row.file], row)) for row in self.rows]

    def _copy(self, row: Row) -> bytes:
        body = (SAMPLES / row.file).read_bytes()
        if row.times == "unshifted":
            return body
        if self.name == USGS:
            return _usgs_shifted(body, self.by)
        return in_mode_test(shifted(body, self.by) if row.times == "shifted" else body)

    def _alert(self, body: bytes, row: Row) -> etree._Element | None:
        return None if self.name == USGS else alerts_in(body)[row.place]


def feeds(now: datetime) -> list[Feed]:
    """Every source, in the order of the table; the newest alert of a shifted one is sent `now` (whole seconds)."""
    by_source: dict[str, list[Row]] = {}
    for row in rows():
        by_source.setdefault(row.source, []).append(row)
    return [Feed(name, tuple(its), _constant(name, its, now)) for name, its in by_source.items()]


def _constant(name: str, its: list[Row], now: datetime) -> timedelta:
    if its[0].times != "shifted":
        return timedelta(0)
    bodies = [(SAMPLES / file).read_bytes() for file in dict.fromkeys(row.file for row in its)]
    if name == USGS:
        updated = max(f["properties"]["updated"] for body in bodies for f in json.loads(body)["features"])
        return now - datetime.fromtimestamp(updated / 1000, UTC)
    return now - newest_sent(alert for body in bodies for alert in alerts_in(body))


def _usgs_shifted(body: bytes, by: timedelta) -> bytes:
    catalogue: dict[str, Any] = json.loads(body)
    for feature in catalogue["features"]:
        for name in ("time", "updated"):
            feature["properties"][name] += int(by / timedelta(milliseconds=1))
    return json.dumps(catalogue).encode()
