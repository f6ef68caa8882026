"""The folder .waybill in a checkout, where the release tool keeps its own files.

A commit could hold the folder, or a file of it, as a symbolic link to anywhere: none is followed, none replaced.
"""

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from .errors import Refused, accident


def refuse_links(folder: Path) -> None:
    """Refuses a folder that is a link, or holds one."""
    inside = sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []
    for path in (folder, *inside):
        if path.is_symlink():
            raise _link(path)


def make(folder: Path) -> Path:
    """Makes the folder, which ignores itself, so that no commit takes it along."""
    refuse_links(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise accident(error, f"{folder} cannot be written") from error
    if not (ignore := folder / ".gitignore").exists():
        write(ignore, b"*\n")
    return folder


def write(path: Path, data: bytes) -> None:
    """Replaces the file in one step, so that a killed run leaves the old one or the new one."""
    if os.path.islink(path):  # Path's own raises for a name that is too long
        raise _link(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name[:40])
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise accident(error, f"{path} cannot be written") from error


def lay_out(path: Path, data: bytes, name: str) -> None:
    """Writes a file of a commit, where it is called `name`, below a temporary folder."""
    try:
        with suppress(FileNotFoundError):
            path.write_bytes(data)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise accident(error, f"{name} cannot be written to a temporary folder") from error


def read(path: Path) -> bytes:
    """Raises FileNotFoundError where there is none."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _link(path) from error
        raise Refused(
            f"{path} cannot be read: {error.strerror}.", "Correct that, or remove it.", fault="machine"
        ) from error


def _link(path: Path) -> Refused:
    return Refused(
        f"{path} is a symbolic link, and Waybill keeps its own files there.",
        f"Remove it (`git rm {path.name}` in its folder, where a commit holds it): Waybill follows no link there.",
        fault="repository",
    )
