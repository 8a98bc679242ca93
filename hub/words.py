"""Text for people: dictionaries by language, and numbers, times and short messages as they are written and spoken here."""

from __future__ import annotations

import re
import string
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.errors import ConfigError
from hub.faults import Faults, gathering
from hub.sheets import nearest

LANGUAGES = ("vi", "en")
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

GSM_7 = 160
"""Letters of one SMS without diacritics."""
UCS_2 = 70
"""Letters of one SMS with diacritics."""
GSM_7_JOINED = 153
UCS_2_JOINED = 67
"""Letters of each of several SMS that a telephone joins (3GPP TS 23.040 §9.2.3.24.1)."""

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_GROUPS = ("", "nghìn", "triệu")
_UNITS = {
    "m": "mét",
    "km": "ki-lô-mét",
    "cm": "xăng-ti-mét",
    "mm": "mi-li-mét",
    "m3/s": "mét khối trên giây",
    "m³/s": "mét khối trên giây",
    "m/s": "mét trên giây",
    "km/h": "ki-lô-mét trên giờ",
    "km2": "ki-lô-mét vuông",
    "%": "phần trăm",
    "°C": "độ C",
    "Cel": "độ C",
    "h": "giờ",
    "min": "phút",
    "uSv/h": "mi-crô xi-vớt trên giờ",
    "µSv/h": "mi-crô xi-vớt trên giờ",
    "ppm": "phần triệu",
    "ha": "héc-ta",
    "hPa": "héc-tô-pát-can",
}
_ROMAN = {"I": "một", "II": "hai", "III": "ba", "1": "một", "2": "hai", "3": "ba"}
_ALARM = re.compile(r"\bBĐ\s*(III|II|I|[123])\b")
_ABBREVIATIONS = (
    (re.compile(r"\bATNĐ\b"), "áp thấp nhiệt đới"),
    (re.compile(r"\bKTTV\b"), "khí tượng thủy văn"),
    (re.compile(r"\bPTDS\b"), "phòng thủ dân sự"),
    (re.compile(r"\bUBND\b"), "ủy ban nhân dân"),
    (re.compile(r"\bKCN\b"), "khu công nghiệp"),
    (re.compile(r"\bTP\.?\s*HCM\b"), "thành phố Hồ Chí Minh"),
    (re.compile(r"\bTP\.?\s*(?=\w)"), "thành phố "),
    (re.compile(r"\bTX\.?\s*(?=\w)"), "thị xã "),
    (re.compile(r"\bH\.\s*(?=\w)"), "huyện "),
    (re.compile(r"\bQL\.?\s*(?=\d)"), "quốc lộ "),
    (re.compile(r"\bĐT\.?\s*(?=\d)"), "đường tỉnh "),
    (re.compile(r"\bM\s?(?=\d+(?:[.,]\d+)?\b)"), "độ lớn "),
    (re.compile(r"(?<=[\dhm%])\s*[-–]\s*(?=\d)"), " đến "),
)
_TIME = re.compile(r"\b(\d{1,2})h(\d{2})?\b")
_CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")
_DATE = re.compile(r"\b(?:ngày\s+)?(\d{1,2})/(\d{1,2})/(\d{4})\b")
_DAY = re.compile(r"\b(ngày\s+)(\d{1,2})/(\d{1,2})(?![\w/])", re.IGNORECASE)
_OF = re.compile(r"(?<![\w/.,])(\d{1,3})/(\d{1,3})(?![\w/])")
_MONTH = re.compile(r"\b(tháng\s+)(\d{1,2})/(\d{4})\b", re.IGNORECASE)
_TELEPHONE = re.compile(r"(?<![\w,./])(?:0\d{8,10}|(?<=gọi )11\d|(?<=thoại )11\d|(?<=đài )11\d|(?<=số )11\d)(?![\w/])")
_ROUND = ("24/24", "24/7")
_NUMBER = re.compile(
    r"(?<![\w,./])([-−+]?\d{1,3}(?:\.\d{3})+(?:,\d+)?|[-−+]?\d+(?:[.,]\d+)?)(?:\s*("
    + "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
    + r"))?(?![\w/])"
)


@dataclass(frozen=True)
class Words:
    """The dictionaries: language -> key ("event.new") -> text with {named} gaps."""

    texts: Mapping[str, Mapping[str, str]]

    @classmethod
    def load(cls, folder: Path, faults: Faults | None = None) -> Words:
        """`vi.toml` and `en.toml` in that folder.

        Raises:
            ConfigError: one is missing, the two have not the same keys, or a text has other gaps than its twin.
        """
        with gathering(faults) as kept:
            texts: dict[str, Mapping[str, str]] = {language: {} for language in LANGUAGES}
            for language in LANGUAGES:
                with kept.kept():
                    texts[language] = _flat(folder / f"{language}.toml")
            if all(texts.values()):
                _check(texts, kept)
        return cls(texts)

    def say(self, key: str, language: str = "vi", **values: object) -> str:
        """The text of `key` with its gaps filled; Vietnamese for a language we have not.

        Raises:
            KeyError: no such key, or a gap without a value: a mistake in the program, not in its data.
        """
        return self.texts.get(language[:2].casefold(), self.texts[LANGUAGES[0]])[key].format(**values)

    def with_mode(self, text: str, *, mode: str, language: str = "vi") -> str:
        """`text`, and outside mode actual the mode's word before it (MOD-1); never twice."""
        if mode == "actual":
            return text
        word = self.say(f"mode.{mode}", language)
        if text.startswith(word):
            return text
        return self.say("mode.prefix", language, mode=word, text=text)


def _check(texts: Mapping[str, Mapping[str, str]], kept: Faults) -> None:
    """Every language has every key, and each text the gaps of its twins."""
    every = texts[LANGUAGES[0]]
    for language, listed in texts.items():
        for key in sorted(every.keys() - listed.keys()):
            kept.add(
                f"{language}.toml: {key}", "the translation is missing", f"write it; in Vietnamese it is {every[key]!r}"
            )
        for key in sorted(listed.keys() - every.keys()):
            kept.add(f"{language}.toml: {key}", "unknown key", f"{nearest(key, every)} Each stands in vi.toml first")
        for key, text in listed.items():
            if not text.strip():
                kept.add(f"{language}.toml: {key}", "the text is empty", "write it")
            elif key in every and _gaps(text) != _gaps(every[key]):
                wanted = ", ".join(f"{{{gap}}}" for gap in sorted(_gaps(every[key]) or ())) or "none"
                kept.add(f"{language}.toml: {key}", f"{text!r} has other gaps than its twin", f"the gaps are {wanted}")


def _gaps(text: str) -> frozenset[str] | None:
    """The gaps, None when the braces do not close."""
    try:
        return gaps(text)
    except ValueError:
        return None


def gaps(text: str) -> frozenset[str]:
    """The names of the gaps in a text."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def moment(at: datetime, zone: ZoneInfo = VIETNAM) -> str:
    """An instant as people read it: `HH:mm dd/MM/yyyy`, 24 hours, in Viet Nam's time."""
    return at.astimezone(zone).strftime("%H:%M %d/%m/%Y")


def decimal(value: float | Decimal, digits: int | None = None) -> str:
    """A number with a decimal comma and a full stop between thousands; `digits` after the comma, None for as many as it has."""
    exact = Decimal(str(value))
    shown = f"{exact:,f}" if digits is None else f"{exact:,.{digits}f}"
    return shown.translate(str.maketrans(",.", ".,"))


def aloud(value: float | Decimal | str, unit: str = "") -> str:
    """A number as it is spoken: "một trăm mười ba phẩy bốn ba mét". A string may have a decimal comma or point.

    Two digits after the comma are read one by one, as a gauge is read out; zeros that stand there are read too.

    Raises:
        ValueError: it is no number.
    """
    text = str(value).strip().replace("−", "-").replace(",", ".")
    if not re.fullmatch(r"[-+]?\d+(\.\d+)?", text):
        text = format(Decimal(text), "f") if re.fullmatch(r"[-+]?[\d.]+[eE][-+]?\d+", text) else ""
    if not text:
        raise ValueError(f"{value!r} is no number")
    whole, _, fraction = text.lstrip("+-").partition(".")
    said = _whole(int(whole))
    if fraction:
        said += " phẩy " + " ".join(_DIGITS[int(digit)] for digit in fraction)
    if text.startswith("-"):
        said = "âm " + said
    return f"{said} {_UNITS.get(unit, unit)}".strip()


def to_speak(text: str) -> str:
    """Vietnamese text for a voice: abbreviations written out, times, dates and numbers as words."""
    text = unicodedata.normalize("NFC", text)
    text = _ALARM.sub(lambda found: f"báo động {_ROMAN[found[1]]}", text)
    for pattern, words in _ABBREVIATIONS:
        text = pattern.sub(words, text)
    text = _DATE.sub(lambda f: f"ngày {aloud(f[1])} tháng {_month(int(f[2]))} năm {aloud(f[3])}", text)
    text = _TELEPHONE.sub(lambda f: " ".join(_DIGITS[int(digit)] for digit in f[0]), text)
    text = _MONTH.sub(lambda f: f"{f[1]}{_month(int(f[2]))} năm {aloud(f[3])}", text)
    dated = _DAY.search(text) is not None
    text = _DAY.sub(lambda f: f"{f[1]}{aloud(f[2])} tháng {_month(int(f[3]))}", text)
    text = _OF.sub(lambda f: _of(f, dated=dated), text)
    text = _CLOCK.sub(lambda f: _clock(f[1], f[2]), text)
    text = _TIME.sub(lambda f: _clock(f[1], f[2] or "0"), text)
    return _NUMBER.sub(_spoken_number, text)


def sms(text: str) -> str:
    """`text` without diacritics and in letters every telephone has: 160 of them fit one SMS."""
    swapped = text.translate(_SIGNS)
    decomposed = unicodedata.normalize("NFKD", swapped)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    plain = "".join(letter if letter in _SMS_LETTERS else "?" for letter in plain)
    return re.sub(r"[ \t]+", " ", plain).strip()


def sms_parts(text: str) -> int:
    """How many SMS the text takes: in GSM-7 (160, then 153 each) when it can, else in UCS-2 (70, then 67 each)."""
    plain = all(letter in _SMS_LETTERS for letter in text)
    length = len(text) if plain else len(text.encode("utf-16-le")) // 2
    one, more = (GSM_7, GSM_7_JOINED) if plain else (UCS_2, UCS_2_JOINED)
    return 1 if length <= one else -(-length // more)


_SMS_LETTERS = frozenset(string.ascii_letters + string.digits + " \n!\"#%&'()*+,-./:;<=>?@_$")
_SIGNS = str.maketrans(
    {
        "đ": "d",
        "Đ": "D",
        "–": "-",
        "—": "-",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "…": "...",
        "•": "-",
        "²": "2",
        "³": "3",
    }
    | {"°": " do ", "µ": "u", "×": "x", "≥": ">=", "≤": "<=", "\u00a0": " ", "\r": "", "[": "(", "]": ")"}
)


def _spoken_number(found: re.Match[str]) -> str:
    number = found[1]
    if re.fullmatch(r"[-−+]?\d{1,3}(\.\d{3})+(,\d+)?", number):
        number = number.replace(".", "")
    return aloud(number, found[2] or "")


def _of(found: re.Match[str], *, dated: bool) -> str:
    """ "24/24" and parts of a whole; beside another day ("từ ngày 5/11 đến 7/11") it is a day too."""
    if dated and found[0] not in _ROUND and 0 < int(found[1]) < 32 and 0 < int(found[2]) < 13:
        return f"{aloud(found[1])} tháng {_month(int(found[2]))}"
    return f"{aloud(found[1])} trên {aloud(found[2])}"


def _clock(hours: str, minutes: str) -> str:
    said = f"{aloud(str(int(hours)))} giờ"
    return said if int(minutes) == 0 else f"{said} {aloud(str(int(minutes)))} phút"


def _month(number: int) -> str:
    """The fourth month is "tư", never "bốn"."""
    return "tư" if number == 4 else _whole(number)


def _whole(number: int) -> str:
    """A whole number in words; thousands in groups of three, repeating "tỷ" above a billion."""
    if number == 0:
        return _DIGITS[0]
    if number >= 10**9:
        above, rest = divmod(number, 10**9)
        return f"{_whole(above)} tỷ" + (f" {_below_billion(rest, full=True)}" if rest else "")
    return _below_billion(number, full=False)


def _below_billion(number: int, *, full: bool) -> str:
    said: list[str] = []
    for place in (2, 1, 0):
        group = number // 1000**place % 1000
        if group:
            said.append(f"{_group(group, full=full or bool(said))} {_GROUPS[place]}".strip())
    return " ".join(said)


def _group(number: int, *, full: bool) -> str:
    """Three digits; `full` also says the hundreds when they are zero, as inside a longer number."""
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    said = [_DIGITS[hundreds], "trăm"] if hundreds or full else []
    if tens > 1:
        said += [_DIGITS[tens], "mươi"]
    elif tens == 1:
        said.append("mười")
    elif ones and said:
        said.append("linh")
    if ones:
        said.append("mốt" if ones == 1 and tens > 1 else "lăm" if ones == 5 and tens > 0 else _DIGITS[ones])
    return " ".join(said)


def _flat(path: Path) -> dict[str, str]:
    if not path.is_file():
        raise ConfigError(str(path), "the dictionary is missing", "restore it from the distribution")
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"not TOML: {error}", "see vi.toml") from error
    flat: dict[str, str] = {}
    for table, texts in tables.items():
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            raise ConfigError(f"{path.name}: {table}", "a table of texts was expected", f"[{table}] key = “text”")
        flat |= {f"{table}.{key}": text for key, text in texts.items()}
    return flat
