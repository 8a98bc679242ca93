"""Tests of hub.places.codes: what geocodes say."""

import pytest

from tests.places.dated import NEW, OLD, coded


@pytest.mark.parametrize(
    ("system", "value", "named"),
    [
        ("VN:GSO", "731", {"731"}),
        ("vn-gso", "VN731", {"731"}),
        ("GSO_CODE", "26119", {"26119"}),
        ("VN", "75", {"75"}),
        ("Mã ĐVHC", "731, 732", {"731", "732"}),
        ("VN:GSO", "75.734.26119", {"26119"}),
        ("ISO3166-2", "VN-39", {"75"}),
        ("ISO 3166-2", "vn-39", {"75"}),
        ("ISO3166-1", "VN", {"75"}),
    ],
)
def test_codes_are_read_in_every_spelling(system: str, value: str, named: set[str]) -> None:
    found = coded(OLD, value, system=system)
    assert (found.named, found.widened, found.unresolved) == (named, False, ())


@pytest.mark.parametrize(
    ("system", "value"),
    [
        ("UGC", "ILC001"),
        ("SAME", "017031"),
        ("EMMA_ID", "PL2465"),
        ("ISO3166-2", "TH-10"),
        ("ISO 3166-2", "AU_SA"),
        ("VN:GSO", "00001"),
        ("VN:GSO", "01"),
    ],
)
def test_codes_of_other_places_are_elsewhere(system: str, value: str) -> None:
    found = coded(OLD, value, system=system, words="Đồng Nai")
    assert (found.units, found.elsewhere, found.widened) == (frozenset(), True, False)


@pytest.mark.parametrize(
    ("system", "value"), [("VN:GSO", "26001"), ("VN:GSO", "733"), ("foo", "12"), ("VN:GSO", "abc")]
)
def test_an_unknown_code_widens_to_the_province_and_is_flagged(system: str, value: str) -> None:
    found = coded(OLD, value, system=system)
    assert found.widened
    assert found.unresolved == (f"{system}={value}",)
    assert "742" in found.units


def test_an_unknown_code_beside_a_known_one_still_widens() -> None:
    found = coded(OLD, "731", "26001")
    assert found.widened
    assert found.named == {"731"}
    assert {"731", "742"} <= found.units


def test_an_empty_code_says_nothing() -> None:
    assert coded(OLD, "", words="huyện Tân Phú").named == {"734"}


def test_old_codes_are_known_in_the_new_structure() -> None:
    found = coded(NEW, "734")
    assert not found.widened
    assert {"26116", "26119", "26122", "75"} <= found.units
