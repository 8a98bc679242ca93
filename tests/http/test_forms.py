"""hub.http.forms: a gateway as the deployment describes it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from hub.errors import ConfigError, Rejected, Retry
from hub.http import Answered
from hub.http.addresses import rules_for
from hub.http.forms import Form, ask, at, judged, request
from hub.http.gate import Gate
from hub.http.post import PinnedPoster
from tests.http.wire import plain, resolver, speaking

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
GAPS = ("id", "to", "text", "parts", "segments")
VALUES: dict[str, Any] = {"id": "d1", "to": "84912", "text": 'Lũ "&<>\r\n', "parts": 2, "segments": ["a", "b"]}


def form(**changes: Any) -> Form:
    given_: dict[str, Any] = {"url": "https://sms.example.vn/send", "body": {"to": "{to}", "text": "{text}"}, **changes}
    return Form(**given_)


def answer(status: int = 200, body: Any = b"", **headers: str) -> Answered:
    return Answered(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


def test_json_keeps_the_kinds_of_whole_gaps() -> None:
    filled = request(form(body={"n": "{parts}", "all": "{segments}", "in": {"t": "x {text}", "k": True}}), VALUES)
    assert json.loads(filled.body) == {"n": 2, "all": ["a", "b"], "in": {"t": 'x Lũ "&<>\r\n', "k": True}}
    assert (filled.method, filled.headers["content-type"]) == ("POST", "application/json; charset=utf-8")


def test_a_form_a_query_and_a_document_are_written_each_in_its_own_way() -> None:
    posted = request(form(encoding="form"), VALUES)
    assert parse_qs(posted.body.decode()) == {"to": ["84912"], "text": ['Lũ "&<>\r\n']}
    asked = request(form(encoding="query", url="https://sms.example.vn/send?user=u"), VALUES)
    assert (asked.method, asked.body) == ("GET", b"")
    assert parse_qs(urlsplit(asked.url).query)["text"] == ['Lũ "&<>\r\n']
    written = request(form(encoding="xml", body={}, xml="<m to='{to}'>{text}</m>"), VALUES)
    assert etree.fromstring(written.body).text == 'Lũ "&<>\n'


@given(st.text())
def test_no_value_becomes_anything_else(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    values = {**VALUES, "text": text}
    assert json.loads(request(form(), values).body) == {"to": "84912", "text": text}
    assert parse_qs(request(form(encoding="form"), values).body.decode(), keep_blank_values=True)["text"] == [text]
    headed = request(form(headers={"X-Text": "{text}"}), values).headers["X-Text"]
    assert headed.isascii()
    assert headed.isprintable()
    url = urlsplit(request(form(url="https://sms.example.vn/{text}/x"), values).url)
    assert (url.hostname, url.path.count("/"), url.query, url.fragment) == ("sms.example.vn", 2, "", "")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"url": "https://{to}/send"}, "url"),
        ({"url": "https://sms.example.vn{text}/send"}, "url"),
        ({"url": "https://sms.example.vn:{to}/"}, "url"),
        ({"url": "https://user:geheim@sms.example.vn/"}, "url"),
        ({"url": "ftp://sms.example.vn/"}, "url"),
        ({"url": "https:///send"}, "url"),
        ({"encoding": "yaml"}, "encoding"),
        ({"headers": {"X-Key": "geheim\r\nHost: x"}}, "headers.X-Key"),
        ({"headers": {"Host": "geheim"}}, "headers.Host"),
        ({"headers": {"X Key": "geheim"}}, "headers.X Key"),
        ({"body": {"to": "{to}", "text": "{txt}"}}, "body"),
        ({"body": {"to": "{to}"}}, "body"),
        ({"encoding": "form", "body": {"to": "{to}", "text": ["{text}"]}}, "body"),
        ({"encoding": "xml"}, "xml"),
        ({"xml": "<a/>"}, "xml"),
        ({"taken_field": "code"}, "taken_values"),
    ],
)
def test_a_form_that_cannot_be_right_does_not_start_and_tells_no_secret(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        form(**changes).check(GAPS, must=(("to",), ("text", "segments")))
    assert raised.value.where == key
    assert "geheim" not in str(raised.value)


def test_a_good_form_passes_and_shows_no_secret() -> None:
    good = form(headers={"Authorization": "Bearer geheim"}, body={"to": "{to}", "text": "{text}", "key": "geheim"})
    good.check(GAPS, must=(("to",), ("text", "segments")))
    assert "geheim" not in repr(good)
    assert "geheim" not in repr(request(good, VALUES))


JSON = form(taken_field="result.code", taken_values=("100", "true"), again_values=("99",), id_field="result.ids.0")


def test_a_good_answer_gives_the_gateways_id() -> None:
    for code in (100, "100", True):
        assert judged(JSON, answer(body={"result": {"code": code, "ids": ["s-7"]}}), NOW).id == "s-7"
    assert judged(form(), answer(204), NOW).id == ""


@pytest.mark.parametrize(
    ("given_", "error", "reason"),
    [
        (answer(body={"result": {"code": 99}}), Retry, "gateway-says 99"),
        (answer(body={"result": {"code": 104}}), Rejected, "gateway-says 104"),
        (answer(body={"result": {"code": "x\n" * 99}}), Rejected, "gateway-says x x"),
        (answer(body={"error": "no"}), Retry, "answer-unreadable"),
        (answer(body=b"<html>" + b"x" * 65_000), Retry, "answer-unreadable"),
        (answer(body=b"[" * 60_000), Retry, "answer-unreadable"),
        (answer(500), Retry, "http-500"),
        (answer(429, **{"retry-after": "7"}), Retry, "http-429"),
        (answer(401), Rejected, "http-401"),
        (answer(302), Rejected, "http-302"),
    ],
)
def test_what_is_not_taken_is_retried_or_refused(given_: Answered, error: type[Exception], reason: str) -> None:
    with pytest.raises(error) as raised:
        judged(JSON, given_, NOW)
    assert reason in str(raised.value)
    assert len(str(raised.value)) < 120
    if isinstance(raised.value, Retry) and given_.status == 429:
        assert raised.value.after_s == 7


def test_an_answer_in_words_is_read_by_what_stands_in_it() -> None:
    words = form(taken_values=("<Code>0</Code>",), again_values=("BUSY",))
    assert judged(words, answer(body=b"<r><Code>0</Code></r>"), NOW).status == 200
    with pytest.raises(Retry):
        judged(words, answer(body=b"BUSY"), NOW)
    with pytest.raises(Rejected):
        judged(words, answer(body=b"\xff\xfe"), NOW)


def test_a_path_leads_through_tables_and_lists() -> None:
    assert at({"a": [{"b": 1}]}, "a.0.b") == 1
    assert at({"a": [{"b": 1}]}, "a.1.b") is at({"a": 1}, "a.b") is at([], "²") is None


async def test_a_gateway_is_asked_over_the_wire_by_get_and_post() -> None:
    async with speaking(plain(b'{"result": {"code": 100}}')) as wire:
        out = PinnedPoster(rules_for(mode="test"), resolver=resolver(["127.0.0.1"]), user_agent="hub/test")
        told = replace(JSON, url=wire.http + "/send")
        gate = Gate(2)
        await ask(out, told, VALUES, gate=gate, now=NOW, timeout_s=2)
        by_get = replace(told, encoding="query")
        await ask(out, by_get, {**VALUES, "text": "Lũ " * 300}, gate=gate, now=NOW, timeout_s=2)
        (posted, _), (asked, body) = wire.requests
        assert posted.startswith("POST /send HTTP/1.1")
        assert asked.startswith("GET /send?to=84912&text=L%C5%A9+L")
        assert body == b""
        assert wire.connections == 1
        await out.aclose()
