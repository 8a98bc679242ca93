"""One accepted alert to the last of 100 live clients over real sockets, against the same bytes sent by a bare loop."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from datetime import UTC, datetime

import uvicorn
import websockets

from hub import app
from hub import config as configuration
from hub.api.door import build, serving
from hub.bench.accept import sample
from hub.bench.report import interleave, table
from hub.connector import Candidate
from hub.store import people, rules

CLIENTS = 100


def run(rounds: int) -> str:
    """The table of `hub bench live`."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        hub = app.open_hub(configuration.load(None, mode="test", data_dir=folder))
        server = uvicorn.Server(serving(build(app.services(hub)), host="127.0.0.1", port=port))
        state: dict[str, list[websockets.ClientConnection]] = {}

        async def begin() -> None:
            state["task"] = asyncio.create_task(server.serve())  # type: ignore[assignment]
            while not server.started:  # noqa: ASYNC110 - uvicorn tells it by a flag only
                await asyncio.sleep(0.01)
            now = datetime.now(UTC)
            await hub.store.write(
                lambda conn: rules.put(conn, "authority", "bench", {}, origin="config", by="bench", at=now)
            )
            person = await hub.store.write(
                lambda conn: people.create(conn, name="B", login="b", roles=("dispatcher",), scope={}, at=now)
            )
            token = await hub.store.write(lambda conn: people.start_session(conn, person, now))
            cookie = {"Cookie": f"{app.services(hub).cookie}={token}"}
            state["clients"] = [
                await websockets.connect(
                    f"ws://127.0.0.1:{port}/v1/live",
                    additional_headers=cookie,
                    origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
                    compression=None,
                )
                for _ in range(CLIENTS)
            ]

        numbers = iter(range(1_000_000))

        async def told(client: websockets.ClientConnection, identifier: str) -> None:
            while identifier not in str(await client.recv()):
                pass

        async def fan_out() -> None:
            alert = sample(next(numbers), datetime.now(UTC))
            waiting = [asyncio.create_task(told(c, alert.identifier)) for c in state["clients"]]
            await hub.acceptor.accept([Candidate("bench", alert, "0" * 64)])
            await asyncio.gather(*waiting)

        pairs = [socket.socketpair() for _ in range(CLIENTS)]

        def floor() -> None:
            for ours, theirs in pairs:
                ours.sendall(b"x" * 1500)
                theirs.recv(4096)

        async def end() -> None:
            for client in state["clients"]:
                await client.close()
            server.should_exit = True
            await state["task"]  # type: ignore[misc]
            await hub.store.close()

        runner.run(begin())
        measured = interleave(
            rounds,
            [("send + recv loop", CLIENTS, floor), ("accept to last client", CLIENTS, lambda: runner.run(fan_out()))],
        )
        runner.run(end())
        for ours, theirs in pairs:
            ours.close()
            theirs.close()
    return f"{CLIENTS} clients, per client\n{table(measured, floor='send + recv loop')}"
