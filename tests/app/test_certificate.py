"""A certificate for trying things out, and a hub that serves with it and takes a renewed one."""

from __future__ import annotations

import asyncio
import ssl
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub import app
from hub import config as configuration
from hub.app import serving
from hub.app.certificate import make_certificate
from tests.journeys.town import free_port


def made(folder: Path) -> tuple[Path, Path]:
    return make_certificate(folder, names=["localhost", "127.0.0.1"], now=datetime.now(UTC))


def test_the_key_is_ours_alone_and_nothing_is_overwritten(tmp_path: Path) -> None:
    _, key = made(tmp_path)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        made(tmp_path)


async def _serial(port: int, ca: Path) -> bytes:
    """The certificate the hub shows to a client that trusts only `ca`."""
    context = ssl.create_default_context(cafile=str(ca))
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return shown


async def test_the_hub_serves_tls_and_takes_a_renewed_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "LOOK_EVERY_S", 0.05)
    cert, key = made(tmp_path / "now")
    port = free_port()
    conf = configuration.load(None, mode="test", data_dir=str(tmp_path / "data"))
    http = replace(conf.settings.http, listen=f"127.0.0.1:{port}", cert=str(cert), key=str(key))
    hub = app.open_hub(replace(conf, settings=replace(conf.settings, http=http)))
    task = asyncio.create_task(app.run(hub, ("api",)))
    try:
        async with asyncio.timeout(30):
            await app.serving_now(hub)
            first = await _serial(port, cert)
            newer, newer_key = made(tmp_path / "next")
            key.write_bytes(newer_key.read_bytes())
            cert.write_bytes(newer.read_bytes())
            second = first
            while second == first:
                await asyncio.sleep(0.05)
                try:
                    second = await _serial(port, newer)
                except ssl.SSLCertVerificationError:
                    continue
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert second != first
