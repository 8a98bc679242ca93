"""A real Apache Kafka for tests (KRaft, Maven's jars, no container): brokers that can be killed, stopped and started again.

Every broker listens twice: in the clear, where whoever comes is the super user, and by SASL_SSL with SCRAM-SHA-512, where only what an
ACL allows is allowed. Users: `PASSWORDS`.
"""

from __future__ import annotations

import base64
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

HERE = Path(__file__).resolve().parent
PASSWORDS = {"hub": "mat-khau-hub", "partner": "mat-khau-doi-tac"}
JVM = (
    *("-Xms64m", "-Xmx256m", "-XX:MaxDirectMemorySize=128m", "-XX:+UseSerialGC"),
    *("-XX:TieredStopAtLevel=1", "-Xshare:auto", "-XX:-UsePerfData"),
)
START_S = 90.0
PROTOCOLS = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL"


def jars() -> Path:
    """The folder with Kafka's jars, fetched by Maven once (44 MB)."""
    text = (HERE / "pom.xml").read_text(encoding="utf-8")
    found = re.search(r"<kafka\.version>([0-9.]+)<", text)
    assert found is not None
    kept = Path(os.environ.get("KAFKA_CACHE", Path.home() / ".cache" / "hub-kafka"))
    folder = kept / found.group(1)
    if (folder / ".whole").exists():
        return folder
    kept.mkdir(parents=True, exist_ok=True)
    fetched = Path(tempfile.mkdtemp(dir=kept))
    asked = ["mvn", "-B", "-q", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    subprocess.run([*asked, f"-DoutputDirectory={fetched}"], check=True, timeout=300)
    (fetched / ".whole").touch()
    if not folder.exists():
        fetched.rename(folder)
    return folder


def free_ports(count: int) -> list[int]:
    """Ports of loopback nobody listens on now."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _uuid() -> str:
    """As Kafka writes them; a leading - would be taken for an option."""
    while True:
        made = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not made.startswith("-"):
            return made


def _die_with_parent() -> None:
    """In the child: SIGKILL from Linux when the thread that started it ends, so that a killed pytest leaves no broker."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Kafka:
    """`brokers` brokers, numbered from 1; `with Kafka(3) as kafka` starts them and removes what they kept."""

    def __init__(self, brokers: int = 1) -> None:
        self.brokers = range(1, brokers + 1)
        self.folder = Path(tempfile.mkdtemp(prefix="kafka-"))
        self.processes: dict[int, subprocess.Popen[bytes]] = {}
        self._jars = jars()
        self._cluster = _uuid()
        ports = iter(free_ports(3 * brokers))
        self._ports = {number: (next(ports), next(ports), next(ports)) for number in self.brokers}

    @property
    def plain(self) -> str:
        """host:port,… in the clear."""
        return ",".join(f"127.0.0.1:{plain}" for plain, _, _ in self._ports.values())

    @property
    def secure(self) -> str:
        """host:port,… by SASL_SSL."""
        return ",".join(f"127.0.0.1:{secure}" for _, secure, _ in self._ports.values())

    @property
    def ca(self) -> Path:
        """The certificate that all of them show, PEM."""
        return self.folder / "certificate.pem"

    def __enter__(self) -> Kafka:
        self._make_certificate()
        self._format()
        for number in self.brokers:
            self.start(number)
        self.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, number: int) -> None:
        """The broker starts; `wait` returns when it takes connections."""
        with (self.folder / f"broker{number}.log").open("ab") as log:
            self.processes[number] = subprocess.Popen(
                self.java("kafka.Kafka", str(self.folder / f"server{number}.properties")),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def wait(self) -> None:
        """Every broker that was started takes connections."""
        end = time.monotonic() + START_S
        for number, process in self.processes.items():
            while not _answers(self._ports[number][0]):
                if process.poll() is not None or time.monotonic() > end:
                    said = (self.folder / f"broker{number}.log").read_text(encoding="utf-8", errors="replace")
                    raise RuntimeError(f"broker {number} did not start:\n{said[-3000:]}")
                time.sleep(0.05)

    def kill(self, number: int) -> None:
        """SIGKILL."""
        process = self.processes.pop(number)
        process.kill()
        process.wait(30)

    def signal(self, number: int, number_of_signal: signal.Signals) -> None:
        """SIGSTOP, SIGCONT …"""
        self.processes[number].send_signal(number_of_signal)

    def java(self, main: str, *words: str) -> list[str]:
        """The command that runs this class of Kafka's jars."""
        return ["java", *JVM, "-cp", f"{self._jars}/*", main, *words]

    def run(self, main: str, *words: str, timeout_s: float = 60) -> str:
        """What a tool of Kafka prints.

        Raises:
            AssertionError: it failed.
        """
        done = subprocess.run(self.java(main, *words), capture_output=True, text=True, timeout=timeout_s, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def client_properties(self, user: str, password: str) -> Path:
        """A file of settings with which Kafka's own tools connect by SASL_SSL."""
        module = "org.apache.kafka.common.security.scram.ScramLoginModule"
        made = self.folder / f"client-{uuid.uuid4().hex[:8]}.properties"
        made.write_text(
            "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n"
            f'sasl.jaas.config={module} required username="{user}" password="{password}";\n'
            f"ssl.truststore.type=PEM\nssl.truststore.location={self.ca}\n",
            encoding="utf-8",
        )
        return made

    def _make_certificate(self) -> None:
        key = self.folder / "key.pem"
        subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
        asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
        subprocess.run([*asked, "-keyout", str(key), "-out", str(self.ca)], check=True, capture_output=True)
        (self.folder / "keystore.pem").write_text(key.read_text() + self.ca.read_text(), encoding="utf-8")

    def _format(self) -> None:
        """Folders of one cluster, made once by Kafka's tool: they differ only in two ids."""
        users = [f"SCRAM-SHA-512=[name={name},password={word}]" for name, word in PASSWORDS.items()]
        asked = ["-t", self._cluster, "-c", str(self._configured(1)), *(w for user in users for w in ("-S", user))]
        self.run("kafka.tools.StorageTool", "format", *asked)
        for number in self.brokers[1:]:
            self._configured(number)
            folder = self.folder / f"data{number}"
            shutil.copytree(self.folder / "data1", folder)
            meta = (folder / "meta.properties").read_text(encoding="utf-8")
            meta = re.sub(r"(?m)^node\.id=.*$", f"node.id={number}", meta)
            meta = re.sub(r"(?m)^directory\.id=.*$", f"directory.id={_uuid()}", meta)
            (folder / "meta.properties").write_text(meta, encoding="utf-8")

    def _configured(self, number: int) -> Path:
        plain, secure, control = self._ports[number]
        copies = min(3, len(self.brokers))
        in_sync = 2 if copies == 3 else 1
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        settings: dict[str, object] = {
            "process.roles": "broker,controller",
            "node.id": number,
            "controller.quorum.voters": ",".join(f"{n}@127.0.0.1:{ports[2]}" for n, ports in self._ports.items()),
            "listeners": f"PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{control}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{secure}",
            "listener.security.protocol.map": PROTOCOLS,
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": scram,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.folder / "keystore.pem",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "allow.everyone.if.no.acl.found": "false",
            "auto.create.topics.enable": "false",
            "log.dirs": self.folder / f"data{number}",
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": 3,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": in_sync,
            "min.insync.replicas": in_sync,
            "group.initial.rebalance.delay.ms": 0,
            "unclean.leader.election.enable": "false",
            # small and quick to notice a death
            "num.network.threads": 2,
            "num.io.threads": 2,
            "background.threads": 2,
            "log.cleaner.dedupe.buffer.size": 2_097_152,
            "log.index.size.max.bytes": 1_048_576,
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "controller.quorum.election.timeout.ms": 600,
            "controller.quorum.fetch.timeout.ms": 1000,
            "replica.lag.time.max.ms": 5000,
        }
        file = self.folder / f"server{number}.properties"
        file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()), encoding="utf-8")
        return file


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True
