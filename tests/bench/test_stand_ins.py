"""What peers do, told of the C programs and of their stand-ins alike."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from hub.bench.peers import Peer, Peers

POST = b"POST /e/7 HTTP/1.1\r\nHost: x\r\nwebhook-id: d1\r\nContent-Length: 4\r\n\r\nbody"


def test_the_sink_answers_every_request_and_reports_it_once(peers: Peers) -> None:
    with peers.running("http_sink") as sink:
        (port,) = sink.expect("port")
        with socket.create_connection(("127.0.0.1", int(port)), timeout=30) as connection:
            for _ in range(3):
                connection.sendall(POST[:60])
                connection.sendall(POST[60:])
                assert connection.recv(100).startswith(b"HTTP/1.1 204")
            connection.sendall(POST.replace(b"webhook-id: d1\r\n", b"") * 2)
            *lines, end = sink.report(5, within_s=30)
            assert sink.report(1, within_s=0.05) == ["end 1"]
    assert [line.split(" ")[2:] for line in lines[:3]] == [[str(len(POST)), "/e/7", "d1"]] * 3
    assert [line.split(" ")[4] for line in lines[3:]] == ["-", "-"] and end == "end 1"
    instants = [int(line.split(" ")[1]) for line in lines]
    assert instants == sorted(instants)


@contextmanager
def _swarm(peers: Peers, clients: int) -> Iterator[tuple[Peer, Peer]]:
    """The loop with so many clients connected."""
    with peers.running("ws_blast", str(clients)) as blast:
        (port,) = blast.expect("port")
        with peers.running("ws_swarm", port, "/", str(clients), "", '"mine"', "Origin: http://x") as swarm:
            assert swarm.expect("ready") == [str(clients)] and blast.expect("ready") == [str(clients)]
            yield blast, swarm


def _load(blast: Peer, text: str) -> None:
    data = text.encode()
    blast.tell(f"load {len(data)}", data)
    blast.expect("loaded")


def test_every_client_has_every_frame_with_the_same_bytes(peers: Peers) -> None:
    with _swarm(peers, 40) as (blast, swarm):
        for text in ('{"mine": 1}', '{"mine": "' + "ế" * 700 + '"}'):
            _load(blast, text)
            blast.tell("blast 3")
            began, ended = map(int, blast.expect("blasted"))
            *lines, end = swarm.report(3, within_s=30)
            assert end == "end 40" and len(lines) == 3
            for line in lines:
                word, had, same, first, median, last, told = line.split(" ", 6)
                assert (word, had, same, told) == ("frame", "40", "40", text)
                assert began <= int(first) <= int(median) <= int(last)
            assert began <= ended


def test_other_frames_do_not_count_and_a_report_waits_no_longer_than_it_may(peers: Peers) -> None:
    with _swarm(peers, 3) as (blast, swarm):
        _load(blast, '{"other": 1}')
        blast.tell("blast 2")
        blast.expect("blasted")
        assert swarm.report(1, within_s=0.1) == ["end 3"]
        _load(blast, '{"mine": 2}')
        blast.tell("blast 1")
        assert len(swarm.report(2, within_s=0.5)) == 2, "what came is told although it is less than was asked for"


def test_clients_who_lost_their_connection_are_not_counted_as_open(peers: Peers) -> None:
    with _swarm(peers, 3) as (blast, swarm):
        blast.process.kill()
        blast.process.wait()
        for _ in range(100):
            if swarm.report(1, within_s=0.1) == ["end 0"]:
                return
    raise AssertionError("the swarm still counts them")


def test_clients_are_ready_only_after_the_frame_that_says_so(peers: Peers) -> None:
    with peers.running("ws_blast", "1") as blast:
        (port,) = blast.expect("port")
        with peers.running("ws_swarm", port, "/", "1", '"live"', '"mine"') as swarm:
            blast.expect("ready")
            _load(blast, '{"mine": 0}')
            blast.tell("blast 1")
            _load_after(blast, '{"live": 1}')
            assert swarm.expect("ready") == ["1"]
            _load(blast, '{"mine": 1}')
            blast.tell("blast 1")
            blast.expect("blasted")
            (line, _) = swarm.report(1, within_s=30)
            assert line.endswith('{"mine": 1}')


def _load_after(blast: Peer, text: str) -> None:
    blast.expect("blasted")
    _load(blast, text)
    blast.tell("blast 1")
    blast.expect("blasted")
