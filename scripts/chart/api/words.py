"""Which texts the API server takes as names, labels and keys: k8s.io/apimachinery/pkg/util/validation. A rule returns
what is wrong, "" for what is right; lengths are of bytes, and what is right is ASCII."""

import re
from base64 import b64decode
from collections.abc import Callable

Rule = Callable[[str], str]

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_WORD = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"


def _rule(pattern: str, limit: int | None, what: str) -> Rule:
    expression = re.compile(pattern)

    def complaint(text: str) -> str:
        if limit is not None and len(text.encode()) > limit:
            return f"it is longer than {limit} characters"
        return "" if expression.fullmatch(text) else what

    return complaint


dns_label = _rule(_LABEL, 63, "only a-z, 0-9 and `-` are allowed, and no `-` at either end")
dns_subdomain = _rule(
    rf"{_LABEL}(\.{_LABEL})*", 253, "only a-z, 0-9, `-` and `.` are allowed, and a letter or digit at both ends"
)
path_segment = _rule(r"(?!\.{1,2}\Z)[^/%]*", None, "`/`, `%`, `.` alone and `..` alone are not allowed")
label_value = _rule(
    rf"({_WORD})?", 63, "only A-Z, a-z, 0-9, `-`, `_` and `.` are allowed, and a letter or digit at both ends"
)
port_name = _rule(
    r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?",
    15,
    "only a-z, 0-9 and single `-` inside are allowed, and at least one letter",
)
# As Kubernetes 1.34 relaxed it.
variable_name = _rule(r"[ -<>-~]+", None, "only printable ASCII without `=` is allowed")
data_key = _rule(r"(?!\.\.)(?!\.\Z)[-._a-zA-Z0-9]+", 253, "only A-Z, a-z, 0-9, `-`, `_` and `.` are allowed")
_name_part = _rule(_WORD, 63, "only A-Z, a-z, 0-9, `-`, `_` and `.` are allowed, and a letter or digit at both ends")


def label_key(text: str) -> str:
    """`name`, or `prefix/name` whose prefix is a DNS subdomain."""
    prefix, slash, name = text.rpartition("/")
    return (dns_subdomain(prefix) and "before `/` stands no DNS name" if slash else "") or _name_part(name)


def annotation_key(text: str) -> str:
    return label_key(text.lower())


def optional(rule: Rule) -> Rule:
    return lambda text: text and rule(text)


def any_text(text: str) -> str:
    return ""


def base64(text: str) -> str:
    try:
        b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        return "it is no base64"
    return ""
