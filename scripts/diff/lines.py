"""An object as lines of YAML, and the lines in which two differ. The data of Secrets is never shown."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

import yaml

from ..yaml.objects import Object
from .secrets import veiled

CONTEXT = 3  # lines around a change


def difference(before: Object, after: Object) -> tuple[str, ...]:
    """The changed lines of both as YAML with some context; `@@` names the keys that a run of lines lies below."""
    old, new = (dump(item) for item in veiled(before, after))
    lines: list[str] = []
    for group in SequenceMatcher(None, old, new, autojunk=len(new) > 5000).get_grouped_opcodes(CONTEXT):
        below = _keys_above(old or new, group[0][1] if old else 0)
        lines += [f"@@ {below} @@"] if below else []
        for what, i, j, k, n in group:
            if what == "equal":
                lines += [f" {line}" for line in old[i:j]]
            else:
                lines += [f"-{line}" for line in old[i:j]] + [f"+{line}" for line in new[k:n]]
    return tuple(lines)


def _keys_above(lines: Sequence[str], index: int) -> str:
    """`spec.template.spec.containers` for a line below those keys."""
    keys: list[str] = []
    depth = _depth(lines[index]) if index < len(lines) else 0
    for line in reversed(lines[:index]):
        if _depth(line) < depth and line.endswith(":"):
            depth = _depth(line)
            keys.append(line.lstrip(" -").rstrip(":"))
    return ".".join(reversed(keys))


def _depth(line: str) -> int:
    """List items lie at their key's own column in PyYAML's output, so their dash counts as half a step."""
    stripped = line.lstrip(" ")
    return 2 * (len(line) - len(stripped)) + stripped.startswith("- ")


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def dump(item: Object) -> list[str]:
    if not item:
        return []
    return yaml.dump(item, Dumper=_Dumper, sort_keys=True, width=10**6, allow_unicode=True).splitlines()
