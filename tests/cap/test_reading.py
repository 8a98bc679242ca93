"""The lenient reader: every liberty is taken, and every one is named."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from hub.cap.geo import CIRCLE_STEPS
from hub.cap.model import NamedValue, Reference
from hub.cap.polygons import MAX_VERTICES
from hub.cap.reading import MAX_CROSSING_RINGS, MAX_REFERENCES, read
from hub.cap.repair import Parsed
from hub.errors import ParseError
from tests.cap.cap_samples import CAP12, VIET_NAM, document, info_element

SENT = datetime(2026, 11, 24, 10, 0, tzinfo=VIET_NAM)


def parsed(body: bytes) -> Parsed:
    return read(body, zone=VIET_NAM)


def repairs(body: bytes) -> set[str]:
    return {repair.code for repair in parsed(body).repairs}


def faults(body: bytes) -> set[str]:
    return {fault.code for fault in parsed(body).faults}


def test_a_right_document_needs_nothing() -> None:
    got = parsed(document())
    assert (got.repairs, got.faults, got.uncertain_areas, got.version) == ((), (), (), "1.2")
    assert got.alert.key == ("pccc@dongnai.example", "lu-2026-11-24-01", SENT)


@pytest.mark.parametrize(
    ("ns", "version", "repair"),
    [
        ('xmlns="urn:oasis:names:tc:emergency:cap:1.1"', "1.1", "old-version"),
        ('xmlns="http://www.incident.com/cap/1.0"', "1.0", "old-version"),
        ("", "1.2", "namespace"),
    ],
)
def test_old_and_missing_namespaces_are_read(ns: str, version: str, repair: str) -> None:
    got = parsed(document(ns=ns))
    assert got.version == version
    assert repair in {r.code for r in got.repairs}
    assert got.alert == parsed(document()).alert


def test_a_prefix_changes_nothing() -> None:
    body = document(ns=f'xmlns:cap="{CAP12}"').replace(b"</", b"\0").replace(b"<", b"<cap:").replace(b"\0", b"</cap:")
    assert parsed(body).alert == parsed(document()).alert


def test_any_order_of_elements_is_read() -> None:
    body = document(references="-", more="<references>a,b,2026-11-24T09:00:00+07:00</references>")
    assert parsed(body).alert.references == (Reference("a", "b", datetime(2026, 11, 24, 9, tzinfo=VIET_NAM)),)
    assert [(r.code, r.path, r.before) for r in parsed(body).repairs] == [("element-order", "", "references")]


def test_elements_out_of_order_are_named_where_they_stand_except_in_cap_1_0() -> None:
    right = info_element()
    body = document(info=right.replace("<event>", "<web>https://a.vn</web><event>"))
    assert [(r.code, r.path, r.before) for r in parsed(body).repairs] == [("element-order", "info[0]", "event")]
    assert "element-order" not in repairs(body.replace(CAP12.encode(), b"http://www.incident.com/cap/1.0"))


@pytest.mark.parametrize("name", ["identifier", "sender", "sent"])
@pytest.mark.parametrize("said", ["-", "", "  "])
def test_an_alert_without_identity_is_refused_by_name(name: str, said: str) -> None:
    with pytest.raises(ParseError, match=f"missing-element.*{name}"):
        parsed(document(**{name: said}))


def test_another_document_is_refused() -> None:
    with pytest.raises(ParseError, match="not-cap"):
        parsed(b"<feed/>")


def test_missing_elements_of_an_info_are_faults_and_never_a_refusal() -> None:
    body = document(info="<info><event>Lũ</event></info>")
    info = parsed(body).alert.infos[0]
    assert (info.categories, info.urgency, info.severity, info.certainty) == (
        ("Other",),
        "Unknown",
        "Unknown",
        "Unknown",
    )
    assert {"missing-category", "missing-urgency", "missing-severity", "missing-certainty"} <= faults(body)


@pytest.mark.parametrize(
    ("said", "certainty"),
    [("likely", "Likely"), ("OBSERVED", "Observed"), ("Very Likely", "Likely"), ("very  likely", "Likely")],
)
def test_words_in_the_wrong_case_or_of_an_old_version_are_respelled(said: str, certainty: str) -> None:
    body = document(info=info_element(certainty=said))
    assert parsed(body).alert.infos[0].certainty == certainty
    assert "word-respelled" in repairs(body)


def test_an_unknown_word_is_named() -> None:
    body = document(info=info_element(severity="Apocalyptic"))
    assert parsed(body).alert.infos[0].severity == "Unknown"
    assert "unknown-severity" in faults(body)


def test_a_restriction_makes_the_scope_restricted() -> None:
    body = document(more="<restriction>nội bộ</restriction>")
    assert parsed(body).alert.scope == "Restricted"
    assert "restriction-without-restricted" in repairs(body)


def test_a_private_alert_never_becomes_wider() -> None:
    assert parsed(document(scope="Private", more="<restriction>x</restriction>")).alert.scope == "Private"


def test_expiry_not_after_sent_is_a_fault_and_kept() -> None:
    body = document(info=info_element(more="<expires>2026-11-24T10:00:00+07:00</expires>"))
    assert "expires-not-after-sent" in faults(body)
    assert parsed(body).alert.infos[0].expires == SENT


def test_an_unreadable_expiry_is_a_fault() -> None:
    body = document(info=info_element(more="<expires>khi hết mưa</expires>"))
    assert "time-unreadable" in faults(body)
    assert parsed(body).alert.infos[0].expires is None


def test_a_fraction_of_sent_survives_being_written_or_is_never_kept() -> None:
    from hub.cap.write import write

    alert = parsed(document(sent="2026-11-24T10:00:00.250+07:00")).alert
    assert parsed(write(alert)).alert == alert


ONE = Reference("a@x", "one", datetime(2026, 11, 24, 8, tzinfo=VIET_NAM))
TWO = Reference("b@x", "two", datetime(2026, 11, 24, 9, tzinfo=VIET_NAM))


@pytest.mark.parametrize(
    "said",
    [
        "a@x,one,2026-11-24T08:00:00+07:00 b@x,two,2026-11-24T09:00:00+07:00",
        "\n a@x,one,2026-11-24T08:00:00+07:00\n\n\tb@x,two,2026-11-24T09:00:00+07:00 ",
        "a@x, one, 2026-11-24T08:00:00+07:00 b@x ,two ,2026-11-24T09:00:00+07:00",
        "a@x,one,2026-11-24T01:00:00Z b@x,two,2026-11-24T02:00:00-00:00",
        "a@x,one,2026-11-24T08:00:00 b@x,two,2026-11-24T09:00:00",
        "a@x,one,2026-11-24T08:00:00+07:00,b@x,two,2026-11-24T09:00:00+07:00",
        "a@x,one,2026-11-24T08:00:00+07:00, b@x,two,2026-11-24T09:00:00+07:00,",
    ],
)
def test_references_are_read_however_they_are_spaced(said: str) -> None:
    assert parsed(document(more=f"<references>{said}</references>")).alert.references == (ONE, TWO)


@pytest.mark.parametrize(
    ("said", "references"),
    [
        ("one", (Reference("", "one", None),)),
        ("one two", (Reference("", "one", None), Reference("", "two", None))),
        ("a@x,one", (Reference("a@x", "one", None),)),
        ("a@x,one b@x,two,2026-11-24T09:00:00+07:00", (Reference("a@x", "one", None), TWO)),
        ("b@x,two,2026-11-24T09:00:00+07:00 one", (TWO, Reference("", "one", None))),
        ("a@x,one,soon", (Reference("a@x", "one", None),)),
    ],
)
def test_partial_references_keep_what_they_say(said: str, references: tuple[Reference, ...]) -> None:
    assert parsed(document(more=f"<references>{said}</references>")).alert.references == references


def test_empty_references_are_dropped() -> None:
    assert "empty-references-dropped" in repairs(document(more="<references/>"))


def test_a_reference_to_itself_is_dropped_as_a_fault() -> None:
    body = document(
        more="<references>pccc@dongnai.example,lu-2026-11-24-01,2026-11-24T03:00:00-00:00 a@x,one,2026-11-24T08:00:00+07:00</references>"
    )
    assert parsed(body).alert.references == (ONE,)
    assert "self-reference" in faults(body)


def test_the_same_identifier_of_another_sender_is_not_itself() -> None:
    said = "a@x,lu-2026-11-24-01,2026-11-24T10:00:00+07:00"
    body = document(msgType="Cancel", more=f"<references>{said}</references>")
    assert len(parsed(body).alert.references) == 1
    assert "self-reference" not in faults(body)


@pytest.mark.parametrize(
    "said", ["x" + " " * 100_000 + "y", "a," + " " * 100_000 + "b", ",a" * 100_000, "a " * 100_000]
)
def test_references_made_to_be_slow_are_not(said: str) -> None:
    began = time.monotonic()
    parsed(document(more=f"<references>{said}</references>"))
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("said", "language"), [("-", "vi-VN"), ("", "vi-VN"), ("vi", "vi"), ("vi_VN", "vi-VN"), ("vi-VN", "vi-VN")]
)
def test_the_language_of_vietnamese_text_is_known(said: str, language: str) -> None:
    body = document(info=info_element(language=said, more="<headline>Nước sông Đồng Nai lên nhanh</headline>"))
    assert parsed(body).alert.infos[0].language == language


def test_text_without_a_language_is_english_as_cap_says() -> None:
    assert parsed(document(info=info_element(language="-", event="Flood"))).alert.infos[0].language == "en-US"


def test_values_of_both_versions_are_read() -> None:
    more = "<parameter><value>b</value><valueName>a</valueName></parameter><parameter>c=d=e</parameter>"
    info = parsed(document(info=info_element(more=more))).alert.infos[0]
    assert info.parameters == (NamedValue("a", "b"), NamedValue("c", "d=e"))


@pytest.mark.parametrize("size", ["1e999", "nan", "-1", "big", "1.5"])
def test_a_size_that_is_none_stops_no_alert(size: str) -> None:
    more = f"<resource><resourceDesc>d</resourceDesc><mimeType>a/b</mimeType><size>{size}</size></resource>"
    assert len(parsed(document(info=info_element(more=more))).alert.infos[0].resources) == 1


@pytest.mark.parametrize("said", ["nan", "1e999"])
def test_an_altitude_that_is_no_number_is_a_fault(said: str) -> None:
    body = document(info=info_element(area=f"<altitude>{said}</altitude>"))
    assert parsed(body).alert.infos[0].areas[0].altitude is None
    assert "number-unreadable" in faults(body)


def test_a_bow_tie_is_kept_as_said_and_told_as_uncertain() -> None:
    body = document(info=info_element(area="<polygon>10,106 11,107 11,106 10,107 10,106</polygon>"))
    got = parsed(body)
    assert len(got.alert.infos[0].areas[0].polygons[0]) == 5
    ((info, area, other),) = got.uncertain_areas
    assert (info, area) == (0, 0)
    assert other.polygons
    assert any(not repair.certain and repair.area_change > 0.05 for repair in got.repairs)


def test_a_signature_is_kept_and_is_no_element_of_the_alert() -> None:
    signature = (
        '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignatureValue>QQ==</SignatureValue></Signature>'
    )
    alert = parsed(document(more=signature + "\n")).alert
    assert alert.signatures == (signature.encode(),)
    assert alert.unsigned() == parsed(document()).alert


def test_an_unknown_element_hurts_nothing() -> None:
    assert parsed(document(more="<colour>red</colour><x:y xmlns:x='u:x'/>")).alert == parsed(document()).alert


def test_a_reference_to_itself_is_dropped_whatever_time_it_names() -> None:
    said = "pccc@dongnai.example,lu-2026-11-24-01,2026-11-24T08:00:00+07:00"
    body = document(msgType="Cancel", more=f"<references>{said}</references>")
    assert parsed(body).alert.references == ()
    assert "self-reference" in faults(body)


def test_a_ring_that_crosses_itself_is_kept_and_its_other_readings_are_told() -> None:
    body = document(info=info_element(area="<polygon>10.0,106.0 10.4,106.4 10.4,106.0 10.0,106.4 10.0,106.0</polygon>"))
    got = parsed(body)
    mended = [r for r in got.repairs if r.code == "crossing-ring-mended"]
    assert len(mended) == 1
    assert not mended[0].certain
    assert mended[0].area_change > 0.05
    assert len(got.alert.infos[0].areas[0].polygons) == 1
    assert got.uncertain_areas[0][:2] == (0, 0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (document(info=info_element(event="-")), "missing-event"),
        (document(info=""), "no-info"),
        (document(more="<references>a@x,one,2026-13-45T99:00:00+07:00</references>"), "reference-time-unreadable"),
        (document(info=info_element(expires="2026-11-24T09:00:00+07:00")), "expires-not-after-sent"),
    ],
)
def test_what_is_missing_or_wrong_is_flagged_and_never_refused(body: bytes, code: str) -> None:
    assert code in faults(body)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (document(more="<references>a@x , one,2026-11-24T08:00:00+07:00</references>"), "references-mended"),
        (document(info=info_element(urgency="Foobar")), "word-unknown"),
        (document(info=info_element(language="vi_VN")), "language-respelled"),
        (document(info=info_element(language="-", headline="Lũ vượt báo động, nước dâng rất nhanh")), "language-added"),
        (document(info=info_element(more="<parameter>Mực nước=113,4</parameter>")), "old-value-form"),
    ],
)
def test_every_liberty_is_named(body: bytes, code: str) -> None:
    assert code in repairs(body)


def test_references_said_in_two_elements_are_all_kept() -> None:
    one = "<references>a@x,one,2026-11-24T08:00:00+07:00</references>"
    two = "<references>b@x,two,2026-11-24T09:00:00+07:00</references>"
    assert parsed(document(more=one + two)).alert.references == (ONE, TWO)


def test_references_without_end_are_cut_and_the_cut_is_named() -> None:
    said = " ".join(f"a@x,{n},2026-11-24T08:00:00+07:00" for n in range(MAX_REFERENCES + 1))
    body = document(more=f"<references>{said}</references>")
    assert len(parsed(body).alert.references) == MAX_REFERENCES
    assert "references-cut" in faults(body)


def test_a_sent_that_is_no_time_is_said_to_be_so() -> None:
    with pytest.raises(ParseError, match="time-unreadable: sent 'hôm qua'"):
        parsed(document(sent="hôm qua"))


def test_utc_with_the_clock_on_the_wall_is_flagged_and_kept() -> None:
    info = info_element(more="<effective>2026-11-24T10:00:00+07:00</effective>")
    body = document(sent="2026-11-24T10:00:00-00:00", info=info)
    assert "utc-with-local-clock" in faults(body)
    assert parsed(body).alert.sent == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_an_area_without_words_and_a_resource_without_type_are_faults() -> None:
    body = document(info="<info><resource/><area/></info>")
    assert {"missing-areaDesc", "missing-mimeType", "missing-resourceDesc"} <= faults(body)


def test_a_document_in_another_encoding_than_it_says_is_read_as_uncertain() -> None:
    got = parsed(document().replace("Trảng".encode(), b"Tr\xe9ng"))
    assert next((r.code, r.certain) for r in got.repairs) == ("encoding-windows-1252", False)
    assert got.alert.key == parsed(document()).alert.key


@pytest.mark.parametrize(
    ("area", "reason"),
    [
        ("<circle>10,106 5</circle>" * (MAX_VERTICES // CIRCLE_STEPS + 1), "too-many-vertices"),
        ("<polygon>10,106 11,107 11,106 10,107</polygon>" * (MAX_CROSSING_RINGS + 1), "too-many-crossing-rings"),
        (f"<polygon>{'10,106 ' * (MAX_VERTICES + 1)}</polygon>", "too-many-vertices"),
    ],
)
def test_geometry_made_to_be_slow_is_refused_soon(area: str, reason: str) -> None:
    began = time.monotonic()
    with pytest.raises(ParseError, match=reason):
        parsed(document(info=info_element(area=area)))
    assert time.monotonic() - began < 4


def test_a_signature_that_cannot_stand_in_a_document_is_flagged_and_the_alert_is_read() -> None:
    signature = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#" xmlns:r="a/b"><r:X/></Signature>'
    body = document(more=signature)
    assert parsed(body).alert.signatures == ()
    assert "signature-unreadable" in faults(body)
