"""Partners read accepted alerts from Kafka: the documented contract, an ACL, and clients that are not ours."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.nodes import stream_of
from tests.journeys.town import Town, cap, free_port, until
from tests.servers.kafka import PASSWORDS, Kafka

pytestmark = pytest.mark.needs("kafka")

ROOT = Path(__file__).resolve().parents[2]
NEIGHBOUR = "tinh-giap-ranh-lam-dong"
ACL = "org.apache.kafka.tools.AclCommand"
GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
CONSOLE = "org.apache.kafka.tools.consumer.ConsoleConsumer"


@pytest.fixture(scope="module")
def prefix() -> str:
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, prefix: str) -> Iterator[Town]:
    treaty = f'[[treaty]]\nowner = "{NEIGHBOUR}"\nunits = ["734"]\n'
    town = Town(
        tmp_path_factory.mktemp("partners"),
        free_port(),
        "",
        '[[authority]]\nsource = "pushed"\n',
        files={"treaties.toml": treaty},
        tables=stream_of(kafka, prefix, partners=("public", NEIGHBOUR)),
    )
    town.write()
    told = town.hub("migrate").splitlines()
    assert f"{prefix}.test.alerts.public" in told
    town.start()
    yield town
    town.kill()


@pytest.fixture(scope="module")
def said(town: Town) -> dict[str, str]:
    """Identifier -> alert id of what was accepted, in this order."""
    key = town.hub("key", "create", "source", "pushed")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cap+xml"}
    told = {}
    for identifier, more in {
        "tan-phu": {"unit": "734"},
        "bien-hoa": {"unit": "731"},
        "kin": {"unit": "734", "scope": "Restricted"},
    }.items():
        answer = httpx.post(f"{town.base}/v1/alerts", content=cap(identifier, **more), headers=headers, timeout=10)
        assert answer.status_code == 202, answer.text
        told[identifier] = answer.json()["alert_id"]
    return told


def console(kafka: Kafka, topic: str, *words: str, count: int, user: str = "partner") -> list[str]:
    """What Kafka's own console consumer prints of the topic's first `count` records."""
    config = kafka.client_properties(user, PASSWORDS[user])
    told = kafka.run(
        CONSOLE,
        *("--bootstrap-server", kafka.secure, "--topic", topic, "--from-beginning", "--max-messages", str(count)),
        *("--timeout-ms", "25000", "--command-config", str(config), *words),
    )
    return told.splitlines()


def allowed(kafka: Kafka, topic: str, group: str) -> None:
    """The partner may read the topic in groups of that prefix, as the page tells the brokers' administrator."""
    admin = ("--bootstrap-server", kafka.plain, "--add", "--allow-principal", "User:partner", "--operation")
    kafka.run(ACL, *admin, "Read", "--operation", "Describe", "--topic", topic)
    kafka.run(ACL, *admin, "Read", "--group", group, "--resource-pattern-type", "prefixed")


def test_kafkas_own_consumer_reads_what_the_treaty_allows_and_the_acl_opens(
    town: Town, kafka: Kafka, prefix: str, said: dict[str, str]
) -> None:
    topic = f"{prefix}.test.alerts.{NEIGHBOUR}"
    allowed(kafka, topic, "lam-dong")
    show = ("print.headers", "print.key", "print.partition")
    lines = console(
        kafka,
        topic,
        *(w for one in show for w in ("--formatter-property", f"{one}=true")),
        "--group",
        "lam-dong-1",
        count=1,
    )
    text = "\n".join(lines)
    assert "<identifier>tan-phu</identifier>" in text and "bien-hoa" not in text
    headers = dict(pair.split(":", 1) for pair in re.split(r",(?=[a-z_-]+:)", lines[0].split("\t")[1]))
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_subject"] == said["tan-phu"]
    assert headers["ce_type"] == "cap.alert"
    assert headers["content-type"] == "application/cap+xml"
    assert headers["ce_id"] == f"{headers['ce_epoch']}-{headers['ce_seq']}"
    assert lines[0].split("\t")[2] == headers["ce_chainid"]
    assert "<headline>[THỬ NGHIỆM]" in text or "THỬ" in text


def test_another_partners_topic_stays_closed(town: Town, kafka: Kafka, prefix: str, said: dict[str, str]) -> None:
    topic = f"{prefix}.test.alerts.public"
    settings = kafka.folder / "nothing.properties"
    settings.write_text("", encoding="utf-8")
    open_door = ("--bootstrap-server", kafka.plain, "--command-config", str(settings), "--timeout-ms", "25000")
    read = ("--topic", topic, "--from-beginning", "--max-messages", "2")
    assert "bien-hoa" in kafka.run(CONSOLE, *open_door, *read)
    config = kafka.client_properties("partner", PASSWORDS["partner"])
    shut = ("--bootstrap-server", kafka.secure, "--command-config", str(config), "--timeout-ms", "5000")
    done = subprocess.run(
        kafka.java(CONSOLE, *shut, *read, "--group", "lam-dong-2"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Processed a total of 0 messages" in done.stderr
    assert "identifier" not in done.stdout


def test_the_example_of_the_page_reads_under_the_acl_and_acts_once(
    town: Town, kafka: Kafka, prefix: str, said: dict[str, str], tmp_path: Path
) -> None:
    topic = f"{prefix}.test.alerts.{NEIGHBOUR}"
    allowed(kafka, topic, "lam-dong")
    page = (ROOT / "docs/partners-kafka.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "example.py").write_text(example, encoding="utf-8")
    env = {**os.environ, "BROKERS": kafka.secure, "TOPIC": topic, "CA": str(kafka.ca)}
    env |= {"KAFKA_USER": "partner", "KAFKA_PASSWORD": PASSWORDS["partner"]}

    def lines(group: str, wanted: int) -> list[str]:
        """What the example prints, in that group, until it has printed `wanted` lines or has read to the end."""
        out = tmp_path / f"{group}.txt"
        with out.open("w") as file:
            running = subprocess.Popen(
                [sys.executable, "example.py"],
                cwd=tmp_path,
                env={**env, "GROUP": group},
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:
            if wanted:
                until(lambda: len(out.read_text().splitlines()) >= wanted, within_s=30, what=f"{wanted} lines")
            else:
                until(
                    lambda: group in kafka.run(GROUPS, "--bootstrap-server", kafka.plain, "--list"),
                    within_s=30,
                    what="a group",
                )
                until(lambda: _read_all(kafka, group), within_s=30, what="everything read")
        finally:
            running.kill()
            running.wait(10)
        return out.read_text().splitlines()

    (line,) = lines("lam-dong-a", 1)
    assert line.split()[1] == "cap.alert"
    assert json.loads((tmp_path / "seen.json").read_text())["seq"] == int(line.split()[0])
    assert lines("lam-dong-b", 0) == [], "another group reads everything again, and the memory knows it"


def _read_all(kafka: Kafka, group: str) -> bool:
    """Whether the group's mark stands at the end."""
    told = kafka.run(GROUPS, "--bootstrap-server", kafka.plain, "--describe", "--group", group)
    lags = [line.split()[5] for line in told.splitlines() if line.startswith(group)]
    return bool(lags) and set(lags) == {"0"}
