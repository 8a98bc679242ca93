"""One HTTP/1.1 connection as a client: writes a request, reads its answer within hard limits, says whether it can be used again."""

from __future__ import annotations

import asyncio
from typing import cast

import httptools

from hub.http import Answered

MAX_HEAD = 64 * 1024
MAX_HEADERS = 200
MAX_BODY = 64 * 1024
MAX_INTERIM = 16
BODY_PATIENCE_S = 2.0
"""Once the status is known the rest of the answer has so long to come: the status is the answer, the body a courtesy."""


class Lost(Exception):
    """No answer came. `reason` is reset, protocol or timeout; `silent` says that not one byte had come."""

    def __init__(self, reason: str, *, silent: bool, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.silent = silent


class Connection(asyncio.Protocol):
    """A protocol for one request at a time. `usable` is True while a further request may be sent."""

    def __init__(self) -> None:
        self.usable = False
        self.opened_at = 0.0
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answered] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def request(self, data: bytes, deadline: float) -> asyncio.Future[Answered]:
        """Writes a whole request; the future gives its answer, or raises `Lost` at `deadline` (loop time) at the latest."""
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answered] = loop.create_future()
        if not self.usable:
            answer.set_exception(Lost("reset", silent=True, detail="closed before the request"))
            return answer
        self.usable = False
        self._deadline = deadline
        self._answer = answer
        self._timer = loop.call_at(deadline, self._end, "timeout", "no answer in time")
        self._patient = False
        self._received = 0
        self._interim = 0
        self._expect_answer()
        self._transport.write(data)
        return answer

    def drop(self) -> None:
        """The connection is gone at once, whatever it was doing."""
        self.usable = False
        self._stop_timer()
        if self._transport is not None:
            self._transport.abort()

    def _expect_answer(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._complete = False
        self._head_size = 0

    # --- the transport's calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.opened_at = asyncio.get_running_loop().time()
        self.usable = True

    def data_received(self, data: bytes) -> None:
        if self._answer is None:  # nothing was asked: whoever answers now cannot be trusted with the next request
            self.drop()
            return
        self._received += len(data)
        if not self._status:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._end("protocol", str(error))
            return
        if self._answer is None:
            return
        if not self._status and self._head_size > MAX_HEAD:
            self._end("protocol", f"more than {MAX_HEAD} bytes of headers")
        elif len(self._body) > MAX_BODY:
            self._end("protocol", "long body")
        elif self._status and not self._patient:
            self._wait_for_body()

    def eof_received(self) -> bool:
        if self._answer is not None:
            self._end("reset", "closed before the answer")
        self.drop()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        if self._answer is not None:
            self._end("reset", str(exc or "closed before the answer"))

    # --- the parser's calls ---

    def on_message_begin(self) -> None:
        if self._complete:
            raise httptools.HttpParserError("bytes after the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self._headers) >= MAX_HEADERS:
            raise httptools.HttpParserError("too many headers")
        self._headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200:
            self._status = status

    def on_body(self, piece: bytes) -> None:
        if len(self._body) <= MAX_BODY:
            self._body += piece

    def on_message_complete(self) -> None:
        if not self._status:
            self._skip_interim()
            return
        self._complete = True
        assert self._transport is not None
        sent_all = self._transport.get_write_buffer_size() == 0
        self.usable = sent_all and self._parser.should_keep_alive() and len(self._body) <= MAX_BODY
        self._give()

    def _skip_interim(self) -> None:
        """100 Continue, 103 Early Hints: the answer is still to come (RFC 9110 §15.2)."""
        self._interim += 1
        self._headers.clear()
        if self._interim > MAX_INTERIM:
            raise httptools.HttpParserError("too many interim answers")

    def _wait_for_body(self) -> None:
        loop = asyncio.get_running_loop()
        self._patient = True
        self._stop_timer()
        self._timer = loop.call_at(min(self._deadline, loop.time() + BODY_PATIENCE_S), self._end, "timeout")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self, reason: str, detail: str = "") -> None:
        """No more will come: what there is becomes the answer, or there is none."""
        self.usable = False
        if self._status:
            self._give()
        elif self._answer is not None:
            self._stop_timer()
            answer, self._answer = self._answer, None
            if not answer.done():
                answer.set_exception(Lost(reason, silent=self._received == 0, detail=detail))
        self.drop()

    def _give(self) -> None:
        self._stop_timer()
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result(Answered(self._status, self._headers, bytes(self._body[:MAX_BODY])))
