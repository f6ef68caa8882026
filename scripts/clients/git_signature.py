"""How git signs commits: what a checkout says of it holds in a temporary clone as well.

https://git-scm.com/docs/git-config#Documentation/git-config.txt-usersigningKey
"""

from .git import Git

KEYS = r"^(user\.signingkey|gpg\..*)$"


def copy_signing(checkout: Git, clone: Git) -> None:
    """A key that is a file may be named relative to the checkout."""
    said = checkout.call("config", "--null", "--get-regexp", KEYS, check=False).stdout.decode()
    for entry in filter(None, said.split("\0")):
        key, _, value = entry.partition("\n")
        file = checkout.folder / value
        clone.run("config", key, str(file) if key == "user.signingkey" and file.is_file() else value)
