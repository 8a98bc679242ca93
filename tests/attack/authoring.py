"""Model: how an alert gets into the hub and out of it again, written by people or said by a source, in two hubs that tell each other.

Hub A takes a draft (with a second person), or a source's alert, and tells hub B; B keeps it and would tell A. Modes and the treaty are part
of it. Without `BUGS` nothing leaves that nobody may say, no drill is taken for real, and an alert does not go round.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from tests.attack.explore import Model

BUGS = (
    "the-author-approves",
    "an-edit-keeps-approvals",
    "one-approval-counts-twice",
    "a-lapsed-draft-is-aired",
    "a-source-says-what-it-may-not",
    "a-held-alert-is-told",
    "the-mode-is-lost-on-the-way",
    "the-treaty-is-asked-only-when-routing",
    "what-came-back-is-new",
    "the-cancel-is-not-passed-on",
    "policy-stops-a-cancel",
)


class S(NamedTuple):
    """One state. `approved` are (person, content); `by` is who said what hub A aired, `content` the draft's; `b` is what hub B holds."""

    drill: int
    by: str = ""
    draft: str = ""
    content: int = 0
    approved: frozenset[tuple[str, int]] = frozenset()
    aired: str = ""
    held: int = 0
    owed: int = 0
    treaty: int = 1
    sent: str = ""
    cancelled: int = 0
    told_end: int = 0
    b: str = ""
    again: int = 0
    said: str = ""


def model(bugs: Collection[str] = (), *, drill: int = 0) -> Model[S]:
    """The protocol with these mistakes, in a drill or in earnest."""

    def steps(s: S) -> Iterator[tuple[str, S]]:
        if not s.aired and not s.held:
            yield from _written(s, bugs)
        yield from _between(s, bugs)

    return Model(S(drill), steps, lambda s: [s.said] if s.said else [], _settled)


def _written(s: S, bugs: Collection[str]) -> Iterator[tuple[str, S]]:
    if not s.draft:
        yield "a draft is written", s._replace(draft="pending", by="person")
        yield "a source says what it may", s._replace(aired="source", by="source")
        beyond = s._replace(by="source")
        if "a-source-says-what-it-may-not" in bugs:
            yield "a source says more than it may", beyond._replace(aired="source", said="I1 beyond its authority")
        else:
            yield "a source says more than it may", beyond._replace(held=1)
        return
    if s.content == 0:
        kept = s.approved if "an-edit-keeps-approvals" in bugs else frozenset()
        yield "the draft is edited", s._replace(content=1, approved=kept)
    for who in ("author", "an", "binh"):
        if who != "author" or "the-author-approves" in bugs:
            yield f"{who} approves", s._replace(approved=s.approved | {(who, s.content)})
    if s.draft == "pending":
        yield "ten minutes are over", s._replace(draft="lapsed")
    people = {who for who, content in s.approved if content == s.content}
    if "an-edit-keeps-approvals" in bugs:
        people = {who for who, _ in s.approved}
    enough = len(people) >= (1 if "one-approval-counts-twice" in bugs else 2)
    if enough and (s.draft == "pending" or "a-lapsed-draft-is-aired" in bugs):
        right = {who for who, content in s.approved if content == s.content and who != "author"}
        said = "" if len(right) >= 2 and s.draft == "pending" else "I1 aired without the approvals of exactly this"
        yield "it is aired", s._replace(aired="person", said=said)


def _between(s: S, bugs: Collection[str]) -> Iterator[tuple[str, S]]:
    """The alert goes to hub B and would come back."""
    if s.held and not s.owed and "a-held-alert-is-told" in bugs:
        yield "what is held is routed", s._replace(owed=1, said="I1 told before a person released it")
    if s.held and not s.aired:
        yield "a person releases it", s._replace(aired="released")
        yield "a person dismisses it", s._replace(aired="dismissed")
    if s.aired not in ("", "dismissed") and not s.owed:
        yield "it is owed to B" if s.treaty else "it is withheld from B", s._replace(owed=1 if s.treaty else 2)
    if s.treaty:
        yield "the treaty is ended", s._replace(treaty=0)
    if s.aired not in ("", "dismissed") and not s.cancelled and s.owed:
        yield "it is cancelled", s._replace(cancelled=1)
    if s.owed == 1 and not s.sent and not s.cancelled:
        if not s.treaty and "the-treaty-is-asked-only-when-routing" not in bugs:
            yield "policy keeps it back before the send", s._replace(sent="kept")
        else:
            mode = "real" if not s.drill or "the-mode-is-lost-on-the-way" in bugs else "drill"
            said = "" if s.treaty else "ROU-3 sent after the treaty had ended"
            yield "it is sent to B", s._replace(sent=mode, said=said)
    if s.sent in ("real", "drill") and not s.b:
        said = "I4 a drill is taken for real" if s.drill and s.sent == "real" else ""
        yield "B takes it", s._replace(b=s.sent, said=said)
    if s.b in ("real", "drill") and s.again < 3:
        new = "what-came-back-is-new" in bugs
        said = "ACC-2 an alert goes round between two hubs" if new and s.again >= 1 else ""
        back = s._replace(again=s.again + 1 if new else 3, said=said)
        yield "B tells A, who has it already" if not new else "B tells A, who takes it for new", back
    if s.cancelled and s.sent in ("real", "drill") and not s.told_end:
        stopped = "policy-stops-a-cancel" in bugs and not s.treaty
        if "the-cancel-is-not-passed-on" not in bugs and not stopped:
            yield "B is told that it is over", s._replace(told_end=1, b="over")


def _settled(s: S) -> bool:
    """Everything has had its say; who holds what was ended knows it."""
    if s.held and not s.aired:
        return False
    if s.sent in ("real", "drill"):
        return bool(s.cancelled) and bool(s.told_end)
    return bool(s.aired or s.draft)
