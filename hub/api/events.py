"""`/v1/events`: the accepted order as a pull cursor, for those who cannot be called or watch."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection

from hub.api import answers, shapes, summaries
from hub.api.auth import Asker, asks
from hub.api.overload import Gate
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.sight import Sight, things_of
from hub.store import listing, meta

POLL_S = 0.5


def router(services: Services, gate: Gate) -> APIRouter:
    """`GET /v1/events`."""
    routes = APIRouter(prefix="/v1/events", tags=["events"])
    store = services.store

    @routes.get("", responses=shapes.of(shapes.EventList))
    async def events(
        asker: Annotated[Asker, asks("alert.read")],
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        epoch: Annotated[str, Query(max_length=100)] = "",
        wait_s: Annotated[float, Query(ge=0, le=30)] = 0,
    ) -> Response:
        """Events after a seq, in order, with their alerts; with `wait_s`, the answer waits for the first. Go on with `next`.

        `epoch` says when the seqs were given anew (a restored backup): with another one than the answer before, begin at 0.
        """
        sight = Sight(asker)

        def read(conn: Connection) -> dict[str, Any]:
            now_epoch = meta.get(conn, "epoch") or ""
            if epoch not in ("", now_epoch):
                raise Problem(410, "epoch-over", extra={"epoch": now_epoch})
            upto = sight.upto(conn)
            rows = listing.events_after(conn, after, upto=upto, limit=limit)
            seen = [thing for thing in things_of(conn, rows, sight.needs) if sight.sees(thing)]
            told = [{"seq": t.seq, "kind": t.row.kind, "alert": summaries.marked(t.summary, services)} for t in seen]
            looked = rows[-1].event_seq if len(rows) == limit else max(upto, after)
            return {"events": told, "next": looked, "head": listing.head_seq(conn), "epoch": now_epoch}

        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while True:
            with gate.read():
                told = await store.read(read)
            left = deadline - loop.time()
            if told["events"] or left <= 0:
                return answers.json(told)
            # what is seen only once it was routed wakes nobody: look again soon when the order is ahead of what was told
            ahead = told["head"] > told["next"]
            await store.wait(told["head"], min(left, POLL_S if ahead else left))

    return routes
