"""Everything of one process built from its configuration, and not yet running."""

from __future__ import annotations

import os
import random
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from hub.acceptance.accept import Acceptor, Setting
from hub.acceptance.authorities import Trusted
from hub.acceptance.decide import STATUS_OF_MODE
from hub.acceptance.incident import Windows
from hub.acknowledging.links import Links
from hub.app.channels import Channels, channel_settings
from hub.app.deriving import Derivation, derivation
from hub.app.listening import check_listen, split_listen
from hub.app.seal import load_seal_key
from hub.app.sending import may_send_in
from hub.app.witness import Witness
from hub.clock import Clock, LeapingClock, SystemClock
from hub.config import Config
from hub.consumer import ChannelIO
from hub.delivery import retry
from hub.delivery.escalator import Escalator
from hub.delivery.lastlook import LastLook
from hub.delivery.letter import Desk
from hub.delivery.slots import Slots
from hub.delivery.worker import Courier
from hub.deriving import SOURCE
from hub.errors import ConfigError
from hub.hazards import Hazards
from hub.http.addresses import AddressRules, rules_for
from hub.http.dial import RememberingResolver, SystemResolver, is_here
from hub.http.fetch import PinnedFetcher
from hub.http.post import PinnedPoster
from hub.places import Gazetteer
from hub.policy.marking import marking
from hub.routing.route import Router
from hub.routing.rows import Worker
from hub.store import Store, open_store
from hub.store.node import Node
from hub.stream.sqlite import SqliteStream
from hub.words import Words

if TYPE_CHECKING:
    from hub.app.wire import Wire


@dataclass
class Hub:
    """The parts of one process, built and not yet running.

    `clock` is the time in which events happen; a drill may shift it. `machine` is that of wires and people: signatures, sessions, how
    a source is doing.
    """

    config: Config
    clock: Clock
    machine: Clock
    store: Store
    gazetteer: Gazetteer
    hazards: Hazards
    addresses: AddressRules
    seal_key: bytes
    worker: str
    acceptor: Acceptor
    stream: SqliteStream
    poster: PinnedPoster
    channels: Channels
    courier: Courier
    escalator: Escalator
    links: Links
    router: Router
    deriving: Derivation
    resolver: Any
    witness: Witness
    wire: Wire | None = None
    node: Node | None = None
    fetchers: list[PinnedFetcher] = field(default_factory=list)
    server: uvicorn.Server | None = None

    @property
    def base_url(self) -> str:
        """How others reach this hub."""
        return base_url_of(self.config)


def open_hub(config: Config, *, clock: Clock | None = None, chance: random.Random | None = None) -> Hub:
    """Builds everything; opens the store, imports the configuration, frees what a dead predecessor held.

    Raises:
        ConfigError, WrongMode: do not start.
    """
    machine = clock or SystemClock()
    clock = clock or clock_of(config)
    check_listen(config)
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            "hub.data_dir", f"{config.data_dir}: {error.strerror}", "a folder this process may write"
        ) from error
    store = open_store(config.store_url, mode=config.settings.hub.mode, clock=clock, password=config.store_password)
    profile = config.profile
    gazetteer = Gazetteer.load(config.root / "gazetteer", on=profile.gazetteer_on, home=profile.province)
    hazards = Hazards.load(config.root / "hazards.csv")
    http = config.settings.http
    host, port = split_listen(http.listen)
    own = ((host, port),) if host == "localhost" or host[0].isdigit() or ":" in host else ()
    addresses = rules_for(
        mode=config.settings.hub.mode,
        dev=config.settings.hub.dev,
        allow=http.networks_allowed,
        own=own,
        here=is_here,
    )
    seal_key = load_seal_key(config.data_dir / "seal.key")
    resolver = RememberingResolver(SystemResolver())
    poster = PinnedPoster(addresses, resolver=resolver, user_agent=http.user_agent)
    worker = f"{os.getpid()}-{secrets.token_hex(4)}"
    words = Words.load(config.root / "words")
    channels = Channels(
        ChannelIO(
            poster=poster, clock=machine, words=words, hazards=hazards, folder=config.data_dir.resolve() / "channels"
        ),
        config.settings.channels,
    )
    links = Links(seal_key=seal_key, mode=config.settings.hub.mode, base_url=base_url_of(config))
    desk = Desk(
        mode=config.settings.hub.mode,
        seal_key=seal_key,
        make_settings=channel_settings,
        mark=marking(words, config.settings.hub.mode),
        links=links,
    )
    may_send = may_send_in(config.settings.hub.mode)
    courier = Courier(
        store=store,
        last=LastLook(desk=desk, channels=channels, may_send=may_send, clock=clock, machine=machine, worker=worker),
        clock=clock,
        worker=worker,
        chance=chance or random.Random(),  # noqa: S311 - jitter, not a secret
        slots=Slots(total=config.settings.delivery.at_once),
    )
    stream = SqliteStream(store, clock=clock)
    setting = Setting(
        mode=config.settings.hub.mode,
        gazetteer=gazetteer,
        hazards=hazards,
        trusted=Trusted(),
        windows=Windows(by_hazard=hazards.windows()),
        status_of={**{s.name: s.status for s in profile.sources}, SOURCE: STATUS_OF_MODE[config.settings.hub.mode]},
    )
    router = Router(
        store,
        clock=clock,
        may_send=may_send,
        worker=Worker(worker, courier.claims, lambda lane: round(retry.lease_s(lane) * 1e6)),
        hand=courier.hand,
    )
    return Hub(
        config=config,
        clock=clock,
        machine=machine,
        store=store,
        gazetteer=gazetteer,
        hazards=hazards,
        addresses=addresses,
        seal_key=seal_key,
        worker=worker,
        acceptor=Acceptor(store, setting, clock=clock),
        stream=stream,
        poster=poster,
        channels=channels,
        courier=courier,
        escalator=Escalator(store, clock, withheld=courier.last.withheld, wake=courier.wake),
        links=links,
        router=router,
        deriving=derivation(config, store=store, stream=stream, setting=setting, clock=clock),
        resolver=resolver,
        wire=_wire(config),
        witness=Witness(store, config.data_dir, clock=clock, machine=machine),
    )


def _wire(config: Config) -> Wire | None:
    """The stream that leaves this machine; its library is not loaded where there is none."""
    if not config.settings.stream.url:
        return None
    from hub.app.wire import wire_of

    return wire_of(config)


def base_url_of(config: Config) -> str:
    """How others reach the hub of that configuration."""
    http = config.settings.http
    scheme = "https" if http.cert or http.behind_proxy else "http"
    return http.url or f"{scheme}://{http.listen}"


def clock_of(config: Config) -> Clock:
    """The clock that the configuration names.

    Raises:
        ConfigError: in mode actual there is no other than the machine's.
    """
    file, mode = config.settings.hub.clock, config.settings.hub.mode
    if not file:
        return SystemClock()
    if mode == "actual":
        raise ConfigError("hub.clock", "in mode actual there is no other time than the machine's", "remove it")
    return LeapingClock(Path(file))
