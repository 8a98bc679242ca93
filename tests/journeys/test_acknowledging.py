"""An alert nobody may miss: bots read the link and change nothing, one agency presses, the other is reminded by the roster through a kill,
once and marked late, and the Cancel stops what was still to come.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.clock import leap
from tests.journeys.test_spine import signed_in
from tests.journeys.town import Receiver, Town, cap, free_port, receiving, until

POLICY = """
[[escalation]]
id = "thu"
chief = "ban-chi-huy-ptds"
steps = [
  { after_min = 0, to = "again" },
  { after_min = 2, to = "duty" },
  { after_min = 30, to = "chief" },
]
"""
ASKED_MIN = 5
SCANNERS = (
    "Mozilla/5.0 (compatible; SafeLinks)",
    "Zalo/1.0",
    "GoogleImageProxy",
    "Barracuda Sentinel",
    "python-requests/2",
)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path, free_port(), "", '[[authority]]\nsource = "pushed"\n')
    town.more = f'clock = "{tmp_path / "ahead"}"\n'
    town.files["escalations.toml"] = POLICY
    town.write()
    yield town
    town.kill()


def _made(answer: httpx.Response) -> Any:
    assert answer.status_code == 201, answer.text
    return answer.json()


def _endpoint(desk: httpx.Client, receiver: Receiver, owner: str, *, asked: bool = True, contact: str = "") -> str:
    body = {"owner": owner, "kind": "webhook", "settings": {"url": receiver.base}, "contact": contact}
    name = str(_made(desk.post("/v1/endpoints", json=body))["endpoint_id"])
    if asked:
        rule = {"endpoint_id": name, "units": ["75"], "hazards": ["flood"], "ack_min": ASKED_MIN}
        _made(desk.post("/v1/subscriptions", json=rule))
    return name


def _on_duty(desk: httpx.Client, owner: str) -> str:
    """Somebody of the agency who is on duty now; returns the contact."""
    contact = _made(
        desk.post("/v1/contacts", json={"owner": owner, "name": "Trần Thị Bình", "phone": "0251 3 000 000"})
    )["contact_id"]
    now = datetime.now(UTC)
    duty = {"begins": (now - timedelta(hours=1)).isoformat(), "ends": (now + timedelta(days=1)).isoformat()}
    _made(desk.post("/v1/duties", json={"contact_id": contact, **duty}))
    return str(contact)


def _kinds(receiver: Receiver) -> list[str]:
    return [told["type"] for told in list(receiver.got)]


def _clocks(desk: httpx.Client, alert_id: str) -> dict[str, Any]:
    listed = desk.get(f"/v1/alerts/{alert_id}/escalations").json()["escalations"]
    return {one["owner"]: one for one in listed}


def test_bots_press_nothing_one_agency_presses_the_other_is_escalated_through_a_kill(
    town: Town, tmp_path: Path
) -> None:
    ahead = tmp_path / "ahead"
    with ExitStack() as stack:
        one, two, phone = (stack.enter_context(receiving(Receiver())) for _ in range(3))
        town.start()
        desk = signed_in(town)
        _endpoint(desk, one, "bo-chqs")
        _endpoint(desk, two, "so-y-te")
        _endpoint(desk, phone, "so-y-te", asked=False, contact=_on_duty(desk, "so-y-te"))
        key = {
            "Authorization": f"Bearer {town.hub('key', 'create', 'source', 'pushed')}",
            "Content-Type": "application/cap+xml",
        }
        first = cap("lu-1")
        alert_id = httpx.post(f"{town.base}/v1/alerts", content=first, headers=key, timeout=10).json()["alert_id"]
        until(lambda: _kinds(one) == _kinds(two) == ["alert.new"], within_s=15, what="both agencies are told")
        links = [r.got[0]["data"]["ack_url"] for r in (one, two)]
        assert all(re.fullmatch(re.escape(town.base) + r"/a/[\w-]{48}", link) for link in links)

        with httpx.Client(follow_redirects=True, timeout=10) as bot:
            for n in range(20):
                for link in links:
                    answer = bot.request("HEAD" if n % 3 == 2 else "GET", link, headers={"User-Agent": SCANNERS[n % 5]})
                    assert answer.status_code == 200
        told = desk.get(f"/v1/alerts/{alert_id}/deliveries").json()["deliveries"]
        assert {d["ack"] for d in told} == {"waiting"} and {d["state"] for d in told} == {"delivered"}

        pressed = httpx.post(
            links[0],
            data={"name": "Lê Văn An", "post": "trực ban"},
            headers={"Origin": town.base},
            follow_redirects=True,
        )
        assert "ĐÃ XÁC NHẬN lúc" in pressed.text and "Lê Văn An, trực ban" in pressed.text
        clocks = _clocks(desk, alert_id)
        assert (clocks["bo-chqs"]["state"], clocks["so-y-te"]["state"]) == ("acknowledged", "waiting")

        leap(ahead, timedelta(minutes=ASKED_MIN, seconds=5))
        until(lambda: _kinds(two) == ["alert.new", "alert.reminder"], within_s=10, what="the reminder")
        assert two.got[1]["data"]["sounds"] == ["unacknowledged"]
        assert _kinds(phone) == [] and _kinds(one) == ["alert.new"]

        town.kill()
        leap(ahead, timedelta(minutes=ASKED_MIN + 4))
        town.start()
        serving = time.monotonic()
        until(lambda: _kinds(phone) == ["alert.reminder"], within_s=10, what="the duty phone")
        took_s = time.monotonic() - serving
        desk = signed_in(town)
        clock = _clocks(desk, alert_id)["so-y-te"]
        assert [s["to"] for s in clock["fired"]] == ["desk", "again", "duty"]
        assert clock["fired"][2]["late"] and len(clock["fired"][2]["reached"]) == 1
        assert clock["due_to"] == "chief" and clock["overdue"]

        sent = first.decode().partition("<sent>")[2].partition("<")[0]
        cancel = cap(
            "lu-2",
            msg_type="Cancel",
            references=f"kttv@example.test,lu-1,{sent}",
            sent=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        assert httpx.post(f"{town.base}/v1/alerts", content=cancel, headers=key, timeout=10).status_code == 202
        everyone = (one, two, phone)
        until(
            lambda: all(_kinds(r)[-1] == "alert.cancel" for r in everyone),
            within_s=15,
            what="the Cancel reaches all who were told",
        )
        leap(ahead, timedelta(hours=2))
        until(
            lambda: _clocks(desk, alert_id)["so-y-te"]["state"] == "ended", within_s=10, what="the clock stands still"
        )
        time.sleep(1.5)  # three looks of the loop: nothing may follow
        assert [_kinds(r).count("alert.reminder") for r in everyone] == [0, 1, 1]
        assert [_kinds(r).count("alert.cancel") for r in everyone] == [1, 1, 1]
        clock = _clocks(desk, alert_id)["so-y-te"]
        assert (clock["ended_by"], len(clock["fired"])) == ("cancelled", 3)
        print(f"overdue step taken and delivered {took_s:.2f} s after the hub served again")
