"""Graphs: circles, order and components against definitions written out."""

from __future__ import annotations

import random

from hub.cap.graph import circles, components, contract, targets_first


def reached(targets: list[set[int]], v: int) -> set[int]:
    behind: set[int] = set()
    todo = [v]
    while todo:
        for t in targets[todo.pop()] - behind:
            behind.add(t)
            todo.append(t)
    return behind


def random_graphs(count: int) -> list[list[set[int]]]:
    chance = random.Random(7)
    graphs = []
    for _ in range(count):
        n = chance.randrange(1, 9)
        graphs.append([{chance.randrange(n) for _ in range(chance.randrange(3))} for _ in range(n)])
    return graphs


def test_a_circle_is_all_that_reach_one_another() -> None:
    for targets in random_graphs(2000):
        behind = [reached(targets, v) for v in range(len(targets))]
        expected = {
            frozenset({w for w in range(len(targets)) if w == v or (w in behind[v] and v in behind[w])})
            for v in range(len(targets))
        }
        assert {frozenset(c) for c in circles(targets)} == {c for c in expected if len(c) > 1}


def test_contracted_circles_leave_an_order_in_which_targets_come_first() -> None:
    for targets in random_graphs(2000):
        leads = list(range(len(targets)))
        for circle in circles(targets):
            for v in circle:
                leads[v] = max(circle)
        order = targets_first(contract(targets, leads))
        assert sorted(order) == list(range(len(targets)))
        place = {v: p for p, v in enumerate(order)}
        assert all(
            place[leads[t]] < place[leads[v]] for v in range(len(targets)) for t in targets[v] if leads[t] != leads[v]
        )


def test_without_a_target_ahead_the_order_is_that_of_the_numbers() -> None:
    assert targets_first([set(), {0}, {0, 1}, set(), {1}]) == [0, 1, 2, 3, 4]


def test_a_vertex_comes_right_after_a_target_with_a_greater_number() -> None:
    assert targets_first([{2}, set(), set(), {1}]) == [1, 2, 0, 3]


def test_components_ignore_the_direction() -> None:
    assert components([{3}, set(), {1}, set(), {3}]) == [[0, 3, 4], [1, 2]]


def test_ten_thousand_in_a_row_or_a_ring_need_no_recursion() -> None:
    n = 10_000
    line = [{v + 1} if v + 1 < n else set() for v in range(n)]
    ring = [{(v + 1) % n} for v in range(n)]
    assert targets_first(line) == list(range(n))[::-1]
    assert circles(line) == []
    assert [len(c) for c in circles(ring)] == [n]
    assert components(ring) == [list(range(n))]
