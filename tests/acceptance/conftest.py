"""What the acceptance tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.acceptance.accepting import Desk, desk


@pytest_asyncio.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as open_desk:
        yield open_desk
