"""Items and feeds in the form of GDACS's RSS, written for the tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SPACES = (
    'xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#" xmlns:gdacs="http://www.gdacs.org" '
    'xmlns:georss="http://www.georss.org/georss"'
)


def gmt(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def item(
    key: str,
    *,
    episode: int = 1,
    version: int = 1,
    level: str = "Green",
    point: str = "9.1 107.0",
    ago_h: float = 1.0,
    revised_s: float | None = 0.0,
    value: str = "5.2",
    **said: str,
) -> str:
    """One item; `key` is like EQ1526959. `revised_s` None leaves `datemodified` out."""
    began = NOW - timedelta(hours=ago_h)
    told = {
        "eventtype": key[:2],
        "eventid": key[2:],
        "episodeid": str(episode),
        "version": str(version),
        "alertlevel": level,
        "episodealertlevel": level,
        "fromdate": gmt(began),
        "todate": gmt(began),
        "country": "Viet Nam",
        "temporary": "false",
        "iscurrent": "true",
        **({} if revised_s is None else {"datemodified": gmt(began + timedelta(seconds=600 + revised_s))}),
        **said,
    }
    gdacs = "".join(f"<gdacs:{name}>{text}</gdacs:{name}>" for name, text in told.items())
    return (
        f"<item><title>{key}</title><pubDate>{gmt(began)}</pubDate><guid isPermaLink='false'>{key}</guid>"
        f"<georss:point>{point}</georss:point>{gdacs}"
        f'<gdacs:severity unit="M" value="{value}">Magnitude {value}M, Depth:10km</gdacs:severity></item>'
    )


def feed(*items: str, made_at: datetime = NOW) -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0" {SPACES}><channel><title>GDACS RSS information</title>'
        f"<pubDate>{gmt(made_at)}</pubDate>{''.join(items)}</channel></rss>"
    )
