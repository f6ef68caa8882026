"""What a render on this machine cannot know, since it hangs on the cluster, on Helm's history or on chance."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

# As text/template/parse/lex.go reads them: `}}` in a text ends no action, and `'"'` begins no text.
_TEXT = re.compile(rb"""\"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`""")
_ACTION = re.compile(rb"\{\{-?\s*/\*.*?\*/|\{\{((?:" + _TEXT.pattern + rb"|[^\"'`}]|}(?!}))*+)}}", re.DOTALL)
_TPL, _FILES = re.compile(rb"(?<![\w.$])tpl\b"), re.compile(rb"\.Files\b")
APIS, VERSION = "which APIs the cluster has", "which version of Kubernetes the cluster has"
_RANDOM = (
    rb"rand\w+|shuffle|ago|gen(?:PrivateKey|CA|SelfSignedCert|SignedCert)\w*|uuidv4|now|bcrypt|htpasswd|encryptAES"
)
_ASKING = {
    "what `lookup` finds in the cluster": re.compile(rb"(?<![\w.$])lookup\b"),
    APIS: re.compile(rb"\.APIVersions\b"),
    VERSION: re.compile(rb"\.KubeVersion\b"),
    "whether Helm installs or upgrades": re.compile(rb"\.Is(?:Install|Upgrade)\b|\.Release\.Revision\b"),
    "what is random, or hangs on the time": re.compile(rb"(?<![\w.$])(?:" + _RANDOM + rb")\b"),
}


def unseen(files: Mapping[str, bytes], chart: str, *, known: tuple[str, ...] = (), values: Any = None) -> list[str]:
    """Sentences without a full stop, each once, without those that the settings answer (`known`). `values` are the
    HelmRelease's."""
    found: dict[str, list[str]] = {}
    for path, code in _code({f"{chart}/{path}": data for path, data in files.items()}, values):
        for what, asking in _ASKING.items():
            if what not in known and asking.search(code):
                found.setdefault(what, []).append(path)
    return [f"{what} ({', '.join(paths)})" for what, paths in found.items()]


def _code(files: Mapping[str, bytes], values: Any) -> Iterator[tuple[str, bytes]]:
    """What stands in the actions of templates, and in those of values, or of all files, that `tpl` may run."""
    found = {path: _actions(data) for path, data in files.items() if "templates/" in path}
    if any(_TPL.search(code) for code in found.values()):
        every = any(_FILES.search(code) for code in found.values())
        others = [path for path in files if path not in found and (every or path.endswith("values.yaml"))]
        found |= {path: _actions(files[path]) for path in others}
        found["values of the HelmRelease"] = b" ".join(map(_actions, _texts(values)))
    yield from found.items()


def _texts(value: Any) -> Iterator[bytes]:
    if isinstance(value, str):
        yield value.encode(errors="replace")
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _actions(data: bytes) -> bytes:
    return b" ".join(_TEXT.sub(b'""', action) for action in _ACTION.findall(data))
