"""Telephone numbers: one way of writing each, and none of them whole where others read it. Pure."""

from __future__ import annotations

import re

from hub.errors import ConfigError

COUNTRY = "84"
"""Numbers that begin with 0 are of this country (ITU-T E.164: Viet Nam)."""

_SPACING = re.compile(r"[ .\-()]")
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{7,14}")
_NATIONAL = re.compile(r"0[1-9][0-9]{7,10}")


def read_phone(text: str, *, key: str = "to") -> str:
    """The number as E.164: "0912 345 678", "84912345678" and "+84912345678" are one.

    Raises:
        ConfigError: it is none; it is not repeated whole, for it may be somebody's.
    """
    bare = _SPACING.sub("", text.strip())
    if _INTERNATIONAL.fullmatch(bare):
        return bare
    if bare.startswith(COUNTRY) and _INTERNATIONAL.fullmatch(f"+{bare}"):
        return f"+{bare}"
    if _NATIONAL.fullmatch(bare):
        return f"+{COUNTRY}{bare[1:]}"
    raise ConfigError(key, f"{masked(text)!r} is no telephone number", "+84912345678 or 0912345678")


def dialled(phone: str, form: str) -> str:
    """An E.164 number as a gateway wants it: "+84" (as it is), "84" (without the plus) or "0" (as dialled inside the country)."""
    if form == "0" and phone.startswith(f"+{COUNTRY}"):
        return f"0{phone.removeprefix(f'+{COUNTRY}')}"
    return phone if form == "+84" else phone.removeprefix("+")


def masked(phone: str) -> str:
    """Enough of a number for its owner to know it by: its first four and last three signs."""
    return f"{phone[:4]}…{phone[-3:]}" if len(phone) > 7 else "…"
