"""Directed graphs of numbered vertices: circles, and an order in which nothing comes before what it points to. No recursion.

A graph is a list: `targets[v]` are the vertices that v points to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush


def circles(targets: Sequence[Iterable[int]]) -> list[list[int]]:
    """The strongly connected components of more than one vertex (Tarjan, SIAM J. Comput. 1(2), 1972)."""
    found: list[list[int]] = []
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    open_vertices: list[int] = []
    closed: set[int] = set()
    path: list[tuple[int, Iterator[int], int]] = []

    def enter(v: int) -> None:
        number[v] = low[v] = len(number)
        path.append((v, iter(targets[v]), len(open_vertices)))
        open_vertices.append(v)

    for root in range(len(targets)):
        if root not in number:
            enter(root)
        while path:
            v, rest, height = path[-1]
            t = next(rest, None)
            if t is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[v])
                if low[v] == number[v]:
                    component = open_vertices[height:]
                    del open_vertices[height:]
                    closed.update(component)
                    if len(component) > 1:
                        found.append(component)
            elif t not in number:
                enter(t)
            elif t not in closed:
                low[v] = min(low[v], number[t])
    return found


def contract(targets: Sequence[set[int]], leads: Sequence[int]) -> list[set[int]]:
    """The graph in which every vertex has become `leads[v]`; a vertex that has become another points nowhere."""
    contracted: list[set[int]] = [set() for _ in targets]
    for v, pointed in enumerate(targets):
        contracted[leads[v]].update(leads[t] for t in pointed)
    for v, pointed in enumerate(contracted):
        pointed.discard(v)
    return contracted


def targets_first(targets: Sequence[Iterable[int]]) -> list[int]:
    """All vertices, each after those it points to and else by number: the smallest that can come next comes next.

    `targets` has no circle; vertices on or behind one would be missing from the result.
    """
    waiting = [0] * len(targets)
    pointing: list[list[int]] = [[] for _ in targets]
    for v, pointed in enumerate(targets):
        for t in pointed:
            waiting[v] += 1
            pointing[t].append(v)
    ready = [v for v, count in enumerate(waiting) if not count]
    heapify(ready)
    order: list[int] = []
    while ready:
        v = heappop(ready)
        order.append(v)
        for w in pointing[v]:
            waiting[w] -= 1
            if not waiting[w]:
                heappush(ready, w)
    return order


def components(targets: Sequence[Iterable[int]]) -> list[list[int]]:
    """The vertices connected in any direction, ascending, by their smallest vertex."""
    parent = list(range(len(targets)))

    def root(v: int) -> int:
        while parent[v] != v:
            parent[v] = v = parent[parent[v]]
        return v

    for v, pointed in enumerate(targets):
        for t in pointed:
            a, b = root(v), root(t)
            parent[max(a, b)] = min(a, b)
    groups: dict[int, list[int]] = {}
    for v in range(len(targets)):
        groups.setdefault(root(v), []).append(v)
    return list(groups.values())
