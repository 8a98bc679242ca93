"""hub.phones: one way of writing each number."""

import pytest

from hub.errors import ConfigError
from hub.phones import dialled, masked, read_phone


@pytest.mark.parametrize("text", ["0912 345 678", "+84912345678", " 0912.345.678", "84912345678", "+84 (912) 345-678"])
def test_one_number_has_one_form(text: str) -> None:
    assert read_phone(text) == "+84912345678"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "112",
        "0912",
        "+0912345678",
        "0912345678\r\nX: y",
        "0912345678;1",
        "+8491234567890123",
        "٠٩١٢٣٤٥٦٧٨",
    ],
)
def test_what_is_no_number_is_refused_and_not_repeated_whole(text: str) -> None:
    with pytest.raises(ConfigError, match="no telephone number") as raised:
        read_phone(text)
    assert len(text) < 8 or text not in str(raised.value)


def test_a_number_is_dialled_as_the_gateway_wants_it() -> None:
    forms = {form: dialled("+84912345678", form) for form in ("+84", "84", "0")}
    assert forms == {"+84": "+84912345678", "84": "84912345678", "0": "0912345678"}
    assert dialled("+85512345678", "0") == "85512345678"


def test_a_masked_number_is_not_the_number() -> None:
    assert masked("+84912345678") == "+849…678"
    assert masked("0912345") == "…"
