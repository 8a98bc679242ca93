"""An independent, naive answer to "what is in force": the rules of `hub.cap.chain` said again with sets, closures and no cleverness.

It shares no code with `hub.cap.chain`, `hub.cap.references` or `hub.cap.graph`: everything is looked up by scanning, and every rule is
applied until nothing changes. Slow, and meant for chains of a dozen messages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from hub.cap.references import Node

Identity = tuple[str, str, datetime]


def answer(nodes: Sequence[Node], may_speak_for: Callable[[str, str], bool]) -> dict[str, tuple[str, str, str]]:
    """(state, by, reason) of every id."""
    messages: dict[Identity, Node] = {}
    for n in sorted(nodes, key=lambda n: (not n.released, n.node_id)):
        messages.setdefault((n.sender, n.identifier, n.sent), n)

    held: dict[Identity, str] = {}
    supersedes: dict[Identity, set[Identity]] = {identity: set() for identity in messages}
    for identity, n in messages.items():
        meant, why_held = _meant(n, nodes, messages, may_speak_for)
        if why_held:
            held[identity] = why_held
            continue
        for target in meant:
            supersedes[identity].add(target)
            supersedes.setdefault(target, set())
    everything = set(supersedes)
    for late in everything - held.keys():
        for early in everything:
            if early[:2] == late[:2] and early[2] < late[2]:
                between = [x for x in everything if x[:2] == late[:2] and early[2] < x[2] < late[2] and x not in held]
                if not between:
                    supersedes[late].add(early)

    reach = {x: _everything_behind(x, supersedes) for x in everything}
    circle = {x: {x} | {y for y in reach[x] if x in reach[y]} for x in everything}

    def key(x: Identity) -> tuple[datetime, int, str, str]:
        grade = 0 if x not in messages else 1 if _ends(messages[x]) else 2
        return (x[2], grade, x[0], x[1])

    lead = {x: max((y for y in circle[x] if y in messages), key=key, default=x) for x in everything}
    leads = {lead[x] for x in everything}
    direct = {x: {lead[t] for y in circle[x] for t in supersedes[y]} - {x} for x in leads}

    order: list[Identity] = []
    while len(order) < len(leads):
        order.append(min((x for x in leads - set(order) if direct[x] <= set(order)), key=key))
    moment = {x: max([x[2], *(y[2] for y in _everything_behind(x, direct))]) for x in leads}

    def later(c: Identity, b: Identity) -> bool:
        if order.index(c) <= order.index(b):
            return False
        return (b in messages and _ends(messages[b])) or (moment[c], c[2]) != (moment[b], b[2])

    closed = {}
    for c in leads & messages.keys():
        inside = _everything_behind(c, direct)
        growing = True
        while growing:
            more = {
                b
                for b in leads - inside - {c}
                if direct[b]
                and direct[b] <= inside
                and later(c, b)
                and (messages[c].released or c[0] == b[0] or may_speak_for(c[0], b[0]))
            }
            inside |= more
            growing = bool(more)
        closed[c] = inside

    def last_word(b: Identity) -> Identity:
        closers = [c for c in closed if b in closed[c]]
        return last_word(max(closers, key=order.index)) if closers else b

    verdicts = {}
    for identity, n in messages.items():
        word = last_word(lead[identity])
        verdicts[n.node_id] = _verdict(n, messages[word], held.get(identity, ""))
    for n in nodes:
        kept = messages[n.sender, n.identifier, n.sent].node_id
        verdicts.setdefault(n.node_id, ("duplicate", kept, ""))
    return verdicts


def _ends(n: Node) -> bool:
    return n.msg_type == "Cancel" or n.ending


def _meant(
    n: Node, nodes: Sequence[Node], messages: dict[Identity, Node], may_speak_for: Callable[[str, str], bool]
) -> tuple[set[Identity], str]:
    def may(other: str) -> bool:
        return n.released or n.sender == other or may_speak_for(n.sender, other)

    meant: set[Identity] = set()
    if n.msg_type not in ("Update", "Cancel"):
        return meant, ""
    references = [r for r in n.references if r.identifier != n.identifier or r.sender not in ("", n.sender)]
    if any(r.sender and not may(r.sender) for r in references):
        return set(), "not-its-sender"
    for r in references:
        time = r.sent or n.sent
        users = {
            m.sender
            for m in nodes
            if m.source == n.source
            and m.identifier == r.identifier
            and (m.sender, m.identifier) != (n.sender, n.identifier)
        }
        if r.sender and any((m.sender, m.identifier) == (r.sender, r.identifier) for m in nodes):
            who = {r.sender}
        elif {u for u in users if may(u)}:
            who = {u for u in users if may(u)}
        elif users and not r.sender:
            who = set()
        else:
            who = {r.sender or n.sender}
        if len(who) != 1 and not n.released:
            if _ends(n):
                return set(), "ambiguous-reference"
            continue
        for sender in who:
            exact = (sender, r.identifier, time)
            meant.add(exact if exact in messages else (sender, r.identifier, n.sent))
    return meant, ""


def _everything_behind(x: Identity, pointing: dict[Identity, set[Identity]]) -> set[Identity]:
    behind = set(pointing[x])
    while True:
        further = {z for y in behind for z in pointing[y]} | behind
        if further == behind:
            return behind
        behind = further


def _verdict(n: Node, word: Node, why_held: str) -> tuple[str, str, str]:
    if word is not n:
        kind = "cancelled" if word.msg_type == "Cancel" else "ended" if word.ending else "superseded"
        return ("superseded" if _ends(n) else kind, word.node_id, "")
    if why_held:
        return ("held", "", why_held)
    return ("cancels" if n.msg_type == "Cancel" else "ends" if n.ending else "active", "", "")
