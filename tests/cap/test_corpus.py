"""Every real CAP document at hand: read without a crash, written valid, read back equal. Skipped where the samples are absent."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from hub.acceptance.facts import work_out
from hub.cap import json
from hub.cap.xml import find_alerts, read, write
from hub.errors import ParseError
from tests.acceptance.accepting import gazetteer, hazards

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "samples"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SCHEMAS = ("cap12.xsd", "cap12_extended.xsd")

KNOWN_BAD = {
    "cap/cap-php-library/template.cap": "missing-element",  # an empty form
    "cap/dec112_cap-ts/optional-properties-1.xml": "time-unreadable",  # a joke for `sent`
    "cap/google_cap-library/bushfire_invalid.edxlde": "missing-element",  # an empty alert
    "cap/google_cap-library/xee.atom": "doctype",  # an attack: external entity
    "cap/google_cap-library/xee.cap": "doctype",
    "tsunami/philgresh_tsunami-events/CAPSchema.xml": "not-xml",  # a schema, cut
}
"""Documents that are no alert, and why."""

BAD_IDENTIFIER = "INVALID,"
"""An identifier the extended schema forbids and we may not change: identity is the source's."""


def _documents() -> list[Path]:
    found = []
    for path in sorted(SAMPLES.rglob("*")) if SAMPLES.is_dir() else []:
        if path.is_file() and path.name != "SOURCE.txt" and path.stat().st_size < 20_000_000:
            body = path.read_bytes()
            if b"alert" in body and b"<" in body[:200]:
                found.append(path)
    return found


DOCUMENTS = _documents()


def test_the_samples_are_here() -> None:
    if not SAMPLES.is_dir():
        pytest.skip("no ../shared/samples beside the project")
    assert len(DOCUMENTS) > 100
    assert set(KNOWN_BAD) <= {str(path.relative_to(SAMPLES)) for path in DOCUMENTS}


@pytest.fixture(scope="module")
def schemas() -> dict[str, etree.XMLSchema]:
    folder = SAMPLES / "xsd" / "google_cap-library"
    return {name: etree.XMLSchema(etree.parse(str(folder / name))) for name in SCHEMAS}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(SAMPLES)))
def test_a_document_is_read_written_and_read_back(path: Path, schemas: dict[str, etree.XMLSchema]) -> None:
    reason = KNOWN_BAD.get(str(path.relative_to(SAMPLES)))
    if reason is not None:
        with pytest.raises(ParseError) as error:
            for body in find_alerts(path.read_bytes()):
                read(body, zone=ZONE)
        assert error.value.reason == reason
        return
    for body in find_alerts(path.read_bytes()):
        alert = read(body, zone=ZONE).alert
        written = write(alert)
        document = etree.fromstring(written)
        for name, schema in schemas.items():
            if name == "cap12_extended.xsd" and alert.identifier == BAD_IDENTIFIER:
                assert not schema.validate(document)
                continue
            assert schema.validate(document), f"{name}: {schema.error_log.last_error}"
        back = read(written, zone=ZONE)
        assert back.alert == alert
        assert {repair.code for repair in back.repairs} <= {"crossing-ring-mended", "references-mended"}
        assert json.from_json(json.to_json(alert)) == alert
        assert len(work_out(alert, gazetteer=gazetteer(), hazards=hazards()).infos) == len(alert.infos)
