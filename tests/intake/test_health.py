"""hub.intake.health: what a source page says, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.errors import ConfigError, ParseError, SourceError
from hub.intake.health import (
    OFF,
    STATES,
    Brought,
    Health,
    Rhythm,
    after_failure,
    after_read,
    is_return,
    judged,
    reason_of,
    switched_off,
)

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
MINUTE = Rhythm(interval_s=60)
SAYS_NEW = Brought(new=True, readable=True)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_a_source_never_tried_is_new_whatever_the_time() -> None:
    assert judged(Health(), MINUTE, now=at(1e9)) == Health()
    assert Health().state == "new"


def test_a_source_switched_off_says_so_keeps_what_was_known_and_is_live_again_once_read() -> None:
    live = after_read(Health(), MINUTE, now=START, brought=SAYS_NEW)
    off = switched_off(live)
    assert (off.state, off.reason, off.last_success_at) == ("off", "switched-off", START)
    assert judged(off, MINUTE, now=at(1e6)) == off
    assert after_read(off, MINUTE, now=at(1e6), brought=SAYS_NEW).state == "live"


def test_a_read_source_is_live_and_knows_when_it_said_something() -> None:
    live = after_read(Health(), MINUTE, now=START, brought=SAYS_NEW)
    assert (live.state, live.reason, live.last_change_at) == ("live", "", START)
    quiet = after_read(live, MINUTE, now=at(60), brought=Brought())
    assert (quiet.state, quiet.last_success_at, quiet.last_change_at) == ("live", at(60), START)


def test_a_source_not_read_in_its_rhythm_is_late_and_recovers() -> None:
    live = after_read(Health(), MINUTE, now=START, brought=SAYS_NEW)
    assert judged(live, MINUTE, now=at(MINUTE.late_after_s)).state == "live"
    late = judged(live, MINUTE, now=at(MINUTE.late_after_s + 1))
    assert (late.state, late.reason) == ("late", "not-read-in-time")
    assert after_read(late, MINUTE, now=at(300), brought=Brought()).state == "live"


def test_one_failure_is_late_three_are_failing_and_a_read_clears_them() -> None:
    health = after_read(Health(), MINUTE, now=START, brought=SAYS_NEW)
    states = []
    for n in range(1, 4):
        health = after_failure(health, MINUTE, now=at(60 * n), reason="timeout", detail="10 s")
        states.append(health.state)
    assert states == ["late", "late", "failing"]
    assert (health.reason, health.faults, health.last_success_at) == ("timeout", ("timeout 10 s",), START)
    well = after_read(health, MINUTE, now=at(240), brought=Brought())
    assert (well.state, well.reason, well.failures, well.faults) == ("live", "", 0, ())


def test_a_source_that_never_answered_is_failing_at_once() -> None:
    assert after_failure(Health(), MINUTE, now=START, reason="dns").state == "failing"


def test_wrong_content_stays_until_something_readable_comes() -> None:
    wrong = after_read(Health(), MINUTE, now=START, brought=Brought(wrong="not-cap"))
    assert (wrong.state, wrong.reason) == ("wrong-content", "not-cap")
    again = after_read(wrong, MINUTE, now=at(60), brought=Brought())
    assert (again.state, again.reason) == ("wrong-content", "not-cap")
    mended = after_read(again, MINUTE, now=at(120), brought=Brought(readable=True))
    assert (mended.state, mended.reason) == ("live", "")


def test_one_bad_document_among_readable_ones_is_only_a_fault() -> None:
    health = after_read(
        Health(), MINUTE, now=START, brought=Brought(new=True, readable=True, wrong="not-cap", faults=["not-cap x"])
    )
    assert (health.state, health.faults) == ("live", ("not-cap x",))


def test_a_failure_forgets_that_the_content_was_wrong() -> None:
    wrong = after_read(Health(), MINUTE, now=START, brought=Brought(wrong="not-cap"))
    failed = after_failure(wrong, MINUTE, now=at(60), reason="timeout")
    assert (failed.state, failed.reason) == ("late", "timeout")


def test_a_source_that_should_speak_and_does_not_is_silent() -> None:
    hourly = Rhythm(interval_s=60, silent_after_s=3600)
    live = after_read(Health(), hourly, now=START, brought=SAYS_NEW)
    silent = after_read(live, hourly, now=at(3601), brought=Brought())
    assert (silent.state, silent.reason) == ("silent", "nothing-new")
    assert after_read(silent, hourly, now=at(3700), brought=SAYS_NEW).state == "live"


def test_a_source_switched_off_stays_off_until_it_is_read() -> None:
    assert judged(OFF, MINUTE, now=at(1e6)) == OFF
    assert after_read(OFF, MINUTE, now=START, brought=Brought()).state == "live"


def test_faults_are_bounded_in_number_and_length() -> None:
    health = after_read(Health(), MINUTE, now=START, brought=Brought(readable=True, faults=["x" * 5000] * 500))
    assert len(health.faults) == 20
    assert max(map(len, health.faults)) == 200
    for n in range(50):
        health = after_failure(health, MINUTE, now=at(n), reason=f"http-{500 + n}")
    assert len(health.faults) == 20
    assert health.faults[0] == "http-549"


def test_the_return_after_an_outage_counts_like_the_first_read() -> None:
    assert is_return(Health(), MINUTE, now=START)
    live = after_read(Health(), MINUTE, now=START, brought=SAYS_NEW)
    assert not is_return(live, MINUTE, now=at(900))
    assert is_return(live, MINUTE, now=at(901))
    assert not is_return(live, Rhythm(interval_s=300), now=at(3000))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SourceError("tls-chain", "no issuer"), "tls-chain"),
        (ParseError("not-cap"), "not-cap"),
        (TimeoutError(), "timeout"),
        (ConfigError("x", "y"), "hub-fault"),
        (KeyError("secret"), "connector-fault"),
    ],
)
def test_every_error_has_a_word_that_gives_nothing_away(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


def test_every_state_that_comes_out_is_one_the_store_knows() -> None:
    assert {Health().state, OFF.state} <= set(STATES)
