"""hub.api.troubles: health in words, true at the moment it is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.api.troubles import in_words, source
from hub.clock import SystemClock, to_us
from hub.intake.alarming import SOON
from hub.intake.doubts import CODES
from hub.intake.health import STATES
from hub.store import listing, open_store, sources
from hub.words import Words

WORDS = Words.load(Path(__file__).resolve().parents[2] / "config" / "words")
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
REASONS = [
    "never-read",
    "switched-off",
    "not-read-in-time",
    "nothing-new",
    "nothing-yet",
    "dns",
    "refused",
    "timeout",
    "slow",
    "tls",
    "tls-chain",
    "tls-expired",
    "reset",
    "closed",
    "partial",
    "too-big",
    "bomb",
    "encoding",
    "protocol",
    "redirect-loop",
    "forbidden-address",
    "forbidden-host",
    "forbidden-url",
    "http-304",
    "http-429",
    "connector-fault",
    "hub-fault",
    "not-cap",
    "wrong-form",
    "no-entry-readable",
]


async def told(folder: Path, *, now: datetime = NOW, **health: Any) -> dict[str, Any]:
    store = open_store(f"sqlite:///{folder / 'hub.db'}", mode="test", clock=SystemClock())

    def write(conn: Any) -> Any:
        sources.expect(conn, "one", interval_s=60, late_after_s=180, silent_after_s=None)
        sources.set_health(conn, "one", health)
        return listing.sources_since(conn, 0)[0]

    row = await store.write(write)
    await store.close()
    return source(row, WORDS, now=now)


async def test_a_source_that_nobody_reads_any_more_is_late_though_the_record_says_live(tmp_path: Path) -> None:
    well = {"state": "live", "reason": "", "last_success_at": to_us(NOW)}
    shown = await told(tmp_path, **well, now=NOW + timedelta(seconds=180))
    assert (shown["state"], shown["age_s"], shown["late_at"]) == ("live", 180.0, NOW + timedelta(seconds=180))
    later = await told(tmp_path, **well, now=NOW + timedelta(seconds=181))
    assert (later["state"], later["reason"]) == ("late", "not-read-in-time")
    assert later["told"]["vi"].startswith("Quá hạn")


async def test_a_certificate_is_told_in_good_time(tmp_path: Path) -> None:
    ends = to_us(NOW + SOON)
    assert not (await told(tmp_path, certificate_expires_at=ends))["certificate_soon"]
    soon = await told(tmp_path, certificate_expires_at=ends - 1_000_000)
    assert "hết hạn: 09:59 08/12/2026" in soon["certificate_told"]["vi"]


@pytest.mark.parametrize("code", [*REASONS, *CODES, *STATES, "vanished"])
def test_every_reason_has_words_of_its_own(code: str) -> None:
    said = in_words(code, "x", WORDS)
    assert said["vi"] != said["en"] and said != in_words("no-such-code", "x", WORDS)


def test_a_code_without_words_is_told_by_its_kind_and_shown() -> None:
    assert "http-502" in in_words("http-502", "", WORDS)["vi"]
    assert "too-deep" in in_words("too-deep", "", WORDS, state="wrong-content")["vi"]
    assert in_words("quite-new", "", WORDS)["en"] == "Trouble: quite-new."
