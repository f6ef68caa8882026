"""A real OCI registry (CNCF Distribution) on loopback, at a port that the kernel picks."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .processes import running, wait_for_line


@contextmanager
def serve_registry(
    folder: Path, auth: Mapping[str, object] | None = None, address: str = "127.0.0.1:0"
) -> Iterator[str]:
    """Yield the `host:port` where the registry listens (plain HTTP). What is pushed lives in memory; `folder` gets its
    configuration and log. `auth` is that part of it: https://distribution.github.io/distribution/about/configuration/#auth
    """
    config: dict[str, object] = {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {"inmemory": {}, "delete": {"enabled": True}},
        "http": {"addr": address},
    }
    if auth:
        config["auth"] = auth
    folder.mkdir(parents=True, exist_ok=True)
    file, log = folder / "registry.yml", folder / "registry.log"
    file.write_text(json.dumps(config))  # JSON is YAML
    env = os.environ | {"OTEL_TRACES_EXPORTER": "none"}
    with running(["registry", "serve", str(file)], log, env) as process:
        yield wait_for_line(process, log, r"listening on (\S+:\d+)")
