"""Tests of hub.config.decode."""

from dataclasses import dataclass
from typing import Any

import pytest

from hub.config.decode import decode, nearest
from hub.errors import ConfigError


@dataclass(frozen=True)
class Kettle:
    litres: float
    colours: tuple[str, ...] = ()
    hot: bool = False

    def __post_init__(self) -> None:
        if self.litres <= 0:
            raise ConfigError("litres", f"{self.litres} holds nothing", "more than 0")


def test_a_table_becomes_the_dataclass() -> None:
    assert decode({"litres": 2, "colours": ["red"]}, Kettle, where="f") == Kettle(2.0, ("red",))


@pytest.mark.parametrize(
    ("table", "where", "mend"),
    [
        ({"litre": 1}, "f.litre", "did you mean litres?"),
        ({"xyz": 1}, "f.xyz", "one of colours, hot, litres"),
        ({}, "f.litres", "write litres = …"),
        ({"litres": "2"}, "f.litres", "write a number, without quotes"),
        ({"litres": 1, "hot": "yes"}, "f.hot", "write true or false"),
        ({"litres": 1, "hot": 1}, "f.hot", "write true or false"),
        ({"litres": 1, "colours": "red"}, "f.colours", "write a list: [ … ]"),
        ({"litres": 1, "colours": [1]}, "f.colours[0]", 'write "text" in quotes'),
        ({"litres": 0}, "f.litres", "more than 0"),
    ],
)
def test_a_mistake_names_its_key_and_what_to_write(table: dict[str, Any], where: str, mend: str) -> None:
    with pytest.raises(ConfigError) as caught:
        decode(table, Kettle, where="f")
    assert (caught.value.where, caught.value.mend) == (where, mend)
    assert caught.value.reason


def test_the_nearest_word_is_offered() -> None:
    assert nearest("intervall_s", ["interval_s", "zone"]) == "did you mean interval_s?"
