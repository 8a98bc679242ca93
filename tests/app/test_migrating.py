"""`hub migrate` without a stream: the store is there afterwards, and there is nothing else to do."""

from __future__ import annotations

from pathlib import Path

from hub import app
from hub import config as configuration


async def test_the_store_is_made_and_doing_it_again_changes_nothing(tmp_path: Path) -> None:
    conf = configuration.load(None, mode="test", data_dir=str(tmp_path))
    assert await app.migrate(conf) == []
    assert (conf.data_dir / "hub.db").exists()
    assert await app.migrate(conf) == []
