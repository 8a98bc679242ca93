"""The versions of the tables: a fresh store is made from `hub.store.tables`, an older one is brought up by Alembic.

A test holds that both ways end in the same tables. A change of `tables.py` needs a revision beside 0001, written with
`write_revision(conn, "what is now true")` on a store of the version before.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text

from hub.errors import ConfigError
from hub.store.head import GENESIS
from hub.store.tables import head, metadata

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent
LATEST = "0001"
"""The revision that `hub.store.tables` describes."""


def version(conn: Connection) -> str | None:
    """The revision of the store's tables; None when it has none yet."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str = conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    return found


def bring_up(conn: Connection, known: str | None) -> None:
    """The tables are those of this program, once the transaction commits. `known` is their version before.

    Raises:
        ConfigError: the store was written by a newer program.
    """
    if known is None:
        metadata.create_all(conn)
        conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        conn.execute(text("INSERT INTO alembic_version VALUES (:latest)"), {"latest": LATEST})
        _first_head(conn)
    elif known != LATEST:
        upgrade(conn, known)


def upgrade(conn: Connection, known: str | None) -> None:
    """Every revision after `known` is applied, in order.

    Raises:
        ConfigError: `known` is none of ours.
    """
    from alembic import command
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = _config(conn)
    try:
        ScriptDirectory.from_config(config).get_revision(known or "base")
    except CommandError as error:
        raise ConfigError(
            "store", f"its tables are of version {known}, this program knows {LATEST}", "use a newer hub"
        ) from error
    command.upgrade(config, LATEST)
    _first_head(conn)


def differences(conn: Connection) -> list[Any]:
    """What Alembic would change to make the tables those of `hub.store.tables`; [] when nothing."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    return list(compare_metadata(MigrationContext.configure(conn), metadata))


def write_revision(conn: Connection, what: str, *, revision: str, folder: Path = FOLDER) -> None:
    """A new file in `folder`/versions that brings the store of `conn` to `hub.store.tables`. Read it, then raise `LATEST`."""
    from alembic import command

    command.revision(_config(conn, folder), what, autogenerate=True, rev_id=revision)


def _config(conn: Connection, folder: Path = FOLDER) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "v%%(rev)s_%%(slug)s")
    config.attributes["connection"] = conn
    return config


def _first_head(conn: Connection) -> None:
    if conn.execute(head.select()).first() is None:
        conn.execute(head.insert().values(id=1, seq=0, audit_n=0, audit_hash=GENESIS, rules_rev=0, chain_n=0))
