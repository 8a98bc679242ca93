"""Templates found, run in a sandbox, and filled: pages in HTML, documents for Word."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hub.errors import ConfigError
from hub.papers.office import Office, office_of

NOTICE = "phieu_bao_tin.html"
CALLS = "danh_sach_goi.html"
REPORT = "bao_cao_nhanh.docx"
PAGES = (NOTICE, CALLS)

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """A page to print, and the Content-Security-Policy under which a browser shows it: its own style, and nothing else at all."""

    html: str
    policy: str


@dataclass(frozen=True, slots=True)
class Papers:
    """The templates of `folder` and the office in force on the profile's day. Read anew each time: a change counts at once."""

    folder: Path
    on: date

    @property
    def office(self) -> Office:
        """Who issues what is printed now. Raises: ConfigError, as `office_of`."""
        return office_of(self.folder, on=self.on)

    def page(self, name: str, values: Mapping[str, Any]) -> Page:
        """That page filled with `values`; whatever they hold, it is text.

        Raises:
            ConfigError: the template is missing, wrong, or names a value that is not there.
        """
        try:
            text = self._environment().get_template(name).render(values)
        except (TemplateError, OSError, UnicodeDecodeError) as error:
            raise self._fault(name, error) from error
        return Page(text, _policy(text))

    def document(self, name: str, values: Mapping[str, Any]) -> bytes:
        """That Word document filled with `values`.

        Raises:
            ConfigError: the extra `reports` is not installed, or as `page`.
        """
        if importlib.util.find_spec("docxtpl") is None:
            raise ConfigError("reports", "Word documents are not installed", "install the extra: dongnai-hub[reports]")
        from docxtpl import DocxTemplate

        path, out = self.folder / name, io.BytesIO()
        if not path.is_file():
            raise ConfigError(str(path), "is missing", "copy it from the program's folder config/papers")
        try:
            template = DocxTemplate(path)
            template.render(_printable(values), self._environment(), autoescape=True)
            template.save(out)
        except (TemplateError, KeyError, ValueError, OSError) as error:
            raise self._fault(name, error) from error
        return out.getvalue()

    def check(self) -> None:
        """Raises ConfigError for a page that is no template, or an office that cannot be read; a Word template is tried when it is used."""
        self.office  # noqa: B018 - reading it is the check
        for name in PAGES:
            try:
                self._environment().get_template(name)
            except (TemplateError, OSError, UnicodeDecodeError) as error:
                raise self._fault(name, error) from error
        if not (self.folder / REPORT).is_file():
            raise ConfigError(
                str(self.folder / REPORT), "is missing", "copy it from the program's folder config/papers"
            )

    def _environment(self) -> ImmutableSandboxedEnvironment:
        return ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(self.folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    def _fault(self, name: str, error: Exception) -> ConfigError:
        line = getattr(error, "lineno", None)
        where = f"{self.folder / name}" + (f":{line}" if line else "")
        return ConfigError(where, f"{type(error).__name__}: {error}"[:300], "see config/papers/README.md")


def _policy(html: str) -> str:
    # the first style element is the template's: what values hold is escaped and opens no element
    found = _STYLE.search(html)
    digest = base64.b64encode(hashlib.sha256((found[1] if found else "").encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _printable(value: Any) -> Any:
    """The values without the characters that no XML can hold."""
    if isinstance(value, str):
        return "".join(
            letter for letter in value if letter in "\t\n" or unicodedata.category(letter) not in ("Cc", "Cs", "Cn")
        )
    if isinstance(value, Mapping):
        return {key: _printable(inner) for key, inner in value.items()}
    return [_printable(inner) for inner in value] if isinstance(value, list | tuple) else value
