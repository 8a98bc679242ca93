"""connectors.ptwc_tsunami.bulletin: threat, end or information, and whom it names."""

from __future__ import annotations

import pytest

from connectors.ptwc_tsunami.bulletin import bulletin_of
from hub.errors import ParseError
from tests.connectors.ptwc_tsunami.bulletins import THREAT, tex


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (THREAT, "threat"),
        (
            "...PTWC TSUNAMI THREAT MESSAGE...\nTHERE IS NO TSUNAMI THREAT TO GUAM. THE WATCH FOR GUAM IS CANCELLED.",
            "threat",
        ),
        ("... PTWC FINAL TSUNAMI THREAT MESSAGE ...", "ended"),
        ("...THE TSUNAMI ADVISORY IS CANCELLED...", "ended"),
        ("...PTWC TSUNAMI INFORMATION STATEMENT...", "information"),
        ("...THIS IS A TSUNAMI INFORMATION STATEMENT...", "information"),
        ("THERE IS NO LONGER A TSUNAMI THREAT FROM THIS EARTHQUAKE.", "ended"),
        ("TSUNAMI INFORMATION STATEMENT NUMBER 1", "information"),
        ("There is NO tsunami danger from this earthquake.", "information"),
        ("THE WARNING FOR GUAM IS CANCELLED. THE WATCH CONTINUES.", "threat"),
        ("", "threat"),
    ],
)
def test_the_headline_decides_and_in_doubt_it_is_a_threat(body: str, kind: str) -> None:
    assert bulletin_of(tex(body=body).encode()).kind == kind


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("… COASTS OF VIET\n      NAM.", True),
        ("VIETNAM", True),
        ("Viet Nam...", True),
        ("VIETNAMESE", False),
        ("PHILIPPINES", False),
        ("", False),
    ],
)
def test_our_coast_is_named_whatever_the_line_breaks(body: str, named: bool) -> None:
    assert bulletin_of(tex(body=body).encode()).names(("VIET NAM", "VIETNAM")) is named


def test_no_words_for_our_coast_name_nothing() -> None:
    assert not bulletin_of(tex().encode()).names(("", " "))


def test_the_earthquake_is_read_and_a_certain_swap_mended() -> None:
    bulletin = bulletin_of(tex().encode())
    assert (bulletin.magnitude, bulletin.depth_km, bulletin.place) == ("8.2", "25", "LUZON PHILIPPINES")
    assert bulletin.epicentre is not None
    assert (bulletin.epicentre.lat, bulletin.epicentre.lon) == (14.1, 119.3)
    swapped = bulletin_of(tex(lat="119.3").replace("<geo:long>119.3", "<geo:long>14.1").encode()).epicentre
    assert swapped == bulletin.epicentre
    for nowhere in ("nowhere", "", "905"):
        assert bulletin_of(tex(lat=nowhere).encode()).epicentre is None, "half a place is none"


@pytest.mark.parametrize("wrong", ["<html/>", "", tex()[:300], tex().replace("26328001", ""), tex().replace("<bulletinIssueTime>2026", "<bulletinIssueTime>0")])  # fmt: skip
def test_what_is_no_bulletin_is_a_parse_error(wrong: str) -> None:
    with pytest.raises(ParseError):
        bulletin_of(wrong.encode())
