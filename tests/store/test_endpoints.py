"""hub.store.endpoints: proof, secrets and circuit of an endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, create_engine, select, update

from hub.errors import ConfigError
from hub.store import endpoints
from hub.store.tables import endpoint_states, metadata

KEY = bytes(range(32))
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
OLD, NEW, NEWEST = "whsec_b2xk", "whsec_bmV3", "whsec_bmV3ZXN0"


@pytest.fixture
def conn() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def made(conn: Connection) -> endpoints.EndpointState:
    return endpoints.create(conn, "e1", secrets=[OLD], seal_key=KEY)


def current(conn: Connection, endpoint_id: str = "e1") -> endpoints.EndpointState:
    found = endpoints.get(conn, endpoint_id)
    assert found is not None
    return found


def test_a_new_endpoint_is_unproven_and_gets_nothing(made: endpoints.EndpointState) -> None:
    assert (made.state, made.reason, made.proven_url, made.failures, made.open_until) == (
        "unproven",
        "never-proven",
        "",
        0,
        None,
    )
    assert not made.may_send("https://a.example/")
    assert not made.may_send("")


def test_creating_it_again_changes_nothing(conn: Connection, made: endpoints.EndpointState) -> None:
    endpoints.proven(conn, "e1", "https://a.example/")
    again = endpoints.create(conn, "e1", secrets=[NEW], seal_key=KEY)
    assert again.state == "active"
    assert endpoints.secrets_of(again, KEY) == (OLD,)


def test_proof_is_for_one_address_only(conn: Connection, made: endpoints.EndpointState) -> None:
    endpoints.failed(conn, "e1", open_until=NOW)
    assert endpoints.proven(conn, "e1", "https://a.example/hook")
    state = current(conn)
    assert state.may_send("https://a.example/hook")
    assert not state.may_send("https://a.example/other")
    assert (state.failures, state.open_until) == (0, None)
    assert not endpoints.proven(conn, "unknown", "https://a.example/hook")


def test_a_suspended_endpoint_gets_nothing_until_it_proves_itself_again(
    conn: Connection, made: endpoints.EndpointState
) -> None:
    endpoints.proven(conn, "e1", "https://a.example/")
    assert endpoints.set_state(conn, "e1", "suspended", reason="http-410")
    state = current(conn)
    assert (state.state, state.reason) == ("suspended", "http-410")
    assert not state.may_send("https://a.example/")
    endpoints.proven(conn, "e1", "https://a.example/")
    assert current(conn).may_send("https://a.example/")
    assert current(conn).reason == ""


@pytest.mark.parametrize("state", ["active", "", "deleted", "Suspended"])
def test_no_other_way_leads_to_active(conn: Connection, made: endpoints.EndpointState, state: str) -> None:
    with pytest.raises(ValueError, match="only by proof"):
        endpoints.set_state(conn, "e1", state)


def test_nobody_is_suspended_by_a_name_that_is_unknown(conn: Connection) -> None:
    assert not endpoints.set_state(conn, "e9", "suspended")
    assert endpoints.get(conn, "e9") is None


def test_secrets_are_not_readable_in_the_store(conn: Connection, made: endpoints.EndpointState) -> None:
    text = conn.execute(select(endpoint_states.c.secrets)).scalar_one()
    assert OLD not in text and "b2xk" not in text
    assert OLD not in repr(made) and text not in repr(made)
    assert endpoints.secrets_of(made, KEY) == (OLD,)


def test_secrets_open_only_with_their_key_in_their_own_row(conn: Connection, made: endpoints.EndpointState) -> None:
    other = endpoints.create(conn, "e2", secrets=[NEW], seal_key=KEY)
    with pytest.raises(ConfigError, match="do not open"):
        endpoints.secrets_of(made, bytes(32))
    conn.execute(update(endpoint_states).where(endpoint_states.c.endpoint_id == "e2").values(secrets=made.sealed))
    with pytest.raises(ConfigError, match="do not open"):
        endpoints.secrets_of(current(conn, "e2"), KEY)
    broken = made.sealed[:-4] + ("AAAA" if made.sealed[-4:] != "AAAA" else "BBBB")
    for text in (broken, "", "s1.", "s1.!!"):
        with pytest.raises(ConfigError):
            endpoints.unseal(text, endpoint_id="e1", seal_key=KEY)
    with pytest.raises(ConfigError, match="expected 32"):
        endpoints.secrets_of(other, b"short")


def test_the_same_secrets_are_sealed_differently_each_time() -> None:
    sealed = {endpoints.seal([OLD], endpoint_id="e1", seal_key=KEY) for _ in range(5)}
    assert len(sealed) == 5
    assert len(endpoints.new_seal_key()) == 32 and endpoints.new_seal_key() != endpoints.new_seal_key()


def test_rotation_keeps_the_old_secret_beside_the_new_one_and_no_third(
    conn: Connection, made: endpoints.EndpointState
) -> None:
    assert endpoints.rotate(conn, "e1", NEW, seal_key=KEY) == (NEW, OLD)
    assert endpoints.rotate(conn, "e1", NEWEST, seal_key=KEY) == (NEWEST, NEW)
    assert endpoints.secrets_of(current(conn), KEY) == (NEWEST, NEW)
    assert endpoints.retire(conn, "e1", seal_key=KEY) == (NEWEST,)
    assert endpoints.secrets_of(current(conn), KEY) == (NEWEST,)


def test_kinds_of_secrets_rotate_apart(conn: Connection) -> None:
    endpoints.create(conn, "e3", secrets=[OLD, "whsk_a"], seal_key=KEY)
    assert endpoints.rotate(conn, "e3", NEW, seal_key=KEY) == (NEW, OLD, "whsk_a")
    assert endpoints.rotate(conn, "e3", "whsk_b", seal_key=KEY) == ("whsk_b", NEW, OLD, "whsk_a")
    assert endpoints.rotate(conn, "e3", NEWEST, seal_key=KEY) == (NEWEST, "whsk_b", NEW, "whsk_a")
    assert endpoints.retire(conn, "e3", seal_key=KEY) == (NEWEST, "whsk_b")


def test_rotating_to_the_secret_in_use_loses_none(conn: Connection, made: endpoints.EndpointState) -> None:
    endpoints.rotate(conn, "e1", NEW, seal_key=KEY)
    assert endpoints.rotate(conn, "e1", NEW, seal_key=KEY) == (NEW, OLD)


def test_an_endpoint_that_is_unknown_cannot_rotate(conn: Connection) -> None:
    for act in (endpoints.rotate, endpoints.retire):
        with pytest.raises(KeyError):
            act(conn, "e9", *([NEW] if act is endpoints.rotate else []), seal_key=KEY)  # type: ignore[operator]


def test_failures_count_in_a_row_and_one_answer_ends_them(conn: Connection, made: endpoints.EndpointState) -> None:
    assert endpoints.failed(conn, "e1") == 1
    assert endpoints.failed(conn, "e1", open_until=NOW + timedelta(seconds=30)) == 2
    assert endpoints.failed(conn, "e1") == 3
    assert current(conn).open_until == NOW + timedelta(seconds=30)
    assert endpoints.answered(conn, ["e1", "unknown"]) == ["e1"]
    assert (current(conn).failures, current(conn).open_until) == (0, None)
    assert endpoints.failed(conn, "e1") == 1
    assert endpoints.failed(conn, "unknown") == 0


def test_a_healthy_endpoint_costs_no_write(conn: Connection, made: endpoints.EndpointState) -> None:
    assert endpoints.answered(conn, ["e1"]) == []
    assert endpoints.answered(conn, ["unknown"]) == []
    assert current(conn).rev == made.rev


def test_what_changed_since_is_found_by_rev(conn: Connection, made: endpoints.EndpointState) -> None:
    for endpoint_id in ("e2", "e3"):
        endpoints.create(conn, endpoint_id, secrets=[OLD], seal_key=KEY)
    seen = max(state.rev for state in endpoints.everyone(conn))
    assert endpoints.everyone(conn, after_rev=seen) == []
    endpoints.failed(conn, "e2")
    endpoints.rotate(conn, "e1", NEW, seal_key=KEY)
    assert [state.endpoint_id for state in endpoints.everyone(conn, after_rev=seen)] == ["e2", "e1"]
    assert len({state.rev for state in endpoints.everyone(conn)}) == 3


PHONE = "0912345678"


def ask(conn: Connection, code: str = "40717203", address: str = PHONE) -> None:
    assert endpoints.ask_code(conn, "e1", code, address=address, until=NOW + timedelta(minutes=30), seal_key=KEY)


def give(conn: Connection, code: str = "40717203", address: str = PHONE, minutes: int = 1) -> bool:
    now = NOW + timedelta(minutes=minutes)
    return endpoints.give_code(conn, "e1", code, address=address, now=now, seal_key=KEY)


def test_a_code_given_back_proves_the_address_it_was_sent_to_once(
    conn: Connection, made: endpoints.EndpointState
) -> None:
    ask(conn)
    assert (current(conn).state, current(conn).reason) == ("unproven", "code-sent")
    assert "40717203" not in str(conn.execute(select(endpoint_states)).one())
    assert give(conn)
    assert current(conn).may_send(PHONE)
    assert not current(conn).may_send("0900000000")
    assert not give(conn)


def test_five_wrong_codes_end_it(conn: Connection, made: endpoints.EndpointState) -> None:
    ask(conn)
    for n in range(endpoints.CODE_TRIES):
        assert not give(conn, f"0000000{n}")
    assert not give(conn)
    ask(conn, "11112222")
    assert not give(conn)
    assert give(conn, "11112222")


def test_a_code_is_worth_nothing_later_elsewhere_or_unasked(conn: Connection, made: endpoints.EndpointState) -> None:
    assert not give(conn)
    ask(conn)
    assert not give(conn, minutes=30)
    ask(conn)
    assert not give(conn, address="0900000000")
    assert not give(conn)
    assert not endpoints.ask_code(conn, "nobody", "1", address="", until=NOW, seal_key=KEY)
    assert current(conn).state == "unproven"


def test_an_active_endpoint_stays_so_while_a_code_for_another_address_is_awaited(
    conn: Connection, made: endpoints.EndpointState
) -> None:
    ask(conn)
    give(conn)
    ask(conn, address="0900000000")
    assert (current(conn).state, current(conn).reason) == ("active", "")
    assert current(conn).may_send(PHONE)
    assert give(conn, address="0900000000")
    assert not current(conn).may_send(PHONE)
