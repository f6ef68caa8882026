"""The user's own files: `waybill bump` writes two of them, and of those that a release leaves out people are
warned."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..clients.git import Git
from ..errors import Refused


def write(files: Mapping[str, bytes], head: str, git: Git, scratch: Path) -> None:
    """Writes `files` (by path below the top), all or none; one with changes of the user's own is refused. `scratch` is
    a folder of the same file system."""
    committed = git.files(head, *files)
    for path, data in files.items():
        present = git.folder / path
        if not present.is_file() or present.read_bytes() not in (committed.get(path), data):
            raise Refused(
                f"{path} is neither as it is committed nor as bump would write it.",
                "Commit your change or take it back, then run the same command again.",
                fault="you",
            )
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        ready = {}
        for number, (path, data) in enumerate(files.items()):
            ready[path] = Path(folder) / str(number)
            ready[path].write_bytes(data)
            ready[path].chmod((git.folder / path).stat().st_mode)
        try:
            for path, source in ready.items():
                source.replace(git.folder / path)
        except OSError as error:
            for path in files:
                (git.folder / path).write_bytes(committed[path])
            raise Refused(
                f"{error.filename} cannot be written: {error.strerror}.",
                "Remove the cause, then run the same command again.",
                fault="you",
            ) from error


def unshipped(git: Git, *paths: str) -> list[str]:
    """Files at or below `paths` that differ from HEAD or are not in it."""
    listed = git.call("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *paths).stdout
    return sorted(row[3:].decode(errors="replace") for row in listed.split(b"\0") if row)
