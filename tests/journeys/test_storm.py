"""A storm, the release of Trị An and a flood at Tà Lài: four days of a drill at a real hub in mode exercise, whose clock leaps hour by hour.

Sources serve and push their real formats, 25 agencies, districts and neighbours receive signed webhooks, their rules are what the
profile offers them. `config/scenarios/bao-tri-an-ta-lai.toml` says what is sent and what must come of it: every version of every
chain, who is told of it, and so who must hear nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.clock import leap
from tests.journeys.scenario import Said, Scenario, starting_now
from tests.journeys.test_spine import signed_in
from tests.journeys.town import ROOT, Pages, Receiver, Town, free_port, receiving, serving, until
from tests.journeys.watching import Ledger

SOURCE = """
[[source]]
name = "vn-nchmf"
kind = "cap_feed"
interval_s = 1
plain_http = true
settings = {{ url = "{base}/capfeed" }}
"""
NEIGHBOUR_SOURCE = """
[[authority]]
source = "lam-dong"
senders = ["lam-dong"]
hazards = ["flood", "dam_release"]
units = ["68"]
max_severity = "Severe"
"""
TREATIES = "".join(
    f'[[treaty]]\nowner = "tinh-giap-ranh-{name}"\nmin_severity = "Minor"\n'
    for name in ("binh-duong", "tp-ho-chi-minh")
)
SILENT = {"so-y-te", "so-khcn", "tinh-giap-ranh-lam-dong"}
"""Who has an endpoint and must hear nothing: whose hazards these are not, and a neighbour without a treaty."""
TOLD = ("alert.new", "alert.update")


@dataclass
class Played:
    """What came of the drill. `gauges` is `/v1/gauges` of Tà Lài by hour."""

    scenario: Scenario
    receivers: dict[str, Receiver]
    ledger: Ledger
    gauges: dict[int, dict[str, Any]] = field(default_factory=dict)
    exit_code: int | None = None
    stderr: str = ""

    def chain(self, station: str) -> list[dict[str, Any]]:
        """The alerts of that gauge as they were accepted: change, level, alert_id."""
        rows = self.ledger.rows("SELECT alert_id, cap FROM alerts WHERE source = 'he-thong-tinh' ORDER BY chain_seq")
        return [
            {"alert_id": row["alert_id"], **said}
            for row in rows
            if (said := _parameters(json.loads(row["cap"]))).get("gauge:station") == station
        ]

    def heard(self, alert_id: str, *kinds: str) -> set[str]:
        """Who got that alert as one of these events."""
        return {
            owner
            for owner, receiver in self.receivers.items()
            if any(one["data"]["alert_id"] == alert_id and one["type"] in kinds for one in receiver.got)
        }

    def times(self, alert_id: str, owner: str) -> int:
        """How many events about that alert the owner got, but for reminders: nobody in this drill confirms anything."""
        mine = [one["type"] for one in self.receivers[owner].got if one["data"]["alert_id"] == alert_id]
        reminders = mine.count("alert.reminder")
        assert reminders <= 1, f"{owner} was reminded {reminders} times of {alert_id}"
        return len(mine) - reminders

    def id_of(self, said: Said) -> str:
        (row,) = self.ledger.rows("SELECT alert_id FROM alerts WHERE identifier = ?", said.identifier)
        return str(row["alert_id"])


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("storm")
    with ExitStack() as stack:
        pages = stack.enter_context(serving(Pages()))
        town = _town(folder, pages)
        stack.callback(town.kill)
        town.start()
        client = signed_in(town)
        stack.callback(client.close)
        scenario = Scenario("bao-tri-an-ta-lai", starting_now())
        receivers = {owner: stack.enter_context(receiving(Receiver())) for owner in scenario.everyone}
        for owner, receiver in receivers.items():
            _endpoint(client, owner, receiver)
        keys = {
            one: town.hub("key", "create", "source", one) for one in ("kttv-dongnai", "thuy-dien-tri-an", "lam-dong")
        }
        played = Played(scenario, receivers, Ledger(town.store_url))
        until(lambda: "/capfeed" in pages.served, within_s=20, what="the first read of the feed")
        for hour in range(scenario.hours + 1):
            _hour(played, town, pages, keys, client, hour)
        played.exit_code = town.stop()
        played.stderr = town.stderr()
    yield played


def _town(folder: Path, pages: Pages) -> Town:
    pages.rss("/capfeed", [])
    authorities = (ROOT / "config/profiles/dong-nai-2023/authorities.toml").read_text(encoding="utf-8")
    town = Town(folder, free_port(), SOURCE.format(base=pages.base), authorities + NEIGHBOUR_SOURCE)
    town.mode = "exercise"
    town.more = f'dev = true\nclock = "{folder / "clock"}"\n'
    town.files = {"treaties.toml": TREATIES}
    town.write()
    profile = folder / "profile" / "profile.toml"
    profile.write_text(profile.read_text(encoding="utf-8") + 'sender = "canhbao@dongnai.gov.vn"\n', encoding="utf-8")
    return town


def _endpoint(client: httpx.Client, owner: str, receiver: Receiver) -> None:
    made = client.post("/v1/endpoints", json={"owner": owner, "kind": "webhook", "settings": {"url": receiver.base}})
    assert made.status_code == 201, made.text
    receiver.secret = made.json().get("secret") or made.json()["secrets"][0]


def _hour(played: Played, town: Town, pages: Pages, keys: dict[str, str], client: httpx.Client, hour: int) -> None:
    """The clock leaps to that hour, everybody says what the scenario says, and all that follows has been told."""
    scenario, ledger = played.scenario, played.ledger
    leap(town.folder / "clock", scenario.at(hour) - datetime.now(UTC))
    listed = [one for one in scenario.said if one.source == "vn-nchmf" and one.hour <= hour]
    pages.rss("/capfeed", [pages.put(f"/{one.identifier}.xml", one.body) for one in listed[::-1]])
    for source, numbers in scenario.readings(hour).items():
        _push(town, keys[source], "readings", json={"readings": numbers})
    for said in scenario.at_hour(hour):
        if said.source != "vn-nchmf":
            _push(town, keys[said.source], "alerts", content=said.body)
    for said in scenario.at_hour(hour):
        known = "SELECT 1 FROM alerts WHERE identifier = ?"
        until(lambda: ledger.rows(known, said.identifier), within_s=20, what=f"{said.identifier} at the hub")  # noqa: B023 - asked at once
    for station, steps in scenario.chains().items():
        due = sum(step.hour <= hour for step in steps)
        if any(step.hour == hour for step in steps):
            until(lambda: len(played.chain(station)) >= due, within_s=20, what=f"{station} at hour {hour}")  # noqa: B023 - asked at once
    until(ledger.is_at_rest, within_s=20, what=f"everything of hour {hour} told")
    (played.gauges[hour],) = (one for one in client.get("/v1/gauges").json()["gauges"] if one["station"] == "ta-lai")


def _push(town: Town, key: str, what: str, **sent: Any) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    if "content" in sent:
        headers["Content-Type"] = "application/cap+xml"
    answer = httpx.post(f"{town.base}/v1/{what}", headers=headers, timeout=20, trust_env=False, **sent)
    assert answer.status_code == 202, answer.text
    assert what == "readings" or answer.json()["disposition"] == "accepted", answer.text


def test_each_gauge_has_one_chain_of_the_versions_that_the_scenario_says(played: Played) -> None:
    for station, steps in played.scenario.chains().items():
        came = [(one["gauge:change"], one.get("VN:baoDong", "")) for one in played.chain(station)]
        assert came == [(step.change, step.level) for step in steps], station
    chains = played.ledger.rows("SELECT DISTINCT chain_id FROM alerts WHERE source = 'he-thong-tinh'")
    assert len(chains) == 4


def test_each_version_of_a_gauges_alert_is_told_to_whom_it_concerns_and_to_nobody_else(played: Played) -> None:
    for station, steps in played.scenario.chains().items():
        holding: set[str] = set()
        gone: set[str] = set()
        for step, one in zip(steps, played.chain(station), strict=True):
            alert_id, about = one["alert_id"], f"{station} {step.hour} {step.change}"
            if step.change == "cleared":
                assert played.heard(alert_id, "alert.ended") == holding | gone, about
                continue
            assert played.heard(alert_id, *TOLD) == set(step.told), about
            assert played.heard(alert_id, "alert.left_your_area") == holding - step.told, about
            assert {owner: played.times(alert_id, owner) for owner in step.told} == dict.fromkeys(step.told, 1), about
            gone = (gone | (holding - step.told)) - step.told
            holding = set(step.told)


def test_what_sources_say_is_told_to_whom_it_concerns_and_to_nobody_else(played: Played) -> None:
    endings = {"atnd-96", "xa-tri-an-90"}
    for said in played.scenario.said:
        alert_id = played.id_of(said)
        if said.identifier in endings:
            assert played.heard(alert_id, "alert.ended") >= played.scenario.told(said), said.identifier
            assert played.heard(alert_id, *TOLD) == set(), said.identifier
        else:
            assert played.heard(alert_id, *TOLD) == played.scenario.told(said), said.identifier


def test_a_storm_far_at_sea_wakes_nobody_and_whom_it_does_not_concern_never_hears(played: Played) -> None:
    early = [played.id_of(said) for said in played.scenario.said if said.hour < 24]
    assert len(early) == 8
    assert all(played.heard(one, *TOLD) == set() for one in early)
    assert {owner for owner, receiver in played.receivers.items() if not receiver.got} == SILENT
    withheld = played.ledger.rows("SELECT DISTINCT reason FROM deliveries WHERE state = 'failed'")
    assert withheld, "the neighbour without a treaty stands in the ledger"


def test_eight_bulletins_a_day_are_one_incident(played: Played) -> None:
    rows = played.ledger.rows("SELECT incident_id, chain_id FROM alerts WHERE source = 'vn-nchmf'")
    assert len(rows) == 33
    assert len({row["incident_id"] for row in rows}) == 1


def test_a_silent_gauge_is_no_data_and_never_normal(played: Played) -> None:
    assert {hour: played.gauges[hour]["state"] for hour in (54, 56, 57)} == {54: "live", 56: "no-data", 57: "live"}
    assert played.gauges[56]["alarm"] == 3
    silent = next(one for one in played.chain("ta-lai") if one["gauge:change"] == "silent")
    assert silent["gauge:state"] == "no-data"
    (told,) = (
        one for one in played.receivers["ubnd-huyen-tan-phu"].got if one["data"]["alert_id"] == silent["alert_id"]
    )
    assert "Không có dữ liệu" in told["data"]["alert"]["info"][0]["headline"]
    assert played.gauges[52]["where"]["vi"] == "trên BĐ3 0,43 m"


def test_every_text_says_that_it_is_a_drill_in_its_language_and_every_signature_holds(played: Played) -> None:
    begins = {"vi": "DIỄN TẬP", "en": "EXERCISE"}
    texts = 0
    for owner, receiver in played.receivers.items():
        assert receiver.bad == 0, owner
        for one in receiver.got:
            assert one["data"]["alert"]["status"] == "Exercise"
            for info in one["data"]["alert"]["info"]:
                said = [info[name] for name in ("headline", "description", "instruction") if info.get(name)]
                assert all(text.startswith(begins[info["language"][:2]]) for text in said), said
                texts += len(said)
    assert texts > 1000


def test_at_the_end_nothing_is_in_force_and_nothing_went_wrong_inside(played: Played) -> None:
    at = int(played.scenario.at(played.scenario.hours).timestamp() * 1e6)
    live = played.ledger.rows("SELECT identifier FROM alerts WHERE state = 'active' AND live_until > ?", at)
    assert live == []
    assert played.ledger.rows("SELECT * FROM quarantine") == []
    assert (played.exit_code, played.stderr) == (0, "")


def _parameters(alert: dict[str, Any]) -> dict[str, str]:
    return {one["valueName"]: one["value"] for one in alert["info"][0].get("parameter", [])}
