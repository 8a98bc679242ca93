"""Content codings, pure, with a limit on what comes out: a small body that swells without end is a bomb, not a document."""

from __future__ import annotations

import zlib
from typing import Protocol

from hub.errors import SourceError

BOMB_RATIO = 100
"""Past the limit, so many bytes out of one byte in make a bomb; fewer are just too big. CAP compresses 5 to 20 times."""


class Decoder(Protocol):
    """Takes the body piece by piece and holds no more than the limit."""

    def feed(self, piece: bytes) -> None: ...

    def finish(self) -> bytes:
        """The whole body.

        Raises:
            SourceError: partial; the coded body ends too early.
        """
        ...


class Plain:
    """A body as it is.

    Raises:
        SourceError: too-big.
    """

    def __init__(self, max_bytes: int) -> None:
        self._left = max_bytes
        self._pieces: list[bytes] = []

    def feed(self, piece: bytes) -> None:
        self._left -= len(piece)
        if self._left < 0:
            raise SourceError("too-big", "the body is longer than the limit")
        self._pieces.append(piece)

    def finish(self) -> bytes:
        return b"".join(self._pieces)


class Deflated:
    """A gzip or zlib body; never more than `max_bytes` come out, and no more than a piece is held besides.

    Raises:
        SourceError: too-big, bomb, or encoding (not what its header says).
    """

    def __init__(self, max_bytes: int) -> None:
        self._stream = _inflater()
        self._max_bytes = max_bytes
        self._taken = 0
        self._body = bytearray()

    def feed(self, piece: bytes) -> None:
        self._taken += len(piece)
        while piece:
            if self._stream.eof:  # a gzip file may have several members (RFC 1952 §2.2)
                self._stream = _inflater()
            try:
                self._body += self._stream.decompress(piece, self._max_bytes - len(self._body) + 1)
            except zlib.error as error:
                raise SourceError("encoding", f"the body is not compressed as said: {error}") from error
            self._judge()
            piece = self._stream.unused_data

    def finish(self) -> bytes:
        if self._taken and not self._stream.eof:
            raise SourceError("partial", "the compressed body ends too early")
        return bytes(self._body)

    def _judge(self) -> None:
        if len(self._body) > self._max_bytes:
            taken = self._taken - len(self._stream.unconsumed_tail)
            swollen = len(self._body) > BOMB_RATIO * taken
            raise SourceError("bomb" if swollen else "too-big", f"{taken} bytes give more than {self._max_bytes}")


def _inflater() -> zlib._Decompress:
    return zlib.decompressobj(wbits=47)  # 32 + 15: gzip or zlib, by its first bytes


def decoder(coding: str, max_bytes: int) -> Decoder:
    """The decoder of a Content-Encoding.

    Raises:
        SourceError: encoding; one we did not ask for.
    """
    name = coding.strip().lower()
    if name in ("", "identity"):
        return Plain(max_bytes)
    if name in ("gzip", "x-gzip", "deflate"):
        return Deflated(max_bytes)
    raise SourceError("encoding", f"Content-Encoding {coding[:40]!r}: expected gzip or none")
