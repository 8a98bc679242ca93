"""A deployment without a mistake, to make one mistake in."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from hub.config import Problem, examine

FILES = {
    "hub.toml": """
[hub]
mode = "exercise"
profile = "PROFILE"
data_dir = "data"
name = "Trung tâm"

[http]
listen = "127.0.0.1:8700"
networks_allowed = ["10.20.0.0/16"]

[delivery]
at_once = 64

[log]
level = "info"
""",
    "p/profile.toml": """
name = "Thử"
name_en = "Trial"
province = "75"
gazetteer_on = 2023-07-01
level = "district"
""",
    "p/sources.toml": """
[[source]]
name = "one"
kind = "tests.config.private"
interval_s = 60
zone = "Asia/Ho_Chi_Minh"
hosts = ["cap.example.test"]
[source.settings]
url = "https://cap.example.test/feed"
""",
    "p/authorities.toml": """
[[authority]]
source = "one"
senders = ["kttv@example.test"]
hazards = ["flood"]
units = ["75"]
max_severity = "Severe"

[[authority]]
source = "he-thong-tinh"
""",
    "p/agencies.csv": """id,name,name_en,kind,each,units,section,valid_from,valid_to,successor
so-y-te,Sở Y tế,Health,agency,,province,V.4,2023-01-01,,
ubnd-huyen-*,UBND {unit},Committee of {unit},agency,district,unit,V.16,2023-01-01,2025-07-01,
giap-ranh-*,{unit},{unit},neighbour,neighbour,unit,III.9,2023-01-01,,
""",
    "p/endpoints.toml": """
[[endpoint]]
id = "y-te"
owner = "so-y-te"
kind = "tests.config.private"
language = "vi"
[endpoint.settings]
url = "https://hook.example.test/in"

[[endpoint]]
id = "huyen"
owner = "ubnd-huyen-nhon-trach"
kind = "tests.config.private"
alternate = "y-te"
[endpoint.settings]
url = "https://huyen.example.test/in"
""",
    "p/offers.toml": """
[[offer]]
id = "y-te"
agency = "so-y-te"
number = 4
hazards = ["epidemic", "chemical"]
min_severity = "Moderate"
ack_min = 10

[[offer]]
id = "huyen"
agency = "ubnd-huyen-*"
number = 101
area = "own_units_and_upstream"
hazards = ["*"]
min_severity = "Minor"
ack_min_by_severity = { Extreme = 3, Severe = 5, Moderate = 30, Minor = 0 }
channels = ["tests.config.private"]
""",
    "p/subscriptions.toml": """
[[subscription]]
id = "tay"
endpoint_id = "y-te"
owner = "so-y-te"
number = 900
hazards = ["earthquake"]
units = ["731"]
min_severity = "Severe"
""",
    "p/escalations.toml": """
[[escalation]]
id = "dem"
owners = ["so-y-te", "ubnd-huyen-*"]
severities = ["Severe"]
hours = "22:00-06:00"
chief = "so-y-te"
steps = [
  { after_min = 0, to = "again" },
  { after_min = 5, to = "channel", channels = ["sms"] },
  { after_min = 7, to = "owner", owner = "so-y-te" },
  { after_min = 9, to = "chief" },
]
""",
    "p/feeds.toml": """
[[feed]]
name = "huyen-*"
each = "unit"
title = "Cảnh báo {unit}"
""",
}


CONFIG = Path(__file__).resolve().parents[2] / "config"


def lay(folder: Path, *, file: str = "", old: str = "", new: str = "") -> Path:
    """The deployment in `folder`, with `old` replaced in one of its files; gives the path of hub.toml."""
    return lay_all(folder, [(file, old, new)] if file else [])


def lay_all(folder: Path, patches: Iterable[tuple[str, str, str]]) -> Path:
    """The deployment in `folder` with these patches (file, old, new); a file under config/ is one of the shipped tables' copy."""
    texts = dict(FILES)
    for file, old, new in patches:
        if file.startswith("config/") and not (folder / "config").exists():
            shutil.copytree(CONFIG, folder / "config")
            texts["hub.toml"] = texts["hub.toml"].replace("[hub]", '[hub]\nconfig_dir = "FOLDER/config"', 1)
        text = texts.get(file) or (CONFIG.parent / file).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        texts[file] = text.replace(old, new, 1) if old else text + new
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(
            text.replace("PROFILE", str(folder / "p")).replace("FOLDER", str(folder)), encoding="utf-8"
        )
    return folder / "hub.toml"


def problems(file: Path) -> list[Problem]:
    """What `hub check` finds."""
    return examine(file)[1]
