"""hub.intake.parse: whatever a plugin does, a payload ends as something said or as something unreadable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from hub.cap.model import Alert, Area, Circle, Info
from hub.clock import SetClock
from hub.connector import Candidate, Payload, Reading, Spoken, Unreadable, Withdrawn, load
from hub.errors import ParseError
from hub.intake.parse import TRIES, Said, body_of, key_of, parsed, sort
from tests.intake.speaking import START, Connector, Script, payload, source_of


def connector(script: Script) -> Connector:
    return Connector(source_of(script), clock=SetClock(START))


async def test_an_error_of_the_plugins_own_is_tried_three_times_and_then_unreadable_without_its_text() -> None:
    def broken(payload: Payload) -> Sequence[Spoken]:
        raise KeyError("the caller's telephone")

    script = Script(parse=broken)
    said, wrong = await parsed(connector(script), payload("a"))
    assert script.parsed == TRIES == 3
    assert wrong == "connector-fault"
    (one,) = said
    assert isinstance(one, Unreadable)
    assert one.payload_sha256 == payload("a").sha256
    assert one.detail.startswith("KeyError at test_parse.py:")
    assert "telephone" not in one.detail


async def test_a_plugin_that_fails_once_and_then_answers_has_answered() -> None:
    def flaky(payload: Payload) -> Sequence[Spoken]:
        if script.parsed < 3:
            raise MemoryError
        return []

    script = Script(parse=flaky)
    assert await parsed(connector(script), payload("a")) == ([], "")


async def test_bytes_that_mean_nothing_are_unreadable_at_once() -> None:
    def foreign(payload: Payload) -> Sequence[Spoken]:
        raise ParseError("not-cap", "root <html>")

    script = Script(parse=foreign)
    said, wrong = await parsed(connector(script), payload("a"))
    assert (script.parsed, wrong) == (1, "not-cap")
    assert said == [Unreadable("one", payload("a").sha256, "not-cap", "root <html>")]


async def test_an_alert_that_acceptance_could_not_read_back_stops_where_its_bytes_are_known() -> None:
    def nan(payload: Payload) -> Sequence[Spoken]:
        area = Area("x", circles=(Circle(float("nan"), 106.0, 1.0),))
        alert = Alert("i", "s", START, infos=(Info("e", areas=(area,)),))
        return [Candidate("one", alert, payload.sha256)]

    said, wrong = await parsed(connector(Script(parse=nan)), payload("a"))
    assert wrong == "record-unreadable"
    assert isinstance(said[0], Unreadable)


async def test_a_plugin_that_says_something_else_is_only_unreadable() -> None:
    _, wrong = await parsed(connector(Script(parse=lambda payload: ["an alert"])), payload("a"))  # type: ignore[list-item]
    assert wrong == "connector-fault"


async def test_a_plugin_that_recurses_for_ever_is_only_unreadable() -> None:
    def deep(payload: Payload) -> Sequence[Spoken]:
        return deep(payload)

    _, wrong = await parsed(connector(Script(parse=deep)), payload("a"))
    assert wrong == "connector-fault"


def test_what_was_said_is_sorted_and_keeps_its_order() -> None:
    first, second = (Candidate("one", Alert(name, "s", START), "p") for name in ("a", "b"))
    gone = Withdrawn("one", "p", "s", "c")
    bad = Unreadable("one", "p", "bad")
    level = Reading("one", "st1", "level", 1.5, "m", START, "p")
    numbered, parts = sort([first, level, bad, gone, second], backlog=False)
    assert [load(record) for _, (_, record) in numbered] == [first, gone, second]
    assert (parts.spoken, parts.unreadable) == ((level,), (bad,))


def test_the_same_words_in_another_payload_are_not_new() -> None:
    known = Said()
    first, _ = sort([Candidate("one", Alert("a", "s", START), "payload1")], backlog=True)
    known.remember([digest for digest, _ in known.fresh(first)])
    again, _ = sort([Candidate("one", Alert("a", "s", START), "payload2")], backlog=False)
    assert known.fresh(again) == []
    other, _ = sort([Candidate("one", Alert("a", "s", START, note="x"), "payload2")], backlog=False)
    later, _ = sort([Candidate("one", Alert("a", "s", START, note="x"), "payload3")], backlog=False)
    assert [load(record).payload_sha256 for _, (_, record) in known.fresh([*other, *later])] == ["payload2"]
    known.forget()
    assert len(known.fresh(again)) == 1


def test_the_memory_of_what_was_said_is_bounded_and_forgets_the_oldest() -> None:
    known = Said(most=2)
    known.remember([b"a", b"b"])
    known.remember([b"a", b"c"])
    record = ("k", b"")
    assert [digest for digest, _ in known.fresh([(b"a", record), (b"b", record), (b"c", record)])] == [b"b"]


@pytest.mark.parametrize(
    ("said", "key"),
    [
        (Candidate("one", Alert("a", "nchmf@gov.vn", START), ""), "one nchmf@gov.vn"),
        (Withdrawn("one", "", "nchmf@gov.vn", "a"), "one nchmf@gov.vn"),
        (Candidate("usgs", Alert("", "earthquake.usgs.gov", START), "", source_key="us1"), "usgs"),
        (Withdrawn("usgs", "", source_key="us1"), "usgs"),
    ],
)
def test_what_belongs_together_has_one_key(said: Candidate | Withdrawn, key: str) -> None:
    assert key_of(said) == key


def test_a_candidate_of_the_backlog_says_so() -> None:
    numbered, _ = sort([Candidate("one", Alert("a", "s", START), "p")], backlog=True)
    found = load(numbered[0][1][1])
    assert isinstance(found, Candidate) and found.backlog


def test_a_reading_is_kept_as_json_under_its_kind() -> None:
    kind, body = body_of(Reading("one", "st1", "level", 1.5, "m", datetime(2026, 1, 1, tzinfo=UTC), "p"))
    assert kind == "reading"
    assert '"value":1.5' in body
