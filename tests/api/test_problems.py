"""Problems: both languages, nothing of the inside."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError

from hub.api import problems
from hub.api.problems import Problem

API = Path(problems.__file__).parent


class Secretive(BaseModel):
    password: int


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app)

    @app.get("/told")
    async def told() -> None:
        raise Problem(503, "overloaded", retry_after_s=7, extra={"more": 1})

    @app.get("/store")
    async def store() -> None:
        raise OperationalError("SELECT secret FROM keys", {}, Exception("disk I/O error /secret/path"))

    @app.get("/fault")
    async def fault() -> None:
        raise KeyError("secret")

    @app.post("/body")
    async def body(body: Secretive) -> None: ...

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as made:
        yield made


async def test_a_problem_is_told_in_vietnamese_then_english(client: httpx.AsyncClient) -> None:
    answer = await client.get("/told")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    told = answer.json()
    assert told["title"] == "Hệ thống đang quá tải / The hub is overloaded"
    assert (told["status"], told["code"], told["more"]) == (503, "overloaded", 1)
    assert told["type"] == "urn:dongnai-hub:problem:overloaded"


@pytest.mark.parametrize(("path", "status"), [("/store", 503), ("/fault", 500), ("/none", 404)])
async def test_nothing_of_the_inside_is_told(client: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(path)
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
    assert not re.search(r"secret|SELECT|Traceback|KeyError|Operational", answer.text)
    assert answer.headers["content-security-policy"]


async def test_wrong_input_is_named_but_not_repeated(client: httpx.AsyncClient) -> None:
    answer = await client.post("/body", json={"password": "my secret"})
    assert answer.status_code == 422 and answer.json()["faults"][0]["where"] == "body/password"
    assert "my secret" not in answer.text


async def test_another_method_is_refused_with_the_allowed_ones(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/told")
    assert answer.status_code == 405 and answer.headers["allow"] == "GET"


def test_a_value_with_braces_does_not_break_the_text() -> None:
    answer = problems.answer(Problem(422, "unknown-area", area="{0} {x} %s"))
    assert "{0} {x} %s" in json.loads(answer.body)["detail"]


def test_every_problem_raised_has_its_text_in_both_languages() -> None:
    raised = set()
    for path in API.glob("*.py"):
        raised |= set(re.findall(r'Problem\(\s*\d+,\s*"([\w-]+)"', path.read_text()))
    for language in problems.LANGUAGES:
        known = problems.texts(language).keys()
        assert raised | set(problems._OF_STATUS.values()) | {"bad-request"} <= known
        assert all(len(told) == 2 and all(told) for told in problems.texts(language).values())
    assert problems.texts("vi").keys() == problems.texts("en").keys()
