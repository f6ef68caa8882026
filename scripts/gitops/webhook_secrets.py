"""The webhook key of an environment, as Secrets for the cluster and for the ledger."""

import json
import os
from pathlib import Path

from ..errors import accident
from .webhook import Hook

HEAD = """\
# The webhook key of {environment}. Whoever has it can tell the ledger what runs there: keep this file out of Git.
# `kubectl create --filename FILE` makes what is not there yet, and replaces nothing.
"""
OBJECT = """\
---
# {about}
apiVersion: v1
kind: Secret
metadata:
  namespace: {namespace}
  name: {name}
stringData:
  {key}: {value}
"""


def text_of(hook: Hook, key: str, ledger: str) -> str:
    """`ledger` is the namespace of the ledger and of its observer."""
    found = [("With it Flux signs its events.", hook.namespace, hook.name, "token", key)]
    if ledger != hook.namespace:
        found.append(("With it the observer signs what it sees.", ledger, hook.name, "token", key))
    entry = json.dumps({hook.environment: [key]})
    about = "For the ledger (`flux.keysSecretName`). Where it has keys of other environments, add this entry to them."
    found.append((about, ledger, "waybill-keys", "keys.json", f"'{entry}'"))
    names = ("about", "namespace", "name", "key", "value")
    parts = (OBJECT.format(**dict(zip(names, it, strict=True))) for it in found)
    return HEAD.format(environment=hook.environment) + "".join(parts)


def write_new(path: Path, text: str) -> None:
    """A new file that its owner alone may read."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise accident(error, f"{path} cannot be written") from error
