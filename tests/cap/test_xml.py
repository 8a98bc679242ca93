"""CAP as XML, there and back, through the module everyone imports."""

from __future__ import annotations

from tests.cap.cap_samples import VIET_NAM, document, info_element

from hub.cap import xml


def test_what_is_read_is_written_and_read_again_the_same() -> None:
    body = document(info=info_element(headline="Lũ lên nhanh") + info_element(language="en-US", event="Flood"))
    alert = xml.read(body, zone=VIET_NAM).alert
    assert [info.event for info in alert.infos] == ["Lũ", "Flood"]
    again = xml.read(xml.write(alert), zone=VIET_NAM)
    assert again.alert == alert
    assert again.repairs == ()
    assert again.faults == ()


def test_every_alert_of_a_feed_is_read() -> None:
    feed = b"<feed>" + document(identifier="one") + document(identifier="two") + b"</feed>"
    assert [xml.read(body, zone=VIET_NAM).alert.identifier for body in xml.find_alerts(feed)] == ["one", "two"]
    assert xml.parse_xml(feed).tag == "feed"
