"""How git signs commits and tags: what a checkout says of it holds in a temporary clone as well.

https://git-scm.com/docs/git-config#Documentation/git-config.txt-usersigningKey
"""

import tempfile
from pathlib import Path

from ..errors import Refused
from .git import Author, Git

KEYS = r"^(user\.signingkey|gpg\..*)$"


def copy_signing(checkout: Git, clone: Git) -> None:
    """A key that is a file may be named relative to the checkout."""
    said = checkout.call("config", "--null", "--get-regexp", KEYS, check=False).stdout.decode()
    for entry in filter(None, said.split("\0")):
        key, _, value = entry.partition("\n")
        file = checkout.folder / value
        clone.run("config", key, str(file) if key == "user.signingkey" and file.is_file() else value)


def signed_tag(checkout: Git, tag: str, commit: str, author: Author) -> str:
    """The id of an annotated tag, dated as its commit, in the checkout's objects; no ref of the checkout names it.

    git signs a tag only together with its ref, which is made in a repository of its own.
    """
    objects = checkout.folder / checkout.run("rev-parse", "--git-path", "objects")
    env = author.variables(checkout.committed(commit)) | {"GIT_OBJECT_DIRECTORY": str(objects)}
    with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
        git = Git(Path(folder))
        git.run("init", "--quiet", "--bare", "--object-format=sha1", "--template=")
        copy_signing(checkout, git)
        made = git.call("tag", "--sign", "--cleanup=whitespace", "--message", tag, tag, commit, env=env, check=False)
        if made.code != 0:
            raise Refused(
                f"git could not sign the tag {tag} of {author.who}, as `commit_sign` wants: {made.complaint}",
                "Correct what it names (`git tag -s` has to work here, as `commit_author`), or turn it off.",
                fault="machine",
            )
        return git.call("rev-parse", f"refs/tags/{tag}", env=env).text
