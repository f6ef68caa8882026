"""The files of a chart by their path in it: from a folder, or from a .tgz."""

import io
import tarfile
from pathlib import Path


def of_folder(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def of_archive(archive: bytes) -> dict[str, bytes]:
    """Empty for what is no archive: helm says that better."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            members = [(member.name.partition("/")[2], tar.extractfile(member)) for member in tar if member.isfile()]
            return {path: data.read() for path, data in members if data}
    except (tarfile.TarError, EOFError, OSError):
        return {}
