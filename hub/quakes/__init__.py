"""Earthquakes as catalogues tell them: one event, its words, its CAP, the region that counts, and how far a catalogue was read.

Every connector that reads an earthquake network shares this, so that one quake told by three networks differs only in what the
networks differ in. A connector reads its network's format into a `Quake` and leaves the rest to `alert_of`.
"""

from hub.quakes.alert import Network, Scale, alert_of, by_magnitude, checked_scale, revised_at
from hub.quakes.event import Catalogue, Quake
from hub.quakes.progress import Progress, mark_of, progress_of
from hub.quakes.region import Region

__all__ = [
    "Catalogue",
    "Network",
    "Progress",
    "Quake",
    "Region",
    "Scale",
    "alert_of",
    "by_magnitude",
    "checked_scale",
    "mark_of",
    "progress_of",
    "revised_at",
]
