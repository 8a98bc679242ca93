"""Summaries: the Vietnamese info first, bounded, in CAP's spelling."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(("mode", "starts"), [("exercise", "DIỄN TẬP"), ("test", "THỬ"), ("actual", "Lũ trên sông")])
async def test_whoever_reads_without_the_page_reads_the_mode_s_word_in_every_text(
    tmp_path: Path, mode: str, starts: str
) -> None:
    status = {"exercise": "Exercise", "test": "Test", "actual": "Actual"}[mode]
    async with open_door(tmp_path, mode=mode) as door:
        async with await door.source() as source:
            said = cap("a1", status=status)
            told = (
                await source.post("/v1/alerts", content=said, headers={"Content-Type": "application/cap+xml"})
            ).json()
        one = f"/v1/alerts/{told['alert_id']}"
        async with await door.dispatcher() as reader:
            events = (await reader.get("/v1/events")).json()
            listed = (await reader.get("/v1/alerts")).json()
            alert = (await reader.get(one)).json()
            document = (await reader.get(f"{one}/cap")).text
            incident = (await reader.get(f"/v1/incidents/{told['incident_id']}")).json()
            payload = (await reader.get(f"{one}/payload")).content
    texts = (
        events["events"][0]["alert"]["headline"],
        listed["alerts"][0]["headline"],
        alert["alert"]["headline"],
        alert["cap"]["info"][0]["headline"],
        incident["members"][0]["headline"],
        document.partition("<headline>")[2],
    )
    assert all(text.startswith(starts) for text in texts), texts
    assert payload == said, "what is kept is what came"
