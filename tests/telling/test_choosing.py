"""hub.telling.choosing: which infos a reader of one language is shown."""

from hub.cap.model import Area, NamedValue
from hub.telling.choosing import chosen
from tests.telling.owing import info

VI = info()
EN = info(language="en-US", event="Flood", headline="Flood", areas=(Area("Tan Phu commune"), Area("Dinh Quan commune")))


def test_translations_are_told_once_in_the_readers_language() -> None:
    assert chosen((VI, EN), "vi") == [VI]
    assert chosen((VI, EN), "en") == [EN]
    assert chosen((VI, EN), "fr") == [VI]


def test_a_segment_that_stands_in_another_language_only_is_told_too() -> None:
    elsewhere = info(language="en", areas=(Area("Dam", geocodes=(NamedValue("VN:GSO", "1"),)),))
    graver = info(language="en", severity="Extreme")
    assert chosen((VI, elsewhere, graver), "vi") == [VI, elsewhere, graver]


def test_one_language_that_nobody_here_reads_is_still_told() -> None:
    lao = info(language="lo")
    assert chosen((lao,), "vi") == [lao]
    assert chosen((lao, EN), "vi") == [EN]


def test_two_segments_in_one_language_are_both_told() -> None:
    second = info(areas=(Area("Xã Gia Kiệm", geocodes=(NamedValue("VN:GSO", "2"),)),))
    assert chosen((VI, second), "vi") == [VI, second]
