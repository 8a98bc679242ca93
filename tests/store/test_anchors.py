"""Anchors: the ends of the workers' chains in the decision chain."""

from __future__ import annotations

from hub.store import anchors, audit, evidence, segments
from tests.store.contract import START
from tests.store.fresh import fresh
from tests.store.test_segments import AT, row, run_on


def test_an_anchor_names_the_end_of_every_worker_that_sealed_since_the_last_and_nothing_else() -> None:
    with fresh() as conn:
        run = run_on(conn)
        assert (anchors.waiting(conn), anchors.anchor(conn, START)) == (0, 0)
        segments.seal(run, {"deliveries": [row("d1"), row("d2")]}, worker="a", at=AT)
        segments.seal(run, {"deliveries": [row("d3")]}, worker="b", at=AT)
        assert anchors.waiting(conn) == 3
        assert anchors.anchor(conn, START) == 3
        segments.seal(run, {"deliveries": [row("d4")]}, worker="b", at=AT)
        assert anchors.anchor(conn, START) == 1
        assert (anchors.waiting(conn), anchors.anchor(conn, START)) == (0, 0)
        assert audit.verify(conn).checked == 2
        assert {name: end["n"] for name, end in anchors.named_by(conn, 1).items()} == {"a": 1, "b": 1}
        assert {name: end["n"] for name, end in anchors.named_by(conn, 2).items()} == {"b": 2}
        assert anchors.named_by(conn, 2)["b"]["hash"] == segments.workers(conn)[1].hash


def test_rows_that_are_sealed_and_are_not_there_are_missing() -> None:
    with fresh() as conn:
        segments.seal(run_on(conn), {"deliveries": [row("d1")]}, worker="a", at=AT)
        anchors.anchor(conn, START)
        assert evidence.verify(conn).bad == evidence.Bad("deliveries", "d1", "the row was deleted")
