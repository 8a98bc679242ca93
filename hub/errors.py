"""Every error of the hub; the type says what to do next, the text says what, where, the offending value and what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class HubError(Exception):
    """Root of all errors raised on purpose by the hub. Its text never holds a secret."""


class ConfigError(HubError):
    """Do not start. `where` is a file and key, `mend` says what to write instead; `others` were found together with it."""

    def __init__(self, where: str, reason: str, mend: str = "", *, others: Iterable[ConfigError] = ()) -> None:
        super().__init__(f"{where}: {reason}" + (f" — {mend}" if mend else ""))
        self.where = where
        self.reason = reason
        self.mend = mend
        self.others = tuple(others)

    def each(self) -> Iterator[ConfigError]:
        """This one and the others."""
        yield self
        for other in self.others:
            yield from other.each()

    def within(self, where: str) -> ConfigError:
        """The same, and the others, told of a place inside `where`."""
        told = [ConfigError(f"{where}: {one.where}", one.reason, one.mend) for one in self.each()]
        return ConfigError(told[0].where, told[0].reason, told[0].mend, others=told[1:])


class SourceError(HubError):
    """The source could not be read: read again later. `reason` is a short kebab-case word for the source page."""

    def __init__(self, reason: str, detail: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.retry_after_s = retry_after_s


class WrongContent(SourceError):
    """The source answers, and what it says is as a whole not what it should say: shown as wrong content, read again later."""


class ParseError(HubError):
    """The bytes mean nothing to us: keep them and call a person. Never retried with the same bytes."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Retry(HubError):
    """A channel could not deliver now: try again, not before `after_s` seconds when given."""

    def __init__(self, reason: str, *, after_s: float | None = None, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s
        self.status = status


class Rejected(HubError):
    """The recipient refused this delivery (an answer that trying again at once will not change)."""

    def __init__(self, reason: str, *, status: int | None = None, gone: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.gone = gone


class Forbidden(HubError):
    """The address, person or key may not do this. For an address: no connection was made."""


class WrongMode(HubError):
    """The store belongs to another mode (actual, exercise, test) than this process."""


class LeaseLost(HubError):
    """Another process holds the lease now: stop acting at once, change nothing more."""


class NotHeld(HubError):
    """The alert does not wait for a person: somebody has decided already, or it never was held. Look at it again."""
