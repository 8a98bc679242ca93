"""hub.store.postgres: the store's contract over a PostgreSQL database, and what only a server can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from hub.clock import SetClock
from hub.store.postgres import PostgresStore, open_database
from tests.store.contract import START, StoreContract

pytestmark = pytest.mark.needs("postgres")

Opener = Callable[[], Awaitable[PostgresStore]]


@pytest.fixture
def url(database: str) -> str:
    return database


@pytest.fixture
def reopen(url: str) -> Opener:
    async def open_again() -> PostgresStore:
        return open_database(url, mode="test", clock=SetClock(START))

    return open_again


class TestPostgresStore(StoreContract):
    pass
