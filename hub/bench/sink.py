"""A cheap loopback sink in a thread of its own: answers every request with 204, or sends nothing and only counts bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


@contextmanager
def sink(request_bytes: int) -> Iterator[int]:
    """The port of a server that answers once per `request_bytes` received on a connection."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    threading.Thread(target=_accept, args=(listening, request_bytes), daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.close()


def _accept(listening: socket.socket, request_bytes: int) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection, request_bytes), daemon=True).start()


def _answer(connection: socket.socket, request_bytes: int) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(65536)
            if not part:
                return
            head += part
        got = len(head.partition(b"\r\n\r\n")[2])
        while got < request_bytes:
            part = connection.recv(65536)
            if not part:
                return
            got += len(part)
        connection.sendall(_ANSWER)
