"""consumers.mqtt_siren: what a siren is told, who may tell it, what its silence means, and that STOP needs nothing else to work."""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import re
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.mqtt_siren import Channel, Gateway, Settings, answers, jws, release, stop
from consumers.mqtt_siren.command import ANSWER, COMMAND, act_of
from hub.clock import SystemClock
from hub.consumer import Delivery, Endpoint, address_of
from hub.errors import ConfigError, Rejected, Retry
from hub.http.signatures import new_signing_key, public_key
from tests.consumers.receiving import NOW, ROOT, alert, cancel, channel_io
from tests.consumers.siren import Device, Head, Ignored
from tests.servers.mosquitto import Broker, broker

TOPIC = "coi/tan-phu/lenh"
HUB_KEY, STOP_KEY = new_signing_key(), new_signing_key()
ORDERS = frozenset({"sound", "show", "test", "end"})
STOPS = frozenset({"stop", "release"})
ALL = "coi/tat-ca/stop"
NAMES = {"hub": "mot", "truong-ca": "hai", "coi": "ba"}


def gateway(**changes: Any) -> Gateway:
    given: dict[str, Any] = {"host": "localhost", "signing_key": HUB_KEY, "stop_key": STOP_KEY, "stop_topic": ALL}
    return Gateway(**{**given, **changes})


def delivery(**changes: Any) -> Delivery:
    told = Delivery(
        delivery_id="d0123",
        event_type="alert.new",
        mode="test",
        attempt_no=1,
        attempted_at=SystemClock().now(),
        lane=0,
        sounds=("new",),
        alert_id="a1",
        seq=812,
        chain_id="c1",
        chain_seq=2,
        heads=("a1",),
        alert=alert(),
        live_infos=(0,),
    )
    return replace(told, **changes)


def endpoint(**settings: Any) -> Endpoint:
    return Endpoint("e1", "tan-phu", "mqtt_siren", Settings(to=TOPIC, **{"devices": {"coi-1": ""}, **settings}))


def head(device: str = "coi-1", **changes: Any) -> Head:
    keys = {"hub": (public_key(HUB_KEY), ORDERS), "stop": (public_key(STOP_KEY), STOPS)}
    return Head(device, "test", (TOPIC, f"{TOPIC}/stop", ALL), keys, **changes)


def channel(where: Gateway | None = None) -> Channel:
    return Channel(replace(channel_io(), gateway=where or gateway()))


@functools.cache
def speaker() -> Channel:
    return channel()


def command(**changes: Any) -> bytes:
    return speaker().render(delivery(**changes), endpoint()).body


def device_key() -> tuple[Ed25519PrivateKey, str]:
    private = Ed25519PrivateKey.generate()
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return private, f"whpk_{base64.b64encode(raw).decode()}"


async def until(holds: Callable[[], Any], what: str, *, within_s: float = 10) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.02)


# --- what is told ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "act"),
    [
        ({}, "sound"),
        ({"event_type": "alert.update", "sounds": ("severity",)}, "sound"),
        ({"event_type": "alert.update", "sounds": ()}, "show"),
        ({"live_infos": ()}, "show"),
        ({"flags": ("area-uncertain",)}, "show"),
        ({"alert": None, "live_infos": ()}, "show"),
        ({"event_type": "alert.disputed", "sounds": ("disputed",)}, "show"),
        ({"event_type": "alert.summary"}, "show"),
        ({"event_type": "alert.missed", "sounds": ()}, "show"),
        ({"event_type": "alert.cancel", "sounds": ("ended",), "alert": cancel(), "live_infos": ()}, "end"),
        ({"event_type": "alert.ended", "sounds": ("ended",)}, "end"),
        ({"event_type": "alert.left_your_area"}, "end"),
        ({"event_type": "endpoint.test", "alert": None}, "test"),
        ({"event_type": "endpoint.challenge", "alert": None, "challenge": "x"}, "test"),
    ],
)
def test_only_what_is_new_or_graver_and_still_lives_sounds(changes: dict[str, Any], act: str) -> None:
    assert act_of(delivery(**changes)) == act


def test_an_info_that_says_it_is_over_does_not_sound() -> None:
    over = alert()
    over = replace(over, infos=(replace(over.infos[0], response_types=("AllClear",)),))
    assert act_of(delivery(alert=over)) == "show"


def test_rendering_twice_gives_the_same_bytes_and_each_try_its_own_nonce() -> None:
    first = delivery(attempted_at=NOW)
    later = replace(first, attempt_no=2, attempted_at=NOW + timedelta(seconds=1))
    siren = channel()
    assert siren.render(first, endpoint()) == siren.render(first, endpoint())
    one, two = (jws.verify(siren.render(d, endpoint()).body, public_key(HUB_KEY), typ=COMMAND) for d in (first, later))
    assert one["id"] == two["id"] == "d0123"
    assert one["nonce"] != two["nonce"]
    assert (one["mode"], one["act"], one["chain"], one["chain_seq"]) == ("test", "sound", "c1", 2)
    assert one["exp"] - one["iat"] == 120


def test_in_mode_actual_no_command_outlives_its_alert() -> None:
    told = alert(infos=(replace(alert().infos[0], expires=NOW + timedelta(seconds=30)),))
    body = command(mode="actual", attempted_at=NOW, alert=told)
    claims = jws.verify(body, public_key(HUB_KEY), typ=COMMAND)
    assert claims["exp"] - claims["iat"] == 30


# --- whom a siren believes -----------------------------------------------------------------------------------------------------------


def test_a_siren_obeys_the_hub_once_and_answers_every_try() -> None:
    siren = head()
    assert siren.obey(command(), TOPIC)["result"] == "done"
    assert siren.sounding == "c1"
    siren.sounding = ""  # its time is over
    assert siren.obey(command(attempt_no=2), TOPIC)["result"] == "done"
    assert siren.sounding == "", "the same delivery sounds once"
    assert siren.done == [("sound", "d0123")]


def test_a_command_said_again_word_for_word_does_nothing() -> None:
    siren, told = head(), command()
    siren.obey(told, TOPIC)
    with pytest.raises(Ignored):
        siren.obey(told, TOPIC)


@pytest.mark.parametrize("at", range(3))
def test_an_altered_command_does_nothing(at: int) -> None:
    parts = command().split(b".")
    parts[at] = parts[at][:-2] + (b"AA" if parts[at][-2:] != b"AA" else b"BB")
    with pytest.raises(Ignored):
        head().obey(b".".join(parts), TOPIC)


def test_nobody_else_is_obeyed_and_each_key_orders_only_its_own() -> None:
    claims = dict(jws.unverified(command()))
    for forged in (
        jws.sign(claims, new_signing_key(), kid="hub", typ=COMMAND),
        jws.sign(claims, STOP_KEY, kid="stop", typ=COMMAND),
        jws.sign(claims | {"act": "stop", "hold_s": 600}, HUB_KEY, kid="hub", typ=COMMAND),
        jws.sign(claims, HUB_KEY, kid="hub", typ=ANSWER),
        _unsigned(claims),
        b"",
        b"{}",
        b"a.b.c",
    ):
        siren = head()
        with pytest.raises(Ignored):
            siren.obey(forged, TOPIC)
        assert (siren.sounding, siren.done) == ("", [])


def _unsigned(claims: dict[str, Any]) -> bytes:
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"hub-siren","kid":"hub"}').rstrip(b"=")
    return header + b"." + base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=") + b"."


def test_a_command_for_one_siren_moves_no_other() -> None:
    with pytest.raises(Ignored):
        head().obey(command(), "coi/khac/lenh")


def test_a_late_command_a_wrong_clock_and_another_mode_are_refused_with_their_reason() -> None:
    now = time.time()
    for siren, told, why in (
        (head(clock=lambda: now + 121), command(), "expired"),
        (head(clock=lambda: now + 400), command(), "clock"),
        (head(clock=lambda: now - 400), command(), "clock"),
        (head(), command(mode="exercise"), "mode"),
        (head(), command(mode="actual"), "mode"),
    ):
        answer = siren.obey(told, TOPIC)
        assert (answer["result"], answer["why"], siren.sounding, siren.shown) == ("refused", why, "", [])


def test_a_slow_older_command_does_not_undo_the_end() -> None:
    siren = head()
    siren.obey(command(event_type="alert.cancel", delivery_id="d2", chain_seq=3), TOPIC)
    answer = siren.obey(command(chain_seq=2), TOPIC)
    assert (answer["result"], answer["why"], siren.sounding) == ("done", "superseded", "")


def test_the_end_of_a_chain_that_was_joined_stops_what_sounds_under_its_old_name() -> None:
    siren = head()
    siren.obey(command(chain_id="c9"), TOPIC)
    siren.obey(command(event_type="alert.ended", delivery_id="d2", chain_seq=9, chain_aliases=("c9",)), TOPIC)
    assert siren.sounding == ""


def test_a_test_never_sounds() -> None:
    siren = head()
    answer = siren.obey(command(event_type="endpoint.challenge", alert=None, challenge="bi-mat"), TOPIC)
    assert (answer["result"], answer["challenge"], siren.sounding) == ("done", "bi-mat", "")


# --- whom the hub believes -----------------------------------------------------------------------------------------------------------


def test_an_answer_counts_only_under_the_key_of_its_device() -> None:
    private, public = device_key()
    stranger, _ = device_key()
    told = {"id": "d1", "device": "coi-1", "result": "done"}

    def said(key: Ed25519PrivateKey | None, name: str = "coi-1") -> bytes:
        return Device(head(name), 0, "", key).said(told)

    assert answers.read(said(private), {"coi-1": public}).result == "done"
    assert answers.read(said(None), {"coi-1": ""}).result == "done"
    for body, devices in (
        (said(stranger), {"coi-1": public}),
        (said(None), {"coi-1": public}),
        (said(private), {"coi-1": ""}),
        (said(private), {"coi-2": public}),
        (said(private, "coi-2"), {"coi-1": public, "coi-2": public}),
        (json.dumps(told | {"result": "yes"}).encode(), {"coi-1": ""}),
        (command(), {"hub": public_key(HUB_KEY)}),
        (b"\xff\x00", {"coi-1": ""}),
    ):
        with pytest.raises(jws.Unsigned):
            answers.read(body, devices)


async def test_enough_is_the_quorum_or_that_it_cannot_be_reached() -> None:
    collected = answers.Collected({"a": "", "b": "", "c": ""}, wanted=2)

    def say(device: str, result: str) -> None:
        collected.take(json.dumps({"id": "d", "device": device, "result": result}).encode())

    say("a", "refused")
    say("x", "done")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(collected.enough(), 0.01)
    say("b", "refused")
    await asyncio.wait_for(collected.enough(), 1)
    assert not collected.met
    say("b", "done")
    say("c", "done")
    assert collected.met
    assert collected.silent() == []


@settings(deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(str.encode)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "device", "result", "x"]), inner)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_arrives_breaks_nothing_and_confirms_nothing(payload: bytes) -> None:
    _, public = device_key()
    collected = answers.Collected({"coi-1": public}, wanted=1)
    collected.take(payload)
    answers.command_id(payload)
    assert collected.answers == {}
    siren = head()
    with pytest.raises(Ignored):
        siren.obey(payload, TOPIC)


def test_deeply_nested_answers_break_nothing() -> None:
    for nested in (b"{" + b'"a":{' * 20_000, b'{"id":' + b"[" * 60_000, b"." * 70_000):
        assert answers.command_id(nested) == ""


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_in_whatever_order_and_however_often_commands_come_an_ended_chain_is_silent_and_nothing_sounds_twice(
    data: st.DataObject,
) -> None:
    told = [("sound", 1), ("sound", 2), ("end", 3)]
    order = data.draw(st.lists(st.sampled_from(told), max_size=9)) + data.draw(st.permutations(told))
    siren, began = head(), []
    for n, (act, version) in enumerate(order):
        event = "alert.cancel" if act == "end" else "alert.update"
        body = command(event_type=event, delivery_id=f"d{version}", chain_seq=version, attempt_no=n + 1)
        before = len(siren.shown)
        siren.obey(body, TOPIC)
        began += [version] * (act == "sound" and len(siren.shown) > before)
    assert siren.sounding == ""
    assert began == sorted(set(began)), "each version at most once, never an older one after a newer one"


# --- settings ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"to": "coi/+/lenh"}, "to"),
        ({"to": ""}, "to"),
        ({"to": "$SYS/x"}, "to"),
        ({"ack_topic": "coi/#"}, "ack_topic"),
        ({"ack_topic": TOPIC}, "to"),
        ({"devices": {}}, "devices"),
        ({"devices": {"coi 1": ""}}, "devices.coi 1"),
        ({"devices": {"coi-1": "whpk_xx"}}, "devices.coi-1"),
        ({"quorum": 2}, "quorum"),
        ({"sound_s": 901}, "sound_s"),
        ({"awaits": "nobody"}, "awaits"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Settings(**{"to": TOPIC, "devices": {"coi-1": ""}, **changes})
    assert refused.value.where == where


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"host": ""}, "host"),
        ({"port": 0}, "port"),
        ({"stop_port": 70000}, "stop_port"),
        ({"ca_file": "/nowhere/ca.pem"}, "ca_file"),
        ({"signing_key": "whsk_khong"}, "signing_key"),
        ({"stop_key": ""}, "stop_key"),
        ({"stop_key": HUB_KEY}, "stop_key"),
        ({"stop_key_id": "hub"}, "stop_key"),
        ({"stop_topic": "coi/#"}, "stop_topic"),
    ],
)
def test_a_gateway_that_cannot_work_is_refused_without_showing_a_secret(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError) as refused:
        gateway(**changes)
    assert refused.value.where == where
    assert "whsk_" not in str(refused.value).replace("`whsk_…`", "")
    assert HUB_KEY not in repr(gateway())


def test_another_topic_is_another_address_to_prove_for_those_who_read_the_table_too() -> None:
    one, other = ({"to": topic, "devices": {"a": ""}} for topic in (TOPIC, "coi/khac"))
    assert address_of(Settings(**one)) == address_of(one) != address_of(other)


def test_the_examples_of_the_document_are_taken(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "siren.md").read_text(encoding="utf-8").replace("whpk_…", device_key()[1])
    blocks = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL)]
    kept = {"signing_key": HUB_KEY, "stop_key": STOP_KEY}
    (told,) = [block["channels"]["mqtt_siren"] for block in blocks if "channels" in block]
    assert {name for name in told if name.endswith(("key", "password"))} == {*kept, "password", "stop_password"}
    assert all(told[name].startswith("file:") for name in told if name.endswith(("key", "password")))
    Gateway(**{**told, **kept, "ca_file": ""})
    (place,) = [block["endpoint"][0]["settings"] for block in blocks if "endpoint" in block]
    assert Settings(**place).stops == "coi/tan-phu/lenh/stop"


# --- over a real broker --------------------------------------------------------------------------------------------------------------


@dataclass
class Town:
    """A broker, a channel that speaks to it, and sirens."""

    broker: Broker
    stack: ExitStack

    def gateway(self, **changes: Any) -> Gateway:
        given = {"port": self.broker.port, "ca_file": self.broker.ca_file, "username": "hub", "password": "mot"}
        return gateway(**{**given, "stop_username": "truong-ca", "stop_password": "hai", **changes})

    def siren(self, device: str = "coi-1", **given: Any) -> Device:
        made = Device(
            given.pop("head", None) or head(device),
            self.broker.port,
            self.broker.ca_file,
            username="coi",
            password="ba",
            **given,
        )
        made.connect()
        self.stack.callback(made.close)
        return made


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    rights = [
        "user hub",
        f"topic write {TOPIC}",
        f"topic read {TOPIC}/ack",
        "user truong-ca",
        "topic write coi/+/+/stop",
        f"topic write {ALL}",
        "topic read coi/#",
        "user coi",
        "topic read coi/#",
        f"topic write {TOPIC}/ack",
        f"topic write {TOPIC}/stop/ack",
        f"topic write {ALL}/ack",
    ]
    with broker(tmp_path / "broker", users=NAMES, rights=rights) as running, ExitStack() as stack:
        yield Town(running, stack)


async def send(siren: Channel, told: Delivery, where: Endpoint, *, timeout_s: float = 5) -> Any:
    return await siren.send(siren.render(told, where), where, timeout_s=timeout_s)


on_a_broker = pytest.mark.needs("mosquitto")


@on_a_broker
async def test_a_siren_sounds_and_its_answer_is_the_acknowledgement(town: Town) -> None:
    private, public = device_key()
    siren, sender = town.siren(key=private), channel(town.gateway())
    receipt = await send(sender, delivery(), endpoint(devices={"coi-1": public}))
    assert (receipt.status, receipt.acknowledged_by) == (0, "device:coi-1")
    assert siren.head.sounding == "c1"
    (_, _, said) = siren.heard[0]
    assert (said.qos, said.retain) == (1, False)
    assert 0 < said.properties.MessageExpiryInterval <= 120
    assert said.properties.CorrelationData == b"d0123"
    assert ("hub-mode", "test") in said.properties.UserProperty
    await sender.aclose()


@on_a_broker
async def test_nothing_stays_at_the_broker_for_a_siren_that_comes_later(town: Town) -> None:
    town.siren()
    sender = channel(town.gateway())
    await send(sender, delivery(), endpoint())
    later = town.siren("coi-1")
    await send(sender, delivery(delivery_id="d2", event_type="endpoint.test"), endpoint())
    await until(lambda: later.heard, "the test reaches the second siren")
    assert [act for act, _ in later.head.done] == ["test"]
    await sender.aclose()


@on_a_broker
async def test_a_broker_that_took_it_is_no_acknowledgement(town: Town) -> None:
    siren, sender = town.siren(mute=True), channel(town.gateway())
    with pytest.raises(Retry, match="no-device-answered: coi-1"):
        await send(sender, delivery(), endpoint(), timeout_s=1)
    siren.mute = False
    receipt = await send(sender, delivery(attempt_no=2), endpoint())
    assert receipt.acknowledged_by == "device:coi-1"
    assert siren.head.done == [("sound", "d0123")], "the second try does not sound again"
    deaf = await send(sender, delivery(delivery_id="d3"), endpoint(awaits="broker", devices={}))
    assert (deaf.status, deaf.acknowledged_by) == (0, "")
    await sender.aclose()


@on_a_broker
async def test_where_nobody_listens_nothing_was_delivered(town: Town) -> None:
    sender = channel(town.gateway())
    for awaits in ("device", "broker"):
        with pytest.raises(Retry, match="no-device-listens"):
            await send(sender, delivery(), endpoint(awaits=awaits))
    await sender.aclose()


@on_a_broker
async def test_a_group_waits_for_its_quorum(town: Town) -> None:
    for name in ("coi-1", "coi-2"):
        town.siren(name)
    sender, three = channel(town.gateway()), {"coi-1": "", "coi-2": "", "coi-3": ""}
    receipt = await send(sender, delivery(), endpoint(devices=three, quorum=2))
    assert receipt.acknowledged_by == "device:coi-1,device:coi-2"
    with pytest.raises(Retry, match="no-device-answered: coi-3"):
        await send(sender, delivery(delivery_id="d2"), endpoint(devices=three), timeout_s=1)
    await sender.aclose()


@on_a_broker
async def test_a_siren_of_another_mode_ignores_the_drill_and_the_hub_is_told(town: Town) -> None:
    siren, sender = town.siren(), channel(town.gateway())
    with pytest.raises(Rejected, match="coi-1 mode"):
        await send(sender, delivery(mode="exercise"), endpoint())
    assert (siren.head.sounding, siren.head.shown) == ("", [])
    await sender.aclose()


@on_a_broker
async def test_a_challenge_is_answered_by_the_device(town: Town) -> None:
    siren, sender = town.siren(), channel(town.gateway())
    told = delivery(event_type="endpoint.challenge", alert=None, challenge="ngau-nhien", delivery_id="challenge-1")
    assert (await send(sender, told, endpoint())).body == b"ngau-nhien"
    assert siren.head.sounding == ""
    await sender.aclose()


@on_a_broker
async def test_two_hundred_commands_at_once_share_one_line(town: Town) -> None:
    siren, sender = town.siren(), channel(town.gateway())
    told = [delivery(delivery_id=f"d{n}", chain_id=f"c{n}") for n in range(200)]
    receipts = await asyncio.gather(*(send(sender, one, endpoint(), timeout_s=15) for one in told))
    assert {receipt.acknowledged_by for receipt in receipts} == {"device:coi-1"}
    assert len(siren.head.done) == 200
    await sender.aclose()


@on_a_broker
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ca_file": ""}, "tls-chain"),
        ({"host": "127.0.0.2"}, "refused|tls"),
        ({"password": "sai"}, "mqtt-135|mqtt-134"),
        ({"port": 1}, "refused"),
    ],
)
async def test_a_broker_that_is_not_ours_or_does_not_know_us_is_tried_again(
    town: Town, changes: dict[str, Any], reason: str
) -> None:
    town.siren()
    sender = channel(town.gateway(**changes))
    with pytest.raises(Retry, match=reason):
        await send(sender, delivery(), endpoint())
    await sender.aclose()


@on_a_broker
async def test_another_authority_than_the_brokers_is_refused(town: Town, tmp_path: Path) -> None:
    with broker(tmp_path / "other") as other:
        sender = channel(town.gateway(ca_file=other.ca_file))
        with pytest.raises(Retry, match="tls"):
            await send(sender, delivery(), endpoint())
        await sender.aclose()


@on_a_broker
async def test_a_topic_without_rights_is_never_delivered(town: Town) -> None:
    sender = channel(town.gateway())
    where = Endpoint("e2", "x", "mqtt_siren", Settings(to="coi/cam/lenh", awaits="broker"))
    with pytest.raises(Retry, match="mqtt-135"):
        await send(sender, delivery(), where)
    await sender.aclose()


@on_a_broker
async def test_after_a_cut_of_the_broker_the_next_try_arrives(town: Town) -> None:
    siren, sender = town.siren(), channel(town.gateway())
    await send(sender, delivery(), endpoint())
    town.broker.cut()
    with pytest.raises(Retry):
        await send(sender, delivery(delivery_id="d2", chain_id="c2"), endpoint(), timeout_s=2)
    siren._ready.clear()
    town.broker.start()
    await asyncio.to_thread(siren._ready.wait, 10)
    receipt = await send(sender, delivery(delivery_id="d2", chain_id="c2", attempt_no=2), endpoint())
    assert receipt.acknowledged_by == "device:coi-1"
    assert [name for _, name in siren.head.done] == ["d0123", "d2"]
    await sender.aclose()


@on_a_broker
async def test_a_broker_that_stands_still_costs_a_try_its_own_time_and_no_more(town: Town) -> None:
    siren, sender = town.siren(), channel(town.gateway())
    await send(sender, delivery(), endpoint())
    town.broker.freeze()
    began = time.monotonic()
    with pytest.raises(Retry, match="timeout"):
        await send(sender, delivery(delivery_id="d2", chain_id="c2"), endpoint(), timeout_s=1)
    with pytest.raises(Retry, match="timeout"):
        await send(sender, delivery(delivery_id="d2", chain_id="c2", attempt_no=2), endpoint(), timeout_s=1)
    assert time.monotonic() - began < 5, "both tries together were to last two seconds"
    town.broker.thaw()

    async def again(attempt: int) -> Any:
        try:
            return await send(sender, delivery(delivery_id="d2", chain_id="c2", attempt_no=attempt), endpoint())
        except Retry:
            return None

    for attempt in range(3, 13):
        receipt = await again(attempt)
        if receipt is not None:
            break
    assert receipt is not None
    assert [name for _, name in siren.head.done].count("d2") == 1
    await sender.aclose()


# --- STOP ----------------------------------------------------------------------------------------------------------------------------


async def say_stop(where: Gateway, settings: Settings | None, hold_s: int = 600, timeout_s: float = 10) -> Any:
    return await stop(where, settings, clock=SystemClock(), mode="test", hold_s=hold_s, timeout_s=timeout_s)


@on_a_broker
async def test_stop_silences_holds_what_comes_and_lets_it_sound_after_the_release(town: Town) -> None:
    siren, sender = town.siren(), channel(town.gateway())
    where = endpoint()
    await send(sender, delivery(), where)
    assert siren.head.sounding
    halted = await say_stop(town.gateway(), where.settings)
    assert (halted.taken, halted.confirmed, halted.silent, halted.why) == (True, ("coi-1",), (), "")
    assert siren.head.sounding == ""
    with pytest.raises(Retry, match="device-held"):
        await send(sender, delivery(delivery_id="d2", chain_id="c2"), where)
    assert siren.head.sounding == ""
    await release(town.gateway(), where.settings, clock=SystemClock(), mode="test", timeout_s=10)
    await send(sender, delivery(attempt_no=2), where)
    assert siren.head.sounding == "", "what was stopped does not sound again"
    await send(sender, delivery(delivery_id="d2", chain_id="c2", attempt_no=2), where)
    assert siren.head.sounding == "c2"
    await sender.aclose()


@on_a_broker
async def test_stop_for_all_reaches_every_siren(town: Town) -> None:
    sirens = [town.siren(name) for name in ("coi-1", "coi-2")]
    for siren in sirens:
        siren.head.sounding = "c1"
    halted = await say_stop(town.gateway(), None)
    assert halted.taken
    await until(lambda: not any(siren.head.sounding for siren in sirens), "both are silent")


@on_a_broker
async def test_stop_works_while_the_broker_of_commands_stands_still(town: Town, tmp_path: Path) -> None:
    with broker(tmp_path / "second") as second:
        both = town.siren()
        other = Device(both.head, second.port, second.ca_file)
        other.connect()
        town.stack.callback(other.close)
        both.head.sounding = "c1"
        town.broker.freeze()
        where = town.gateway(stop_host="localhost", stop_port=second.port, ca_file=second.ca_file, stop_username="x")
        halted = await say_stop(where, endpoint().settings)
        assert halted.confirmed == ("coi-1",)
        assert both.head.sounding == ""
        town.broker.thaw()


@on_a_broker
async def test_stop_is_said_again_until_the_broker_is_back(town: Town) -> None:
    siren = town.siren()
    siren.head.sounding = "c1"
    town.broker.cut()
    siren._ready.clear()
    stopping = asyncio.create_task(say_stop(town.gateway(), endpoint().settings, timeout_s=30))
    await asyncio.sleep(0)
    town.broker.start()
    halted = await stopping
    assert halted.confirmed == ("coi-1",)
    assert siren.head.sounding == ""


@on_a_broker
async def test_stop_says_who_did_not_confirm(town: Town) -> None:
    town.siren()
    halted = await say_stop(town.gateway(), endpoint(devices={"coi-1": "", "coi-9": ""}).settings, timeout_s=2)
    assert (halted.taken, halted.confirmed, halted.silent) == (True, ("coi-1",), ("coi-9",))
    assert halted.why


@on_a_broker
async def test_a_device_of_another_mode_has_not_confirmed_a_stop(town: Town) -> None:
    drill = head("coi-1")
    drill.mode, drill.sounding = "exercise", "c1"
    town.siren(head=drill)
    halted = await say_stop(town.gateway(), endpoint().settings, timeout_s=2)
    assert (halted.confirmed, halted.silent) == ((), ("coi-1",))
    assert "mode" in halted.why


@on_a_broker
async def test_an_old_answer_confirms_no_new_stop(town: Town) -> None:
    town.siren(mute=True)
    stranger = town.siren("x")  # the broker's rights let it write there, as a device that was broken into

    async def replay() -> None:
        while True:
            old = json.dumps({"id": "stop-cu", "device": "coi-1", "result": "done"})
            assert stranger._client
            stranger._client.publish(f"{TOPIC}/stop/ack", old, qos=1)
            await asyncio.sleep(0.1)

    replaying = asyncio.create_task(replay())
    halted = await say_stop(town.gateway(), endpoint().settings, timeout_s=2)
    replaying.cancel()
    assert (halted.confirmed, halted.silent) == ((), ("coi-1",))


async def test_a_dead_broker_leaves_no_threads_behind() -> None:
    sender = channel(gateway(port=1))
    before = threading.active_count()
    for _ in range(40):
        with pytest.raises(Retry, match="refused"):
            await send(sender, delivery(), endpoint())
    await sender.aclose()
    await until(lambda: threading.active_count() <= before + 2, "the lines' threads are gone")


async def test_nobody_is_silenced_for_a_day() -> None:
    with pytest.raises(ValueError, match="hold"):
        await say_stop(gateway(), None, hold_s=86400)
