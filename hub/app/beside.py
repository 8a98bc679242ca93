"""What runs beside the courier: the watch over the desk, what the hub tells people about itself, Acks to sources."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from hub.app.building import Hub
from hub.delivery.acker import Acker
from hub.delivery.deskwatch import DeskWatch
from hub.delivery.teller import Teller
from hub.words import Words

Job = Callable[[], Coroutine[Any, Any, None]]


def beside_delivery(hub: Hub) -> list[tuple[str, Job]]:
    """(name, loop) of each."""
    return [
        ("desk watch", DeskWatch(hub.store, hub.clock, hub.machine).run),
        ("teller", teller(hub).run),
        ("acker", acker(hub).run),
    ]


def acker(hub: Hub) -> Acker:
    """Not running."""
    return Acker(
        hub.store,
        hub.poster,
        clock=hub.clock,
        words=Words.load(hub.config.root / "words"),
        mode=hub.config.settings.hub.mode,
        sender=str(hub.config.profile.head.get("sender") or "hub"),
    )


def teller(hub: Hub) -> Teller:
    """Not running."""
    return Teller(
        hub.store,
        hub.courier.last.desk,
        hub.channels,
        clock=hub.clock,
        machine=hub.machine,
        mode=hub.config.settings.hub.mode,
    )
