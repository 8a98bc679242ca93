"""The account as one page of HTML for an inquiry, made to be printed: nothing but what the account says, no script, no other file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

STYLE = (
    "@page{size:A4;margin:18mm}"
    "body{font:11pt/1.45 serif;max-width:46em;margin:1em auto;padding:0 1em;color:#000;background:#fff}"
    "h1{font-size:1.35em;margin:0 0 .2em}h2{font-size:1.1em;margin:1.3em 0 .3em;break-after:avoid}"
    "li{margin:.25em 0;overflow-wrap:anywhere;break-inside:avoid}"
    ".mode{border:3px double;padding:.3em .6em;font-weight:bold;text-align:center}"
    ".proof{font-size:.85em}"
)


def page(account: Mapping[str, Any], *, language: str) -> str:
    """The page. Every text of the account is text there, whatever a source wrote."""
    return "".join(_parts(account, language))


def _parts(account: Mapping[str, Any], language: str) -> Iterator[str]:
    title = escape(account["title"])
    yield f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8"><title>{title}</title>'
    yield f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>'
    if account["mode"]:
        yield f'<p class="mode">{escape(account["mode"])}</p>'
    yield f"<h1>{title}</h1><p>{escape(account['drawn'])}</p>"
    for question in account["questions"]:
        yield f'<section id="{escape(question["id"])}"><h2>{escape(question["question"])}</h2><ul>'
        yield from (f"<li>{escape(line)}</li>" for line in question["lines"])
        yield "</ul></section>"
    yield '<section class="proof"><ul>'
    yield from (f"<li>{escape(line)}</li>" for line in account["proof"])
    yield "</ul></section></body></html>"
