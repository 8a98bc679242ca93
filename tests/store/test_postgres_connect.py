"""hub.store.postgres_connect: what a server must promise, and errors in words."""

from __future__ import annotations

import pytest

from hub.errors import ConfigError
from hub.store.postgres_address import address
from hub.store.postgres_connect import assert_settings, cannot_open, connect, told
from tests.servers.postgres import Postgres

GOOD = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "server_encoding": "UTF8",
    "transaction_read_only": "off",
    "in_recovery": "false",
    "version": "150018",
}


def test_a_server_that_keeps_what_it_acknowledges_is_taken() -> None:
    assert_settings(GOOD)
    assert_settings({**GOOD, "synchronous_commit": "remote_apply"})


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("fsync", "off", "fsync = on"),
        ("full_page_writes", "off", "full_page_writes = on"),
        ("synchronous_commit", "off", "ALTER ROLE"),
        ("synchronous_commit", "local", "ALTER ROLE"),
        ("synchronous_commit", "remote_write", "ALTER ROLE"),
        ("server_encoding", "SQL_ASCII", "ENCODING 'UTF8'"),
        ("transaction_read_only", "on", "default_transaction_read_only"),
        ("in_recovery", "true", "primary"),
        ("version", "120022", "13 or newer"),
    ],
)
def test_a_weaker_server_is_refused_with_what_to_do(name: str, value: str, mend: str) -> None:
    with pytest.raises(ConfigError) as refused:
        assert_settings({**GOOD, name: value})
    assert mend in refused.value.mend


@pytest.mark.needs("postgres")
async def test_a_connection_says_in_the_servers_list_whose_it_is(postgres: Postgres, database: str) -> None:
    raw = await connect(address(database), role="writer", answer_s=5, settings={"lock_timeout": "1234"})
    try:
        assert await raw.fetchval("SHOW application_name") == "hub writer"
        assert await raw.fetchval("SHOW lock_timeout") == "1234ms"
    finally:
        raw.terminate()


def test_an_error_is_told_in_one_line_and_says_what_to_do() -> None:
    class Refused(Exception):
        sqlstate = "28P01"

    error = cannot_open(address("postgresql://hub@127.0.0.1/hub"), Refused("password authentication failed\nDETAIL: x"))
    assert (error.reason, error.mend) == (
        "cannot be opened: password authentication failed (28P01)",
        "see [store] password and pg_hba.conf",
    )
    assert told(TimeoutError()) == "PostgreSQL did not answer in time (TimeoutError)"
