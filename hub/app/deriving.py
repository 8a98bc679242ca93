"""The role `deriving` put together: its tables, its voice, its one way in, and its loops."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from hub.acceptance.accept import Setting
from hub.acceptance.authorities import authority_of
from hub.clock import Clock
from hub.config import Config
from hub.deriving.chains import Chains
from hub.deriving.intensity import QuakeScale
from hub.deriving.run import READER, ClockLoop, reading_loop
from hub.deriving.scales import FloodScale
from hub.deriving.shaking import ShakingLoop
from hub.deriving.stations import Stations
from hub.deriving.tables import load_stations
from hub.deriving.taking import TOPIC, Door
from hub.deriving.telling import Speaker, Voice
from hub.policy import Authority
from hub.store import Store, rules
from hub.stream import Stream
from hub.stream.sqlite import append_in
from hub.stream.taking import Taking
from hub.words import Words

Job = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Derivation:
    """The parts. Any process takes readings through `door`; only one with the role runs `jobs`."""

    stations: Stations
    words: Words
    door: Door
    readings: Taking
    clock: ClockLoop
    shaking: ShakingLoop
    _loops: Callable[[Store], tuple[Taking, ClockLoop, ShakingLoop]]

    def over(self, store: Store) -> Derivation:
        """The same with loops that write to `store`."""
        readings, clock, shaking = self._loops(store)
        return replace(self, readings=readings, clock=clock, shaking=shaking)

    def jobs(self) -> list[tuple[str, Job]]:
        """(name, loop) of each."""
        return [
            ("deriving", self.readings.run),
            ("deriving clock", self.clock.run),
            ("deriving shaking", self.shaking.run),
        ]


def derivation(config: Config, *, store: Store, stream: Stream, setting: Setting, clock: Clock) -> Derivation:
    """Everything of the role, not yet running.

    Raises:
        ConfigError: a table makes no sense; do not start.
    """
    stations = load_stations(config.root / "gazetteer")
    words = Words.load(config.root / "words")
    voice = Voice(_speaker(config), words, setting.gazetteer, setting.hazards)
    chains = Chains(stations, FloodScale.load(config.root / "scales" / "flood_risk.csv"), voice)
    scale = QuakeScale.load(config.root / "scales")

    def loops(store: Store) -> tuple[Taking, ClockLoop, ShakingLoop]:
        return (
            reading_loop(chains, stream.reader(TOPIC, READER), store, clock=clock),
            ClockLoop(chains, store, clock=clock),
            ShakingLoop(store, scale, voice, clock=clock),
        )

    return Derivation(stations, words, Door(stations, authority_in, append_in), *loops(store), loops)


def authority_in(conn: Connection, source: str) -> Authority | None:
    """What the source may say by the rules of the transaction, None when nobody said."""
    rule = rules.get(conn, "authority", source)
    return None if rule is None else authority_of(source, rule.body)


def _speaker(config: Config) -> Speaker:
    head = config.profile.head
    return Speaker(
        sender=str(head.get("sender") or "hub"),
        sender_name=str(head.get("sender_name", "")),
        web=str(head.get("web", "")),
        contact=str(head.get("contact", "")),
    )
