"""Authority: what a source may say (ACC-8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.cap.model import Alert, Info
from hub.policy import Authority, Delegations, No, Yes, authority_allows, reading_allows
from hub.subscription import AlertFacts, InfoFacts

SENT = datetime(2026, 1, 1, tzinfo=UTC)
KNOWN = InfoFacts(frozenset({"flood"}), frozenset({"75", "731"}), None, SENT)


def facts(*known: InfoFacts, severity: str = "Severe", sender: str = "kttv") -> AlertFacts:
    """An alert with those infos."""
    infos = tuple(Info("Lũ", severity=severity) for _ in known)
    return AlertFacts("a", "s", Alert("a", sender, SENT, infos=infos), known)


@pytest.mark.parametrize(
    ("authority", "alert", "reason"),
    [
        (Authority(), facts(KNOWN, severity="Extreme"), ""),
        (Authority(senders=frozenset({"kttv"})), facts(KNOWN), ""),
        (Authority(senders=frozenset({"kttv"})), facts(KNOWN, sender="KTTV"), "beyond-authority sender"),
        (Authority(max_severity="Severe"), facts(KNOWN), ""),
        (Authority(max_severity="Severe"), facts(KNOWN, severity="Extreme"), "beyond-authority severity"),
        (Authority(max_severity="Minor"), facts(KNOWN, severity="Unknown"), ""),
        (Authority(hazards=frozenset({"flood", "storm"})), facts(KNOWN), ""),
        (Authority(hazards=frozenset({"storm"})), facts(KNOWN), "beyond-authority hazard"),
        (
            Authority(hazards=frozenset({"flood"})),
            facts(replace(KNOWN, hazards=frozenset({"flood", "air_raid"}))),
            "beyond-authority hazard",
        ),
        (
            Authority(hazards=frozenset({"flood"})),
            facts(KNOWN, replace(KNOWN, hazards=frozenset({"chemical"}))),
            "beyond-authority hazard",
        ),
        (Authority(units=frozenset({"731"})), facts(KNOWN), ""),
        (Authority(units=frozenset({"734"})), facts(KNOWN), "beyond-authority area"),
        (
            Authority(units=frozenset({"731"})),
            facts(KNOWN, replace(KNOWN, units=frozenset({"734"}))),
            "beyond-authority area",
        ),
        (Authority(units=frozenset({"731"})), facts(replace(KNOWN, units=frozenset())), "beyond-authority area"),
        (Authority(units=frozenset({"731"})), facts(replace(KNOWN, province_wide=True)), "beyond-authority area"),
        (Authority(units=frozenset({"75"})), facts(replace(KNOWN, province_wide=True)), ""),
    ],
)
def test_a_source_says_only_what_its_authority_covers(authority: Authority, alert: AlertFacts, reason: str) -> None:
    assert authority_allows(authority, alert) == (No(reason) if reason else Yes())


def test_of_a_bare_cancel_only_the_sender_counts() -> None:
    narrow = Authority(frozenset({"kttv"}), frozenset({"storm"}), frozenset({"1"}), "Minor")
    assert isinstance(authority_allows(narrow, facts()), Yes)
    assert authority_allows(narrow, facts(sender="x")) == No("beyond-authority sender")


def test_senders_speak_for_themselves_and_for_whom_they_are_delegated_one_way_only() -> None:
    speaks = Delegations(frozenset({("dai-khu-vuc", "dai-tinh")}))
    assert speaks("a", "a") and speaks("dai-khu-vuc", "dai-tinh")
    assert not speaks("dai-tinh", "dai-khu-vuc") and not speaks("a", "b")


@pytest.mark.parametrize(
    ("stations", "allowed"),
    [((), False), (("ta-lai",), True), (("phu-hiep",), False), (("*",), True), (("Ta-Lai",), False)],
)
def test_numbers_come_only_from_stations_that_the_authority_names(stations: tuple[str, ...], allowed: bool) -> None:
    verdict = reading_allows(Authority(stations=frozenset(stations)), "ta-lai")
    assert isinstance(verdict, Yes) == allowed
    assert allowed or verdict == No("beyond-authority station")


def test_a_source_without_authority_gives_no_numbers() -> None:
    assert reading_allows(None, "ta-lai") == No("no-authority")
