"""The move from a file to PostgreSQL: seq, ledger and audit are kept, readers go on where they were, and the file is closed for good."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from hub.errors import ConfigError
from hub.store import head, meta
from hub.store.copying import contents
from hub.store.postgres_address import Address
from hub.store.postgres_copy import assert_version, fill, held
from hub.store.sqlite import locked


def move(path: Path, place: Address, *, mode: str, at: datetime) -> head.Head:
    """The database holds what the file held, and the file is marked as moved: no hub opens it again. Returns the head.

    The caller has made sure that no hub runs. A move that broke off is done again from the beginning; one that broke off between the
    last two steps is only finished.

    Raises:
        ConfigError: the file or the database cannot be used; the file is as it was.
        WrongMode: the file belongs to another mode.
    """
    if not path.exists():
        raise ConfigError("migrate --from", f"there is no store at {path}", "sqlite:///path")
    with locked(path) as source:
        assert_version(source, f"store {path.name}")
        meta.check_moved(source)
        meta.check_mode(source, mode)
        if not _is_there_already(source, place):
            fill(place, source, where="migrate --to")
        meta.put(source, "moved_to", f"{place.name}, {at.isoformat(timespec='seconds')}")
        return head.look(source)


def _is_there_already(source: Connection, place: Address) -> bool:
    return held(place) == contents(source)
