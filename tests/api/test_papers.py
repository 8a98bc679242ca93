"""The papers over HTTP: who gets them, how a browser shows them, and what a template at fault says."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from hub.papers import Papers
from tests.api.doorway import ROOT, Door, open_door, owe
from tests.api.paperwork import get, said


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def test_a_notice_is_a_page_to_print_that_a_browser_gives_nothing_else(door: Door) -> None:
    alert_id = await said(door)
    answer = await get(await door.dispatcher(), f"/v1/alerts/{alert_id}/phieu-bao-tin")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert answer.headers["cache-control"] == "no-store"
    for word in ("PHIẾU BÁO TIN", "Lũ trên sông Đồng Nai", "THÀNH PHỐ ĐỒNG NAI", "THỬ NGHIỆM", "Đang hiệu lực"):
        assert word in answer.text, word


async def test_a_notice_is_only_for_who_may_read_the_alert(door: Door) -> None:
    alert_id = await said(door)
    await owe(door, {alert_id: "so-y-te"})
    for owner, status in (("so-y-te", 200), ("cong-an", 404)):
        client = door.client(key=await door.key("agency", owner))
        assert (await get(client, f"/v1/alerts/{alert_id}/phieu-bao-tin")).status_code == status
    assert (await get(door.client(), f"/v1/alerts/{alert_id}/phieu-bao-tin")).status_code == 401
    assert (await get(await door.dispatcher(), "/v1/alerts/none/phieu-bao-tin")).status_code == 404


async def test_a_template_at_fault_is_a_clear_answer_and_its_mend_counts_at_once(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config" / "papers", tmp_path / "papers")
    template = tmp_path / "papers" / "phieu_bao_tin.html"
    good = template.read_text(encoding="utf-8")
    template.write_text("{{ khong_co }}", encoding="utf-8")
    async with open_door(tmp_path, papers=Papers(tmp_path / "papers", date(2026, 1, 1))) as door:
        path = f"/v1/alerts/{await said(door)}/phieu-bao-tin"
        async with await door.dispatcher() as client:
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (501, "paper")
            assert "khong_co" in answer.json()["detail"]
            assert str(tmp_path) not in answer.text
            template.write_text(good, encoding="utf-8")
            assert (await client.get(path)).status_code == 200


async def test_without_papers_there_is_nothing_to_print(tmp_path: Path) -> None:
    async with open_door(tmp_path, papers=None) as door:
        answer = await get(await door.dispatcher(), f"/v1/alerts/{await said(door)}/phieu-bao-tin")
        assert (answer.status_code, answer.json()["code"]) == (501, "not-configured")
