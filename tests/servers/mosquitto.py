"""A real mosquitto over TLS on loopback: authority and certificate of its own, names and rights in files, cut or stopped at will."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hub.app.certificate import make_certificate

PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin") or ""


@dataclass
class Broker:
    """One broker. `users` are name -> password; `rights` are lines of an ACL file (`mosquitto.conf(5)`)."""

    folder: Path
    users: dict[str, str] = field(default_factory=dict)
    rights: Sequence[str] = ()
    port: int = 0
    _running: subprocess.Popen[bytes] | None = None

    @property
    def ca_file(self) -> str:
        """The PEM file of who certified it."""
        return str(self.folder / "dev-cert.pem")

    def start(self) -> None:
        """It listens on `port`, the same after every start."""
        assert self._running is None
        self.folder.mkdir(parents=True, exist_ok=True)
        if not Path(self.ca_file).exists():
            make_certificate(self.folder, names=["localhost", "127.0.0.1"], now=datetime.now(UTC))
        self.port = self.port or _free_port()
        self._write()
        log = (self.folder / "log").open("ab")
        self._running = subprocess.Popen(
            [PROGRAM, "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=subprocess.STDOUT
        )
        log.close()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            assert self._running.poll() is None, (self.folder / "log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("mosquitto does not listen")

    def cut(self) -> None:
        """It is gone with all its connections, as after a power cut."""
        if self._running is not None:
            if self._running.poll() is None:
                self._running.send_signal(signal.SIGCONT)
            self._running.kill()
            self._running.wait(10)
            self._running = None

    def freeze(self) -> None:
        """Its connections stand and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it stood."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._running is not None
        self._running.send_signal(number)

    def _write(self) -> None:
        lines = [
            f"listener {self.port} 127.0.0.1",
            f"cafile {self.ca_file}",
            f"certfile {self.ca_file}",
            f"keyfile {self.folder / 'dev-key.pem'}",
            "persistence false",
            "log_type error",
            "log_type warning",
            *(["user root"] if os.geteuid() == 0 else []),  # else it gives up the rights to read its own files
        ]
        if self.users:
            names = self.folder / "names"
            names.write_text("".join(f"{name}:{password}\n" for name, password in self.users.items()))
            subprocess.run(["mosquitto_passwd", "-U", str(names)], check=True, timeout=30)
            names.chmod(0o600)
            lines += ["allow_anonymous false", f"password_file {names}"]
        else:
            lines.append("allow_anonymous true")
        if self.rights:
            (self.folder / "rights").write_text("\n".join(self.rights) + "\n")
            lines.append(f"acl_file {self.folder / 'rights'}")
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")


@contextmanager
def broker(folder: Path, *, users: dict[str, str] | None = None, rights: Sequence[str] = ()) -> Iterator[Broker]:
    """A running broker, gone at the end."""
    made = Broker(folder, users or {}, rights)
    made.start()
    try:
        yield made
    finally:
        made.cut()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
