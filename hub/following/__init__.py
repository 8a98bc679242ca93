"""ROLE: hosts followers, which keep a published copy of the alerts."""
