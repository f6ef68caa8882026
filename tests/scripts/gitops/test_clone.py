"""The temporary clone of the GitOps repo, in which a proposal is worked out."""

from pathlib import Path

import pytest

from scripts.clients.git import Git
from scripts.errors import Refused
from scripts.gitops.clone import Heads
from tests.support.builders import git


@pytest.fixture
def empty(tmp_path: Path) -> Git:
    """An empty one."""
    git(tmp_path, "init", "--quiet", "empty")
    return Git(tmp_path / "empty")


def test_a_git_that_cannot_merge_without_a_work_tree_is_too_old(empty: Git) -> None:
    with pytest.raises(Refused, match="could not try to merge apps/orders into main"):
        _ = Heads("main", "--no-option-of-git", "apps/orders", "0" * 40, empty).merged
