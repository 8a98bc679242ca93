"""Feeds, CAP documents and bulletins in the form of tsunami.gov, written for the tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
EVENT = "26328001"


def when(moment: datetime, zone: str = "-00:00") -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + zone


def path(number: int, *, event: str = EVENT, product: str = "WEPA42") -> str:
    return f"/events/PHEB/2026/11/24/{event}/{number}/{product}/PHEBCAP.xml"


def cap(
    number: int,
    *,
    event: str = EVENT,
    kind: str = "Tsunami Information",
    ago_min: float = 30,
    msg_type: str = "",
    urgency: str = "Unknown",
    severity: str = "Minor",
    certainty: str = "Unlikely",
    sender: str = "ntwc@noaa.gov",
    refers_as: str = "ntwc@noaa.gov",
    point: str = "14.1,119.3",
) -> str:
    sent = NOW - timedelta(minutes=ago_min)
    earlier = " ".join(
        f"{refers_as},PHEB-{n}-{event},{when(sent - timedelta(minutes=20 * (number - n)))}" for n in range(1, number)
    )
    references = f"<references>{earlier}</references>" if earlier else ""
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
        f"<identifier>PHEB-{number}-{event}</identifier><sender>{sender}</sender><sent>{when(sent)}</sent>"
        f"<status>Actual</status><msgType>{msg_type or ('Update' if earlier else 'Alert')}</msgType><source>PTWC</source>"
        f"<scope>Public</scope><code>IPAWSv1.0</code>{references}<incidents>{event}</incidents><info><category>Geo</category>"
        f"<event>{kind}</event><responseType>None</responseType><urgency>{urgency}</urgency><severity>{severity}</severity>"
        f"<certainty>{certainty}</certainty><expires>{when(sent + timedelta(hours=1))}</expires>"
        "<senderName>NWS PACIFIC TSUNAMI WARNING CENTER HONOLULU HI</senderName>"
        f"<headline>PTWC {kind.upper()}</headline><description>Written for the tests.</description>"
        "<instruction>  N/A </instruction><area><areaDesc>LUZON, PHILIPPINES</areaDesc>"
        f"<circle>{point} 0.0</circle></area></info></alert>"
    )


def atom(*links: str, title: str = "TSUNAMI INFORMATION STATEMENT NUMBER   1", ago_min: float = 30) -> str:
    updated = when(NOW - timedelta(minutes=ago_min), "Z")
    entries = "".join(
        f"<entry><title>LUZON, PHILIPPINES</title><updated>{updated}</updated><id>urn:uuid:{n}{ago_min}</id>"
        f'<link rel="related" title="CapXML document" href="{link} " type="application/cap+xml" />'
        f'<link rel="alternate" title="Bulletin" href="{link[:-11]}WEPA42.txt" type="application/xml" /></entry>'
        for n, link in enumerate(links)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:uuid:{ago_min}</id>'
        f"<title>        {title}        </title><updated>{updated}</updated>"
        "<author><name>NWS PACIFIC TSUNAMI WARNING CENTER HONOLULU HI</name><email>ntwc@noaa.gov</email></author>"
        '<link type="application/atom+xml" rel="self" href="https://www.tsunami.example/events/xml/PAAQAtom.xml"/>'
        f"{entries}</feed>"
    )


THREAT = """TSUNAMI MESSAGE NUMBER 2
NWS PACIFIC TSUNAMI WARNING CENTER HONOLULU HI

...PTWC TSUNAMI THREAT MESSAGE...

TSUNAMI THREAT FORECAST
  * TSUNAMI WAVES REACHING 1 TO 3 METERS ABOVE THE TIDE LEVEL ARE
    POSSIBLE ALONG SOME COASTS OF
      PHILIPPINES... AND VIET
      NAM.
  * THERE IS NO TSUNAMI THREAT TO HAWAII.
"""


def tex(
    number: int = 2,
    *,
    event: str = EVENT,
    body: str = THREAT,
    ago_min: float = 30,
    test: str = "false",
    lat: str = "14.1",
) -> str:
    issued = when(NOW - timedelta(minutes=ago_min), "Z")
    return (
        '<?xml version="1.0"?><tsunamiEvent xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#"><TWCBulletin>'
        f"<TWCEventID>{event}</TWCEventID><bulletinNumber>{number}</bulletinNumber>"
        f"<bulletinIssueTime>{issued}</bulletinIssueTime><preliminarySeismicInformation><magnitude>8.2</magnitude>"
        f"<originTime>{when(NOW - timedelta(minutes=50), 'Z')}</originTime><depth>25</depth>"
        f"<geo:lat>{lat}</geo:lat><geo:long>119.3</geo:long><locationName>LUZON  PHILIPPINES</locationName>"
        f"</preliminarySeismicInformation><tsunamiBulletinBody>{body}</tsunamiBulletinBody>"
        f"<testMessage>{test}</testMessage></TWCBulletin></tsunamiEvent>"
    )
