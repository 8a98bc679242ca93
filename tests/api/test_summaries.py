"""Summaries: the Vietnamese info first, bounded, in CAP's spelling."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hub.api import summaries
from hub.cap.model import Alert, Area, Info
from hub.store import listing
from tests.api.doorway import cap, open_door


def _alert(*languages: str) -> Alert:
    from datetime import UTC, datetime

    infos = tuple(Info(event=f"event {language}", language=language) for language in languages)
    return Alert("i", "s", datetime(2026, 11, 24, tzinfo=UTC), infos=infos)


def test_people_read_the_vietnamese_info_first() -> None:
    for languages, event in ((("en-US", "vi-VN"), "event vi-VN"), (("VI",), "event VI"), (("fr", "en"), "event fr")):
        info = summaries.shown_info(_alert(*languages))
        assert info is not None and info.event == event
    assert summaries.shown_info(_alert()) is None


def test_a_cancel_without_info_shows_its_note_and_a_long_text_is_cut() -> None:
    told = summaries.told(replace(_alert(), note="Bản tin phát nhầm"))
    assert told["headline"] == "Bản tin phát nhầm" and told["areaDesc"] == []
    areas = tuple(Area("x" * 5000) for _ in range(300))
    long = replace(_alert(), infos=(Info("e" * 9000, headline="h" * 9000, areas=areas),))
    assert len(str(summaries.told(long))) < 6000


async def test_a_summary_speaks_cap_s_names_and_leaves_out_the_texts(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        async with await door.source() as source:
            answer = await source.post("/v1/alerts", content=cap("a1"), headers={"Content-Type": "text/xml"})
        row = await door.store.read(lambda conn: listing.one(conn, answer.json()["alert_id"]))
    assert row is not None
    told = summaries.summary(row)
    assert (told["msgType"], told["severity"], told["urgency"]) == ("Alert", "Severe", "Expected")
    assert told["areaDesc"] == ["Tỉnh Đồng Nai"] and "description" not in told and "cap" not in told
    assert told["sent"].utcoffset() is not None and told["live_until"].utcoffset() is not None
