"""Endpoints that mean no good, and an observer of every connection this process tries to make."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_watching: list[list[str]] = []


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(args[1], tuple):
        for seen in _watching:
            seen.append(str(args[1][0]))


sys.addaudithook(_watch)


@contextmanager
def connections() -> Iterator[list[str]]:
    """The address of every connection tried from here on, as the interpreter itself reports it."""
    seen: list[str] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)


@contextmanager
def endless() -> Iterator[str]:
    """A server that answers with a header that never ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_pour_out, args=(listening,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        listening.close()


def _pour_out(listening: socket.socket) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_pour, args=(connection,), daemon=True).start()


def _pour(connection: socket.socket) -> None:
    with connection:
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                connection.sendall(b"x-more: " + b"y" * 1000 + b"\r\n")
        except OSError:
            return
