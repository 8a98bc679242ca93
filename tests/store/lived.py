"""A store in which a hub has lived: warnings, updates, ends, refusals, two workers one after the other, anchors and signed heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.connector import Payload
from hub.store import payloads
from hub.store.signed import SignedHead, read_heads
from tests.hubbing import Receiver, endpoint, hub_in, later, say, settle, triple
from tests.journeys.town import receiving


@dataclass(frozen=True)
class Lived:
    """The store's file, and the heads that were taken away in the course of it."""

    path: Path
    heads: Sequence[SignedHead]


async def live_in(folder: Path, *, rounds: int = 6) -> Lived:
    """A hub lives twice in `folder`; in each life `rounds` chains of three versions go to two endpoints, one of which refuses."""
    heads: list[SignedHead] = []
    with receiving(Receiver()) as good, receiving(Receiver()) as bad:
        bad.status = 500
        for life in ("mot", "hai"):
            async with hub_in(folder) as hub:
                await endpoint(hub, "nghe", good.base)
                await endpoint(hub, "tu-choi", bad.base)
                for n in range(rounds):
                    name, sent = f"{life}-{n}", later(-600)
                    await say(hub, name, sent=sent)
                    await settle(hub)
                    await say(
                        hub,
                        f"{name}-b",
                        msg_type="Update",
                        sent=later(-300),
                        references=triple(name, sent),
                        severity="Minor",
                    )
                    await settle(hub)
                    if n % 2:
                        await say(hub, f"{name}-c", msg_type="Cancel", sent=later(-60), references=triple(name, sent))
                        await settle(hub)
                    kept = Payload("nguon", name.encode(), "text/plain", hub.clock.now())
                    await hub.store.write(lambda conn, kept=kept: payloads.keep(conn, kept))
                    heads.append(await hub.witness.testify())
                path = Path(hub.config.data_dir / "hub.db")
                exported = read_heads(path.parent / "heads")
    assert exported[-1] == heads[-1]
    return Lived(path, heads)
