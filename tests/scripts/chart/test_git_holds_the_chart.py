"""Pointers of git LFS and dependencies that are out of step ship something else than what the chart says."""

import pytest

from scripts.chart.findings import Finding
from scripts.chart.sources import findings, pointers

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"1" * 64 + b"\nsize 12345\n"


def chart_yaml(version: str, name: str = "redis") -> bytes:
    return f"apiVersion: v2\nname: {name}\nversion: {version}\n".encode()


def needs(version: str, repository: str = "https://charts.example", more: str = "") -> bytes:
    item = f"- {{name: redis, version: {version!r}, repository: {repository!r}{more}}}\n"
    return b"dependencies:\n" + item.encode()


def found(**files: bytes) -> list[Finding]:
    return list(findings({name.replace("__", "/").replace("_", "."): data for name, data in files.items()}))


def test_a_pointer_is_refused_where_it_lies() -> None:
    files = {
        "files/model.bin": POINTER,
        "README.md": b"See version https://git-lfs.github.com/spec/v1\n",
        "charts/redis/files/data.yaml": POINTER,
        "charts/other-1.0.0.tgz": POINTER,
    }
    needed = ["charts/redis/files/data.yaml", "charts/other-1.0.0.tgz"]
    assert [finding.where for finding in pointers(files)] == ["files/model.bin", *needed]
    # .helmignore may keep the first one out of the archive.
    assert [finding.where for finding in findings(files)] == needed
    assert "git lfs untrack" in next(findings(files)).remedy


@pytest.mark.parametrize("wanted", ["1.0.0", "^1", "1.x", ">=0.9 <2"])
def test_what_agrees_is_right(wanted: str) -> None:
    archive = {"charts/redis/Chart.yaml": chart_yaml("1.0.0")}
    for more in ("", ", alias: cache", ", condition: redis.enabled", ", tags: [a]"):
        files = {"Chart.yaml": needs(wanted, more=more), "Chart.lock": needs("1.0.0")}
        assert list(findings(files | archive)) == []
        assert list(findings({"Chart.yaml": needs(wanted, more=more)} | archive)) == []
        assert list(findings(files)) == []  # Nothing lies there: it is fetched as the lock says.


def test_a_lock_outside_the_range_is_refused() -> None:
    [finding] = found(Chart_yaml=needs("2.0.0"), Chart_lock=needs("1.0.0"))
    assert str(finding).startswith("Chart.lock holds redis 1.0.0, while Chart.yaml wants 2.0.0")
    assert "helm dependency update" in finding.remedy


def test_charts_of_another_version_than_the_lock_is_refused() -> None:
    files = {"Chart.yaml": needs("^1"), "Chart.lock": needs("1.2.0")}
    [finding] = findings(files | {"charts/cache/Chart.yaml": chart_yaml("1.0.0")})
    assert "says redis 1.2.0" in finding.what
    assert "charts/cache is 1.0.0" in finding.what


def test_without_a_lock_the_range_is_judged() -> None:
    """helm compares names alone: the field trial's case ships redis 1.0.0."""
    archive = {"charts/redis/Chart.yaml": chart_yaml("1.0.0")}
    [finding] = findings({"Chart.yaml": needs("2.0.0")} | archive)
    assert finding.where == "Chart.yaml"
    assert list(findings({"Chart.yaml": needs("~1.0")} | archive)) == []
    assert list(findings({"Chart.yaml": needs("latest")} | archive)) == []


def test_names_that_are_on_one_side_alone() -> None:
    other = needs("1.0.0").replace(b"redis", b"mysql")
    told = [str(finding) for finding in found(Chart_yaml=needs("1.0.0"), Chart_lock=other)]
    assert any("does not name redis" in text for text in told)
    assert any("names mysql, which Chart.yaml does not need" in text for text in told)


def test_charts_of_api_version_v1_say_it_in_requirements() -> None:
    [finding] = found(requirements_yaml=needs("2.0.0"), requirements_lock=needs("1.0.0"))
    assert str(finding).startswith("requirements.lock holds redis 1.0.0, while requirements.yaml wants 2.0.0")


def test_a_chart_of_a_folder_and_one_without_a_repository() -> None:
    """For the latter a lock repeats the range."""
    local = needs("1.x", "file://../redis")
    assert list(findings({"Chart.yaml": local, "Chart.lock": needs("1.4.0", "file://../redis")})) == []
    bundled = {"charts/redis/Chart.yaml": chart_yaml("1.0.0")}
    assert list(findings({"Chart.yaml": needs("1.x", ""), "Chart.lock": needs("1.x", "")} | bundled)) == []
    assert len(list(findings({"Chart.yaml": needs("2.x", ""), "Chart.lock": needs("2.x", "")} | bundled))) == 1


def test_one_chart_in_two_versions_under_two_names() -> None:
    """Helm 4.3.1 packages both as charts/redis/, and reads one of them."""
    both = needs("1.0.0") + needs("2.0.0", more=", alias: new").removeprefix(b"dependencies:\n")
    there = {f"charts/redis-{version}/Chart.yaml": chart_yaml(version) for version in ("1.0.0", "2.0.0")}
    packaged = {"charts/redis/Chart.yaml": chart_yaml("2.0.0")}
    for files in ({"Chart.lock": both} | there, {"Chart.lock": both}, {"Chart.lock": both} | packaged, there):
        [finding] = findings({"Chart.yaml": both} | files)
        assert finding.what == "holds redis 1.0.0 and 2.0.0, of which Helm packages one alone"
        assert "Use one version of it" in finding.remedy
    twice = needs("1.x") + needs("^1", more=", alias: new").removeprefix(b"dependencies:\n")
    one = {"charts/redis/Chart.yaml": chart_yaml("1.4.0")}
    assert list(findings({"Chart.yaml": twice, "Chart.lock": twice} | one)) == []
    [finding] = findings({"Chart.yaml": both, "Chart.lock": needs("1.0.0") + needs("1.0.0")[14:]})
    assert "wants 2.0.0" in finding.what


def test_what_cannot_be_read_is_left_to_helm() -> None:
    files = {"Chart.yaml": b"a: [", "Chart.lock": b"- x", "charts/a/Chart.yaml": b"a: [", "charts/README.md": b""}
    assert list(findings(files)) == []
