"""A folder of the GitOps repo, or a chart, that cannot be rendered: the refusals that a proposal then repeats."""

import os
import subprocess
from pathlib import Path

import pytest

from scripts.diff.chart import fetch, objects_of
from scripts.diff.overlay import HelmRelease, build, release_of
from scripts.errors import Refused
from tests.support.builders import program


def test_what_is_no_release_or_no_object_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="builds 0 HelmReleases called orders"):
        release_of([], "orders")
    with pytest.raises(Refused, match="does not say where its chart is"):
        fetch("", "1.0.0", tmp_path, plain_http=False)
    subprocess.run(["helm", "create", tmp_path / "orders"], check=True, capture_output=True)
    (tmp_path / "orders/templates/service.yaml").write_text("a: 1\n")
    with pytest.raises(Refused, match="The chart renders something that is not"):
        objects_of(HelmRelease("a", "b", {}, "", "", ()), tmp_path / "orders", None)
    program(tmp_path, "kustomize", "echo 'a: 1'")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Refused, match="kustomize built something that is not"):
        build(tmp_path, tmp_path)
