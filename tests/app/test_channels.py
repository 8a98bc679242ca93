"""Channels by kind."""

from __future__ import annotations

from pathlib import Path

from hub.app.channels import check_endpoint
from tests.hubbing import hub_in


def test_an_endpoint_is_checked_by_its_channel() -> None:
    assert check_endpoint("webhook", {"url": "https://example.org/x"}) == ""
    assert "url" in check_endpoint("webhook", {"url": "nonsense"})
    assert check_endpoint("no_such_channel", {})


async def test_a_follower_is_no_channel(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        assert "webhook" in hub.channels
        assert "cap_feed" not in hub.channels
        assert hub.channels["webhook"] is hub.channels["webhook"]
