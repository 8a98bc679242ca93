"""What benches say is valid, different each time, and submitted so that a refusal shows."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from hub.bench.said import alerts, sample, submitting
from hub.cap.xml import read, write


def test_no_two_alerts_have_one_identifier_even_in_two_runs() -> None:
    said = [alert.identifier for run in (alerts(), alerts()) for alert in islice(run, 20)]
    assert len(set(said)) == 40


def test_an_alert_has_about_4_kb_and_is_read_without_a_repair() -> None:
    body = write(sample("one", datetime.now(UTC).replace(microsecond=0)))
    assert 3000 < len(body) < 5000
    parsed = read(body, zone=ZoneInfo("UTC"))
    assert parsed.alert.identifier == "one" and not parsed.repairs


@contextmanager
def _answering(*pieces: bytes) -> Iterator[int]:
    """A server that answers its one request with these pieces, each in its own packet if the system lets it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1 << 16)
                for piece in pieces:
                    connection.sendall(piece)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(30)


def test_an_answer_is_read_whole() -> None:
    with (
        _answering(b"HTTP/1.1 202 Acc", b"epted\r\ncontent-length: 5\r\n\r\nab", b"cde") as port,
        submitting(port, "k") as submitter,
    ):
        submitter.post([submitter.request(next(alerts()))])


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", b""]
)
def test_whatever_is_not_accepted_anew_stops_the_bench(answer: bytes) -> None:
    with (
        _answering(answer) as port,
        submitting(port, "k") as submitter,
        pytest.raises(RuntimeError, match=r"not accepted|closed"),
    ):
        submitter.post([submitter.request(next(alerts()))])
