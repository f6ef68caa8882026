"""A temporary clone of a service's repository, for a machine that has no checkout of it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..addresses import repository_address
from ..clients.git import Git
from ..clients.git_remote import unreadable


@contextmanager
def source_cloned(address: str, cwd: Path) -> Iterator[Path]:
    """The clone's folder, with the default branch checked out; its remote is `origin`."""
    address = repository_address(address, "--remote", cwd)
    with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
        git = Git(Path(folder))
        done = git.call("clone", "--quiet", "--no-tags", "--", address, folder, check=False)
        if done.code != 0:
            raise unreadable(address, done.complaint, git.fault)
        yield Path(folder)
