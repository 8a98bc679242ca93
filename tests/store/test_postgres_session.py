"""hub.store.postgres_session: a synchronous connection that any thread may use, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hub.store.postgres_address import address
from hub.store.postgres_session import Lost, Session, is_of_the_server
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.needs("postgres")


@pytest.fixture
def session(database: str) -> Iterator[Session]:
    session = Session(address(database), role="test", answer_s=5, settings={})
    yield session
    session.close()


def test_statements_run_inside_whole_in_whatever_thread(session: Session) -> None:
    seen: list[int] = []

    def ask() -> None:
        seen.append(session.whole(lambda: session.conn.execute(text("SELECT 7")).scalar_one()))

    for _ in range(2):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    ask()
    assert seen == [7, 7, 7]


def test_a_script_begins_and_ends_transactions_around_what_closures_do(session: Session) -> None:
    def work() -> tuple[str, str]:
        session.script("CREATE TABLE t (n int)")
        session.script("BEGIN; SAVEPOINT a")
        session.conn.execute(text("INSERT INTO t VALUES (1)"))
        return session.script("ROLLBACK"), session.conn.execute(text("SELECT count(*) FROM t")).scalar_one()

    assert session.whole(work) == ("ROLLBACK", 0)


def test_a_closures_own_commit_is_refused_where_it_would_end_others_work(session: Session) -> None:
    session.ends = "refused"

    def work() -> None:
        session.script("BEGIN")
        session.conn.execute(text("SELECT 1"))
        with pytest.raises(RuntimeError, match="must not commit"):
            session.conn.commit()
        session.forget_begun()
        session.assert_stands()
        assert session.conn.execute(text("SELECT 2")).scalar_one() == 2

    session.whole(work)


def test_a_lost_connection_is_noticed_and_replaced(session: Session, postgres: Postgres) -> None:
    def work() -> None:
        pid = session.conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
        postgres.sql(f"SELECT pg_terminate_backend({pid}, 5000)")
        with pytest.raises(DBAPIError):
            session.conn.execute(text("SELECT 1"))
        with pytest.raises(Lost):
            session.assert_stands()
        session.let_go()
        assert session.conn.execute(text("SELECT 3")).scalar_one() == 3
        session.assert_stands()

    session.whole(work)


def test_an_error_of_the_server_is_told_from_one_of_the_closure(session: Session) -> None:
    def raised(sqlstate: str) -> DBAPIError:
        with pytest.raises(DBAPIError) as error:
            session.conn.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{sqlstate}'; END $$"))
        return error.value

    def work() -> list[bool]:
        return [is_of_the_server(raised(state)) for state in ("40P01", "53100", "57P01", "23505", "22003", "42P01")]

    assert session.whole(work) == [True, True, True, False, False, False]
    assert is_of_the_server(TimeoutError())
