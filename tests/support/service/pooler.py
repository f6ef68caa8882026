"""A real PgBouncer in front of the tests' PostgreSQL.

With WAYBILL_POOLER=session or =transaction the ledger's tests reach their database through it: `make databases`.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from service.database.url import Pooler
from tools.cluster.waiting import wait_for
from tools.demo.processes import running

from .postgres_server import PostgresServer

MODE = cast(Pooler, os.environ.get("WAYBILL_POOLER", "none"))
PROGRAM = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
SETTINGS = """
[databases]
* = host={server} user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
auth_type = any
pool_mode = {mode}
max_client_conn = 400
default_pool_size = {size}
{user}
"""


@contextmanager
def pooler(server: PostgresServer, mode: Pooler, size: int = 20) -> Iterator[Path]:
    """The folder of its socket. It has at most `size` connections to a database."""
    folder = Path(tempfile.mkdtemp(prefix="waybill-pgbouncer-"))
    user = "" if os.geteuid() else "user = nobody"
    (folder / "ini").write_text(SETTINGS.format(server=server.folder, folder=folder, mode=mode, size=size, user=user))
    folder.chmod(0o777)
    assert PROGRAM, "pgbouncer is not installed; `make databases` says how"
    try:
        with running([PROGRAM, "ini"], folder / "log", cwd=folder):
            wait_for("PgBouncer's socket", (folder / ".s.PGSQL.6432").exists, every=0.02)
            yield folder
    finally:
        shutil.rmtree(folder)


def url(folder: Path, database: str) -> str:
    return f"postgresql://postgres@/{database}?host={folder}&port=6432"
