"""Time and chance as arguments: everything that asks the time or rolls dice takes a `Clock` or a `random.Random`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """What the hub asks of time. `now` is aware and in UTC; `monotonic` never goes back, in seconds."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's clock: the only one allowed in mode actual."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass(frozen=True)
class ShiftedClock:
    """A clock `shift` ahead of the machine's and running `rate` times as fast from `epoch` on; for drills and tests."""

    shift: timedelta = timedelta(0)
    rate: float = 1.0
    epoch: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        real = datetime.now(UTC)
        return self.epoch + (real - self.epoch) * self.rate + self.shift

    def monotonic(self) -> float:
        return time.monotonic() * self.rate


class LeapingClock:
    """The machine's clock, ahead by the seconds that stand in `file`: a drill leaps over quiet hours by writing them anew (`leap`).

    Between leaps it goes at the machine's pace, so that timeouts and leases mean what they mean in earnest. It never goes back: no
    file, or one that says less or nothing readable, changes nothing. `monotonic` does not leap.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] = (0, 0)
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._look()

    def monotonic(self) -> float:
        return time.monotonic()

    def _look(self) -> timedelta:
        try:
            stat = self._file.stat()
            if (stat.st_ino, stat.st_mtime_ns) != self._seen:
                said = timedelta(seconds=float(self._file.read_text(encoding="ascii")))
                self._seen = stat.st_ino, stat.st_mtime_ns
                self._ahead = max(self._ahead, said)
        except (OSError, ValueError, OverflowError):
            pass
        return self._ahead


def leap(file: Path, ahead: timedelta) -> None:
    """Every `LeapingClock` of `file`, in whatever process, is so far ahead of the machine's from now on, unless it was further."""
    new = file.with_suffix(".new")
    new.write_text(f"{ahead.total_seconds():.6f}\n", encoding="ascii")
    new.replace(file)


class SetClock:
    """A clock that stands still until `advance` or `set`; for tests that must not sleep."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set(self, moment: datetime) -> None:
        self._monotonic += max(0.0, (moment - self._now).total_seconds())
        self._now = moment.astimezone(UTC)


def to_us(moment: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z of an aware `moment`: how every instant is stored.

    Raises:
        ValueError: `moment` is naive; the caller must first say which zone it meant.
    """
    if moment.tzinfo is None:
        raise ValueError(f"naive time {moment.isoformat()}: give it a zone first")
    since = moment - EPOCH
    return since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds


def from_us(us: int) -> datetime:
    """The UTC instant of `us` microseconds since 1970."""
    return EPOCH + timedelta(microseconds=us)
