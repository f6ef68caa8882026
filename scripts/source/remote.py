"""Where git reads the source repository and where it pushes to: a tag reserves a version in one repository alone.

https://git-scm.com/docs/git-config#Documentation/git-config.txt-remotenamepushurl
"""

from ..addresses import normalise
from ..clients.git import Git
from ..clients.process import censor
from ..errors import Refused


def is_known(git: Git, remote: str, service: str) -> bool:
    """Whether `remote` is an address or a remote of the clone; refused where that is pushed to more than one
    repository, or to another one than is read, which has not the same tags of the service."""
    if "/" in remote:
        return True
    found = git.call("remote", "get-url", "--push", "--all", "--", remote, check=False)
    if found.code != 0:
        return False
    first, *others = found.text.splitlines()
    if others:
        raise Refused(
            f"git pushes to {remote} at several addresses, {' and '.join(map(censor, [first, *others]))}, and a tag "
            "reserves a version in one repository alone.",
            "Add a remote with the one address that releases are of (`git remote add releases URL`) and name it with "
            "--remote; let that host mirror to the others.",
            fault="repository",
        )
    read = git.call("remote", "get-url", "--", remote).text
    if normalise(read) != normalise(first):
        _refuse_other_tags(git, remote, read, first, service)
    return True


def _refuse_other_tags(git: Git, remote: str, read: str, pushed: str, service: str) -> None:
    here, there = (git.refs(it, "HEAD", f"refs/tags/{service}-*") for it in (remote, pushed))
    if here != there:
        raise Refused(
            f"git reads {remote} at {censor(read)} and pushes to {censor(pushed)}, which holds something else: a "
            "version that is taken in one is free in the other.",
            f"Correct `remote.{remote}.pushurl` or `pushInsteadOf` in git's configuration, so that both are addresses "
            "of one repository; or name another remote with --remote.",
            fault="repository",
        )
