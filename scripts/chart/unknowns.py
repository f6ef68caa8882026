"""What a render on this machine cannot know, since it hangs on the cluster, on Helm's history or on chance."""

import re
from collections.abc import Iterator, Mapping

_ACTION = re.compile(rb"\{\{(?!-?\s*/\*)(.*?)\}\}", re.DOTALL)
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"|`[^`]*`')
_TPL = re.compile(rb"(?<![\w.$])tpl\b")
APIS, VERSION = "which APIs the cluster has", "which version of Kubernetes the cluster has"
_RANDOM = rb"rand\w+|gen(?:PrivateKey|CA|SelfSignedCert|SignedCert)\w*|uuidv4|now|bcrypt|htpasswd|encryptAES"
_ASKING = {
    "what `lookup` finds in the cluster": re.compile(rb"(?<![\w.$])lookup\b"),
    APIS: re.compile(rb"\.APIVersions\b"),
    VERSION: re.compile(rb"\.KubeVersion\b"),
    "whether Helm installs or upgrades": re.compile(rb"\.Is(?:Install|Upgrade)\b|\.Release\.Revision\b"),
    "what is random, or hangs on the time": re.compile(rb"(?<![\w.$])(?:" + _RANDOM + rb")\b"),
}


def unseen(files: Mapping[str, bytes], chart: str, *, known: tuple[str, ...] = ()) -> list[str]:
    """Sentences without a full stop, each once, without those that the settings answer (`known`)."""
    found: dict[str, list[str]] = {}
    for path, code in _code(files):
        for what, asking in _ASKING.items():
            if what not in known and asking.search(code):
                found.setdefault(what, []).append(f"{chart}/{path}")
    return [f"{what} ({', '.join(paths)})" for what, paths in found.items()]


def _code(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """What stands in the actions of templates, and in those of values where a template runs these by `tpl`."""
    found = {path: _actions(data) for path, data in files.items() if "templates/" in path}
    if any(_TPL.search(code) for code in found.values()):
        found |= {path: _actions(data) for path, data in files.items() if path.endswith("values.yaml")}
    yield from found.items()


def _actions(data: bytes) -> bytes:
    return b" ".join(_TEXT.sub(b'""', action) for action in _ACTION.findall(data))
