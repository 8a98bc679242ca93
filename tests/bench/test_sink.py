"""The sink answers once a request."""

from __future__ import annotations

import socket

from hub.bench.sink import sink


def test_it_answers_every_request_on_one_connection() -> None:
    with sink(4) as port, socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for _ in range(3):
            connection.sendall(b"POST / HTTP/1.1\r\n\r\nbody")
            assert connection.recv(100).startswith(b"HTTP/1.1 204")
