"""Where the store of a configuration is, and its move from a file to PostgreSQL while no hub runs."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path

from hub.config import Config
from hub.errors import ConfigError
from hub.store.head import Head
from hub.store.node import Node
from hub.store.postgres_address import EXAMPLE, Address, address, is_postgres

_FILE = "sqlite:///"


def store_place(config: Config) -> Path | Address:
    """The file or the database that `[store] url` names.

    Raises:
        ConfigError: it names neither.
    """
    url = config.store_url
    if is_postgres(url):
        return address(url, config.store_password)
    if url.startswith(_FILE) and url != _FILE:
        return Path(url.removeprefix(_FILE))
    raise ConfigError("store.url", f"{url.partition('://')[0]!r} is no store of this hub", f"{_FILE}path, or {EXAMPLE}")


def move(config: Config, source: str, target: str, *, at: datetime) -> Head:
    """The database at `target` holds the store of the file at `source` ("": that of the configuration), which no hub opens again.

    Raises:
        ConfigError: the hub runs, or one of the two cannot be used; the file is as it was.
        WrongMode: the file belongs to another mode.
    """
    from hub.store import moving

    source = source or f"{_FILE}{config.data_dir / 'hub.db'}"
    if not source.startswith(_FILE):
        raise ConfigError(
            "--from", f"{source.partition('://')[0]!r} is no file", f"{_FILE}path; for the way back, backup and restore"
        )
    if not is_postgres(target):
        raise ConfigError("--to", f"{target.partition('://')[0]!r} is no PostgreSQL database", EXAMPLE)
    place = address(target, config.store_password)
    with closing(Node(config.data_dir, "hub")):
        return moving.move(Path(source.removeprefix(_FILE)), place, mode=config.settings.hub.mode, at=at)
