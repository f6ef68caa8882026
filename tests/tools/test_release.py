"""A release of Waybill itself: its version, the same bytes from every build, and the tag that actions are used by."""

import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support.builders import git
from tests.support.house.files import tracked
from tools.release import CHECKOUT, NotReleased, action_tag, dist, version


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone whose pyproject.toml and CHANGELOG.md say 1.2.3, with its remote."""
    git(tmp_path, "init", "--quiet", "--bare", "origin")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "origin"), "checkout")
    found = tmp_path / "checkout"
    (found / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.2.3"\n')
    (found / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n## 1.2.3 - 2026-12-01\n")
    commit(found)
    return found


def commit(checkout: Path) -> str:
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "A change")
    return git(checkout, "rev-parse", "HEAD")


def test_a_tag_names_the_version_and_a_branch_none(checkout: Path) -> None:
    assert version("v1.2.3", checkout) == "1.2.3"
    for ref in ("main", "v1", "v1.2.3-rc.1", "1.2.3", "waybill-1.2.3", "v1.2.3\n"):
        assert version(ref, checkout) == ""


def test_a_tag_that_the_checkout_does_not_say_is_refused(checkout: Path) -> None:
    with pytest.raises(NotReleased, match=r"v1\.2\.4 and pyproject\.toml says 1\.2\.3"):
        version("v1.2.4", checkout)
    (checkout / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- 1.2.3 is near.\n")
    with pytest.raises(NotReleased, match="no section"):
        version("v1.2.3", checkout)


@pytest.mark.long
def test_two_builds_are_equal_and_hold_what_head_has(tmp_path: Path) -> None:
    """`dist` itself compares a second build, made elsewhere under another umask."""
    wheel, sdist = sorted(dist(tmp_path / "dist"), key=lambda it: it.suffix, reverse=True)
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        assert {"waybill/__main__.py", "waybill_service/__main__.py"} <= {*names}
        assert {it.date_time for it in opened.infolist()} == {opened.infolist()[0].date_time}
    with tarfile.open(sdist) as opened:
        held = {it.name.partition("/")[2] for it in opened.getmembers()}
        assert {(it.uid, it.gid, it.uname) for it in opened.getmembers()} == {(0, 0, "")}
    folders = ("scripts/*", "service/*", "gitops-templates/*")
    head = git(CHECKOUT, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
    ours = {str(it.relative_to(CHECKOUT)) for it in tracked(CHECKOUT, *folders)} & {*head}
    assert ours <= held


@pytest.mark.long
def test_builds_that_differ_are_refused(checkout: Path, tmp_path: Path) -> None:
    """As where the build writes the time or the place into a file."""
    (checkout / "x.py").write_text("")
    (checkout / "hatch_build.py").write_text(
        "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\n"
        "class Hook(BuildHookInterface):\n"
        "    def initialize(self, version, data):\n"
        "        open(self.root + '/x.py', 'w').write(self.root)\n"
    )
    (checkout / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "x"\nversion = "1.2.3"\n[tool.hatch.build.hooks.custom]\n'
    )
    commit(checkout)
    with pytest.raises(NotReleased, match=r"Two builds of x-1\.2\.3.* differ"):
        dist(tmp_path / "dist", checkout)
    assert not (tmp_path / "dist").exists()


def test_the_tag_of_the_actions_goes_forward_alone(checkout: Path) -> None:
    def tagged(name: str) -> str:
        return git(checkout, "ls-remote", "origin", f"refs/tags/{name}").partition("\t")[0]

    def released(number: str) -> str:
        head = commit(checkout)
        git(checkout, "push", "--quiet", "origin", f"HEAD:refs/tags/v{number}")
        return head

    first = released("1.2.3")
    assert action_tag("1.2.3", checkout) == "v1 is 1.2.3 now"
    assert action_tag("1.2.3", checkout) == "v1 is 1.2.3 now"
    assert tagged("v1") == first
    second = released("1.10.0")
    action_tag("1.10.0", checkout)
    assert tagged("v1") == second
    released("1.2.4")
    assert re.search("stays", action_tag("1.2.4", checkout))
    assert tagged("v1") == second
    third = released("2.0.0")
    action_tag("2.0.0", checkout)
    assert (tagged("v1"), tagged("v2")) == (second, third)
