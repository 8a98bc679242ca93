"""An office, a flood and its papers, for tests."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hub.cap.model import Alert
from hub.hazards import Hazards
from hub.papers import Office, Papers, Shown
from hub.words import Words
from tests.consumers.receiving import SENT, alert

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "config" / "papers"
WORDS = Words.load(ROOT / "config" / "words")
HAZARDS = Hazards.load(ROOT / "config" / "hazards.csv")
NOW = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
OFFICE = Office(date(2023, 1, 1), "ỦY BAN", "BAN CHỈ HUY", "Đồng Nai", "PBT", "BC", ("TRỰC CHỈ HUY",), ("Lưu: VT",))


def papers(folder: Path = FOLDER) -> Papers:
    return Papers(folder, date(2023, 7, 1))


def shown(told: Alert | None = None, **changes: Any) -> Shown:
    made = Shown(told or alert(), "actual", SENT + timedelta(minutes=1), "active")
    return replace(made, **changes)


def text_of(document: bytes) -> str:
    """What a Word document says, a paragraph a line."""
    with zipfile.ZipFile(io.BytesIO(document)) as parts:
        xml = parts.read("word/document.xml").decode()
    return re.sub(r"<[^>]+>", "", xml.replace("</w:p>", "\n"))
