"""Every test of a noun that begins with `fresh` tables runs on both backends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from hub.clock import SystemClock
from hub.store.postgres import open_database
from tests.servers.postgres import Postgres
from tests.store.fresh import fresh, place


@pytest.fixture(scope="session")
def empty_tables(postgres: Postgres) -> str:
    """A database with the hub's tables and nothing in them but the first head."""
    url = postgres.database()
    store = open_database(url, mode="test", clock=SystemClock())
    asyncio.run(store.close())
    postgres.sql("DELETE FROM meta", database=url.rpartition("/")[2])
    return url


@pytest.fixture(autouse=True)
def tables(request: pytest.FixtureRequest) -> Iterator[None]:
    """`fresh` gives the tables of the backend that this run of the test is for."""
    if getattr(request, "param", "sqlite") == "postgres":
        place["url"] = request.getfixturevalue("empty_tables")
    yield
    place["url"] = ""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if vars(metafunc.module).get("fresh") is fresh:
        backends = ["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))]
        metafunc.parametrize("tables", backends, indirect=True)
