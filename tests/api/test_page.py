"""The plain page: nothing from elsewhere, no markup from alerts, and a word in both languages for everything."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path

import pytest

from hub.acceptance.case import DECIDER
from tests.api.doorway import Door, open_door

PAGE = Path(str(resources.files("hub.api").joinpath("page")))
SCRIPTS = sorted(PAGE.glob("*.js"))
DICTIONARIES = {language: json.loads((PAGE / f"words.{language}.json").read_text()) for language in ("vi", "en")}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, name="Trung tâm <b>&") as opened:
        yield opened


async def test_the_page_is_for_those_signed_in_and_the_others_are_sent_to_sign_in(door: Door) -> None:
    async with door.client() as stranger, await door.dispatcher() as dispatcher:
        sent = await stranger.get("/")
        page = await dispatcher.get("/")
        assert (sent.status_code, sent.headers["location"]) == (303, "/signin")
        assert page.status_code == 200 and 'data-mode="test"' in page.text
        assert "Trung tâm &lt;b&gt;&amp;" in page.text and "<b>" not in page.text
        assert page.headers["cache-control"] == "no-store"


async def test_a_key_sees_no_page(door: Door) -> None:
    async with await door.source() as source:
        assert (await source.get("/")).status_code == 403


async def test_every_file_of_the_page_is_served_with_its_type_and_a_validator(door: Door) -> None:
    async with door.client() as client:
        for path in PAGE.iterdir():
            if path.suffix == ".html":
                assert (await client.get(f"/page/{path.name}")).status_code == 404
                continue
            first = await client.get(f"/page/{path.name}")
            assert first.status_code == 200 and first.content == path.read_bytes()
            again = await client.get(f"/page/{path.name}", headers={"If-None-Match": first.headers["etag"]})
            assert again.status_code == 304
        script = await client.get("/page/page.js")
    assert script.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("name", ["door.py", "..%2Fdoor.py", "%2e%2e", "words.fr.json", "index.html"])
async def test_no_other_file_is_served(door: Door, name: str) -> None:
    async with door.client() as client:
        assert (await client.get(f"/page/{name}")).status_code == 404


def test_alert_text_can_never_become_markup_or_script() -> None:
    wrong = re.compile(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|srcdoc|DOMParser|javascript:"
    )
    for path in SCRIPTS:
        assert not wrong.search(path.read_text()), path.name


def test_the_page_asks_no_other_host_for_anything() -> None:
    for path in PAGE.iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text and "https://" not in text, path.name
        assert not re.search(r"""(src|href|import|from)\s*=?\s*["']//""", text), path.name


def test_html_has_no_inline_script_or_style() -> None:
    for path in PAGE.glob("*.html"):
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text), path.name


def test_both_dictionaries_have_the_same_words_and_gaps() -> None:
    assert DICTIONARIES["vi"].keys() == DICTIONARIES["en"].keys()
    for key, text in DICTIONARIES["vi"].items():
        gaps = [sorted(re.findall(r"\{\w+\}", told)) for told in (text, DICTIONARIES["en"][key])]
        assert gaps[0] == gaps[1], key


def test_every_word_the_page_uses_is_in_the_dictionary() -> None:
    used: set[str] = set()
    for path in SCRIPTS:
        used |= set(re.findall(r"""\bword\("([\w.-]+)\"""", path.read_text()))
    for path in PAGE.glob("*.html"):
        used |= set(re.findall(r'data-word="([\w.-]+)"', path.read_text()))
    assert used and used <= DICTIONARIES["vi"].keys(), used - DICTIONARIES["vi"].keys()


def test_no_alert_and_no_data_never_look_alike() -> None:
    for words in DICTIONARIES.values():
        assert len({words["no-alert"], words["no-data"], words["none-found"]}) == 3
    assert (DICTIONARIES["vi"]["no-alert"], DICTIONARIES["vi"]["no-data"]) == ("Không có cảnh báo", "Không có dữ liệu")


def test_every_state_and_disposition_has_a_word() -> None:
    states = {"active", "cancels", "ends", "superseded", "cancelled", "ended", "none", "expired", "held", "duplicate"}
    dispositions = {
        "accepted",
        "repaired",
        "unchanged",
        "revision",
        "duplicate",
        "conflict",
        "held",
        "quarantined",
        "refused",
    }
    dispositions |= {"born_superseded", "born_cancelled", "born_expired", "other_mode", "internal"}
    deliveries = {"pending", "in_flight", "delivered", "acknowledged", "failed", "superseded", "covered", "expired"}
    for words in DICTIONARIES.values():
        assert {
            f"state.{state}" for state in states | (dispositions - {"accepted", "repaired", "unchanged", "revision"})
        } <= words.keys()
        assert {f"disposition.{one}" for one in dispositions} <= words.keys()
        assert {f"delivery.{state}" for state in deliveries} <= words.keys()


def test_every_reason_to_hold_an_alert_has_words() -> None:
    reasons = {"no-authority", "not-its-sender", "ambiguous-reference"}
    reasons |= {f"signature-{verdict}" for verdict in ("unsigned", "unpinned", "broken")}
    reasons |= {f"beyond-authority {what}" for what in ("sender", "severity", "hazard", "area")}
    for words in DICTIONARIES.values():
        assert {f"because.{reason}" for reason in reasons} == {
            name
            for name in words
            if name.startswith("because.") and name not in ("because.released", "because.dismissed")
        }
        assert f"decider.{DECIDER}" in words
        for act in ("release", "dismiss"):
            assert {f"held.{act}", f"held.{act}.meaning", f"held.{act}.confirm"} <= words.keys()


def test_delivered_is_never_called_acknowledged() -> None:
    words = DICTIONARIES["vi"]
    assert "chưa xác nhận" in words["delivery.delivered"] and words["delivery.acknowledged"] == "Đã xác nhận"


@pytest.mark.needs("node")
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_script_can_be_parsed(path: Path, tmp_path: Path) -> None:
    module = tmp_path / f"{path.stem}.mjs"
    module.write_bytes(path.read_bytes())
    checked = subprocess.run(["node", "--check", str(module)], capture_output=True, text=True, check=False, timeout=30)
    assert checked.returncode == 0, checked.stderr
