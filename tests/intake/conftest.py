"""Every store that an intake test opened is closed after it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.intake.speaking import OpenedStore


@pytest.fixture(autouse=True)
async def stores_are_closed() -> AsyncIterator[None]:
    yield
    while OpenedStore.opened:
        await OpenedStore.opened.pop().close()
