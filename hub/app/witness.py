"""The witness of the hub: anchors the ledger in the decision chain and keeps signed heads outside the store (EVI-1)."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog
from sqlalchemy import Connection

from hub.app.seal import load_seal_key
from hub.clock import Clock, SystemClock
from hub.config import Config
from hub.errors import ConfigError
from hub.store import NotStored, Store, anchors, evidence, open_store
from hub.store.evidence import Report
from hub.store.signed import SignedHead, public_key, read_heads, signed_head
from hub.store.sqlite import sync_folder

log = structlog.get_logger()

HEADS = "heads"
KEY = "head.key"
"""What the hub signs heads with: 32 bytes in a file beside the store, made at the first start."""
LOOK_EVERY_S = 1.0


class Witness:
    """Anchors at start, at the latest every 60 s or 10,000 rows while something happens, and at the end; each time a head is exported."""

    def __init__(self, store: Store, data_dir: Path, *, clock: Clock, machine: Clock) -> None:
        """Raises:
        ConfigError: the file of the hub's key holds none.
        """
        self._store = store
        self._clock = clock
        self._machine = machine
        self._seed = load_seal_key(data_dir / KEY)
        self._folder = data_dir / HEADS
        self._exported_n = -1
        self._due_at = float("-inf")

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self.step()
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            with contextlib.suppress(NotStored):
                await self.testify()

    async def step(self) -> None:
        """Anchors and exports when it is time."""
        if self._machine.monotonic() >= self._due_at or (await self._store.read(anchors.waiting) >= anchors.MOST_ROWS):
            await self.testify()

    async def testify(self) -> SignedHead:
        """What was sealed until now stands in the decision chain, and its head is in a file; nothing new, nothing written."""
        self._due_at = self._machine.monotonic() + anchors.EVERY_S
        await self._store.write(lambda conn: anchors.anchor(conn, self._clock.now()))
        head = await self._store.read(self.head)
        if head.audit_n != self._exported_n:
            try:
                await asyncio.to_thread(export, self._folder, head)
            except OSError as error:
                log.error("evidence.head_not_exported", folder=str(self._folder), error=str(error))
            else:
                self._exported_n = head.audit_n
        return head

    def head(self, conn: Connection) -> SignedHead:
        """The head as last committed, signed now."""
        return signed_head(conn, seed=self._seed, at=self._machine.now())


def export(folder: Path, head: SignedHead) -> Path:
    """The head is the newest of its hour in `folder`, whole and durable: one file an hour, each vouches for all before."""
    folder.mkdir(parents=True, exist_ok=True)
    at = datetime.fromisoformat(head.at).astimezone(UTC)
    path = folder / f"{at:%Y-%m-%dT%H}Z.json"
    unfinished = path.with_suffix(".tmp")
    fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    with os.fdopen(fd, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(head)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(folder)
    return path


async def verify(config: Config, heads: Path | None = None) -> Report:
    """What the evidence in that configuration's store comes to, held against `heads`; None: those the hub itself exported.

    The hub may run meanwhile.

    Raises:
        ConfigError: there is no store, or the heads cannot be read.
    """
    known, key = _vouching(config, heads)
    store = open_store(
        config.store_url,
        mode=config.settings.hub.mode,
        clock=SystemClock(),
        password=config.store_password,
    )
    try:
        return await store.read(lambda conn: evidence.verify(conn, known, key=key))
    finally:
        await store.close()


def _vouching(config: Config, heads: Path | None) -> tuple[Sequence[SignedHead], str]:
    """(the heads to hold the store against, the hub's public key or "" when it has none here)."""
    file = Path(config.store_url.removeprefix("sqlite:///"))
    if config.store_url.startswith("sqlite:///") and not file.exists():
        raise ConfigError("store", f"there is none at {file}", "see [store] url and --mode")
    own = config.data_dir / HEADS
    known = read_heads(heads) if heads is not None else read_heads(own) if own.is_dir() else ()
    seed = config.data_dir / KEY
    return known, public_key(load_seal_key(seed)) if seed.exists() else ""
