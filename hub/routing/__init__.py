"""ROLE: which subscription fits and why; who is owed what."""
