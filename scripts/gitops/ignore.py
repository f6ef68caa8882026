"""What Flux leaves out of a source that it fetches: as `.sourceignore` says at any depth, and what it never takes.

https://fluxcd.io/flux/components/source/gitrepositories/#excluding-files; the defaults are those of
github.com/fluxcd/pkg, sourceignore/sourceignore.go. The patterns are gitignore's, so git reads them.
"""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from ..clients.git import Git

NEVER = b"""\
.gitignore
.gitmodules
.gitattributes
*.jpg
*.jpeg
*.gif
*.png
*.wmv
*.flv
*.tar.gz
*.zip
.github/
.circleci/
.travis.yml
.gitlab-ci.yml
appveyor.yml
.drone.yml
cloudbuild.yaml
codeship-services.yml
codeship-steps.yml
**/.goreleaser.yml
**/.sops.yaml
**/.flux.yaml
"""
IGNORED = ("ls-files", "--others", "--ignored", "--exclude-per-directory=.sourceignore", "-z")


def drop_ignored(git: Git, folder: Path) -> None:
    """Removes from `folder`, which holds the files of a source, those that Flux leaves out; `git` is any repository."""
    with NamedTemporaryFile() as file:
        file.write(NEVER)
        file.flush()
        no_index = {"GIT_INDEX_FILE": f"{file.name}-none"}
        listed = git.call(f"--work-tree={folder}", *IGNORED, f"--exclude-from={file.name}", env=no_index).stdout
    for name in filter(None, os.fsdecode(listed).split("\0")):
        (folder / name).unlink()
