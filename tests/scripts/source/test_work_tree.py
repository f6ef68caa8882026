"""Files of the work tree are written all, or none."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from scripts.clients.git import Git
from scripts.errors import Refused
from scripts.source.work_tree import write
from tests.support.builders import TOP, World, git


def test_files_that_cannot_be_written_are_left_as_they_were(world: World) -> None:
    here, places = world.folder.stat().st_dev, (TOP / ".tools", Path("/dev/shm"))
    elsewhere = [it for it in places if it.is_dir() and it.stat().st_dev != here]
    if not elsewhere:
        pytest.skip("needs a second file system")
    with (
        TemporaryDirectory(dir=elsewhere[0]) as folder,
        pytest.raises(Refused, match="cannot be written: Invalid cross-device link"),
    ):
        write({"chart/values.yaml": b"a: 1\n"}, "HEAD", Git(world.checkout), Path(folder))
    assert git(world.checkout, "status", "--porcelain") == ""
