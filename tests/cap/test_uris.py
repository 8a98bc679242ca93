"""Addresses: a good one is never touched, a bad one becomes one the schema takes, and stays it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from hub.cap.uris import escaped

ANY_URI = etree.XMLSchema(
    etree.fromstring('<schema xmlns="http://www.w3.org/2001/XMLSchema"><element name="u" type="anyURI"/></schema>')
)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://kttv.example/bản-tin.html?a=1&b=2",
        "http://kttv.example:8080/x",
        "mailto:truc@dongnai.example",
        "https://x/%20",
        "https://x/a#b",
    ],
)
def test_a_sound_address_stays(uri: str) -> None:
    assert escaped(uri) == uri


@pytest.mark.parametrize(
    ("uri", "sound"),
    [
        ("http://x/%zz [a]", "http://x/%25zz%20%5Ba%5D"),
        ("www.x/a b", "www.x/a%20b"),
        ("http://x:cổng/", "http://x%3Ac%E1%BB%95ng/"),
        ("xem: trang chủ", "xem:%20trang%20ch%E1%BB%A7"),
    ],
)
def test_an_odd_address_is_escaped(uri: str, sound: str) -> None:
    assert escaped(uri) == sound


@settings(max_examples=500, deadline=None)
@given(st.text(st.sampled_from("ahtp:/?#[]@%2f &=\\^`{|}<>\"'ệ.-+~0"), max_size=16).map(str.strip))
@example("http://:")
@example("http://1:")
@example("http://[::1]/x")
def test_whatever_comes_out_is_an_address_and_stays_the_same(uri: str) -> None:
    sound = escaped(uri)
    element = etree.Element("u")
    element.text = sound
    assert ANY_URI.validate(element)
    assert escaped(sound) == sound
