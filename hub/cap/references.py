"""References between messages: which message a `references` entry means, judged from the set of known messages alone (ACC-4).

An entry means, in this order: the message with exactly that (sender, identifier, sent); else all versions of (sender, identifier) sent
up to then; else those of the one sender in the same source who uses that identifier. "Up to then" is the instant of the message that
references: a stale Cancel must not reach a version sent after it, so only an exact triple may be post-dated. All versions up to an
instant need no search: a placeholder of that instant takes its place among them, and each version supersedes the one before.

No stranger can take a reference away from its owner: where the entry leaves the sender out, those whom the message may speak for come
first, and a sender who is named is judged whether a message of his is known or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from hub.cap.model import Alert, Reference
from hub.clock import to_us

Key = tuple[str, str, int]
"""(sender, identifier, sent in microseconds since 1970): equal instants are equal whatever their offset (ACC-2)."""

Touch = tuple[str, str, str]
"""("sender" | "source", its name, identifier): two messages can only concern one another when they share one."""

MaySpeakFor = Callable[[str, str], bool]
"""`may_speak_for(sender, other)`: whether `sender` is `other` or a delegate registered for it."""

AMBIGUOUS = "ambiguous-reference"
BY_IDENTIFIER = "reference-by-identifier"
IN_ALERT = "references-in-alert"
NOT_ITS_SENDER = "not-its-sender"
PARTIAL = "partial-reference"
POST_DATED = "post-dated-reference"
SELF = "self-reference"


@dataclass(frozen=True, slots=True)
class Node:
    """One known message as far as chains are concerned.

    `node_id` is the alert id; `sent` is aware; `ending` is `Alert.is_ending()`. `released` says that a person let a held message act:
    it then has the authority it lacked, and an ambiguous reference means every sender it may mean. A person who chose one of several
    is obeyed by giving the full triple in `references`. `live_until` is only read by `emitted_references`; None is no end.
    """

    node_id: str
    source: str
    sender: str
    identifier: str
    sent: datetime
    msg_type: str = "Alert"
    ending: bool = False
    references: tuple[Reference, ...] = ()
    released: bool = False
    live_until: datetime | None = None

    @property
    def key(self) -> Key:
        """Identity (ACC-2). Raises ValueError when `sent` is naive."""
        return (self.sender, self.identifier, to_us(self.sent))

    @property
    def ends(self) -> bool:
        """Whether the message ends what it supersedes."""
        return self.ending or self.msg_type == "Cancel"


def node_of(
    alert: Alert, *, node_id: str, source: str, released: bool = False, live_until: datetime | None = None
) -> Node:
    """The node of an accepted or held `alert`."""
    return Node(
        node_id=node_id,
        source=source,
        sender=alert.sender,
        identifier=alert.identifier,
        sent=alert.sent,
        msg_type=alert.msg_type,
        ending=alert.is_ending(),
        references=alert.references,
        released=released,
        live_until=live_until,
    )


@dataclass(frozen=True, slots=True)
class Index:
    """Known messages by everything a reference may name. `duplicates` maps a further id of one identity to the id that is kept."""

    nodes: dict[Key, Node] = field(default_factory=dict)
    duplicates: dict[str, str] = field(default_factory=dict)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    senders: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def senders_in(self, source: str, identifier: str) -> set[str]:
        """Who, in messages read from `source`, has used `identifier`."""
        return self.senders.get((source, identifier), set())

    def version(self, sender: str, identifier: str, *, sent: int, else_at: int) -> Key:
        """The message sent exactly then when it is known, else the place above all versions up to `else_at`."""
        exact = (sender, identifier, sent)
        return exact if exact in self.nodes else (sender, identifier, else_at)


def index_of(nodes: Iterable[Node]) -> Index:
    """The index of `nodes` in any order; of several with one identity a released one is kept, then the smallest id."""
    index = Index()
    ids: dict[Key, set[str]] = {}
    for node in nodes:
        key = node.key
        kept = index.nodes.get(key)
        if kept is None or (not node.released, node.node_id) < (not kept.released, kept.node_id):
            index.nodes[key] = node
        ids.setdefault(key, set()).add(node.node_id)
        index.pairs.add(key[:2])
        index.senders.setdefault((node.source, node.identifier), set()).add(node.sender)
    for key, same in ids.items():
        if len(same) > 1:
            kept_id = index.nodes[key].node_id
            index.duplicates.update((other, kept_id) for other in same if other != kept_id)
    return index


@dataclass(frozen=True, slots=True)
class Links:
    """What one message references: `targets` may be keys of messages not known yet. A held message links to nothing."""

    targets: frozenset[Key] = frozenset()
    flags: frozenset[str] = frozenset()
    held: str = ""


def link(node: Node, index: Index, may_speak_for: MaySpeakFor) -> Links:
    """What the references of `node` mean among the messages of `index`.

    Only an Update or a Cancel supersedes (CAP 1.2 §3.2.1): references of any other msgType are flagged and link to nothing. An ending
    message whose reference is ambiguous is held, for ending the wrong warning cannot be undone in people's heads; another Update takes
    effect without that reference.
    """
    if node.msg_type not in ("Update", "Cancel"):
        return Links(flags=frozenset({IN_ALERT} if node.references else ()))
    targets: set[Key] = set()
    flags: set[str] = set()
    held = ""
    spoke_at = to_us(node.sent)
    for reference in node.references:
        if reference.identifier == node.identifier and reference.sender in ("", node.sender):
            flags.add(SELF)
            continue
        named = to_us(reference.sent or node.sent)
        if named > spoke_at:
            flags.add(POST_DATED)
        if not reference.sender or reference.sent is None:
            flags.add(PARTIAL)
        if reference.sender and not node.released and not may_speak_for(node.sender, reference.sender):
            held = NOT_ITS_SENDER
            continue
        senders = _senders_meant(reference, node=node, index=index, may_speak_for=may_speak_for)
        if len(senders) != 1 and not node.released:
            flags.add(AMBIGUOUS)
            held = held or (AMBIGUOUS if node.ends else "")
            continue
        if reference.sender and reference.sender not in senders:
            flags.add(BY_IDENTIFIER)
        targets.update(index.version(s, reference.identifier, sent=named, else_at=spoke_at) for s in senders)
    return Links(flags=frozenset(flags), held=held) if held else Links(frozenset(targets), frozenset(flags))


def _senders_meant(reference: Reference, *, node: Node, index: Index, may_speak_for: MaySpeakFor) -> set[str]:
    """Whose message `reference` means: exactly one sender when that is clear, never none unless only strangers use the identifier."""
    if reference.sender and (reference.sender, reference.identifier) in index.pairs:
        return {reference.sender}
    found = set(index.senders_in(node.source, reference.identifier))
    if reference.identifier == node.identifier:
        found.discard(node.sender)
    own = {sender for sender in found if node.released or may_speak_for(node.sender, sender)}
    if own or (found and not reference.sender):
        return own
    return {reference.sender or node.sender}


def emitted_references(chain: Iterable[Node], *, sender: str, identifier: str, sent: datetime) -> tuple[Reference, ...]:
    """What a message (sender, identifier, sent) of ours lists: all earlier ones of its chain, unexpired at `sent`, oldest first.

    When all have expired it is the latest of them, for an Update or Cancel without references means nothing (ACC-4). `chain` holds
    the messages that were aired, not the held ones. Versions of the same identifier are never listed.
    """
    earlier = [n for n in chain if n.sent < sent and (n.sender, n.identifier) != (sender, identifier)]
    earlier.sort(key=lambda n: (n.sent, n.sender, n.identifier))
    unexpired = [n for n in earlier if n.live_until is None or n.live_until > sent]
    return tuple(Reference(n.sender, n.identifier, n.sent) for n in unexpired or earlier[-1:])


def touches(node: Node) -> frozenset[Touch]:
    """Everything by which another message can concern `node`: its own identifier and those it references, by sender and by source."""
    touched = {("sender", node.sender, node.identifier), ("source", node.source, node.identifier)}
    if node.msg_type in ("Update", "Cancel"):
        for reference in node.references:
            touched.add(("sender", reference.sender or node.sender, reference.identifier))
            touched.add(("source", node.source, reference.identifier))
    return frozenset(touched)


def gather(seed: Iterable[Node], fetch: Callable[[frozenset[str]], Iterable[Node]]) -> list[Node]:
    """`seed` and every known message that may belong to their chains: enough for `resolve` to decide them as if it saw everything.

    `fetch(identifiers)` gives every stored message that has one of the identifiers **or references** one, held messages included, and
    had better give all members of the chains of those it finds, so that a long chain needs two or three calls and not one a message.
    """
    met: dict[tuple[str, Key], Node] = {}
    touched: set[Touch] = set()
    pool: dict[Touch, list[Node]] = {}
    asked: set[str] = set()
    fresh = list(seed)
    while fresh:
        while fresh:
            met.update(((node.node_id, node.key), node) for node in fresh)
            reached = frozenset().union(*map(touches, fresh)) - touched
            touched |= reached
            near = {(n.node_id, n.key): n for touch in reached for n in pool.pop(touch, ())}
            fresh = [node for identity, node in near.items() if identity not in met]
        wanted = frozenset(identifier for _, _, identifier in touched) - asked
        asked |= wanted
        for node in fetch(wanted) if wanted else ():
            if (node.node_id, node.key) not in met:
                touching = touches(node)
                fresh += [node] if touching & touched else []
                for touch in touching - touched:
                    pool.setdefault(touch, []).append(node)
    return list(met.values())
