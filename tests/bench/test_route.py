"""The routing bench: it compares like with like, and says so when it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.bench import route
from hub.routing.index import Index
from hub.subscription import Match, matches


def test_the_table_names_the_floor_and_every_size() -> None:
    told = route.run(1, (200, 400))
    assert "200 subscriptions" in told and "400 subscriptions" in told
    assert told.count(route.FLOOR) == 2 and "index, with reasons" in told


def test_the_floor_finds_what_matches_finds() -> None:
    rules = list(route.made_subscriptions(1_500))
    floor = route.Floor(rules)
    found = 0
    for facts in route.made_alerts(20):
        fits = [n for n, rule in enumerate(rules) if isinstance(matches(facts, rule), Match)]
        assert floor.fitting(facts) == fits
        found += len(fits)
    assert found > 20, "nothing is compared"


def test_a_bench_whose_candidates_disagree_gives_no_figures() -> None:
    rules, said = list(route.made_subscriptions(2_000)), list(route.made_alerts(10))
    floor, index = route.Floor(rules), Index()
    for rule in rules:
        index.apply(rule.subscription_id, rule)
    route.compare(floor, index, rules, said)
    told = next(facts for facts in said if index.match(facts))
    index.apply(index.match(told)[0][0].subscription_id, None)
    with pytest.raises(AssertionError, match=f"alert {told.alert_id}"):
        route.compare(floor, index, rules, said)


def test_alerts_and_subscriptions_are_the_same_in_every_run() -> None:
    assert list(route.made_subscriptions(50)) == list(route.made_subscriptions(50))
    once, again = list(route.made_alerts(5)), list(route.made_alerts(5))
    assert [replace(f, alert_id="") for f in once] == [replace(f, alert_id="") for f in again]
