"""connectors.gdacs.mark: what was told, and what vanished while it lived."""

from __future__ import annotations

import json
from datetime import timedelta

from connectors.gdacs.mark import Known, Progress, mark_of, progress_of
from tests.connectors.gdacs.items import NOW

LATER = NOW + timedelta(hours=5)


def test_a_mark_survives_json() -> None:
    progress = Progress("e", "m", "s", {"EQ1": Known(("a", "b"), LATER), "EQ2": Known(("c",), LATER, vanished=True)})
    assert progress_of(json.loads(json.dumps(mark_of(progress)))) == progress
    assert progress_of({}) == Progress()


def test_what_vanishes_while_it_lives_is_told_once_and_is_news_when_it_comes_back() -> None:
    before = Progress(known={"EQ1": Known(("a",), LATER), "EQ2": Known(("b",), LATER)})
    after, vanished = before.compared([("EQ2", "b", LATER)], now=NOW)
    assert vanished == ("EQ1",)
    again, vanished = after.compared([("EQ2", "b", LATER)], now=NOW)
    assert vanished == ()
    assert again.is_news("EQ1", "a")
    assert not again.is_news("EQ2", "b")
    back, _ = again.compared([("EQ1", "a", LATER), ("EQ2", "b", LATER)], now=NOW)
    assert not back.is_news("EQ1", "a")


def test_what_vanishes_at_the_end_of_its_life_left_by_age_and_is_forgotten() -> None:
    before = Progress(known={"EQ1": Known(("a",), NOW), "EQ2": Known(("b",), NOW, vanished=True)})
    after, vanished = before.compared([], now=NOW)
    assert (vanished, dict(after.known)) == ((), {})


def test_several_forms_of_one_event_in_a_feed_are_all_remembered() -> None:
    after, _ = Progress().compared([("TC1", "a", NOW), ("TC1", "b", LATER)], now=NOW)
    assert after.known == {"TC1": Known(("a", "b"), LATER)}
