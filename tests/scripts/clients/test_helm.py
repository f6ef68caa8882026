"""helm does the same for everybody, and an old one is refused."""

import os
import shutil
from pathlib import Path

import pytest

from scripts.clients.helm import Helm
from scripts.errors import Refused
from tests.support.builders import CHART, DEPLOYMENT, VALUES

SECONDS = 1_700_000_000


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    folder = tmp_path / "chart"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(CHART.format(service="orders"))
    (folder / "values.yaml").write_text(VALUES)
    (folder / "templates/deployment.yaml").write_text(DEPLOYMENT)
    return folder


def package(chart: Path, out: Path) -> bytes:
    out.mkdir()
    return Helm().package(chart, out, SECONDS).read_bytes()


def test_a_helm_that_packages_other_bytes_each_time_is_refused(
    chart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "helm"
    program.write_text(
        f'#!/bin/sh\nunset SOURCE_DATE_EPOCH\n[ $1 = version ] && echo v3.21.4 || exec {shutil.which("helm")} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Refused, match=r"`helm` on PATH is v3\.21\.4, and Waybill needs Helm 4\.3"):
        package(chart, tmp_path / "out")


def test_packaging_does_not_depend_on_times_or_on_the_users_settings(
    chart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = package(chart, tmp_path / "a")
    for path in chart.rglob("*"):
        path.touch()
    for name, value in {
        "HELM_NAMESPACE": "x",
        "HELM_DEBUG": "1",
        "TZ": "Asia/Kathmandu",
        "SOURCE_DATE_EPOCH": "7",
    }.items():
        monkeypatch.setenv(name, value)
    assert package(chart, tmp_path / "b") == first


def test_values_come_in_order_and_names_as_given(chart: Path, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("greeting: one\nimage: {repository: first}\n")
    (tmp_path / "two.yaml").write_text("greeting: two\n")
    files = [tmp_path / "one.yaml", tmp_path / "two.yaml"]
    text = Helm().template(chart, name="shop", namespace="web", values_files=files).decode()
    assert 'value: "two"' in text
    assert 'image: "first@' in text
    assert "name: shop" in text
    assert "namespace: web" in text
    text = (
        Helm().template(chart, name="shop", namespace="web", values_files=files, values=b'{"greeting": "3"}').decode()
    )
    assert 'value: "3"' in text


def test_the_kubernetes_version_is_the_one_that_was_asked_for(chart: Path) -> None:
    (chart / "templates/deployment.yaml").write_text("kind: V\nmetadata: {name: {{ .Capabilities.KubeVersion }}}\n")
    assert b"v1.29.0" in Helm().template(chart, name="a", namespace="b", kube_version="1.29.0")
    (chart / "Chart.yaml").write_text(CHART.format(service="orders") + 'kubeVersion: ">=1.30.0-0"\n')
    with pytest.raises(Refused, match="incompatible with Kubernetes") as error:
        Helm().template(chart, name="a", namespace="b", kube_version="1.29.0")
    assert "Set `kube_version` in waybill.toml" in error.value.remedy
    sub = chart / "charts/sub"
    sub.mkdir(parents=True)
    (sub / "Chart.yaml").write_text("apiVersion: v2\nname: sub\nversion: 1.0.0\nkubeVersion: '>9'\n")
    Helm().template(chart, name="a", namespace="b", kube_version="1.30.0")


def test_what_lint_finds_is_told(chart: Path) -> None:
    (chart / "values.schema.json").write_text('{"required": ["domain"]}')
    with pytest.raises(Refused, match="domain") as error:
        Helm().lint(chart)
    assert error.value.fault == "chart"
    (chart.parent / "values.yaml").write_text("domain: x\n")
    Helm().lint(chart, values_files=[chart.parent / "values.yaml"])
