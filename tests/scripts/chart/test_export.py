"""A chart written to a temporary folder stays in that folder."""

from pathlib import Path

import pytest

from scripts.chart.export import export
from scripts.clients.git import Git
from scripts.errors import Refused
from tests.support.builders import git


def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "repository")
    repository = Git(tmp_path / "repository")
    blob = repository.run("hash-object", "-w", "--stdin", input=b"")
    above = repository.run("mktree", input=f"100644 blob {blob}\t..\n".encode())
    tree = repository.run("mktree", input=f"040000 tree {above}\tchart\n".encode())
    with pytest.raises(Refused, match="The commit holds the path"):
        export(repository, repository.commit_tree(tree, [], "Hostile", 0), "chart", (), tmp_path / "out")
