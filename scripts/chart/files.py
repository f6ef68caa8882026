"""The files of a chart by their path in it: from a folder, or from a .tgz."""

import io
import tarfile
from pathlib import Path

LIMIT = 100 * 1024 * 1024  # bytes, unpacked: helm.sh/helm/v4/pkg/chart/loader/archive


def of_folder(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def of_archive(archive: bytes) -> dict[str, bytes]:
    """Empty for what is no archive, and for one that holds more than Helm reads: helm has the better message."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            members, size = [], 0
            for member in tar:
                size += member.size
                if size > LIMIT:
                    return {}
                members.append(member)
            found = [(member.name.partition("/")[2], tar.extractfile(member)) for member in members if member.isfile()]
            return {path: data.read() for path, data in found if data}
    except (tarfile.TarError, EOFError, OSError):
        return {}
