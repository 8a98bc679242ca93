"""consumers.phone_list: what lies on the desk when nothing else works."""

from __future__ import annotations

import csv
import io
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from consumers.phone_list import Channel, Settings, _replace
from hub.cap.model import Alert
from hub.clock import SetClock
from hub.consumer import Delivery, Endpoint
from hub.delivery.prove import prove
from hub.errors import ConfigError, Retry
from tests.consumers.receiving import NOW, alert, cancel, channel_io

WHERE = Endpoint("e1", "ubnd-huyen-734", "phone_list", Settings(title="UBND huyện Tân Phú"))


def channel(folder: Path, clock: SetClock | None = None) -> Channel:
    return Channel(replace(channel_io(), folder=folder, clock=clock or SetClock(NOW)))


def delivery(told: Alert | None = None, **changes: Any) -> Delivery:
    made = Delivery(
        delivery_id="d1",
        event_type="alert.new",
        mode="actual",
        attempt_no=1,
        attempted_at=NOW,
        lane=1,
        chain_id="c1",
        chain_seq=1,
        alert=told or alert(),
        live_infos=(0,),
    )
    return replace(made, **changes)


async def send(sender: Channel, *told: Delivery, where: Endpoint = WHERE) -> None:
    for one in told:
        receipt = await sender.send(sender.render(one, where), where, timeout_s=5)
        assert receipt.acknowledged_by == "", "paper on a desk has confirmed nothing"


def page(folder: Path) -> str:
    return (folder / "e1.html").read_text(encoding="utf-8")


def table(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "e1.csv").read_text(encoding="utf-8-sig"))))


async def test_a_line_has_what_is_read_aloud_and_boxes_to_fill(tmp_path: Path) -> None:
    await send(channel(tmp_path), delivery())
    shown = page(tmp_path)
    assert "UBND huyện Tân Phú" in shown
    assert "Lũ khẩn cấp trên sông La Ngà" in shown
    assert shown.count("☐") == 1
    (line,) = table(tmp_path)
    assert "mười sáu giờ" in line["Đọc nguyên văn"], "times are words for a voice"
    assert line["Giờ gọi"] == line["Người nghe"] == ""


async def test_the_same_try_twice_is_one_line_and_two_chains_are_two(tmp_path: Path) -> None:
    sender = channel(tmp_path)
    await send(sender, delivery(), delivery(attempt_no=2), delivery(delivery_id="d2", chain_id="c2", lane=0))
    assert [line["STT"] for line in table(tmp_path)] == ["1", "2"]
    again = channel(tmp_path)  # another process of the hub
    await send(again, delivery(attempt_no=3))
    assert len(table(tmp_path)) == 2


async def test_the_newest_word_of_a_chain_stands_and_a_slow_older_one_changes_nothing(tmp_path: Path) -> None:
    sender = channel(tmp_path)
    over = delivery(cancel(), delivery_id="d2", event_type="alert.cancel", chain_seq=2, live_infos=(), earlier=alert())
    await send(sender, delivery(), over, delivery(attempt_no=9))
    (line,) = table(tmp_path)
    assert "HỦY" in line["Nội dung đọc qua điện thoại"]


async def test_a_drill_says_so_in_every_line(tmp_path: Path) -> None:
    await send(channel(tmp_path), delivery(mode="exercise"))
    (line,) = table(tmp_path)
    assert line["Nội dung đọc qua điện thoại"].startswith("DIỄN TẬP")
    assert "diễn tập" in line["Đọc nguyên văn"]


async def test_a_line_goes_a_day_after_its_alert_is_over(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    sender = channel(tmp_path, clock)
    await send(sender, delivery())
    clock.advance(29 * 3600)
    await send(sender, delivery(delivery_id="d2", chain_id="c2"))
    assert len(table(tmp_path)) == 2, "its end was at 16:00 of the day before: a day is not over"
    clock.advance(3600)
    await send(sender, delivery(delivery_id="d3", chain_id="c3", attempted_at=clock.now()))
    assert len(table(tmp_path)) == 1, "what was listed just now stays for a day, whenever its alert was over"


async def test_what_a_source_writes_is_text_and_nothing_else(tmp_path: Path) -> None:
    bad = replace(alert().infos[0], headline="=CMD('x')<script>alert(1)</script>", event="<b>")
    line = delivery(alert(infos=(bad,)))
    await send(channel(tmp_path), line)
    assert "<script" not in page(tmp_path)
    assert not any(cell.startswith(("=", "+", "@")) for row in table(tmp_path) for cell in row.values())


async def test_tests_and_challenges_list_nothing(tmp_path: Path) -> None:
    sender = channel(tmp_path)
    assert await prove(sender, WHERE, clock=SetClock(NOW), mode="test")
    await send(sender, delivery(event_type="endpoint.test", alert=None))
    assert table(tmp_path) == []


async def test_files_are_ours_alone_and_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await send(channel(tmp_path), delivery())
    for path in tmp_path.rglob("*.*"):
        assert path.stat().st_mode & 0o077 == 0, path
    before = page(tmp_path)

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Retry, match="No space left"):
        await send(channel(tmp_path), delivery(delivery_id="d2", chain_id="c2"))
    assert page(tmp_path) == before
    assert not [path for path in tmp_path.rglob("*") if re.search(r"\.new$", path.name)]
    with pytest.raises(OSError, match="space"):
        _replace(tmp_path / "x", b"")


async def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "e1").write_text("a file where the folder should be")
    with pytest.raises(Retry, match="disk"):
        await send(channel(tmp_path), delivery())


async def test_an_id_that_leads_elsewhere_names_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        await send(channel(tmp_path / "in"), delivery(), where=replace(WHERE, endpoint_id="../out"))
    assert not (tmp_path / "out").exists()


def test_without_a_folder_there_is_no_list() -> None:
    with pytest.raises(ConfigError):
        Channel(channel_io())
