"""The cluster names a process of its own that ended by itself."""

from pathlib import Path

import pytest

from tools.cluster.component import component, ended
from tools.cluster.waiting import wait_for


def waits_in_vain(folder: Path) -> None:
    with component(["sleep", "60"], folder), component(["ls", "/no/such/folder"], folder):
        assert wait_for("ls to end", ended) == ended()
        raise RuntimeError("waited in vain")


def test_what_ended_by_itself_is_named_with_its_last_log_lines(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError) as caught:
        waits_in_vain(tmp_path)
    (note,) = caught.value.__notes__
    assert note.startswith("ls ended by itself with 2; ")
    assert "'/no/such/folder'" in note
    assert ended() == []
