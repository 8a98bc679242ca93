"""A connection to PostgreSQL that keeps what it acknowledges: its settings are read back, and weaker ones are refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg

from hub.errors import ConfigError
from hub.store.postgres_address import Address

DRIVER_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""What the driver may fail with; the third is its confusion when the server dies in the middle of an answer."""
CONNECT_TIMEOUT_S = 5.0
OLDEST = 130_000
"""PostgreSQL 13: older ones get no more repairs."""

_READ_BACK = """
SELECT current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    set_config('synchronous_commit', current_setting('synchronous_commit'), false) AS synchronous_commit,
    current_setting('server_encoding') AS server_encoding,
    current_setting('transaction_read_only') AS transaction_read_only,
    pg_is_in_recovery()::text AS in_recovery,
    current_setting('server_version_num') AS version
"""  # set to what it is: a later change of the server's default does not weaken this session

_EXPECTED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "fsync": (("on",), "fsync = on in postgresql.conf"),
    "full_page_writes": (("on",), "full_page_writes = on in postgresql.conf"),
    "synchronous_commit": (
        ("on", "remote_apply"),
        "ALTER ROLE (the hub's) SET synchronous_commit = on, and see postgresql.conf",
    ),
    "server_encoding": (("UTF8",), "a database made with ENCODING 'UTF8' TEMPLATE template0"),
    "in_recovery": (("false",), "the address of the primary; this server is a standby"),
    "transaction_read_only": (("off",), "default_transaction_read_only = off for the hub's role and database"),
}


async def connect(address: Address, *, role: str, answer_s: float, settings: Mapping[str, str]) -> asyncpg.Connection:
    """A connection with `settings`, its promises read back. `role` is shown in pg_stat_activity. A statement that is not answered
    within `answer_s` fails.

    Raises:
        ConfigError: a setting of the server is weaker than promised.
        asyncpg.PostgresError, OSError, TimeoutError: it cannot be reached.
    """
    raw = await asyncpg.connect(
        address.dsn,
        password=address.password or None,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=answer_s,
        server_settings={"application_name": f"hub {role}", "jit": "off", **settings},
    )
    try:
        (found,) = await raw.fetch(_READ_BACK)
        assert_settings(dict(found))
    except BaseException:
        raw.terminate()
        raise
    return raw


def assert_settings(found: Mapping[str, str]) -> None:
    """The server keeps what it acknowledges, and is one that can be written to.

    Raises:
        ConfigError: a setting is weaker than promised; do not start.
    """
    if int(found["version"]) < OLDEST:
        raise ConfigError("store", f"PostgreSQL {int(found['version']) // 10_000} is too old", "PostgreSQL 13 or newer")
    for name, (allowed, mend) in _EXPECTED.items():
        if found[name] not in allowed:
            raise ConfigError("store", f"PostgreSQL's {name} is {found[name]!r}, not {' or '.join(allowed)}", mend)


def cannot_open(address: Address, error: BaseException) -> ConfigError:
    """Why the store cannot be opened, and what to do."""
    state = str(getattr(getattr(error, "orig", None) or error, "sqlstate", None) or "")
    mend = "is PostgreSQL running there, and does it listen?"
    if state == "3D000":
        mend = "make it: CREATE DATABASE … OWNER (the hub's role) ENCODING 'UTF8' TEMPLATE template0"
    elif state.startswith("28"):
        mend = "see [store] password and pg_hba.conf"
    elif state == "42501":
        mend = "make the hub's role the owner of its database"
    elif state:
        mend = "see PostgreSQL's log"
    return ConfigError(address.name, f"cannot be opened: {told(error)}", mend)


def told(error: BaseException) -> str:
    """The error in one line, with PostgreSQL's code."""
    cause: Any = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None)
    text = str(cause).partition("\n")[0].rpartition(">: ")[2]
    if isinstance(cause, (TimeoutError, asyncio.TimeoutError)):
        text = "PostgreSQL did not answer in time"
    return f"{text or type(cause).__name__} ({state or type(cause).__name__})"
