"""Tests of hub.places.names."""

import pytest

from hub.places.names import spell_out, written


@pytest.mark.parametrize(
    ("text", "kinds", "folded"),
    [
        ("Huyện Tân Phú", ("huyện",), "tan phu"),
        ("TP.HCM", ("thành phố",), "hcm"),
        ("T.P Biên Hòa", ("thành phố",), "bien hoa"),
        ("TX. Long Khánh", ("thị xã",), "long khanh"),
        ("TT. Vĩnh An", ("thị trấn",), "vinh an"),
        ("P. An Bình", ("phường",), "an binh"),
        ("Tan Phu District", ("huyện", "quận"), "tan phu"),
        ("thi xa Long Khanh", ("thị xã",), "long khanh"),
        ("Xuân Lộc", (), "xuan loc"),
        ("Xã", (), "xa"),
        ("City", (), "city"),
    ],
)
def test_the_kind_is_parted_from_the_name(text: str, kinds: tuple[str, ...], folded: str) -> None:
    name = written(text)
    assert (name.kinds, name.folded) == (kinds, folded)


def test_a_single_letter_is_a_kind_only_with_its_full_stop() -> None:
    assert spell_out("P An Bình") == "P An Bình"
    assert spell_out("H.Tân Phú") == "huyện Tân Phú"
