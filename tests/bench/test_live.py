"""`hub bench live` runs and names its floor."""

from __future__ import annotations

import pytest

from hub.bench import live


def test_it_gives_a_table_with_a_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, small in (("ALERTS", 64), ("SUBSCRIPTIONS", 200), ("POSTS", 20), ("CLIENTS", 5)):
        if hasattr(live, name):
            monkeypatch.setattr(live, name, small)
    told = live.run(1)
    assert "x floor" in told
    assert "1.00" in told
