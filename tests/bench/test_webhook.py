"""`hub bench webhook` runs and names its floor."""

from __future__ import annotations

import pytest

from hub.bench import webhook


def test_it_gives_a_table_with_a_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, small in (("ALERTS", 64), ("SUBSCRIPTIONS", 200), ("POSTS", 20), ("CLIENTS", 5)):
        if hasattr(webhook, name):
            monkeypatch.setattr(webhook, name, small)
    told = webhook.run(1)
    assert "x floor" in told
    assert "1.00" in told
