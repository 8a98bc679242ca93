"""What is refused first when too much is asked at once."""

from __future__ import annotations

import contextlib

import pytest

from hub.api.overload import Gate, may_be_urgent
from hub.api.problems import Problem


def _refused(context: contextlib.AbstractContextManager[None]) -> bool:
    try:
        with context:
            return False
    except Problem as problem:
        assert problem.status == 503 and problem.retry_after_s
        return True


def test_lanes_are_refused_from_the_least_urgent_up() -> None:
    gate = Gate(most_alerts=10)
    with contextlib.ExitStack() as inside:
        refused_at: dict[int, int] = {}
        for taken in range(10):
            for lane in (0, 1, 2, 3):
                if lane not in refused_at and _refused(gate.alert(lane)):
                    refused_at[lane] = taken
            inside.enter_context(gate.alert(0))
        assert refused_at == {3: 6, 2: 8}
        assert _refused(gate.alert(0))
    assert not _refused(gate.alert(3))


def test_reads_are_refused_before_any_alert() -> None:
    gate = Gate(most_reads=2, most_alerts=10)
    with contextlib.ExitStack() as inside:
        for _ in range(6):
            inside.enter_context(gate.alert(0))
        assert _refused(gate.read())
        assert not _refused(gate.alert(2))


def test_reads_have_a_room_of_their_own() -> None:
    gate = Gate(most_reads=1)
    with gate.read():
        assert _refused(gate.read())
    assert not _refused(gate.read())


def test_room_is_given_back_after_a_failure() -> None:
    gate = Gate(most_reads=1)
    with pytest.raises(ZeroDivisionError), gate.read():
        raise ZeroDivisionError
    assert not _refused(gate.read())


@pytest.mark.parametrize(
    "encoded",
    [b"<severity>Extreme", "<severity>Extreme".encode("utf-16"), b"&#69;xtreme", b'"\\u0045xtreme"', b"SEVERE"],
)
def test_what_could_be_urgent_is_read_however_it_is_written(encoded: bytes) -> None:
    assert may_be_urgent(encoded)


def test_what_says_nothing_urgent_need_not_be_read() -> None:
    assert not may_be_urgent("<severity>Minor</severity><urgency>Future</urgency> Mưa".encode())


def test_bodies_have_a_room_and_one_source_half_of_the_large_one() -> None:
    gate = Gate()
    large = 4 * 1024 * 1024
    with contextlib.ExitStack() as inside:
        for _ in range(8):
            inside.enter_context(gate.body(large, "mot"))
        assert _refused(gate.body(large, "mot"))
        assert not _refused(gate.body(large, "hai"))
        assert not _refused(gate.body(4096, "mot"))
        for _ in range(512):
            inside.enter_context(gate.body(64 * 1024, "mot"))
        assert _refused(gate.body(64 * 1024, "hai"))
    assert not _refused(gate.body(large, "mot"))


def test_a_look_takes_no_room() -> None:
    gate = Gate(most_alerts=10)
    for _ in range(20):
        gate.look(2)
    with contextlib.ExitStack() as inside:
        for _ in range(8):
            inside.enter_context(gate.alert(0))
        with pytest.raises(Problem):
            gate.look(2)
        gate.look(1)
