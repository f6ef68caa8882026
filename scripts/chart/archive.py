"""Two charts as .tgz files, compared by what they unpack to."""

import gzip
import io
import tarfile
import zlib
from pathlib import Path


def same_files(theirs: bytes, archive: Path) -> bool:
    """Whether two .tgz unpack to the same: another Helm may compress differently."""
    try:
        with (
            gzip.open(io.BytesIO(theirs)) as stream,
            tarfile.open(fileobj=stream, mode="r:") as other,
            tarfile.open(archive) as own,
        ):
            left = {member.name: member for member in own}
            for member in other:
                mine = left.pop(member.name, None)
                if mine is None or (mine.type, mine.size, mine.linkname) != (member.type, member.size, member.linkname):
                    return False
                if member.isfile() and _content(other, member) != _content(own, mine):
                    return False
            while stream.read(2**20):
                pass  # to the end, where gzip's checksum stands: helm reads that too
            return not left
    except (tarfile.TarError, zlib.error, EOFError, OSError):
        return False


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file else b""
