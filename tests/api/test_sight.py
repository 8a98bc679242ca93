"""What a caller may see: the same for the same rights, and never ahead of what is known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub import policy
from hub.api.auth import Asker, Caller
from hub.api.feed import Wish
from hub.api.sight import Needs, Sight, things_of
from hub.store import listing
from tests.api.doorway import Door, cap, open_door, owe

DISPATCHER = frozenset({"dispatcher"})
MEMBER = frozenset({"agency_member"})


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


def _sight(who: policy.Person | policy.Key) -> Sight:
    return Sight(Asker(Caller(who, "token"), "alert.read"))


def test_two_people_with_the_same_rights_share_a_filter_and_others_do_not() -> None:
    one, two = (_sight(policy.Person(name, DISPATCHER)) for name in ("p1", "p2"))
    assert one.key == two.key
    members = {_sight(policy.Person("p", MEMBER, owner=owner)).key for owner in ("pccc", "y-te")}
    assert len(members | {one.key}) == 3
    assert one.key != _sight(policy.Person("p1", DISPATCHER, clearance="mật")).key


def test_only_those_who_see_what_is_owed_wait_for_routing() -> None:
    assert not _sight(policy.Person("p", DISPATCHER)).needs.owners
    assert _sight(policy.Person("p", MEMBER, owner="pccc")).needs.owners
    assert Needs(units=frozenset({"75"})) | Needs(owners=True) == Needs(True, frozenset({"75"}))


async def test_a_member_sees_what_is_owed_to_their_agency_after_routing(door: Door) -> None:
    async with await door.source() as source:
        answers = [
            await source.post("/v1/alerts", content=cap(n), headers={"Content-Type": "text/xml"}) for n in ("a", "b")
        ]
    first, second = (answer.json()["alert_id"] for answer in answers)
    member, other = (_sight(policy.Person("p", MEMBER, owner=owner)) for owner in ("pccc", "y-te"))
    assert await door.store.read(member.upto) == 0
    await owe(door, {second: "pccc"})
    assert await door.store.read(member.upto) == 2
    rows = await door.store.read(
        lambda conn: things_of(conn, listing.after(conn, 0, sought=listing.Sought(), limit=9), member.needs)
    )
    assert [thing.row.alert_id for thing in rows if member.sees(thing)] == [second]
    assert not any(other.sees(thing) for thing in rows) and first
    assert await door.store.read(member.endpoints) == ["e-pccc"] and await door.store.read(other.endpoints) == []
    assert await door.store.read(_sight(policy.Person("p", DISPATCHER)).endpoints) is None


async def test_a_wish_narrows_by_unit_hazard_and_severity(door: Door) -> None:
    async with await door.source() as source:
        await source.post("/v1/alerts", content=cap("a"), headers={"Content-Type": "text/xml"})
    needs = Needs(units=frozenset({"75", "99"}))
    (thing,) = await door.store.read(
        lambda conn: things_of(conn, listing.after(conn, 0, sought=listing.Sought(), limit=9), needs)
    )
    fitting = (
        Wish(),
        Wish(units=frozenset({"75", "99"})),
        Wish(hazard="flood"),
        Wish(severity="Severe"),
        Wish(severity="Minor"),
    )
    assert all(thing.fits(wish) for wish in fitting)
    missing = (Wish(units=frozenset({"99"})), Wish(hazard="earthquake"), Wish(severity="Extreme"))
    assert not any(thing.fits(wish) for wish in missing)
