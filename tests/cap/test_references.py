"""References: what an entry means among the known messages, what we list ourselves, and what must be loaded to decide."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from hub.cap.chain import resolve
from hub.cap.model import Alert, Info, Reference
from hub.cap.references import Links, Node, emitted_references, gather, index_of, link, node_of, touches

START = datetime(2026, 10, 3, tzinfo=UTC)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def node(identifier: str, minute: float, *refs: Reference, sender: str = "s", source: str = "feed") -> Node:
    kind = "Update" if refs else "Alert"
    return Node(f"{sender}/{identifier}/{minute:g}", source, sender, identifier, at(minute), kind, references=refs)


def only_self(sender: str, other: str) -> bool:
    return sender == other


def meaning(of: Node, *known: Node) -> Links:
    return link(of, index_of([of, *known]), only_self)


def test_the_exact_triple_comes_first_whatever_offset_it_is_written_in() -> None:
    one, two = node("A", 1), node("A", 2)
    written = at(1).astimezone(timezone(timedelta(hours=7)))
    links = meaning(node("B", 9, Reference("s", "A", written)), one, two)
    assert links == Links(frozenset({one.key}))


def test_else_all_versions_of_sender_and_identifier_up_to_the_message_itself() -> None:
    update = node("B", 9, Reference("s", "A", at(5)))
    assert meaning(update, node("A", 1), node("A", 2)).targets == {node("A", 9).key}


def test_else_the_one_sender_in_the_same_source_who_uses_the_identifier() -> None:
    update = node("B", 9, Reference("s alias", "A", at(1)))

    def aliases(sender: str, other: str) -> bool:
        return other in (sender, "s alias")

    a, elsewhere = node("A", 1), node("A", 1, sender="t", source="other")
    links = link(update, index_of([update, a, elsewhere]), aliases)
    assert links == Links(frozenset({a.key}), frozenset({"reference-by-identifier"}))
    alone = link(update, index_of([update, elsewhere]), aliases)
    assert alone.targets == {("s alias", "A", update.key[2])}


def test_a_reference_without_sender_means_the_own_message_though_strangers_use_the_identifier() -> None:
    update = node("B", 9, Reference("", "1", at(1)))
    mine, theirs = node("1", 1), node("1", 1, sender="t")
    assert meaning(update, mine, theirs).targets == {mine.key}
    assert meaning(update).targets == {("s", "1", update.key[2])}


def test_a_reference_without_sender_that_only_strangers_fit_is_ambiguous() -> None:
    update = node("B", 9, Reference("", "1", at(1)))
    theirs = node("1", 1, sender="t")
    assert meaning(update, theirs) == Links(flags=frozenset({"ambiguous-reference", "partial-reference"}))
    assert meaning(replace(update, msg_type="Cancel"), theirs).held == "ambiguous-reference"


def test_a_message_without_sender_is_not_everybodys() -> None:
    nameless = node("1", 1, sender="")
    cancel = replace(node("X", 2, Reference("", "1", at(1)), sender="evil"), msg_type="Cancel")
    assert meaning(cancel, nameless).held == "ambiguous-reference"


def test_a_released_message_means_every_sender_it_may_mean_and_no_later_version() -> None:
    cancel = replace(node("X", 2, Reference("", "1", None), sender="d"), msg_type="Cancel", released=True)
    links = meaning(cancel, node("1", 1), node("1", 1, sender="t"), node("1", 5, sender="t"))
    assert links.targets == {("s", "1", cancel.key[2]), ("t", "1", cancel.key[2])}
    assert not links.held


def test_two_sources_of_one_message_are_both_remembered() -> None:
    a = node("A", 1)
    index = index_of([replace(a, node_id="b", source="other"), a])
    assert index.senders_in("feed", "A") == index.senders_in("other", "A") == {"s"}
    assert index.duplicates == {a.node_id: "b"}


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        index_of([replace(node("A", 1), sent=datetime(2026, 1, 1))])  # noqa: DTZ001


def test_the_node_of_an_alert_knows_whether_it_ends() -> None:
    over = Alert("E", "s", at(0), msg_type="Update", infos=(Info("mưa", urgency="Past"),))
    assert node_of(over, node_id="1", source="feed").ends
    assert not node_of(replace(over, infos=()), node_id="1", source="feed").ends
    assert node_of(replace(over, msg_type="Cancel", infos=()), node_id="1", source="feed").ends


def test_what_we_emit_lists_every_earlier_unexpired_message_oldest_first() -> None:
    a, b, c = node("A", 1), replace(node("B", 2), live_until=at(5)), replace(node("C", 3), live_until=at(60))
    listed = emitted_references([c, b, a, node("D", 10), node("E", 11)], sender="s", identifier="D", sent=at(10))
    assert [r.identifier for r in listed] == ["A", "C"]
    assert listed[1] == Reference("s", "C", at(3))


def test_when_all_have_expired_the_latest_is_still_listed() -> None:
    old = [replace(node(name, minute), live_until=at(5)) for name, minute in (("A", 1), ("B", 2))]
    assert [r.identifier for r in emitted_references(old, sender="s", identifier="D", sent=at(10))] == ["B"]
    assert emitted_references([], sender="s", identifier="D", sent=at(10)) == ()


class Shelf:
    """Stored messages, found by identifier as the store does it."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = list(nodes)
        self.calls = 0

    def fetch(self, identifiers: frozenset[str]) -> list[Node]:
        self.calls += 1
        return [
            n
            for n in self.nodes
            if n.identifier in identifiers or any(r.identifier in identifiers for r in n.references)
        ]


def test_gather_walks_to_the_ends_of_a_chain_and_leaves_strangers_with_the_same_identifiers() -> None:
    chain = [node("0", 0)] + [node(f"{k}", k, Reference("s", f"{k - 1}", at(k - 1))) for k in range(1, 9)]
    strangers = [replace(n, node_id="x" + n.node_id, sender="t", source="other", references=()) for n in chain]
    shelf = Shelf(chain + strangers)
    found = gather([chain[4]], shelf.fetch)
    assert sorted(n.node_id for n in found) == sorted(n.node_id for n in chain)
    assert shelf.calls <= 6


def test_gather_needs_few_calls_when_the_store_gives_whole_chains() -> None:
    chain = [node("0", 0)] + [node(f"{k}", k, Reference("s", f"{k - 1}", at(k - 1))) for k in range(1, 500)]
    shelf = Shelf(chain)

    def whole_chain(identifiers: frozenset[str]) -> list[Node]:
        return chain if shelf.fetch(identifiers) else []

    new = node("new", 900, Reference("s", "0", at(0)))
    assert len(gather([new], whole_chain)) == 501
    assert shelf.calls <= 3


def test_messages_are_found_that_reference_what_the_new_one_is_before_it_came() -> None:
    waiting = node("B", 1, Reference("", "A", None))
    assert touches(waiting) & touches(node("A", 0))
    assert gather([node("A", 0)], Shelf([waiting]).fetch) == [node("A", 0), waiting]


def test_what_is_gathered_decides_a_message_as_if_everything_were_known() -> None:
    chance = random.Random(3)
    for _ in range(1500):
        everything = [
            node(
                f"i{chance.randrange(12)}",
                minute,
                *(
                    Reference(chance.choice(["s", "s", "t", ""]), f"i{chance.randrange(14)}", at(chance.randrange(30)))
                    for _ in range(chance.choice([0, 1, 1, 2]))
                ),
                sender=chance.choice("sst"),
                source=chance.choice(["feed", "other"]),
            )
            for minute in chance.sample(range(30), chance.randrange(2, 14))
        ]
        seed = chance.choice(everything)
        truth = resolve(everything, may_speak_for=only_self)
        found = resolve(gather([seed], Shelf(everything).fetch), may_speak_for=only_self)
        for member in truth.chain_of[seed.node_id].members:
            assert found.standings[member] == truth.standings[member]
        assert found.chain_of[seed.node_id] == truth.chain_of[seed.node_id]
