"""Mistakes of the configuration gathered, so that a person is told all of them at once and not one a try."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase

from hub.errors import ConfigError


class Faults:
    """What was found so far. `blamed` are ids that could not be read for it: nobody is told that those are missing."""

    def __init__(self) -> None:
        self.found: list[ConfigError] = []
        self.blamed: list[str] = []

    @contextmanager
    def kept(self, *names: str, where: str = "") -> Iterator[None]:
        """A ConfigError inside ends the block and is kept, told of a place inside `where` when given; `names` are to blame it for."""
        try:
            yield
        except ConfigError as error:
            self.found += (error.within(where) if where else error).each()
            self.blamed += [name for name in names if name]

    def add(self, where: str, reason: str, mend: str) -> None:
        """One more mistake."""
        self.found.append(ConfigError(where, reason, mend))

    def blames(self, name: str) -> bool:
        """Whether that id could not be read, so that its absence is told already; a * in a blamed id stands for any unit."""
        return any(fnmatchcase(name, blamed) or name == blamed for blamed in self.blamed)

    def raise_any(self) -> None:
        """Returns when nothing was found.

        Raises:
            ConfigError: the first, with the others.
        """
        if self.found:
            first, *others = self.found
            raise ConfigError(first.where, first.reason, first.mend, others=others)


@contextmanager
def gathering(faults: Faults | None) -> Iterator[Faults]:
    """`faults`, or with None new ones that are raised together at the end of the block.

    Raises:
        ConfigError: nobody gathers them outside, and there are some.
    """
    mine = Faults() if faults is None else faults
    yield mine
    if faults is None:
        mine.raise_any()
