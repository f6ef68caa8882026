"""What a render on this machine cannot know, since it hangs on the cluster, on Helm's history or on chance."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

# As text/template/parse/lex.go reads them: `}}` in a text ends no action, and `'"'` begins no text.
_TEXT = re.compile(rb"""\"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`""")
_ACTION = re.compile(rb"\{\{-?\s*/\*.*?\*/|\{\{((?:" + _TEXT.pattern + rb"|[^\"'`}]|}(?!}))*+)}}", re.DOTALL)
_TPL, _FILES = re.compile(rb"(?<![\w.$])tpl\b"), re.compile(rb"\.Files\b")
APIS, VERSION = "which APIs the cluster has", "which version of Kubernetes the cluster has"
_ALLOWED = re.compile(rb"""(?m)^["']?kubeVersion["']?\s*:\s*(?!''|""|$)[^\s#]""")
_RANDOM = (
    rb"rand\w+|shuffle|ago|gen(?:PrivateKey|CA|SelfSignedCert|SignedCert)\w*|uuidv4|now|bcrypt|htpasswd|encryptAES"
)
# The order of a mapping's keys and values is random, where something hangs on it.
_UNSORTED = (
    rb"(?:^|\0)(?=[^\0]*\b(?:range|join|first|last|to(?:Yaml|Json))\b)(?![^\0]*\b(?:has|len|sortAlpha)\b)"
    rb"[^\0]*(?<![\w.$])(?:keys|values)\b"
)
# `toYaml .Release` names no field of it, and has them all.
_WHOLE = rb"(?:\bto\w+|\bmustTo\w+|\bprint\w*|\bs?quote|\bcat|sum)\s[^|\0]*\.%b\b(?!\.)|\.%b\s*\|"
_CAPABILITIES, _RELEASE = (_WHOLE % (name, name) for name in (b"Capabilities", b"Release"))
_ASKING = {
    "what `lookup` finds in the cluster": re.compile(rb"(?<![\w.$])lookup\b"),
    APIS: re.compile(rb"\.APIVersions\b|" + _CAPABILITIES),
    VERSION: re.compile(rb"\.KubeVersion\b|" + _CAPABILITIES),
    "which version of Helm Flux has": re.compile(rb"\.HelmVersion\b"),
    "whether Helm installs or upgrades": re.compile(
        rb"\.Is(?:Install|Upgrade)\b|(?:\.Release|(?<![\w)])|\$\w+)\.Revision\b|" + _RELEASE
    ),
    "what is random, or hangs on the time": re.compile(rb"(?<![\w.$])(?:" + _RANDOM + rb")\b|" + _UNSORTED),
}
# `index .Capabilities "APIVersions"` is one of these fields by its name.
_FIELD = re.compile(rb"Capabilities|APIVersions|KubeVersion|HelmVersion|Release|IsInstall|IsUpgrade|Revision|Files")


def unseen(files: Mapping[str, bytes], chart: str, *, known: tuple[str, ...] = (), values: Any = None) -> list[str]:
    """Sentences without a full stop, each once, without those that the settings answer (`known`). `values` are the
    HelmRelease's."""
    found: dict[str, list[str]] = {}
    # Of the charts in charts/ Helm does not ask it.
    if VERSION not in known and _ALLOWED.search(files.get("Chart.yaml", b"")):
        found[VERSION] = [f"{chart}/Chart.yaml"]
    for path, code in _code({f"{chart}/{path}": data for path, data in files.items()}, values):
        for what, asking in _ASKING.items():
            if what not in known and asking.search(code):
                found.setdefault(what, []).append(path)
    return [f"{what} ({', '.join(paths)})" for what, paths in found.items()]


def _code(files: Mapping[str, bytes], values: Any) -> Iterator[tuple[str, bytes]]:
    """What stands in the actions of templates, and in those of texts in them, of values, or of all files, that `tpl`
    may run."""
    found = {path: _actions(data) for path, data in files.items() if "templates/" in path}
    if any(_TPL.search(code) for code in found.values()):
        found = {path: _actions(files[path], texts=True) for path in found}
        found |= {path: _actions(data, texts=True) for path, data in files.items() if path.endswith("values.yaml")}
        found["values of the HelmRelease"] = b"\0".join(_actions(text, texts=True) for text in _texts(values))
        if any(_FILES.search(code) for code in found.values()):
            found |= {path: _actions(data, texts=True) for path, data in files.items() if path not in found}
    yield from found.items()


def _texts(value: Any) -> Iterator[bytes]:
    if isinstance(value, str):
        yield value.encode(errors="replace")
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _actions(data: bytes, *, texts: bool = False) -> bytes:
    """The actions in `data`; with `texts` those in their texts as well."""

    def text(found: re.Match[bytes]) -> bytes:
        inside = found[0][1:-1]
        if _FIELD.fullmatch(inside):
            return b"." + inside
        return (
            b"\0" + _actions(inside.replace(b'\\"', b'"'), texts=True) + b"\0" if texts and b"{{" in inside else b'""'
        )

    return b"\0".join(_TEXT.sub(text, action) for action in _ACTION.findall(data))
