"""PostgreSQL outside the cluster, which pods reach through a Service without selector, as is usual for a database."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.service.postgres_server import postgres_server
from tools.cluster.namespaces import ADDRESS
from tools.cluster.world import LOGS

PORT = 5432
NAMES = ("staging", "pinned", "rendered")


@contextmanager
def database() -> Iterator[str]:
    """Yield the password of the user `postgres`. There is a database for each of NAMES."""
    password = secrets.token_hex(16)
    with postgres_server() as server:
        for statement in (f"ALTER USER postgres PASSWORD '{password}'", *(f"CREATE DATABASE {it}" for it in NAMES)):
            server.run("psql", "-q", "-h", str(server.folder), "-U", "postgres", "-c", statement)
        access = server.folder / "data" / "pg_hba.conf"
        with access.open("a") as file:
            file.write(f"host all all {ADDRESS}/24 scram-sha-256\n")
        server.stop("fast")
        server.options = server.options.replace("listen_addresses=''", f"listen_addresses={ADDRESS} -c port={PORT}")
        server.start()
        try:
            yield password
        finally:
            shutil.copyfile(server.folder / "log", LOGS / "postgresql.log")


def service(namespace: str) -> list[dict[str, Any]]:
    """The objects that make `database` a host name in `namespace`."""
    meta = {"name": "database", "namespace": namespace}
    port = {"name": "postgresql", "port": PORT}
    labels = {"kubernetes.io/service-name": "database"}
    slices = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {**meta, "labels": labels}}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [port]}},
        {**slices, "addressType": "IPv4", "ports": [port], "endpoints": [{"addresses": [ADDRESS]}]},
    ]
