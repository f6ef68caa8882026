"""A real OCI registry (CNCF Distribution) on loopback, at a port that the kernel picks."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .processes import running, wait_for_line


@contextmanager
def serve_registry(folder: Path, htpasswd: Path | None = None) -> Iterator[str]:
    """Yield the registry's `127.0.0.1:PORT` (plain HTTP). What is pushed lives in memory; `folder` gets its
    configuration and log. With `htpasswd` (bcrypt lines) it asks for Basic credentials.
    """
    config: dict[str, object] = {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {"inmemory": {}, "delete": {"enabled": True}},
        "http": {"addr": "127.0.0.1:0"},
    }
    if htpasswd:
        config["auth"] = {"htpasswd": {"realm": "waybill", "path": str(htpasswd)}}
    folder.mkdir(parents=True, exist_ok=True)
    file, log = folder / "registry.yml", folder / "registry.log"
    file.write_text(json.dumps(config))  # JSON is YAML
    env = os.environ | {"OTEL_TRACES_EXPORTER": "none"}
    with running(["registry", "serve", str(file)], log, env) as process:
        yield wait_for_line(process, log, r"listening on (127\.0\.0\.1:\d+)")
