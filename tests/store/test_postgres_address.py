"""hub.store.postgres_address: URLs as people write them."""

from __future__ import annotations

import pytest

from hub.errors import ConfigError
from hub.store.postgres_address import address, is_postgres


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+asyncpg", "postgres"])
def test_every_usual_name_of_the_scheme_is_known(scheme: str) -> None:
    assert is_postgres(f"{scheme}://hub@127.0.0.1/hub")
    assert address(f"{scheme}://hub@127.0.0.1/hub").dsn == "postgresql://hub@127.0.0.1/hub"


def test_a_file_is_no_database() -> None:
    assert not is_postgres("sqlite:///hub.db")


@pytest.mark.parametrize(
    "url", ["postgresql://hub:bi%20mat@127.0.0.1/hub", "postgresql://hub@127.0.0.1/hub?password=bi+mat"]
)
def test_a_password_in_the_address_is_taken_out_of_it(url: str) -> None:
    read = address(url, "other")
    assert read.password == "bi mat"
    assert "mat" not in read.dsn + read.name + repr(read)


def test_a_password_beside_the_address_counts_where_it_names_none() -> None:
    assert address("postgresql://hub@127.0.0.1/hub", "bi mat").password == "bi mat"


def test_what_people_read_names_database_and_place() -> None:
    assert address("postgresql://hub@127.0.0.1:6000/hub_test").name == "PostgreSQL hub_test at 127.0.0.1:6000"


@pytest.mark.parametrize(
    "url",
    ["postgresql://hub@127.0.0.1", "postgresql://", "postgresql://hub@127.0.0.1/a/b", "postgresql://h@127.0.0.1:x/a"],
)
def test_an_address_that_leads_nowhere_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.url"):
        address(url)


def test_the_way_to_another_machine_must_be_said_to_be_protected_or_not() -> None:
    with pytest.raises(ConfigError, match="sslmode=verify-full"):
        address("postgresql://hub@db.dongnai.gov.vn/hub")
    for mode in ("verify-full", "disable"):
        assert f"sslmode={mode}" in address(f"postgresql://hub@db.dongnai.gov.vn/hub?sslmode={mode}").dsn


def test_a_socket_of_this_machine_needs_no_more() -> None:
    assert "host=%2Frun%2Fpostgresql" in address("postgresql:///hub?host=/run/postgresql").dsn
