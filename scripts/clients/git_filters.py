"""What the filters of git (gitattributes) leave in a commit in place of a file.

https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md (a pointer is below 1024 bytes),
https://git-annex.branchable.com/internals/pointer_file/, and the heads of what git-crypt, transcrypt (openssl's
`Salted__` in base64) and git-agecrypt (https://age-encryption.org/v1) encrypt.
"""

from ..errors import Refused

_LIMIT = 1024
_POINTERS = {
    b"version https://git-lfs.github.com/spec/": ("git LFS", "`git lfs untrack` it"),
    b"version https://hawser.github.com/spec/": ("git LFS", "`git lfs untrack` it"),
    b"/annex/objects/": ("git-annex", "`git annex unannex` it"),
}
_ENCRYPTED = {
    b"\0GITCRYPT\0": "git-crypt",
    b"U2FsdGVkX1": "transcrypt",
    b"age-encryption.org/v1\n": "git-agecrypt",
}


def left(data: bytes) -> tuple[str, str] | None:
    """What `data` is, and what to do; None where it is a file itself."""
    for start, name in _ENCRYPTED.items():
        if data.startswith(start):
            return (
                f"is encrypted by {name}",
                "Except it from the filter in .gitattributes and commit it again, or take it out of the chart.",
            )
    for start, (name, untrack) in _POINTERS.items():
        if len(data) < _LIMIT and data.startswith(start):
            return (
                f"is a pointer of {name}, and the commit does not hold the file that it stands for",
                f"Commit the file itself: {untrack}, then add it again.",
            )
    return None


def refuse_left(path: str, data: bytes) -> None:
    if found := left(data):
        raise Refused(f"{path} {found[0]}.", found[1], fault="chart")
