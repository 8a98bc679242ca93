"""The promises over the hub's own code on SQLite: steps and faults in any order Hypothesis thinks of; every seeded bug is found."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.attack.bugs import BUGS, seeded
from tests.attack.protocol import ENDPOINTS, WORKERS, Broken, Protocol

LONG = bool(os.environ.get("HUB_ATTACK_LONG"))
SHORT_BUGS = ("two-may-claim", "a-crash-counts-as-delivered", "leases-never-end", "routed-without-its-rows")
WITHIN_S = 600.0

workers, places = some.sampled_from(WORKERS), some.sampled_from(ENDPOINTS)


class Machine(RuleBasedStateMachine):
    """One hub with its source, workers, receivers and clock."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = Protocol()

    @rule(severity=some.sampled_from(["Extreme", "Severe", "Minor"]), minutes=some.sampled_from([2, 60]))
    def an_alert_is_said(self, severity: str, minutes: int) -> None:
        if len(self.hub.sources) < 4:
            self.hub.say("Alert", 0, severity=severity, minutes=minutes)

    @precondition(lambda self: self.hub.sources)
    @rule(
        kind=some.sampled_from(["Update", "Cancel"]),
        of=some.integers(0, 5),
        severity=some.sampled_from(["Severe", "Minor"]),
    )
    def a_version_is_said(self, kind: str, of: int, severity: str) -> None:
        if len(self.hub.sources) < 7:
            self.hub.say(kind, of, severity=severity, minutes=60)

    @rule()
    def it_is_routed(self) -> None:
        self.hub.route()

    @rule(worker=workers)
    def a_delivery_is_claimed(self, worker: str) -> None:
        self.hub.claim(worker)

    @rule()
    def both_want_the_same(self) -> None:
        self.hub.claim_twice()

    @precondition(lambda self: any(not job.sent for jobs in self.hub.jobs.values() for job in jobs))
    @rule(worker=workers, arrives=some.booleans())
    def it_is_sent(self, worker: str, arrives: bool) -> None:
        self.hub.send(worker, arrives=arrives)

    @precondition(lambda self: any(job.answered for jobs in self.hub.jobs.values() for job in jobs))
    @rule(worker=workers)
    def an_answer_is_heard(self, worker: str) -> None:
        self.hub.hear(worker)

    @precondition(lambda self: any(job.sent for jobs in self.hub.jobs.values() for job in jobs))
    @rule(worker=workers, outcome=some.sampled_from(["retry", "rejected"]))
    def an_attempt_fails(self, worker: str, outcome: str) -> None:
        self.hub.fail(worker, outcome=outcome)

    @rule(seconds=some.sampled_from([1, 20, 200]))
    def time_passes(self, seconds: int) -> None:
        self.hub.pass_time(seconds)

    @rule()
    def the_hub_crashes(self) -> None:
        self.hub.crash()

    @rule(endpoint=places)
    def somebody_confirms(self, endpoint: str) -> None:
        self.hub.acknowledge(endpoint)

    @invariant()
    def every_promise_holds(self) -> None:
        self.hub.look()

    def teardown(self) -> None:
        try:
            self.hub.rest()
            self.hub.look()
        finally:
            self.hub.close()


def _settings(examples: int, steps: int, *, shortest: bool = True) -> settings:
    """With `shortest` a failure is made as short as it can be, which takes longer than to find it."""
    return settings(
        phases=(Phase.generate, Phase.shrink) if shortest else (Phase.generate,),
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        derandomize=True,
        report_multiple_bugs=False,
    )


def test_every_promise_holds_whatever_happens() -> None:
    run_state_machine_as_test(Machine, settings=_settings(400 if LONG else 10, 40 if LONG else 20))


@pytest.mark.parametrize("bug", BUGS if LONG else SHORT_BUGS)
def test_a_seeded_bug_is_found(bug: str) -> None:
    began = time.monotonic()
    with seeded(bug), pytest.raises((Broken, AssertionError)):
        run_state_machine_as_test(Machine, settings=_settings(1500 if LONG else 300, 40, shortest=False))
    took_s = time.monotonic() - began
    print(f"{bug}: found in {took_s:.1f} s")
    assert took_s < WITHIN_S
