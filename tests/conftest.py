"""What a test may need of the machine: skipped with its reason where that is missing, a failure under HUB_REQUIRE=all."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.postgres import Postgres, programs

SYSTEM_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
SHARED = Path(__file__).resolve().parents[2] / "shared"
PROGRAMS = ("cc", "chromium", "docker", "git", "ip", "make", "mosquitto", "node", "openssl", "strace", "tc", "unshare")


def _shared() -> str:
    return "" if SHARED.is_dir() else "the folder `shared` with the public samples is not beside the project"


def _root() -> str:
    return "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "this is not the superuser"


def _loop() -> str:
    program = shutil.which("losetup")
    if program is None:
        return "losetup is not on this machine"
    asked = subprocess.run([program, "--find"], capture_output=True, text=True, timeout=10, check=False)
    return "" if asked.returncode == 0 else f"no loop device: {asked.stderr.strip()}"


def _kafka() -> str:
    lacking = [program for program in ("java", "mvn", "openssl") if shutil.which(program) is None]
    return f"{', '.join(lacking)} for a Kafka of the tests: not on this machine" if lacking else ""


def _postgres() -> str:
    return "" if programs() is not None else "no PostgreSQL server is on this machine (apt-get install postgresql)"


THINGS: dict[str, Callable[[], str]] = {
    "kafka": _kafka,
    "loop": _loop,
    "postgres": _postgres,
    "root": _root,
    "shared": _shared,
}


@functools.cache
def missing(what: str) -> str:
    """Why `what` is not on this machine; "" when it is.

    Raises:
        LookupError: nobody knows how to look for `what`, so a test that needs it would be skipped everywhere.
    """
    if what in THINGS:
        return THINGS[what]()
    if what not in PROGRAMS:
        raise LookupError(f"needs({what!r}): unknown; add it to tests/conftest.py")
    return "" if shutil.which(what, path=SYSTEM_PATH) else f"{what} is not on this machine"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the whole session. Whoever asks for it bears the mark `needs("postgres")`."""
    server = Postgres()
    yield server
    server.close()


@pytest.fixture
def database(postgres: Postgres) -> str:
    """The address of a new, empty database."""
    return postgres.database()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def database_url(request: pytest.FixtureRequest) -> str:
    """The test runs twice: "" stands for a store in a file, otherwise it is the address of an empty database."""
    if request.param == "sqlite":
        return ""
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()


def _all_required() -> bool:
    return os.environ.get("HUB_REQUIRE") == "all"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    reasons = [missing(what) for mark in item.iter_markers("needs") for what in mark.args]
    told = "; ".join(dict.fromkeys(filter(None, reasons)))
    if told:
        pytest.skip(told)


@pytest.fixture(scope="session")
def kafka() -> Generator[Any, None, None]:
    """One broker for all tests that need one (a `tests.servers.kafka.Kafka`); each test has topics of its own."""
    from tests.servers.kafka import Kafka

    with Kafka(1) as kafka:
        yield kafka


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return told.removeprefix("Skipped: ")


def _as_failure(report: Any) -> Any:
    """The report of a skip, as that of a failure where everything is required; an expected failure stays one."""
    if _all_required() and report.skipped and not hasattr(report, "wasxfail"):
        report.longrepr = f"HUB_REQUIRE=all, yet this was to be skipped: {_reason(report)}"
        report.outcome = "failed"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    return _as_failure((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    return _as_failure((yield))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", ()))
    if reasons:
        terminalreporter.section("could not run on this machine")
        for reason, times in reasons.most_common():
            terminalreporter.line(f"{times} × {reason}")
