"""Pages: HTML from templates, with headers that allow no style sheet, script or icon but our own."""

import asyncio
import re
import time
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.response import Response

from . import words

PIECE_SECONDS = 0.01
HERE = Path(__file__).parent
INDENTATION = re.compile(r"\n\s+")  # of the templates, a tenth of a page
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=words.visible,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters.update(
    ago=words.ago, clock=words.clock, span=words.span, short=words.short, count=words.count, https=words.https
)

_templates.globals["root"] = ""


def link_below(root: str) -> None:
    """From now on, for the whole process, every link begins with `root`."""
    _templates.globals["root"] = root


def address(path: str) -> str:
    """Of a page of the board."""
    return f"{_templates.globals['root']}{path}"


async def large(template: str, **values: Any) -> Response[str]:
    """As `html`, in pieces between which others are answered, and a deadline can end it."""
    parts, began = list[str](), time.monotonic()
    for part in _templates.get_template(template).generate(values):
        parts.append(part)
        if time.monotonic() - began > PIECE_SECONDS:
            await asyncio.sleep(0)
            began = time.monotonic()
    return _page("".join(parts), 200)


def html(template: str, status: int = 200, **values: Any) -> Response[str]:
    """`values` must hold `now`; a name that a template misses is an error."""
    return _page(_templates.get_template(template).render(values), status)


def _page(text: str, status: int) -> Response[str]:
    return Response(INDENTATION.sub("\n", text), status_code=status, media_type="text/html", headers=HEADERS)
