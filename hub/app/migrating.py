"""`hub migrate`: the store's tables and the stream's topics are those of this version."""

from __future__ import annotations

from hub.clock import SystemClock
from hub.config import Config
from hub.store import open_store


async def migrate(config: Config) -> list[str]:
    """The store is at this version and every topic declared; returns the names of the topics made now.

    Raises:
        ConfigError, WrongMode, NotStored: see `hub.store.open_store` and `hub.app.wire.make_topics`.
    """
    store = open_store(
        config.store_url,
        mode=config.settings.hub.mode,
        clock=SystemClock(),
        password=config.store_password,
    )
    try:
        if not config.settings.stream.url:
            return []
        from hub.app.wire import make_topics

        return await make_topics(config, store)
    finally:
        await store.close()
