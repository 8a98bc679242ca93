"""The roles of one process, started together and stopped together; what one process does alone is done under leases (`alone`)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from hub.acceptance.accept import acceptance_loop
from hub.app.alone import TTL_S, Alone
from hub.app.beside import beside_delivery
from hub.app.building import Hub
from hub.app.followers import followers, publisher
from hub.app.listening import check_free
from hub.app.offering import wanted
from hub.app.seal import check_shared
from hub.app.serving import serve
from hub.app.sources import listening, read_here, show_all
from hub.clock import to_us
from hub.errors import LeaseLost
from hub.intake.outlet import TOPIC
from hub.store import NotStored, Store, alarms, leases, overdue, routed, rules
from hub.store.node import Node

log = structlog.get_logger()
ROLES = ("intake", "deriving", "acceptance", "routing", "delivery", "following", "api")
NODE = "hub"
BEAT_S = 1.0
UNROUTED_ALARM_S = 5.0


async def run(
    hub: Hub,
    roles: Sequence[str] = ROLES,
    *,
    node: str = NODE,
    ready: Callable[[], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Runs the roles until cancelled or until one of them breaks; then everything stops, and others take over at once.

    Raises:
        ConfigError: another process runs under this name on this data directory, or the brokers' topics are not ours.
    """
    if "api" in roles:
        check_free(hub.config)
    hub.node = Node(hub.config.data_dir, node)
    try:
        await hub.store.write(lambda conn: _start_in(conn, hub, roles))
        async with asyncio.TaskGroup() as group:
            for name, job in _jobs(hub, roles):
                group.create_task(job, name=name)
            if ready is not None:
                group.create_task(ready(), name="ready")
    finally:
        with contextlib.suppress(NotStored):
            await hub.store.write(lambda conn: _stop_in(conn, hub))
        for fetcher in hub.fetchers:
            await fetcher.aclose()
        await hub.channels.aclose()
        await hub.poster.aclose()
        if hub.wire is not None:
            await hub.wire.stream.close()
        await hub.store.close()
        hub.node.close()


def _start_in(conn: Connection, hub: Hub, roles: Sequence[str]) -> None:
    _register(conn, hub)
    check_shared(conn, hub.seal_key, alone=not leases.others(conn, hub.worker))
    rules.apply(conn, wanted(conn, hub.config.profile), by="config", at=hub.clock.now())
    if "intake" in roles:
        show_all(conn, hub)


def _register(conn: Connection, hub: Hub) -> None:
    """This process lives; what its dead predecessor had claimed is free."""
    assert hub.node is not None
    dead = leases.register(conn, hub.worker, node=hub.node.identity, clock=hub.machine)
    freed = overdue.free_leases(conn, now=to_us(hub.clock.now()), dead=dead)
    if freed:
        log.info("delivery.leases_freed", count=freed)


def _stop_in(conn: Connection, hub: Hub) -> None:
    """What this process had claimed is free for the others, now."""
    overdue.free_leases(conn, now=to_us(hub.clock.now()), dead=[hub.worker])
    leases.forget(conn, [hub.worker])


async def lasting(name: str, job: Callable[[], Coroutine[Any, Any, None]], *, again_after_s: float = 1.0) -> None:
    """Runs a role for ever: when the store cannot keep anything (disk full, failed) the role begins again, nothing is given up."""
    while True:
        try:
            await job()
        except NotStored as error:
            log.error("role.waits_for_the_store", role=name, error=str(error))
            await asyncio.sleep(again_after_s)
        else:
            return


def _jobs(hub: Hub, roles: Sequence[str]) -> list[tuple[str, Coroutine[Any, Any, None]]]:
    jobs: list[tuple[str, Coroutine[Any, Any, None]]] = [("beat", lasting("beat", lambda: _beat(hub)))]
    alone = Alone(hub.store, worker=hub.worker, clock=hub.machine)
    jobs.append(("alone", alone.run()))
    if hub.wire is not None:
        jobs.append(("stream check", hub.wire.check(hub.store)))
    jobs.append(("witness", lasting("witness", hub.witness.run)))
    if "acceptance" in roles:
        alone.add("acceptance", partial(_accepting, hub))
        if hub.wire is not None:
            jobs.append(("acceptance wire", lasting("acceptance wire", partial(_accepting_from_wire, hub))))
    if "deriving" in roles:
        for name, _ in hub.deriving.jobs():
            alone.add(name, partial(_deriving, hub, name))
    if "routing" in roles:
        if "delivery" not in roles:
            hub.router.hand_nothing()
        jobs.append(("routing", lasting("routing", hub.router.run)))
    if "delivery" in roles:
        jobs.append(("delivery", lasting("delivery", hub.courier.run)))
        jobs.append(("escalation", lasting("escalation", hub.escalator.run)))
        jobs += [(name, lasting(name, job)) for name, job in beside_delivery(hub)]
    if "following" in roles:
        jobs.append(("following", _following(hub)))
        alone.add("websub", lambda store: publisher(hub, store).run())
        if hub.wire is not None:
            from hub.app.relaying import relaying

            for partner in hub.wire.partners:
                alone.add(f"relay {partner}", partial(relaying, hub, hub.wire, partner))
    if "intake" in roles:
        for settings in read_here(hub):
            alone.add(f"source {settings.name}", partial(listening, hub, settings))
    if "api" in roles:
        jobs.append(("api", serve(hub)))
    return jobs


async def _accepting(hub: Hub, store: Store) -> None:
    """Takes candidates that the hub itself said, and those that nothing else carries: from the store's own stream."""
    await acceptance_loop(hub.acceptor, hub.stream.reader(TOPIC, "acceptance"), store, clock=hub.clock).run()


async def _accepting_from_wire(hub: Hub) -> None:
    """Takes the candidates that came over the wire; processes share them."""
    assert hub.wire is not None
    await hub.wire.good.wait()
    await acceptance_loop(hub.acceptor, hub.wire.reader, hub.store, clock=hub.clock).run()


async def _deriving(hub: Hub, name: str, store: Store) -> None:
    await dict(hub.deriving.over(store).jobs())[name]()


async def _following(hub: Hub) -> None:
    """The feeds of this folder are written by one process of those that have it: the first, and after its end another."""
    while (writing := Node.free(hub.config.data_dir, "writer-of-feeds")) is None:  # noqa: ASYNC110 - another's lock tells nobody
        await asyncio.sleep(BEAT_S)
    try:
        async with asyncio.TaskGroup() as group:
            for host in followers(hub):
                group.create_task(host.run(), name=f"following {host.name}")
    finally:
        writing.close()


async def _beat(hub: Hub) -> None:
    """This process lives; deliveries of processes that do not are free again; an alert nobody routed is an alarm."""
    while True:
        await asyncio.sleep(BEAT_S)
        await hub.store.write(lambda conn: _beat_in(conn, hub))


def _beat_in(conn: Connection, hub: Hub) -> None:
    now = to_us(hub.clock.now())
    try:
        leases.beat(conn, hub.worker, clock=hub.machine)
    except LeaseLost as error:  # it slept: what it had is others' by now, and it goes on with what it gets anew
        log.warning("process.was_taken_for_dead", error=str(error))
        _register(conn, hub)
    leases.keep_all(conn, hub.worker, ttl_s=TTL_S, clock=hub.machine)
    dead = [p for p in leases.silent(conn, clock=hub.machine) if p != hub.worker]
    if dead:
        log.warning("process.died", processes=dead)
        overdue.free_leases(conn, now=now, dead=dead)
        leases.forget(conn, dead)
    for seq in routed.unrouted(conn, before=now - round(UNROUTED_ALARM_S * 1e6)):
        alarms.open_alarm(
            conn, kind="alert.unrouted", about=str(seq), detail="accepted and not routed after 5 s", at=now
        )
