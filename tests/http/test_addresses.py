"""hub.http.addresses: which addresses may be connected to."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from hub.http.addresses import rules_for, verdict

ACTUAL = rules_for(mode="actual")
TEST = rules_for(mode="test")

REFUSED = {
    "0.0.0.0": "unspecified",
    "0.1.2.3": "unspecified",
    "10.1.2.3": "not-public",
    "100.64.0.1": "not-public",
    "100.100.100.200": "metadata",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "168.63.129.16": "metadata",
    "169.254.0.1": "link-local",
    "169.254.169.254": "link-local",
    "172.16.0.1": "not-public",
    "172.31.255.255": "not-public",
    "192.0.0.1": "metadata",
    "192.0.0.192": "metadata",
    "192.0.2.1": "not-public",
    "192.88.99.1": "not-public",
    "192.168.1.1": "not-public",
    "198.18.0.1": "not-public",
    "198.51.100.7": "not-public",
    "203.0.113.7": "not-public",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "not-public",
    "255.255.255.255": "unspecified",
    "::": "unspecified",
    "::1": "loopback",
    "::7f00:1": "loopback",
    "::8.8.8.8": "not-public",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:10.0.0.1": "not-public",
    "::ffff:169.254.169.254": "link-local",
    "::ffff:0:127.0.0.1": "loopback",
    "64:ff9b::7f00:1": "loopback",
    "64:ff9b::a9fe:a9fe": "link-local",
    "64:ff9b:1::8.8.8.8": "not-public",
    "100::1": "not-public",
    "2001::1": "unspecified",
    "2001:0:808:808:0:0:80ff:fffe": "loopback",
    "2001:0:a9fe:a9fe::f7f7:f7f7": "link-local",
    "2001:2::1": "not-public",
    "2001:db8::1": "not-public",
    "2002:7f00:1::1": "loopback",
    "2002:a9fe:a9fe::": "link-local",
    "2002:808:808::1": "not-public",
    "2606:4700::5efe:10.0.0.1": "not-public",
    "2606:4700::200:5efe:169.254.169.254": "link-local",
    "3fff::1": "not-public",
    "4000::1": "not-public",
    "5f00::1": "not-public",
    "fc00::1": "not-public",
    "fd00:ec2::254": "metadata",
    "fd20:ce::254": "metadata",
    "fd12:3456::1": "not-public",
    "fe80::1": "link-local",
    "fec0::1": "link-local",
    "ff02::1": "multicast",
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.items())
def test_an_address_that_is_not_public_is_refused_with_its_reason(text: str, reason: str) -> None:
    assert verdict(ip_address(text), 443, ACTUAL) == reason


@pytest.mark.parametrize(
    "text",
    [
        "8.8.8.8",
        "1.1.1.1",
        "103.9.200.1",
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "2401:d800::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    ],
)
def test_a_public_address_is_allowed_also_behind_a_translation(text: str) -> None:
    assert verdict(ip_address(text), 443, ACTUAL) == ""


def test_a_network_of_the_deployment_file_is_allowed_and_no_other() -> None:
    rules = rules_for(mode="actual", allow=["10.20.0.0/16", "fd12:3456::/32"])
    assert verdict(ip_address("10.20.1.1"), 443, rules) == ""
    assert verdict(ip_address("::ffff:10.20.1.1"), 443, rules) == ""
    assert verdict(ip_address("fd12:3456::9"), 443, rules) == ""
    assert verdict(ip_address("10.21.1.1"), 443, rules) == "not-public"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("169.254.169.254", "link-local"),
        ("192.0.0.192", "metadata"),
        ("100.100.100.200", "metadata"),
        ("168.63.129.16", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("fe80::1", "link-local"),
        ("224.0.0.1", "multicast"),
        ("0.0.0.0", "unspecified"),
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("2002:7f00:1::", "loopback"),
    ],
)
def test_no_deployment_file_can_allow_what_is_never_allowed(text: str, reason: str) -> None:
    everything = rules_for(mode="actual", allow=["0.0.0.0/0", "::/0"])
    assert verdict(ip_address(text), 443, everything) == reason


def test_loopback_is_for_mode_test_and_dev_only() -> None:
    for rules in (TEST, rules_for(mode="actual", dev=True), rules_for(mode="exercise", dev=True)):
        assert verdict(ip_address("127.0.0.1"), 9000, rules, scheme="http") == ""
    assert verdict(ip_address("127.0.0.1"), 443, rules_for(mode="exercise")) == "loopback"


@pytest.mark.parametrize("text", ["169.254.169.254", "192.0.0.192", "10.0.0.1", "ff02::1", "::", "fd00:ec2::254"])
def test_mode_test_opens_loopback_and_nothing_else(text: str) -> None:
    assert verdict(ip_address(text), 443, TEST) != ""


def test_our_own_listeners_are_never_called_not_even_in_mode_test() -> None:
    rules = rules_for(mode="test", own=[("127.0.0.1", 8080), ("::1", 8080)])
    assert verdict(ip_address("127.0.0.1"), 8080, rules) == "own-listener"
    assert verdict(ip_address("::ffff:127.0.0.1"), 8080, rules) == "own-listener"
    assert verdict(ip_address("::1"), 8080, rules) == "own-listener"
    assert verdict(ip_address("127.0.0.1"), 8081, rules) == ""


def test_a_listener_on_localhost_is_both_of_its_addresses() -> None:
    rules = rules_for(mode="test", own=[("localhost", 8080)])
    assert verdict(ip_address("127.0.0.1"), 8080, rules) == "own-listener"
    assert verdict(ip_address("::1"), 8080, rules) == "own-listener"
    with pytest.raises(ValueError, match=r"hub\.example"):
        rules_for(mode="test", own=[("hub.example", 8080)])


def test_a_listener_on_every_address_is_found_behind_each_address_of_the_machine() -> None:
    here = ip_address("10.20.0.7")
    rules = rules_for(mode="test", allow=["10.20.0.0/16"], own=[("0.0.0.0", 443)], here=lambda address: address == here)
    assert verdict(here, 443, rules) == "own-listener"
    assert verdict(ip_address("127.0.0.2"), 443, rules) == "own-listener"
    assert verdict(ip_address("10.20.0.8"), 443, rules) == ""


def test_plain_http_needs_a_named_network_a_source_that_has_nothing_else_or_mode_test() -> None:
    named = rules_for(mode="actual", allow=["10.20.0.0/16"])
    assert verdict(ip_address("8.8.8.8"), 80, ACTUAL, scheme="http") == "plain-http"
    assert verdict(ip_address("10.20.0.8"), 80, named, scheme="http") == ""
    assert verdict(ip_address("8.8.8.8"), 80, named, scheme="http") == "plain-http"
    assert verdict(ip_address("8.8.8.8"), 80, TEST, scheme="http") == ""


@pytest.mark.parametrize("port", [22, 25, 53, 2375, 3306, 5432, 6379, 9092, 11211])
def test_ports_of_other_services_are_refused_also_in_named_networks(port: int) -> None:
    named = rules_for(mode="actual", allow=["10.20.0.0/16"])
    assert verdict(ip_address("8.8.8.8"), port, ACTUAL) == "port"
    assert verdict(ip_address("10.20.0.8"), port, named) == "port"
    assert verdict(ip_address("10.20.0.8"), port, rules_for(mode="actual", allow=["10.0.0.0/8"], ports=[port])) == ""


def test_a_network_that_is_none_does_not_start() -> None:
    with pytest.raises(ValueError, match=r"10\.20"):
        rules_for(mode="actual", allow=["10.20.0.1/16"])
