"""Chart repositories for one run of helm: those that a lock names need not be added by hand on every machine.

`helm dependency build` refuses an address that was not given to `helm repo add`, and refreshes all that were.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from ..errors import Refused
from .process import run


@contextmanager
def known(urls: Sequence[str]) -> Iterator[dict[str, str]]:
    """The environment in which helm knows `urls` and nothing else, with the logins that the user's own file has for
    them; where `urls` hold an alias of that file, that file alone is used.
    """
    if not all(url.startswith(("https://", "http://")) for url in urls):
        yield {}
        return
    own = {str(entry.get("url")).rstrip("/"): entry for entry in _own()}
    entries = [
        {**own.get(url.rstrip("/"), {}), "name": f"repository-{number}", "url": url} for number, url in enumerate(urls)
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "repositories.yaml"
        file.write_text(json.dumps({"apiVersion": "v1", "repositories": entries}))  # JSON is YAML
        yield {"HELM_REPOSITORY_CONFIG": str(file), "HELM_REPOSITORY_CACHE": f"{folder}/cache"}


def _own() -> list[dict[str, Any]]:
    path = Path(run(["helm", "env", "HELM_REPOSITORY_CONFIG"]).text)
    try:
        document = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    except FileNotFoundError:
        return []
    except (OSError, yaml.YAMLError) as error:
        raise Refused(
            f"Helm's {path} cannot be read.", "Correct it: `helm repo list` shows what is wrong.", fault="machine"
        ) from error
    found = document.get("repositories") if isinstance(document, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
