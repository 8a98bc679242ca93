"""Every fetcher that a connector test opened is closed after it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.connectors.loopback import opened


@pytest.fixture(autouse=True)
async def fetchers_are_closed() -> AsyncIterator[None]:
    yield
    while opened:
        await opened.pop().aclose()
