"""What people are told of an alert, in words: the same facts for a mail, a telephone's screen, a loudspeaker and a sheet of paper. Pure.

`tell` turns what is owed to somebody into `Told`; the rest lays it out: `subject` and `paragraphs` for reading, `brief` and `segments`
for a telephone, `read_aloud` for a voice.
"""

from hub.telling.aloud import play_time_s, read_aloud
from hub.telling.brief import Room, brief, segments
from hub.telling.facts import Owed, Part, Told, tell
from hub.telling.layout import paragraphs, subject
from hub.telling.plain import one_line, shortened, text_lines
from hub.telling.times import span

__all__ = [
    "Owed",
    "Part",
    "Room",
    "Told",
    "brief",
    "one_line",
    "paragraphs",
    "play_time_s",
    "read_aloud",
    "segments",
    "shortened",
    "span",
    "subject",
    "tell",
    "text_lines",
]
