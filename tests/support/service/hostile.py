"""Bodies that are no waybill, each with a name: broken JSON, broken text, and every field of a right one gone wrong."""

import copy
import gzip
import json
from collections.abc import Iterator
from typing import Any

from .served import document, gitops

WHOLE = document(gitops=gitops() | {"proposal": {"url": "https://example.org/pull/7"}})
TEXT = json.dumps(WHOLE)

NOT_JSON = {
    "empty": b"",
    "blank": b" \n",
    "NUL": b"\x00",
    "no JSON": b"service=orders",
    "XML": b"<waybill/>",
    "cut off": TEXT[:-1].encode(),
    "one more brace": f"{TEXT}}}".encode(),
    "two documents": f"{TEXT}{TEXT}".encode(),
    "trailing comma": f"{TEXT[:-1]},}}".encode(),
    "comment": f"// x\n{TEXT}".encode(),
    "single quotes": TEXT.replace('"', "'").encode(),
    "byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-32": TEXT.encode("utf-32"),
    "Latin-1": TEXT.replace("acme", "acmé").encode("latin-1"),
    "UTF-8 of a surrogate": TEXT.encode().replace(b"acme", b"\xed\xa0\x80"),
    "overlong UTF-8": TEXT.encode().replace(b"acme", b"\xc0\xaf"),
    "UTF-8 cut off": TEXT.encode().replace(b"acme", b"\xe2\x82"),
    "gzip": gzip.compress(TEXT.encode()),
    "a gzip bomb": gzip.compress(b" " * 10_000_000),
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"a":' * 40_000,
    "deep arrays in a field": TEXT.replace('"checked": true', f'"checked": {"[" * 100_000}').encode(),
    "deep arrays in an unknown field": f'{{"x": {"[" * 50_000}{"]" * 50_000}}}'.encode(),
    "NaN": TEXT.replace("true", "NaN").encode(),
    "Infinity": TEXT.replace("true", "-Infinity").encode(),
    "a number as large as the body": TEXT.replace("true", "9" * 200_000).encode(),
    "an array": f"[{TEXT}]".encode(),
    "a string": json.dumps(TEXT).encode(),
    "null": b"null",
    "a number": b"1",
    "a key twice": TEXT.replace('"checked": true', '"checked": false, "checked": true').encode(),
    "no such day": TEXT.replace("2026-01-02T", "2026-02-30T").encode(),
    "service twice": f'{{"service": "payments", {TEXT[1:]}'.encode(),
    "chart twice": f'{TEXT[:-1]}, "chart": {json.dumps(WHOLE["chart"])}}}'.encode(),
    "a key twice, once escaped": f'{{"\\u0073ervice": "payments", {TEXT[1:]}'.encode(),
}
WRONG = {
    "null": None,
    "a number": 1,
    "a huge number": 2**63,
    "a larger number": 2**64,
    "a fraction": 1e308,
    "an array": [["x"]],
    "an object": {"x": "x"},
    "empty": "",
    "NUL": "a\u0000b",
    "a line feed at the end": "a\n",
    "escape": "\x1b[31m",
    "a line separator": "a\u2028b",
    "quote": 'a"b',
    "backslash": "a\\b",
    "long": "a" * 501,
    "very long": "1." * 100_000,
    "a lone surrogate": "\ud800",
}


def fields(whole: Any, *path: str) -> Iterator[tuple[str, ...]]:
    for name, value in whole.items():
        yield (*path, name)
        if isinstance(value, dict):
            yield from fields(value, *path, name)


def changed(path: tuple[str, ...], *value: Any, whole: Any = WHOLE) -> bytes:
    """`whole` with another value at `path`; without a value, without the field."""
    whole = copy.deepcopy(whole)
    part: Any = whole
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    if value:
        part[path[-1]] = value[0]
    return json.dumps(whole).encode()


def bodies() -> Iterator[tuple[str, bytes]]:
    """At least 150, none larger than the ledger takes."""
    yield from NOT_JSON.items()
    for path in fields(WHOLE):
        where = ".".join(path)
        for name, value in WRONG.items():
            if (path[-1], value) not in (("waybill", 1), ("app_version", "")):
                yield f"{where}: {name}", changed(path, value)
        if path[-1] not in ("gitops", "kind", "proposal"):
            yield f"{where}: absent", changed(path)
        if isinstance(value := _at(path), dict):
            yield f"{where}: an unknown field", changed(path, {**value, "x": 1})
            yield f"{where}: another case", changed(path, {key.upper(): it for key, it in value.items()})


def signed_bodies(whole: Any) -> Iterator[tuple[str, bytes]]:
    """As `bodies`, of what Flux or an observer says."""
    yield from NOT_JSON.items()
    for path in fields(whole):
        for name, value in WRONG.items():
            if name != "very long" or path[-1] in ("message", "helmreleases"):  # each late event reads them all again
                yield f"{'.'.join(path)}: {name}", changed(path, value, whole=whole)
        yield f"{'.'.join(path)}: absent", changed(path, whole=whole)


def _at(path: tuple[str, ...]) -> Any:
    part: Any = WHOLE
    for name in path:
        part = part[name]
    return part
