"""Channels by kind."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.hubbing import hub_in


async def test_an_endpoint_is_checked_by_its_channel_and_against_the_deployment(tmp_path: Path) -> None:
    sms = {"url": "https://sms.example.vn/", "body": {"to": "{to}", "text": "{text}"}}
    async with hub_in(tmp_path / "a") as hub:
        assert hub.channels.refuses("webhook", {"url": "https://example.org/x"}) == ""
        assert "url" in hub.channels.refuses("webhook", {"url": "nonsense"})
        assert hub.channels.refuses("no_such_channel", {})
        assert hub.channels.refuses("cap_feed", {}) == "cap_feed is no channel"
        assert "channels.sms.url" in hub.channels.refuses("sms", {"to": "0912345678"})
    async with hub_in(tmp_path / "b", channels={"sms": sms}) as hub:
        assert hub.channels.refuses("sms", {"to": "0912345678"}) == ""
        refused = hub.channels.refuses("sms", {"to": "0912", "part": 3})
        assert "part" in refused
        assert "09123456789012" not in hub.channels.refuses("sms", {"to": "091234567890123"})


async def test_a_follower_is_no_channel(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        assert "webhook" in hub.channels
        assert "cap_feed" not in hub.channels
        assert hub.channels["webhook"] is hub.channels["webhook"]


async def test_no_module_is_loaded_because_somebody_at_the_desk_named_it(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        assert "no channel of this deployment" in hub.channels.refuses("xml.etree.cElementTree", {})
        assert "no channel of this deployment" in hub.channels.refuses("lib2to3.pgen2.conv", {})
        assert "lib2to3.pgen2.conv" not in sys.modules
    async with hub_in(tmp_path / "named", channels={"tests.config.private": {}}) as hub:
        assert "no channel of this deployment" not in hub.channels.refuses("tests.config.private", {})
