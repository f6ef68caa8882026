"""Two charts as .tgz files: the same if what Helm unpacks is the same, byte for byte."""

import zlib

GZIP = 16 + zlib.MAX_WBITS
LARGEST = 256 * 2**20  # bytes of a tar stream; Helm reads no chart of more than 100 MiB


def same_content(theirs: bytes, ours: bytes) -> bool:
    """Whether both hold one tar stream: another Helm may compress it differently.

    No member is read: two programs may read one tar differently. Of `theirs` no more is unpacked than `ours` holds,
    and it is one gzip member with nothing after it.
    """
    mine = _unpacked(ours, LARGEST)
    return mine is not None and _unpacked(theirs, len(mine)) == mine


def _unpacked(archive: bytes, limit: int) -> bytes | None:
    """The bytes in a .tgz, None for more than `limit` and for what is no single, whole gzip member."""
    member = zlib.decompressobj(GZIP)
    try:
        stream = member.decompress(archive, limit + 1)
    except zlib.error:
        return None
    return stream if member.eof and not member.unused_data and len(stream) <= limit else None
