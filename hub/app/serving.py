"""The HTTP door of this process: what it is given, and how it is served."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
import uvicorn

from hub.api.door import build, serving
from hub.api.services import Services
from hub.app.acts import give_code, prove_endpoint, redeliver, send_test
from hub.app.building import Hub
from hub.app.listening import split_listen
from hub.app.offering import offer
from hub.deriving.intensity import QuakeScale, rings
from hub.deriving.showing import shown
from hub.papers import Papers
from hub.routing.why import rules_then, why
from hub.scales import Scales
from hub.words import Words

log = structlog.get_logger()

LOOK_EVERY_S = 5.0
"""How often the certificate's files are looked at."""


async def serve(hub: Hub) -> None:
    """The HTTP door answers until cancelled."""
    http = hub.config.settings.http
    host, port = split_listen(http.listen)
    tls = {"ssl_certfile": http.cert, "ssl_keyfile": http.key} if http.cert else {}
    proxy = {"proxy_headers": True, "forwarded_allow_ips": http.behind_proxy} if http.behind_proxy else {}
    hub.server = _Server(serving(build(services(hub)), host=host, port=port, **tls, **proxy))
    served = asyncio.ensure_future(hub.server.serve())
    renewing = asyncio.ensure_future(_renew(hub.server.config, http.cert, http.key)) if http.cert else None
    try:
        await asyncio.shield(served)
    except asyncio.CancelledError:
        hub.server.should_exit = True
        await served
        raise
    finally:
        if renewing is not None:
            renewing.cancel()


async def _renew(config: uvicorn.Config, cert: str, key: str) -> None:
    """A new certificate in the files serves the next handshakes; one that cannot be used leaves the old one in place."""
    seen = _stamp(cert, key)
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        now = _stamp(cert, key)
        if now == seen or config.ssl is None:
            continue
        try:
            config.ssl.load_cert_chain(cert, key or None)
        except OSError as error:
            log.error("http.certificate_unusable", cert=cert, error=str(error))
        else:
            seen = now
            log.info("http.certificate_renewed", cert=cert)


def _stamp(*paths: str) -> tuple[int, ...]:
    """When these files were last written, 0 for one that is not there."""
    return tuple(Path(path).stat().st_mtime_ns if path and Path(path).exists() else 0 for path in paths)


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
    quakes = QuakeScale.load(hub.config.root / "scales")
    return Services(
        store=hub.store,
        acceptor=hub.acceptor,
        clock=hub.clock,
        machine=hub.machine,
        mode=hub.config.settings.hub.mode,
        name=hub.config.settings.hub.name,
        gazetteer=hub.gazetteer,
        hazards=hub.hazards,
        words=Words.load(hub.config.root / "words"),
        hosts=(host, "localhost", "127.0.0.1", *http.hosts),
        seal_key=hub.seal_key,
        why=why,
        rules_then=rules_then,
        signed_head=hub.witness.head,
        port=port,
        secure=bool(http.cert or http.behind_proxy),
        zone_of={s.name: ZoneInfo(s.zone) for s in hub.config.profile.sources},
        feeds_folder=hub.config.data_dir / "feeds",
        base_url=hub.base_url,
        prove=lambda endpoint_id: prove_endpoint(hub, endpoint_id),
        give_code=lambda endpoint_id, code: give_code(hub, endpoint_id, code),
        send_test=lambda endpoint_id: send_test(hub, endpoint_id),
        redeliver=lambda delivery_id: redeliver(hub, delivery_id),
        check_endpoint=hub.channels.refuses,
        links=hub.links,
        take_readings=hub.deriving.door.take,
        console=_built_console(),
        scales=Scales.load(hub.config.root / "scales.csv"),
        rings=lambda magnitude, depth_km: rings(quakes, hub.clock.now(), magnitude, depth_km),
        gauges=lambda conn: shown(conn, hub.deriving.stations, hub.deriving.words, now=hub.clock.now()),
        papers=Papers(hub.config.root / "papers", hub.config.profile.gazetteer_on),
        offer=lambda conn, endpoint_id, who: offer(conn, hub.config.profile, endpoint_id, by=who, at=hub.clock.now()),
    )


def _built_console() -> Path | None:
    """The folder of the built console, None where it is not built: then the plain page is served in its place."""
    folder = Path(str(resources.files("hub").joinpath("console", "dist")))
    return folder if (folder / "index.html").is_file() else None
