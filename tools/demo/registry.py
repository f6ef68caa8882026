"""A real OCI registry (CNCF Distribution), by default on loopback at a free port."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .processes import running, wait_for_line


@contextmanager
def serve_registry(
    folder: Path, auth: Mapping[str, object] | None = None, address: str = "127.0.0.1:0", *, on_disk: bool = False
) -> Iterator[str]:
    """Yield the `host:port` where the registry listens (plain HTTP). What is pushed is kept in memory, which is slow
    for large images, or on disk. `folder` gets it, the configuration and the log. `auth` is that part of the
    configuration: https://distribution.github.io/distribution/about/configuration/#auth
    """
    storage = {"filesystem": {"rootdirectory": str(folder / "stored")}} if on_disk else {"inmemory": {}}
    config: dict[str, object] = {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {**storage, "delete": {"enabled": True}},
        "http": {"addr": address},
    }
    if auth:
        config["auth"] = auth
    folder.mkdir(parents=True, exist_ok=True)
    file, log = folder / "registry.yml", folder / "registry.log"
    file.write_text(json.dumps(config))  # JSON is YAML
    env = os.environ | {"OTEL_TRACES_EXPORTER": "none"}
    with running(["registry", "serve", str(file)], log, env) as process:
        yield wait_for_line(process, log, r"listening on (\S+:[0-9]+)")
