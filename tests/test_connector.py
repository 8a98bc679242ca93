"""hub.connector: a record of the topic `candidates` says exactly what was said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from hub.cap.model import Alert, Area, Circle, Info, NamedValue, Reference, Resource
from hub.cap.repair import Fault, Parsed, Repair
from hub.connector import Candidate, Payload, Withdrawn, candidate_of, dump, load
from hub.errors import ParseError

SENT = datetime(2026, 11, 24, 10, 0, tzinfo=timezone(timedelta(hours=7)))
FULL = Alert(
    identifier="VN-1",
    sender="nchmf@example.vn",
    sent=SENT,
    references=(Reference("s", "i", SENT), Reference("", "j", None)),
    addresses=("a", "b c"),
    infos=(
        Info(
            event="Lũ quét",
            onset=SENT,
            event_codes=(NamedValue("SAME", "FFW"),),
            resources=(Resource("bản đồ", "image/png", 12, "https://x"),),
            areas=(
                Area(
                    "Định Quán",
                    polygons=(((11.1, 107.2), (11.2, 107.2), (11.2, 107.3), (11.1, 107.2)),),
                    circles=(Circle(11.0, 107.0, 2.5),),
                    altitude=0.0,
                ),
            ),
        ),
    ),
    signatures=(b"<Signature>\xc4\x91\x00</Signature>", b"\xff"),
)
CANDIDATE = Candidate(
    source="nchmf",
    alert=FULL,
    payload_sha256="ab" * 32,
    source_key="k",
    also_known_as=("k2",),
    revised_at=datetime(2026, 11, 24, 3, 0, 0, 123456, tzinfo=UTC),
    ended=True,
    next_issue_at=SENT,
    version="1.1",
    repairs=(Repair("ring-closed", "info[0]", certain=False, area_change=0.1),),
    faults=(Fault("no-expires", "info[0]"),),
    uncertain_areas=((0, 0, Area("x", circles=(Circle(1.0, 2.0, 0.0),))),),
    backlog=True,
)


@pytest.mark.parametrize(
    "said", [CANDIDATE, Candidate("s", Alert("", "s", SENT), ""), Withdrawn("s", "p", "sender", "id")]
)
def test_what_is_loaded_equals_what_was_dumped(said: Candidate | Withdrawn) -> None:
    assert load(dump(said)) == said


def test_the_sources_time_offset_is_kept() -> None:
    zoned = Candidate("s", Alert("i", "s", datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))), "")
    found = load(dump(zoned))
    assert isinstance(found, Candidate)
    assert found.alert.sent.utcoffset() == timedelta(hours=7)


@pytest.mark.parametrize("record", [b"", b"{}", b"null", b"\xff", b'{"candidate":{}}', b'{"candidate":{"source":1}}'])
def test_a_record_that_nobody_dumped_is_a_parse_error(record: bytes) -> None:
    with pytest.raises(ParseError):
        load(record)


def test_a_candidate_of_a_document_carries_what_the_reader_found() -> None:
    payload = Payload("nchmf", b"<alert/>", "application/cap+xml", SENT)
    found = candidate_of(Parsed(FULL, "1.1", faults=(Fault("x", "y"),)), payload)
    assert (found.source, found.alert, found.version, found.faults) == ("nchmf", FULL, "1.1", (Fault("x", "y"),))
    assert found.payload_sha256 == payload.sha256
