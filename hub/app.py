"""The composition root: configuration in, a running hub out. The one place that builds things."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
import uvicorn
from sqlalchemy import Connection

from hub.acceptance.accept import AcceptanceLoop, Acceptor, Setting
from hub.acceptance.authorities import Trusted
from hub.acceptance.decide import Decision
from hub.acceptance.incident import Windows
from hub.api.door import build, serving
from hub.api.services import Services
from hub.clock import Clock, SystemClock, to_us
from hub.config import Config, SourceSettings, plugin, settings_of
from hub.connector import Candidate, Payload, Source, Withdrawn
from hub.consumer import Channel, ChannelIO, Delivery, FollowerIO
from hub.delivery import retry
from hub.delivery.letter import Desk
from hub.delivery.prove import prove
from hub.delivery.slots import Slots
from hub.delivery.worker import Courier
from hub.errors import ConfigError, Forbidden, Rejected, Retry
from hub.following.host import Host
from hub.following.log import StoredLog
from hub.hazards import Hazards
from hub.http.addresses import AddressRules, rules_for
from hub.http.dial import RememberingResolver, SystemResolver, is_here
from hub.http.fetch import FetchRules, PinnedFetcher
from hub.http.post import PinnedPoster
from hub.intake.outlet import Embedded
from hub.intake.read import Listener
from hub.intake.schedule import Schedule
from hub.places import Gazetteer
from hub.policy import Recipient, Treaty, Verdict, may_publish, may_send
from hub.routing.route import Router
from hub.routing.why import why
from hub.store import Store, alarms, deliveries, endpoints, leases, open_store, payloads, people, rules
from hub.store.node import Node
from hub.stream.sqlite import SqliteStream, append_in
from hub.subscription import AlertFacts

log = structlog.get_logger()

ROLES = ("intake", "acceptance", "routing", "delivery", "following", "api")
BEAT_S = 1.0
UNROUTED_ALARM_S = 5.0


@dataclass
class Hub:
    """The parts of one process, built and not yet running."""

    config: Config
    clock: Clock
    store: Store
    gazetteer: Gazetteer
    hazards: Hazards
    addresses: AddressRules
    seal_key: bytes
    worker: str
    acceptor: Acceptor
    stream: SqliteStream
    poster: PinnedPoster
    channels: Mapping[str, Channel]
    courier: Courier
    router: Router
    resolver: Any
    node: Node | None = None
    fetchers: list[PinnedFetcher] = field(default_factory=list)
    server: uvicorn.Server | None = None

    @property
    def base_url(self) -> str:
        """How others reach this hub."""
        http = self.config.settings.http
        scheme = "https" if http.cert or http.behind_proxy else "http"
        return http.url or f"{scheme}://{http.listen}"


def open_hub(config: Config, *, clock: Clock | None = None, chance: random.Random | None = None) -> Hub:
    """Builds everything; opens the store, imports the configuration, frees what a dead predecessor held.

    Raises:
        ConfigError, WrongMode: do not start.
    """
    clock = clock or SystemClock()
    check_listen(config)
    config.data_dir.mkdir(parents=True, exist_ok=True)
    store = open_store(config.store_url, mode=config.settings.hub.mode, clock=clock)
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
    channels = _Channels(ChannelIO(poster=poster, clock=clock))
    desk = Desk(mode=config.settings.hub.mode, seal_key=seal_key, make_settings=_channel_settings)
    courier = Courier(
        store=store,
        desk=desk,
        channels=channels,
        may_send=_may_send_in,
        clock=clock,
        worker=worker,
        chance=chance or random.Random(),  # noqa: S311 - jitter, not a secret
        slots=Slots(total=config.settings.delivery.at_once),
    )
    setting = Setting(
        mode=config.settings.hub.mode,
        gazetteer=gazetteer,
        hazards=hazards,
        trusted=Trusted(),
        windows=Windows(by_hazard=hazards.windows()),
        status_of={s.name: s.status for s in profile.sources},
    )
    router = Router(
        store,
        clock=clock,
        may_send=_may_send_in,
        worker=worker,
        claims=courier.claims,
        lease_us=lambda lane: round(retry.lease_s(lane) * 1e6),
        hand=courier.hand,
    )
    return Hub(
        config=config,
        clock=clock,
        store=store,
        gazetteer=gazetteer,
        hazards=hazards,
        addresses=addresses,
        seal_key=seal_key,
        worker=worker,
        acceptor=Acceptor(store, setting, clock=clock),
        stream=SqliteStream(store, clock=clock),
        poster=poster,
        channels=channels,
        courier=courier,
        router=router,
        resolver=resolver,
    )


async def run(
    hub: Hub, roles: Sequence[str] = ROLES, *, ready: Callable[[], Coroutine[Any, Any, None]] | None = None
) -> None:
    """Runs the roles until cancelled or until one of them breaks; then everything stops.

    Raises:
        ConfigError: another process runs on this data directory.
    """
    hub.node = Node(hub.config.data_dir, "hub")
    try:
        await hub.store.write(lambda conn: _start_in(conn, hub))
        async with asyncio.TaskGroup() as group:
            for name, job in _jobs(hub, roles):
                group.create_task(job, name=name)
            if ready is not None:
                group.create_task(ready(), name="ready")
    finally:
        for fetcher in hub.fetchers:
            await fetcher.aclose()
        await hub.poster.aclose()
        await hub.store.close()
        hub.node.close()


def _start_in(conn: Connection, hub: Hub) -> None:
    dead = leases.register(conn, hub.worker, node="hub", clock=hub.clock)
    freed = deliveries.free_leases(conn, now=to_us(hub.clock.now()), dead=dead)
    if freed:
        log.info("delivery.leases_freed", count=freed)
    rules.apply(conn, hub.config.profile.documents, by="config", at=hub.clock.now())


def _jobs(hub: Hub, roles: Sequence[str]) -> list[tuple[str, Any]]:
    jobs: list[tuple[str, Any]] = [("beat", _beat(hub))]
    if "acceptance" in roles:
        reader = hub.stream.reader("candidates", "acceptance")
        jobs.append(("acceptance", AcceptanceLoop(hub.acceptor, reader, hub.store, clock=hub.clock).run()))
    if "routing" in roles:
        jobs.append(("routing", hub.router.run()))
    if "delivery" in roles:
        jobs.append(("delivery", hub.courier.run()))
    if "following" in roles:
        jobs += [(f"following {host.name}", host.run()) for host in _followers(hub)]
    if "intake" in roles:
        jobs.append(("intake", Schedule(listeners(hub), chance=hub.courier.chance).run()))
    if "api" in roles:
        jobs.append(("api", _serve(hub)))
    return jobs


async def _beat(hub: Hub) -> None:
    """This process lives; deliveries of processes that do not are free again; an alert nobody routed is an alarm."""
    while True:
        await asyncio.sleep(BEAT_S)
        await hub.store.write(lambda conn: _beat_in(conn, hub))


def _beat_in(conn: Connection, hub: Hub) -> None:
    now = to_us(hub.clock.now())
    leases.beat(conn, hub.worker, clock=hub.clock)
    dead = [p for p in leases.silent(conn, clock=hub.clock) if p != hub.worker]
    if dead:
        deliveries.free_leases(conn, now=now, dead=dead)
        leases.forget(conn, dead)
    for seq in deliveries.unrouted(conn, before=now - round(UNROUTED_ALARM_S * 1e6)):
        alarms.open_alarm(
            conn, kind="alert.unrouted", about=str(seq), detail="accepted and not routed after 5 s", at=now
        )


def listeners(hub: Hub) -> list[Listener]:
    """One for each source that is switched on."""
    outlet = Embedded(hub.store, append_in)
    return [
        Listener(source, connector, fetcher, outlet=outlet, clock=hub.clock)
        for source, connector, fetcher in (connected(hub, s) for s in hub.config.profile.sources if s.enabled)
    ]


def connected(hub: Hub, settings: SourceSettings) -> tuple[Source, Any, PinnedFetcher]:
    """A source with its connector and its fetcher."""
    where = f"sources.toml: {settings.name}"
    module = plugin("connectors", settings.kind, where=where)
    own = settings_of(module, settings.settings, where=f"{where}.settings")
    source = Source(settings.name, settings.kind, own, ZoneInfo(settings.zone), settings.interval_s)
    hosts = settings.hosts or tuple(_hosts_in(settings.settings, own))
    fetcher = PinnedFetcher(
        FetchRules(
            hosts=frozenset(hosts),
            user_agent=hub.config.settings.http.user_agent,
            rewrite=settings.rewrite,
            plain_http=settings.plain_http,
            accept=settings.accept,
            ca_file=settings.ca_file,
            max_bytes=settings.max_bytes,
            timeout_s=settings.timeout_s,
        ),
        replace(hub.addresses, own=frozenset()) if hub.addresses.relaxed else hub.addresses,
        resolver=hub.resolver,
        clock=hub.clock,
    )
    hub.fetchers.append(fetcher)
    return source, module.Connector(source, clock=hub.clock), fetcher


def _hosts_in(table: Mapping[str, object], own: Any) -> list[str]:
    """The hosts of every address among the connector's settings, defaults included."""
    values = [getattr(own, name) for name in getattr(own, "__dataclass_fields__", table)]
    return [host for v in values if isinstance(v, str) and "://" in v and (host := urlsplit(v).hostname)]


def _followers(hub: Hub) -> list[Host]:
    hosts = []
    for kind, name, body in hub.config.profile.documents:
        if kind != "feed":
            continue
        table = dict(body)
        module = plugin("consumers", str(table.pop("kind", "cap_feed")), where=f"feeds.toml: {name}")
        folder = hub.config.data_dir / "feeds"
        folder.mkdir(parents=True, exist_ok=True)
        settings = settings_of(module, table, where=f"feeds.toml: {name}")
        io = FollowerIO(folder=folder, clock=hub.clock, base_url=hub.base_url, mode=hub.config.settings.hub.mode)
        log_ = StoredLog(hub.store, clock=hub.clock, may_publish=may_publish)
        hosts.append(Host(name, module.Follower(name, settings, io), log_, hub.store))
    return hosts


async def _serve(hub: Hub) -> None:
    http = hub.config.settings.http
    host, port = split_listen(http.listen)
    tls = {"ssl_certfile": http.cert, "ssl_keyfile": http.key} if http.cert else {}
    proxy = {"proxy_headers": True, "forwarded_allow_ips": http.behind_proxy} if http.behind_proxy else {}
    hub.server = _Server(serving(build(services(hub)), host=host, port=port, **tls, **proxy))
    served = asyncio.ensure_future(hub.server.serve())
    try:
        await asyncio.shield(served)
    except asyncio.CancelledError:
        hub.server.should_exit = True
        await served
        raise


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: the process has one way to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serving_now(hub: Hub) -> None:
    """Returns once the HTTP door takes connections."""
    while hub.server is None or not hub.server.started:  # noqa: ASYNC110 - uvicorn tells it by a flag only
        await asyncio.sleep(0.02)


def services(hub: Hub) -> Services:
    """What the HTTP door is given."""
    http = hub.config.settings.http
    host, port = split_listen(http.listen)
    return Services(
        store=hub.store,
        acceptor=hub.acceptor,
        clock=hub.clock,
        mode=hub.config.settings.hub.mode,
        name=hub.config.settings.hub.name,
        gazetteer=hub.gazetteer,
        hazards=hub.hazards,
        hosts=(host, "localhost", "127.0.0.1", *http.hosts),
        seal_key=hub.seal_key,
        why=why,
        port=port,
        secure=bool(http.cert or http.behind_proxy),
        zone_of={s.name: ZoneInfo(s.zone) for s in hub.config.profile.sources},
        feeds_folder=hub.config.data_dir / "feeds",
        prove=lambda endpoint_id: prove_endpoint(hub, endpoint_id),
        send_test=lambda endpoint_id: send_test(hub, endpoint_id),
        redeliver=lambda delivery_id: redeliver(hub, delivery_id),
        check_endpoint=check_endpoint,
    )


async def prove_endpoint(hub: Hub, endpoint_id: str) -> bool:
    """The endpoint answered a signed challenge and is active from now on; False when it did not."""
    endpoint = await hub.store.read(lambda conn: hub.courier.desk.endpoint(conn, endpoint_id))
    if endpoint is None:
        return False
    try:
        good = await prove(hub.channels[endpoint.kind], endpoint, clock=hub.clock, mode=hub.config.settings.hub.mode)
    except (Retry, Rejected, Forbidden) as error:
        log.info("endpoint.unproven", endpoint=endpoint_id, reason=str(error))
        return False
    if good:
        url = str(getattr(endpoint.settings, "url", ""))
        await hub.store.write(lambda conn: endpoints.proven(conn, endpoint_id, url))
    return good


async def send_test(hub: Hub, endpoint_id: str) -> bool:
    """An `endpoint.test` event was taken by the endpoint."""
    endpoint = await hub.store.read(lambda conn: hub.courier.desk.endpoint(conn, endpoint_id))
    if endpoint is None:
        return False
    delivery = Delivery(
        delivery_id=f"test-{secrets.token_hex(12)}",
        event_type="endpoint.test",
        mode=hub.config.settings.hub.mode,
        attempt_no=1,
        attempted_at=hub.clock.now(),
        lane=retry.P3,
    )
    channel = hub.channels[endpoint.kind]
    try:
        await channel.send(channel.render(delivery, endpoint), endpoint, timeout_s=retry.TIMEOUT_S)
    except (Retry, Rejected, Forbidden) as error:
        log.info("endpoint.test_failed", endpoint=endpoint_id, reason=str(error))
        return False
    return True


async def redeliver(hub: Hub, delivery_id: str) -> bool:
    """The delivery is pending again, at once."""
    now = to_us(hub.clock.now())
    again = await hub.store.write(lambda conn: deliveries.redeliver(conn, delivery_id, now=now))
    hub.courier.wake()
    return again


def check_endpoint(kind: str, table: Mapping[str, Any]) -> str:
    """Why the channel `kind` refuses these settings, or ""."""
    try:
        _channel_settings(kind, table)
    except ConfigError as error:
        return str(error)
    return ""


async def signin_link(hub: Hub, login: str) -> str:
    """A one-time sign-in link for that person; the first administrator is made when there is nobody yet."""
    now = hub.clock.now()

    def make(conn: Connection) -> str:
        known = people.by_login(conn, login)
        if known is None and people.count(conn):
            raise ConfigError("login", f"there is nobody called {login!r}", "hub person create")
        roles = ("administrator", "dispatcher")
        person_id = (
            known.person_id
            if known
            else people.create(conn, name="Quản trị viên", login=login, roles=roles, scope={}, at=now)
        )
        return people.signin_link(conn, person_id, now)

    token = await hub.store.write(make)
    return f"{hub.base_url}/signin#{token}"


async def replay(hub: Hub, name: str, body: bytes) -> Sequence[Decision]:
    """What acceptance decides about recorded bytes of a source; the bytes are kept.

    Raises:
        ConfigError: there is no such source.
        ParseError: the source does not speak like that.
    """
    known = next((s for s in hub.config.profile.sources if s.name == name), None)
    if known is None:
        raise ConfigError("source", f"there is no source {name!r}", "see sources.toml")
    _, connector, fetcher = connected(hub, known)
    payload = Payload(source=name, body=body, content_type="", received_at=hub.clock.now())
    said = [one for one in connector.parse(payload) if isinstance(one, Candidate | Withdrawn)]
    await hub.store.write(lambda conn: payloads.keep(conn, payload))
    await fetcher.aclose()
    return await hub.acceptor.accept(said)


class _Channels(dict[str, Channel]):
    """Channels by kind, made when first needed."""

    def __init__(self, io: ChannelIO) -> None:
        super().__init__()
        self._io = io

    def __missing__(self, kind: str) -> Channel:
        channel: Channel = plugin("consumers", kind, where=f"endpoint kind {kind}").Channel(self._io)
        self[kind] = channel
        return channel

    def __contains__(self, kind: object) -> bool:
        return isinstance(kind, str) and hasattr(plugin("consumers", kind, where=f"endpoint kind {kind}"), "Channel")


def _channel_settings(kind: str, table: Mapping[str, Any]) -> Any:
    return settings_of(plugin("consumers", kind, where=f"endpoint kind {kind}"), table, where=f"endpoint {kind}")


def _may_send_in(conn: Connection, facts: AlertFacts, endpoint_id: str, event_type: str) -> Verdict:
    """Policy for one send, with the owner and treaty of this very transaction."""
    endpoint = rules.get(conn, "endpoint", endpoint_id)
    owner = str(endpoint.body.get("owner", "")) if endpoint is not None else ""
    known = rules.get(conn, "owner", owner)
    body = known.body if known is not None else {}
    signed = rules.get(conn, "treaty", owner)
    treaty = None
    if signed is not None:
        treaty = Treaty(
            hazards=frozenset(signed.body.get("hazards", ())),
            units=frozenset(signed.body.get("units", ())),
            min_severity=str(signed.body.get("min_severity", "Unknown")),
            restricted=bool(signed.body.get("restricted", False)),
        )
    recipient = Recipient(
        owner=owner,
        kind=str(body.get("kind", "agency")),
        country=str(body.get("country", "") or "VN"),
        treaty=treaty,
    )
    return may_send(facts, recipient, event_type)


def load_seal_key(path: Path) -> bytes:
    """The key that seals secrets in the store: 32 random bytes in a file only we can read, made at the first start."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(fd, "wb") as file:
        key = endpoints.new_seal_key()
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def split_listen(listen: str) -> tuple[str, int]:
    """(host, port) of `host:port`.

    Raises:
        ConfigError: not of that form.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError("http.listen", f"{listen!r} is no address", "127.0.0.1:8700")
    return host.strip("[]"), int(port)


def check_listen(config: Config) -> None:
    """Other machines reach the hub only over TLS.

    Raises:
        ConfigError: it would listen elsewhere than on loopback without a certificate or a named proxy.
    """
    http = config.settings.http
    host, _ = split_listen(http.listen)
    if host in ("127.0.0.1", "::1", "localhost") or http.cert or http.behind_proxy:
        return
    raise ConfigError(
        "http.listen",
        f"{http.listen} is reachable from other machines without TLS",
        "set http.cert and http.key (hub cert dev makes some), or http.behind_proxy, or listen on 127.0.0.1",
    )
