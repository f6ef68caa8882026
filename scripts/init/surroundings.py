"""What a checkout tells of its forge and its CI."""

from pathlib import Path

from msgspec import Struct

from ..addresses import is_local, likely_forge, normalise
from ..clients.git import Git


class Surroundings(Struct, frozen=True):
    """`address` is that of the remote, as people see it, "" where there is none; `owner` is the part of it before the
    repository's name. `ci` is the system whose files are here, else the one that the forge has; `branch` the one that
    is checked out."""

    address: str
    forge: str
    ci: str
    branch: str

    @property
    def owner(self) -> str:
        return self.address.partition("://")[2].rpartition("/")[0].partition("/")[2].lower()


def surroundings(git: Git, remote: str) -> Surroundings:
    url = git.call("config", "--get", f"remote.{remote}.url", check=False).text
    address = normalise(url) if url and not is_local(url) else ""
    forge = likely_forge(address) if address else None
    return Surroundings(address, forge or "", _ci(git.folder, forge or ""), _branch(git))


def _ci(top: Path, forge: str) -> str:
    if (top / ".github" / "workflows").is_dir():
        return "github"
    if (top / ".gitlab-ci.yml").is_file():
        return "gitlab"
    return forge if forge in ("github", "gitlab") else ""


def _branch(git: Git) -> str:
    return git.call("symbolic-ref", "--short", "HEAD", check=False).text or "main"
