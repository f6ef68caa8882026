"""Pages: HTML from templates, with headers that allow no style sheet, script or icon but our own."""

import asyncio
import re
import shlex
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request
from litestar.response import Response
from markupsafe import Markup

from ..http.conditional import conditional, digest
from . import sentences, words

Asked = Request[Any, Any, Any]
PIECE_SECONDS = 0.01
HERE = Path(__file__).parent
MEDIA_TYPE = "text/html"
INDENTATION = re.compile(r"\n\s+")  # of the templates, a tenth of a page
LINK = re.compile(r"</?a\b[^>]*>")
# The moment at which a page is made stands in two places; no text of others has a NUL (see `visible`).
AS_OF, AS_OF_WORDS = Markup("\0as of\0"), Markup("\0as of, in words\0")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'",
    "Cross-Origin-Opener-Policy": "same-origin",
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
    minute=words.minute,
    brief=words.brief,
    second=words.second,
    iso=words.iso,
    span=words.span,
    short=words.short,
    count=words.count,
    https=words.https,
    pull=words.pull,
    argument=shlex.quote,
    unlinked=lambda text: Markup(LINK.sub("", text)),  # noqa: S704 - of what a macro made
    names=sentences.names,
    are=sentences.are,
    cause=sentences.cause,
)
_templates.globals.update(root="", as_of=AS_OF, as_of_words=AS_OF_WORDS)


def link_below(root: str) -> None:
    """From now on, for the whole process, every link begins with `root`."""
    _templates.globals["root"] = root


def address(path: str) -> str:
    """Of a page of the board."""
    return f"{_templates.globals['root']}{path}"


def render(template: str, **values: Any) -> str:
    return _templates.get_template(template).render(values)


async def large(request: Asked, template: str, **values: Any) -> Response[bytes]:
    """As `html`, in pieces between which others are answered, and a deadline can end it."""
    parts, began = list[str](), time.monotonic()
    for part in _templates.get_template(template).generate(values):
        parts.append(part)
        if time.monotonic() - began > PIECE_SECONDS:
            await asyncio.sleep(0)
            began = time.monotonic()
    return _page(request, "".join(parts), 200)


def html(request: Asked, template: str, status: int = 200, **values: Any) -> Response[bytes]:
    """A name that a template misses is an error."""
    return _page(request, render(template, **values), status)


def _page(request: Asked, text: str, status: int) -> Response[bytes]:
    """Its ETag is the same at whatever moment it is made, as long as it says the same."""
    text, now = INDENTATION.sub("\n", text), datetime.now(UTC)
    body = text.replace(AS_OF, words.iso(now)).replace(AS_OF_WORDS, words.second(now)).encode()
    if status != 200:
        return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=HEADERS)
    return conditional(request, body, MEDIA_TYPE, digest(text.encode()), HEADERS)
