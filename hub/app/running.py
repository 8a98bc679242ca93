"""The roles of one process, started together and stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog
from sqlalchemy import Connection

from hub.acceptance.accept import acceptance_loop
from hub.app.beside import beside_delivery
from hub.app.building import Hub
from hub.app.followers import followers, publisher
from hub.app.listening import check_free
from hub.app.offering import wanted
from hub.app.serving import serve
from hub.app.sources import listeners, show_all
from hub.clock import to_us
from hub.intake.schedule import Schedule
from hub.store import NotStored, alarms, leases, overdue, routed, rules
from hub.store.node import Node

log = structlog.get_logger()
ROLES = ("intake", "deriving", "acceptance", "routing", "delivery", "following", "api")
BEAT_S = 1.0
UNROUTED_ALARM_S = 5.0


async def run(
    hub: Hub, roles: Sequence[str] = ROLES, *, ready: Callable[[], Coroutine[Any, Any, None]] | None = None
) -> None:
    """Runs the roles until cancelled or until one of them breaks; then everything stops.

    Raises:
        ConfigError: another process runs on this data directory.
    """
    if "api" in roles:
        check_free(hub.config)
    hub.node = Node(hub.config.data_dir, "hub")
    try:
        await hub.store.write(lambda conn: _start_in(conn, hub, roles))
        async with asyncio.TaskGroup() as group:
            for name, job in _jobs(hub, roles):
                group.create_task(job, name=name)
            if ready is not None:
                group.create_task(ready(), name="ready")
    finally:
        for fetcher in hub.fetchers:
            await fetcher.aclose()
        await hub.channels.aclose()
        await hub.poster.aclose()
        await hub.store.close()
        hub.node.close()


def _start_in(conn: Connection, hub: Hub, roles: Sequence[str]) -> None:
    dead = leases.register(conn, hub.worker, node="hub", clock=hub.clock)
    freed = overdue.free_leases(conn, now=to_us(hub.clock.now()), dead=dead)
    if freed:
        log.info("delivery.leases_freed", count=freed)
    rules.apply(conn, wanted(conn, hub.config.profile), by="config", at=hub.clock.now())
    if "intake" in roles:
        show_all(conn, hub)


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
    if "acceptance" in roles:
        reader = hub.stream.reader("candidates", "acceptance")
        loop = acceptance_loop(hub.acceptor, reader, hub.store, clock=hub.clock)
        jobs.append(("acceptance", lasting("acceptance", loop.run)))
    if "deriving" in roles:
        jobs += [(name, lasting(name, job)) for name, job in hub.deriving.jobs()]
    if "routing" in roles:
        jobs.append(("routing", lasting("routing", hub.router.run)))
    if "delivery" in roles:
        jobs.append(("delivery", lasting("delivery", hub.courier.run)))
        jobs.append(("escalation", lasting("escalation", hub.escalator.run)))
        jobs += [(name, lasting(name, job)) for name, job in beside_delivery(hub)]
    if "following" in roles:
        jobs += [(f"following {host.name}", host.run()) for host in followers(hub)]
        jobs.append(("websub", lasting("websub", publisher(hub).run)))
    if "intake" in roles:
        jobs.append(("intake", Schedule(listeners(hub), chance=hub.courier.chance).run()))
    if "api" in roles:
        jobs.append(("api", serve(hub)))
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
        overdue.free_leases(conn, now=now, dead=dead)
        leases.forget(conn, dead)
    for seq in routed.unrouted(conn, before=now - round(UNROUTED_ALARM_S * 1e6)):
        alarms.open_alarm(
            conn, kind="alert.unrouted", about=str(seq), detail="accepted and not routed after 5 s", at=now
        )
