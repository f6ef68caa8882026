"""Secrets as they may be shown, by their kind and in addresses: that a value changes, never the value."""

import re
from itertools import zip_longest
from typing import Any

from ..yaml.objects import Object

FIELDS = ("data", "stringData")
# A text that holds a Secret, as YAML or JSON.
_KIND = re.compile(r"""\bkind["']?\s*:\s*["']?Secret(List)?\b""")
_DATA = re.compile(r"""\b(data|stringData)["']?\s*:""")
# Annotations with the whole object as it was applied, data and all: of kubectl and others, of Rancher, of kapp.
_APPLIED = re.compile(r".*last-applied.*|.*/(applied|original)")
# User and password of an address; a password may hold an unescaped `/`, and a port holds digits alone.
_CREDENTIALS = re.compile(r"""(?<=://)([^\s/@'"]+|[^\s/@'":]*:(?![0-9]+/)[^\s@'"]*)@(?!sha256:)""")


def veiled(before: Object, after: Object) -> tuple[Object, Object]:
    """Both without the data of Secrets, wherever in an object one lies; what is there before and changes is marked in
    the second."""
    return _veil(before, {}), _veil(after, before)


def _veil(value: Any, earlier: Any, *, secret: bool = False) -> Any:
    """`secret`: `value` is an item of a SecretList, which need not name its kind."""
    if isinstance(value, list):
        others = earlier if isinstance(earlier, list) else []
        return [_veil(item, old, secret=secret) for item, old in zip_longest(value, others[: len(value)])]
    if isinstance(value, str):
        return _text(value, earlier if isinstance(earlier, str) else None)
    if not isinstance(value, dict):
        return value
    known = earlier if isinstance(earlier, dict) else {}
    secret = value.get("kind", "Secret" if secret else None) == "Secret"
    listed = value.get("kind") == "SecretList"
    return {
        key: _mark(part, known.get(key))
        if (secret and key in FIELDS) or _holds_the_object(key)
        else _veil(part, known.get(key), secret=listed and key == "items")
        for key, part in value.items()
    }


def _holds_the_object(key: Any) -> bool:
    return isinstance(key, str) and bool(_APPLIED.fullmatch(key))


def _text(value: str, earlier: str | None) -> str:
    if _KIND.search(value) and _DATA.search(value):
        return str(_mark(value, earlier))

    def hidden(found: re.Match[str]) -> str:
        return "***@" if earlier is None or found[0] in earlier else "*** (not shown, changed)@"

    return _CREDENTIALS.sub(hidden, value)


def _mark(data: Any, earlier: Any) -> Any:
    if isinstance(data, dict):
        known = earlier if isinstance(earlier, dict) else {}
        return {key: _mark(str(value), str(known[key]) if key in known else None) for key, value in data.items()}
    return "(not shown)" if earlier in (None, data) else "(not shown, changed)"
