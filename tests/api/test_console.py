"""The console's page and files, and what its screen knows before the first alert."""

from __future__ import annotations

from pathlib import Path

from hub.scales import Scales
from tests.api.doorway import ROOT, open_door


def built(folder: Path) -> Path:
    """A console as a build would leave it."""
    folder.mkdir()
    (folder / "index.html").write_text('<html data-mode="{{MODE}}"><title>{{NAME}}</title></html>', encoding="utf-8")
    (folder / "index-abc.js").write_text("1", encoding="utf-8")
    (folder / "built-from").write_text("x", encoding="utf-8")
    return folder


async def test_where_it_is_built_it_is_the_first_page_and_the_plain_page_stays_beside_it(tmp_path: Path) -> None:
    dist = built(tmp_path / "dist")
    async with open_door(tmp_path, console=dist, name="Trung tâm <b>&") as door, await door.dispatcher() as an:
        page, plain = await an.get("/"), await an.get("/plain")
    assert 'data-mode="test"' in page.text and "Trung tâm &lt;b&gt;&amp;" in page.text
    assert (
        page.headers["cache-control"] == "no-store" and "default-src 'self'" in page.headers["content-security-policy"]
    )
    assert "/page/page.js" in plain.text


async def test_where_it_is_not_built_or_vanished_the_plain_page_is_served(tmp_path: Path) -> None:
    for console in (None, tmp_path / "nowhere"):
        folder = tmp_path / f"data-{console is None}"
        folder.mkdir()
        async with open_door(folder, console=console) as door, await door.dispatcher() as an:
            assert "/page/page.js" in (await an.get("/")).text
            assert (await an.get("/console/index-abc.js")).status_code == 404


async def test_its_files_are_kept_for_ever_and_no_other_file_is_served(tmp_path: Path) -> None:
    async with open_door(tmp_path, console=built(tmp_path / "dist")) as door, door.client() as stranger:
        script = await stranger.get("/console/index-abc.js")
        assert script.headers["content-type"].startswith("text/javascript")
        assert "immutable" in script.headers["cache-control"]
        for name in ("index.html", "built-from", "..%2Fhub.db", "nobody.js"):
            assert (await stranger.get(f"/console/{name}")).status_code == 404


async def test_the_screen_knows_the_law_s_levels_of_the_day_with_their_colours(tmp_path: Path) -> None:
    scales = Scales.load(ROOT / "config" / "scales.csv")
    async with open_door(tmp_path, scales=scales) as door, await door.dispatcher() as an:
        told = (await an.get("/v1/console")).json()
    levels = told["scales"]["disaster_risk"]
    assert [level["level"] for level in levels] == [1, 2, 3, 4, 5] and levels[2]["colour"] == "#FFA94D"
    assert told["mode"] == "test" and told["mode_words"]["vi"] and told["stale_s"] == 15.0
    assert told["place"]["code"] == "75"


async def test_in_mode_actual_no_word_stands_before_anything(tmp_path: Path) -> None:
    async with open_door(tmp_path, mode="actual") as door, await door.dispatcher() as an:
        assert (await an.get("/v1/console")).json()["mode_words"] == {"vi": "", "en": ""}
