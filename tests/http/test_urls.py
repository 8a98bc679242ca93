"""hub.http.urls: one meaning of a URL, or none."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from hub.errors import Forbidden
from hub.http.addresses import rules_for, verdict
from hub.http.urls import join, read_url

NO_MEANING = [
    "",
    "example.org",
    "//example.org/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_x",
    "javascript:alert(1)",
    "https:/example.org",
    "https:example.org",
    "https://",
    "https:///path",
    "https://:443/",
    "https://name@example.org/",
    "https://name:word@example.org/",
    "https://example.org@127.0.0.1/",
    "https://example.org%40127.0.0.1/",
    "https://127.0.0.1\\@example.org/",
    "https://example.org\\.evil.example/",
    "https://exam ple.org/",
    "https://example.org/a b",
    "https://example.org/\r\nX: y",
    "https://example.org/\tx",
    "https://example.org/\x00",
    "https://example.org:0/",
    "https://example.org:65536/",
    "https://example.org:99999999/",
    "https://example.org:-1/",
    "https://example.org:8o80/",
    "https://example.org:/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0x7f.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.01/",
    "https://127.0.0.1.5/",
    "https://256.0.0.1/",
    "https://1.2.3/",
    "https://0/",
    "https://0x/",
    "https://example.0x7f/",
    "https://１２７.1/",
    "https://[::1/",
    "https://::1/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[127.0.0.1]/",
    "https://[::ffff:127.0.0.1.5]/",
    "https://[v1.x]/",
    "https://-bad.example/",
    "https://bad-.example/",
    "https://a..b/",
    "https://.example.org/",
    "https://example..org/",
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 130 + "example/",
    "https://exa<mple.org/",
    "https://exam*ple.org/",
    "https://" + "x" * 2100,
]

LEADS_INSIDE = [
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://１２７.０.０.１/",
    "https://127。0。0。1/",
    "https://①②⑦.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[0:0:0:0:0:ffff:169.254.169.254]/",
    "https://[64:ff9b::169.254.169.254]/",
    "https://[2002:a9fe:a9fe::]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://192.0.0.192/opc/v2/",
    "https://100.100.100.200/",
    "https://0.0.0.0/",
    "https://[::]/",
    "https://10.0.0.1/",
    "HTTPS://192.168.0.1/",
]


@pytest.mark.parametrize("url", NO_MEANING)
def test_a_url_that_parsers_read_differently_has_no_meaning(url: str) -> None:
    with pytest.raises(Forbidden):
        read_url(url)


@pytest.mark.parametrize("url", LEADS_INSIDE)
def test_a_literal_address_in_any_dress_is_seen_and_judged(url: str) -> None:
    where = read_url(url)
    assert where.address is not None
    assert verdict(where.address, where.port, rules_for(mode="actual"), scheme=where.scheme)


def test_the_hostile_table_is_long_enough_to_mean_something() -> None:
    assert len(set(NO_MEANING) | set(LEADS_INSIDE)) >= 75


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "path", "authority"),
    [
        ("https://Example.ORG", "https", "example.org", 443, "/", "example.org"),
        ("https://example.org.:443/a?b=c#d", "https", "example.org", 443, "/a?b=c", "example.org"),
        ("http://example.org:8080?x", "http", "example.org", 8080, "/?x", "example.org:8080"),
        ("https://Bücher.example/tin", "https", "xn--bcher-kva.example", 443, "/tin", "xn--bcher-kva.example"),
        (
            "https://[2001:4860:4860::8888]:8443/x",
            "https",
            "2001:4860:4860::8888",
            8443,
            "/x",
            "[2001:4860:4860::8888]:8443",
        ),
        ("https://a_b.internal/%20x", "https", "a_b.internal", 443, "/%20x", "a_b.internal"),
        (
            "https://example.org/lũ?vùng=Đồng",
            "https",
            "example.org",
            443,
            "/l%C5%A9?v%C3%B9ng=%C4%90%E1%BB%93ng",
            "example.org",
        ),
    ],
)
def test_an_honest_url_keeps_its_parts(url: str, scheme: str, host: str, port: int, path: str, authority: str) -> None:
    where = read_url(url)
    assert (where.scheme, where.host, where.port, where.path) == (scheme, host, port, path)
    assert where.authority == authority


def test_an_ipv4_literal_is_its_address() -> None:
    assert read_url("https://8.8.8.8/").address == ip_address("8.8.8.8")


def test_a_redirect_is_read_against_where_it_came_from() -> None:
    base = read_url("https://example.org/a/b?c")
    assert str(join(base, "../d")) == "https://example.org/d"
    assert str(join(base, "//other.example/x")) == "https://other.example/x"


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "https://127.1/", "//a@b/", "http://[::1", "/a\\b", "javascript:x"]
)
def test_a_redirect_to_nowhere_good_is_refused(location: str) -> None:
    with pytest.raises(Forbidden):
        join(read_url("https://example.org/a"), location)
