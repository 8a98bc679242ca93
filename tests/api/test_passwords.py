"""Passwords and guesses: argon2id, bounded, and slow for those who guess."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from hub.api.passwords import WINDOW_S, Guesses, Passwords
from hub.api.problems import Problem


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


async def test_a_password_fits_its_own_hash_only(passwords: Passwords) -> None:
    hashed = await passwords.hash("mưa lớn đêm nay")
    assert hashed.startswith("$argon2id$")
    assert await passwords.fits(hashed, "mưa lớn đêm nay")
    assert not await passwords.fits(hashed, "mưa lớn đêm nao")


async def test_no_hash_and_a_broken_hash_fit_nothing(passwords: Passwords) -> None:
    assert not await passwords.fits("", "nobody has this password")
    assert not await passwords.fits("not a hash", "anything at all")


@pytest.mark.parametrize("password", ["short", "x" * 201])
async def test_a_password_of_wrong_length_is_refused(passwords: Passwords, password: str) -> None:
    with pytest.raises(Problem) as refused:
        await passwords.hash(password)
    assert refused.value.status == 422


async def test_a_flood_of_sign_ins_is_refused_at_once(passwords: Passwords) -> None:
    answers = await asyncio.gather(*(passwords.fits("", "guess") for _ in range(40)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Problem)]
    assert len(refused) == 40 - 18 and all(problem.status == 503 for problem in refused)
    assert await passwords.fits("", "again") is False


def test_too_many_failures_have_to_wait_until_the_first_is_old() -> None:
    guesses = Guesses()
    for at in range(5):
        assert guesses.wait_s("an", 5, at) == 0
        guesses.failed("an", at)
    assert guesses.wait_s("an", 5, 4) == int(WINDOW_S) - 3
    assert guesses.wait_s("an", 5, WINDOW_S) == 0
    assert guesses.wait_s("binh", 5, 4) == 0


def test_a_success_forgets_the_failures() -> None:
    guesses = Guesses()
    for _ in range(5):
        guesses.failed("an", 0)
    guesses.succeeded("an")
    assert guesses.wait_s("an", 5, 1) == 0


def test_names_without_end_do_not_fill_the_memory() -> None:
    guesses = Guesses()
    for number in range(10_050):
        guesses.failed(f"name {number}", 0)
    assert guesses.wait_s("name 0", 1, 1) == 0
    assert guesses.wait_s("name 10049", 1, 1) > 0
