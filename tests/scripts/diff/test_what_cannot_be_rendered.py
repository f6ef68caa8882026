"""A folder of the GitOps repo, or a chart, that cannot be rendered: the refusals that a proposal then repeats."""

import os
from pathlib import Path

import pytest

from scripts.diff.chart import fetch
from scripts.diff.overlay import build, release_of
from scripts.errors import Refused
from tests.support.builders import program


def test_what_is_no_release_or_no_object_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="builds 0 HelmReleases called orders"):
        release_of([], "orders")
    for length, name in ((53, "a" * 53), (54, f"{'a' * 40}-a3f01b693925")):
        spec = {"releaseName": "a" * length}
        assert (
            release_of([{"kind": "HelmRelease", "metadata": {"name": "orders"}, "spec": spec}], "orders").name == name
        )
    with pytest.raises(Refused, match="does not say where its chart is"):
        fetch("", "1.0.0", tmp_path, plain_http=False)
    program(tmp_path, "kustomize", "echo 'a: 1'")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Refused, match="kustomize built something that is not"):
        build(tmp_path, tmp_path)
