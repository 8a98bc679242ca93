"""Units of readings (UCUM): a number said in another unit of the same kind is converted exactly, any other is refused. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

_KINDS: tuple[Mapping[str, Decimal], ...] = (
    {"m": Decimal(1), "dm": Decimal("0.1"), "cm": Decimal("0.01"), "mm": Decimal("0.001"), "[ft_i]": Decimal("0.3048")},
    {"m3/s": Decimal(1), "L/s": Decimal("0.001"), "[cft_i]/s": Decimal("0.028316846592")},
    {"uSv/h": Decimal(1), "nSv/h": Decimal("0.001"), "mSv/h": Decimal(1000), "Sv/h": Decimal(1_000_000)},
    {"[ppm]": Decimal(1), "[ppb]": Decimal("0.001")},
)
_SPELLED = {"m³/s": "m3/s", "µSv/h": "uSv/h", "μSv/h": "uSv/h", "ppm": "[ppm]", "ppb": "[ppb]", "ft": "[ft_i]"}


def is_known(unit: str) -> bool:
    """Whether readings may be in that unit."""
    return any(_spelled(unit) in kind for kind in _KINDS)


def converted(value: float, unit: str, wanted: str) -> float | None:
    """The finite `value` in the unit `wanted`, without the noise of binary fractions; None when the two measure different things."""
    given, asked = _spelled(unit), _spelled(wanted)
    if given == asked:
        return value
    kind = next((kind for kind in _KINDS if given in kind and asked in kind), None)
    return None if kind is None else float(Decimal(str(value)) * kind[given] / kind[asked])


def _spelled(unit: str) -> str:
    return _SPELLED.get(unit, unit)
