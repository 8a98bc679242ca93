"""Papers: what a province files and signs, filled in from the record. Templates and the office that issues them are data; all of it pure but
for reading those files.

`Papers` finds template and office; `notice`, `report` and `calls` say what stands in each paper.
"""

from hub.papers.calls import Agency, Call, call_list
from hub.papers.notice import Shown, notice
from hub.papers.office import Office, office_of
from hub.papers.report import Answered, Decided, Happened, Reported, report
from hub.papers.shelf import Page, Papers

__all__ = [
    "Agency",
    "Answered",
    "Call",
    "Decided",
    "Happened",
    "Office",
    "Page",
    "Papers",
    "Reported",
    "Shown",
    "call_list",
    "notice",
    "office_of",
    "report",
]
