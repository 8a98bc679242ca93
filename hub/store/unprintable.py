"""The letter that not every backend can keep: U+0000 becomes U+FFFD where text must be the same everywhere."""

from __future__ import annotations


def without_nul(said: str) -> str:
    """The same text, U+0000 replaced."""
    return said.replace("\0", "\ufffd") if "\0" in said else said
