"""Model: an alert and the Cancel that ends it, owed to two endpoints, sent by two workers with leases, over a net that loses and doubles.

Each of `BUGS` is a mistake of design that somebody could make; without them every promise holds in every order of events.
Version 1 is the alert, version 2 its Cancel. A row is pending (P), in flight (F and the worker), delivered (D), superseded (S), expired and
told as missed (X), failed with an alarm (A), or not there (-).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from tests.attack.explore import Model

MOST_TRIES, MOST_CRASHES = 2, 1

BUGS = (
    "routed-before-the-rows",
    "claims-what-expired",
    "sends-what-expired-meanwhile",
    "never-supersedes",
    "claims-an-old-version",
    "sends-an-old-version-claimed-before",
    "reads-who-was-told-too-early",
    "delivered-before-the-answer",
    "a-crash-counts-as-delivered",
    "leases-never-end",
    "two-may-claim",
    "a-late-failure-undoes",
    "a-late-answer-is-lost",
    "a-new-id-for-each-try",
    "gives-up-silently",
    "expires-silently",
    "a-cancel-expires-with-its-alert",
    "timer-in-memory",
    "timer-fires-twice",
    "sends-before-the-claim-is-durable",
    "moves-a-row-unsealed",
    "a-dead-endpoint-holds-up-the-other",
    "the-receiver-ignores-the-order",
    "a-cancel-for-those-who-match-only",
)


class S(NamedTuple):
    """One state. By endpoint, then version: `rows`, `begun`, `tries`; `jobs` are (endpoint, version, stage) by worker."""

    expired: int
    accepted: int
    routed: int
    told: tuple[int, ...]
    rows: tuple[tuple[str, str], ...]
    begun: tuple[tuple[int, int], ...]
    tries: tuple[tuple[int, int], ...]
    jobs: tuple[tuple[int, int, str] | None, ...]
    asked: frozenset[tuple[int, int]]
    answered: frozenset[tuple[int, int]]
    shown: tuple[int, ...]
    effects: tuple[tuple[int, int], ...]
    timer: str
    crashes: int
    unsealed: int
    said: str


def begins(endpoints: int, workers: int, *, timer: bool) -> S:
    none, free = ((0, 0),) * endpoints, (None,) * workers
    rows, shown = (("-", "-"),) * endpoints, (0,) * endpoints
    return S(
        0,
        0,
        0,
        (),
        rows,
        none,
        none,
        free,
        frozenset(),
        frozenset(),
        shown,
        none,
        "set" if timer else "acked",
        0,
        0,
        "",
    )


def put(pairs: tuple[tuple, ...], e: int, v: int, value: object) -> tuple:  # type: ignore[type-arg]
    """The same with another value at endpoint `e`, version `v` (1 or 2)."""
    pair = list(pairs[e])
    pair[v - 1] = value
    return (*pairs[:e], tuple(pair), *pairs[e + 1 :])


def at(items: tuple, place: int, value: object) -> tuple:  # type: ignore[type-arg]
    return (*items[:place], value, *items[place + 1 :])


def row(s: S, e: int, v: int, word: str, **more: object) -> S:
    return s._replace(rows=put(s.rows, e, v, word), **more)


def model(
    bugs: Collection[str] = (),
    *,
    endpoints: int = 1,
    workers: int = 2,
    timer: bool = False,
    dead: int = -1,
    calm: bool = False,
) -> Model[S]:
    """The protocol with these mistakes; endpoint `dead` never answers. With `timer` the alert is to be acknowledged. When `calm`
    it is neither cancelled nor does it expire: whoever can be reached must be.
    """

    def steps(s: S) -> Iterator[tuple[str, S]]:
        for name, after in _hub(s, bugs):
            if not (calm and (after.accepted == 2 or after.expired)):
                yield name, after
        for w in range(len(s.jobs)):
            yield from _worker(s, w, bugs)
        yield from _net(s, bugs, dead)
        if s.crashes < MOST_CRASHES:
            yield "the hub crashes and starts again", _crashed(s, bugs)

    def tidy(s: S) -> Iterator[tuple[str, S]]:
        """An answer that no worker waits for is nothing, and which worker is which does not matter."""
        for name, after in steps(s):
            waited = {job[:2] for job in after.jobs if job is not None and job[2] == "sent"}
            yield name, _sorted(after._replace(answered=after.answered & waited))

    return Model(begins(endpoints, workers, timer=timer), tidy, _wrong, _told if calm else _settled)


def _sorted(s: S) -> S:
    """The same with its workers in the order of what they do."""
    order = sorted(range(len(s.jobs)), key=lambda w: (s.jobs[w] is not None, s.jobs[w] or (), _holds(s, w)))
    if order == list(range(len(s.jobs))):
        return s
    name = {f"F{old}": f"F{new}" for new, old in enumerate(order)}
    rows = tuple((name.get(one, one), name.get(two, two)) for one, two in s.rows)
    return s._replace(jobs=tuple(s.jobs[w] for w in order), rows=rows)


def _holds(s: S, w: int) -> bool:
    return any(f"F{w}" in pair for pair in s.rows)


def _hub(s: S, bugs: Collection[str]) -> Iterator[tuple[str, S]]:
    """Acceptance, routing, the clock and the sweep."""
    if s.accepted == 0:
        yield "the alert is accepted", s._replace(accepted=1, timer="armed" if s.timer == "set" else s.timer)
    if s.accepted == 1:
        yield "the Cancel is accepted", s._replace(accepted=2)
    if s.expired == 0 and s.accepted:
        yield "the alert expires", s._replace(expired=1)
    if s.accepted >= 1 and s.routed == 0:
        if "routed-before-the-rows" in bugs:
            yield "routing notes that it is done", s._replace(routed=1, said="rows due")
        else:
            yield "the alert is routed", _first(s)
    if s.said == "rows due":
        yield "routing writes its rows", _first(s)
    if "reads-who-was-told-too-early" in bugs and s.routed == 1 and s.said == "":
        begun = tuple(e for e in range(len(s.rows)) if s.begun[e][0])
        yield "routing reads who was told", s._replace(told=begun, said="who was told")
    if s.accepted == 2 and s.routed == 1 and s.said in ("", "who was told"):
        yield from _route_cancel(s, bugs)
    for e in range(len(s.rows)):
        for v in (1, 2):
            over = v == 1 or "a-cancel-expires-with-its-alert" in bugs
            if s.rows[e][v - 1] == "P" and s.expired and over:
                word = "X" if "expires-silently" not in bugs else "gone"
                yield f"e{e} v{v} expires", row(s, e, v, word)
            if s.rows[e][v - 1] == "P" and s.tries[e][v - 1] >= MOST_TRIES:
                yield f"e{e} v{v} is given up", row(s, e, v, "A" if "gives-up-silently" not in bugs else "gone")
    if s.timer == "armed":
        yield "the time to acknowledge is over", s._replace(timer="fired")
    if s.timer == "armed" and any(s.shown):
        yield "somebody acknowledges", s._replace(timer="acked")


def _first(s: S) -> S:
    rows = tuple(("P", old[1]) for old in s.rows)
    return s._replace(routed=1, rows=rows, said="")


def _route_cancel(s: S, bugs: Collection[str]) -> Iterator[tuple[str, S]]:
    """CHN-2: pending versions are superseded, then it is read who has a begun attempt; all in one transaction."""
    told = tuple(e for e in range(len(s.rows)) if s.begun[e][0])
    if "reads-who-was-told-too-early" in bugs:
        if s.said == "":
            return
        told = s.told
    if "a-cancel-for-those-who-match-only" in bugs:
        told = tuple(e for e in told if e != 1)
    after = s._replace(routed=2, said="", told=())
    for e in range(len(s.rows)):
        if after.rows[e][0] == "P" and "never-supersedes" not in bugs:
            after = row(after, e, 1, "S")
        if e in told:
            after = row(after, e, 2, "P")
    if "moves-a-row-unsealed" in bugs and after.rows != s.rows:
        after = after._replace(unsealed=1)
    yield "the Cancel is routed", after


def _worker(s: S, w: int, bugs: Collection[str]) -> Iterator[tuple[str, S]]:
    job = s.jobs[w]
    if job is None:
        for e in range(len(s.rows)):
            for v in (1, 2):
                if _may_claim(s, e, v, bugs):
                    yield f"w{w} claims e{e} v{v}", _claimed(s, w, e, v, bugs)
        return
    e, v, stage = job
    if stage == "claimed":
        late = v == 1 and s.expired and "sends-what-expired-meanwhile" not in bugs
        old = v == 1 and s.accepted == 2 and "sends-an-old-version-claimed-before" not in bugs
        if late or old:
            ends = row(s, e, v, "X" if late else "S", jobs=at(s.jobs, w, None))
            yield f"w{w} looks again and does not send", ends
        else:
            said = "late" if v == 1 and s.expired else "old" if v == 1 and s.accepted == 2 else s.said
            words = "D" if "delivered-before-the-answer" in bugs else s.rows[e][v - 1]
            sent = row(s, e, v, words, jobs=at(s.jobs, w, (e, v, "sent")), asked=s.asked | {(e, v)}, said=said)
            yield f"w{w} sends e{e} v{v}", sent
        return
    mine = s.rows[e][v - 1] == f"F{w}"
    if (e, v) in s.answered:
        if "a-late-answer-is-lost" in bugs and not mine:
            free = s._replace(jobs=at(s.jobs, w, None), answered=s.answered - {(e, v)}, said="2xx lost")
        else:
            free = row(s, e, v, "D", jobs=at(s.jobs, w, None), answered=s.answered - {(e, v)})
        yield f"w{w} hears 2xx of e{e} v{v}", free
    if mine or "a-late-failure-undoes" in bugs:
        undone = s.rows[e][v - 1] == "D"
        said = "undone" if undone else s.said
        yield f"w{w} times out at e{e} v{v}", row(s, e, v, "P", jobs=at(s.jobs, w, None), said=said)
    else:
        yield f"w{w} gives up e{e} v{v} that is no longer its own", s._replace(jobs=at(s.jobs, w, None))


def _may_claim(s: S, e: int, v: int, bugs: Collection[str]) -> bool:
    word = s.rows[e][v - 1]
    if s.tries[e][v - 1] >= MOST_TRIES:
        return False
    if word != "P" and not ("two-may-claim" in bugs and word.startswith("F")):
        return False
    if v == 1 and s.expired and "claims-what-expired" not in bugs:
        return False
    if "a-dead-endpoint-holds-up-the-other" in bugs and e == 1 and s.rows[0][v - 1] not in ("D", "S", "X"):
        return False
    return not (v == 1 and s.accepted == 2 and "claims-an-old-version" not in bugs and "never-supersedes" not in bugs)


def _claimed(s: S, w: int, e: int, v: int, bugs: Collection[str]) -> S:
    said = s.said
    if s.rows[e][v - 1].startswith("F"):
        said = "claimed twice"
    elif v == 1 and s.expired:
        said = "late"
    elif v == 1 and s.accepted == 2:
        said = "old"
    job = at(s.jobs, w, (e, v, "claimed"))
    tries = put(s.tries, e, v, s.tries[e][v - 1] + 1)
    if "sends-before-the-claim-is-durable" in bugs:
        return s._replace(jobs=at(s.jobs, w, (e, v, "sent")), tries=tries, asked=s.asked | {(e, v)}, said=said)
    return row(s, e, v, f"F{w}", jobs=job, tries=tries, begun=put(s.begun, e, v, 1), said=said)


def _net(s: S, bugs: Collection[str], dead: int) -> Iterator[tuple[str, S]]:
    for e, v in sorted(s.asked):
        yield f"the request e{e} v{v} is lost", s._replace(asked=s.asked - {(e, v)})
        if e == dead:
            continue
        again = s.effects[e][v - 1] and "a-new-id-for-each-try" not in bugs
        newer = v > s.shown[e]
        if "the-receiver-ignores-the-order" in bugs:
            newer = True
        back = v < s.shown[e] and newer
        effects = s.effects if again or not newer else put(s.effects, e, v, s.effects[e][v - 1] + 1)
        if "a-new-id-for-each-try" in bugs:
            effects = put(s.effects, e, v, min(2, s.effects[e][v - 1] + 1))
        shown = at(s.shown, e, v if newer else s.shown[e])
        said = "backwards" if back else s.said
        took = s._replace(shown=shown, effects=effects, answered=s.answered | {(e, v)}, said=said)
        yield f"e{e} takes v{v}", took._replace(asked=s.asked - {(e, v)})
        if s.crashes == 0 and not s.effects[e][v - 1]:
            yield f"e{e} takes v{v}, and the request comes again", took
    for e, v in sorted(s.answered):
        yield f"the answer e{e} v{v} is lost", s._replace(answered=s.answered - {(e, v)})
    for w, job in enumerate(s.jobs):
        if job is not None and s.rows[job[0]][job[1] - 1] == f"F{w}" and "leases-never-end" not in bugs:
            yield f"the lease of w{w} ends", row(s, job[0], job[1], "P")


def _crashed(s: S, bugs: Collection[str]) -> S:
    """What was in memory is gone; what a predecessor had claimed is free."""
    free = {"a-crash-counts-as-delivered": "D"}
    word = next((to for bug, to in free.items() if bug in bugs), "P")
    rows = s.rows
    if "leases-never-end" not in bugs:
        rows = tuple(tuple(word if one.startswith("F") else one for one in pair) for pair in s.rows)  # type: ignore[misc]
    said = "" if s.said in ("rows due", "who was told") else s.said
    timer = "off" if "timer-in-memory" in bugs and s.timer == "armed" else s.timer
    if "timer-fires-twice" in bugs and s.timer == "fired":
        said = "fired twice"
    return s._replace(
        rows=rows,
        jobs=(None,) * len(s.jobs),
        crashes=s.crashes + 1,
        said=said,
        told=() if said != s.said else s.told,
        timer=timer,
    )


_SAID = {
    "late": "I2 an expired alert is sent as live",
    "old": "I3 a version is sent after the one that ends it was accepted",
    "backwards": "I3 a receiver went back in the chain",
    "claimed twice": "DEL-2 two workers hold one delivery",
    "undone": "I6 what was delivered is not any more",
    "2xx lost": "I6 a 2xx does not make it delivered",
    "fired twice": "DEL-6 a timer fired twice",
}


def _wrong(s: S) -> Iterator[str]:
    if s.said in _SAID:
        yield _SAID[s.said]
    if s.unsealed:
        yield "I8 a transition nobody sealed"
    for e in range(len(s.rows)):
        for v in (1, 2):
            if s.rows[e][v - 1] == "gone":
                yield "I7 a delivery ended without a word"
            if s.effects[e][v - 1] and not s.begun[e][v - 1]:
                yield "I5 somebody received what the ledger does not hold"
            if s.effects[e][v - 1] > 1:
                yield "I9 an idempotent receiver saw two effects"
            if s.rows[e][v - 1] == "D" and not s.effects[e][v - 1] and s.shown[e] < v:
                yield "I6 delivered, and the receiver never had it"
        over = s.rows[e][1] == "X"
        if over and s.shown[e] == 1:
            yield "ACC-6 a Cancel expired before who holds its alert was told"
        rest = s.routed == 2 and not s.said and all(job is None for job in s.jobs)
        if rest and s.begun[e][0] and s.rows[e][1] == "-":
            yield "CHN-2 the Cancel is owed to nobody who may hold the alert"


def _settled(s: S) -> bool:
    """Everything accepted is routed, every delivery has ended, the timer has had its say."""
    done = ("-", "D", "S", "X", "A")
    rows = all(word in done for pair in s.rows for word in pair)
    owed = s.routed >= 1 and all(pair[0] != "-" for pair in s.rows)
    return s.accepted == s.routed == 2 and rows and owed and s.timer in ("fired", "acked")


def _told(s: S) -> bool:
    return s.routed == 1 and all(pair[0] in ("D", "A") for pair in s.rows)
