"""Tests of hub.config.check beyond the table of mistakes: how far the rules go, and that each finding is told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.deployment import lay, problems

SOURCES, AUTHORITIES, SUBSCRIPTIONS = "p/sources.toml", "p/authorities.toml", "p/subscriptions.toml"


@pytest.mark.parametrize(("interval", "fine"), [("10", True), ("9.99", False), ("0", False), ("-60", False)])
def test_a_source_may_be_read_every_ten_seconds_and_no_oftener(tmp_path: Path, interval: str, fine: bool) -> None:
    found = problems(lay(tmp_path, file=SOURCES, old="interval_s = 60", new=f"interval_s = {interval}"))
    assert [p.key for p in found] == ([] if fine else ["interval_s"])


@pytest.mark.parametrize(("silent", "fine"), [("60.5", True), ("60", False), ("nan", False)])
def test_a_source_cannot_be_silent_before_it_is_read_again(tmp_path: Path, silent: str, fine: bool) -> None:
    new = f"interval_s = 60\nsilent_after_s = {silent}"
    found = problems(lay(tmp_path, file=SOURCES, old="interval_s = 60", new=new))
    assert [p.key for p in found] == ([] if fine else ["silent_after_s"])


@pytest.mark.parametrize(("at_once", "fine"), [(8, True), (7, False)])
def test_a_reserve_for_urgent_deliveries_needs_eight_at_once(tmp_path: Path, at_once: int, fine: bool) -> None:
    found = problems(lay(tmp_path, file="hub.toml", old="at_once = 64", new=f"at_once = {at_once}"))
    assert [p.key for p in found] == ([] if fine else ["delivery.at_once"])


def test_plain_http_is_taken_from_a_source_that_is_said_to_have_nothing_else(tmp_path: Path) -> None:
    file = lay(tmp_path, file=SOURCES, old='url = "https://', new='url = "http://')
    assert [p.key for p in problems(file)] == ["settings.url"]
    text = (tmp_path / SOURCES).read_text(encoding="utf-8")
    (tmp_path / SOURCES).write_text(
        text.replace("interval_s = 60", "interval_s = 60\nplain_http = true"), encoding="utf-8"
    )
    assert problems(file) == []


@pytest.mark.parametrize("hosts", ["[]", '["*.example.test"]', '["cap.example.test", "cdn.example.test"]'])
def test_the_host_of_a_source_is_among_its_hosts_or_none_are_named(tmp_path: Path, hosts: str) -> None:
    assert problems(lay(tmp_path, file=SOURCES, old='["cap.example.test"]', new=hosts)) == []


def test_a_status_that_cap_does_not_know_is_found(tmp_path: Path) -> None:
    new = 'interval_s = 60\nstatus = "actual"'
    (problem,) = problems(lay(tmp_path, file=SOURCES, old="interval_s = 60", new=new))
    assert problem.key == "status"
    assert "Actual" in problem.mend


def test_a_source_without_authority_is_found_from_both_sides(tmp_path: Path) -> None:
    found = problems(lay(tmp_path, file=AUTHORITIES, old='source = "one"', new='source = "two"'))
    assert {(p.file, p.key) for p in found} == {
        ("authorities.toml line 2 [two]", "source"),
        ("sources.toml line 2 [one]", "name"),
    }


def test_every_hazard_is_a_hazard_and_a_unit_is_one_of_the_gazetteer(tmp_path: Path) -> None:
    assert problems(lay(tmp_path, file=AUTHORITIES, old='["flood"]', new='["*"]')) == []
    found = problems(lay(tmp_path, file=AUTHORITIES, old='["75"]', new='["75", "nowhere", "731"]'))
    assert [(p.key, "nowhere" in p.reason) for p in found] == [("units", True)]


def test_two_subscriptions_of_one_id_are_found(tmp_path: Path) -> None:
    file = lay(tmp_path)
    text = (tmp_path / SUBSCRIPTIONS).read_text(encoding="utf-8")
    (tmp_path / SUBSCRIPTIONS).write_text(text + text.replace("900", "901"), encoding="utf-8")
    (problem,) = problems(file)
    assert (problem.key, "stands there twice" in problem.reason) == ("id", True)
