"""The call list without the door: for a machine whose store is whole and whose page does not answer."""

from __future__ import annotations

import os
from pathlib import Path

from hub.api.calling import agencies
from hub.api.papers import URGENT, calls_page
from hub.app.building import Hub
from hub.app.serving import services
from hub.errors import ConfigError


async def print_calls(hub: Hub, target: Path, *, lane: int = URGENT) -> int:
    """The list stands in `target`, readable by nobody else: it holds people's numbers. Returns how many agencies are on it.

    Raises:
        ConfigError: a template at fault, or the file cannot be written.
    """
    given, now = services(hub), hub.clock.now()
    listed = await hub.store.read(
        lambda conn: agencies(
            conn, given, now=now, lane=lane, sees_owner=lambda owner: True, sees_alert=lambda thing: True
        )
    )
    assert given.papers is not None
    page = calls_page(given.papers, given, listed, now=now)
    try:
        new = target.with_name(f".{target.name}.new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(page.html)
        new.replace(target)
    except OSError as error:
        raise ConfigError(str(target), error.strerror or str(error), "a file in a folder you may write") from error
    return len(listed)
