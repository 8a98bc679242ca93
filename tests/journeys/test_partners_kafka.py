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
        kafka, topic, *(w for one in show for w in ("--formatter-property", f"{one}=true")), "--group", "lam-dong-1", count=1
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
    config = kafka.client_properties("partner", PASSWORDS["partner"])
    asked = kafka.java(
        CONSOLE,
        *("--bootstrap-server", kafka.secure, "--topic", f"{prefix}.test.alerts.public", "--from-beginning"),
        *("--max-messages", "1", "--timeout-ms", "15000", "--command-config", str(config), "--group", "lam-dong-2"),
    )
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    assert "AuthorizationException" in done.stdout + done.stderr
    assert "identifier" not in done.stdout
