"""Tests of hub.config.problem: one line that says where, what and what instead."""

from __future__ import annotations

from hub.config.problem import Problem


def test_a_problem_reads_as_file_key_reason_and_mend() -> None:
    problem = Problem("hub.toml", "http.key", "others can read the private key", "chmod 600 key.pem")
    assert str(problem) == "hub.toml: http.key: others can read the private key — chmod 600 key.pem"


def test_without_a_mend_no_dash_is_left_over() -> None:
    assert str(Problem("hub.toml", "hub.mode", "is no mode")) == "hub.toml: hub.mode: is no mode"


def test_the_same_mistake_found_twice_is_one() -> None:
    assert len({Problem("a", "b", "c", "d"), Problem("a", "b", "c", "d"), Problem("a", "b", "c", "e")}) == 2
