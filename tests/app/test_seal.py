"""The seal key."""

from __future__ import annotations

import stat
from pathlib import Path

from hub.app.seal import load_seal_key


def test_the_seal_key_is_ours_alone_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "seal.key"
    key = load_seal_key(path)
    assert load_seal_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_seal_key(tmp_path / "other.key") != key
