"""ROLE: what the hub itself concludes, from numbers at gauges and from earthquakes told elsewhere; every conclusion is a Candidate.

`thresholds`, `silence` and `impact` decide and are pure; `stations` and `scales` are the dated tables they decide by; `telling` words
the result; `taking` is the one way in for readings, `run` and `shaking` are the loops.
"""

SOURCE = "he-thong-tinh"
"""The source under whose name all of it goes to acceptance: its authority says what the hub may conclude, like any other source's."""
