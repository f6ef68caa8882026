"""The forge is asked to merge only what changes nothing beyond the environments that say `merge = "auto"`."""

from typing import Any

import pytest
from msgspec import structs

from scripts.chart.renderer import Renderer
from scripts.diff.repo import opened
from scripts.errors import Refused
from scripts.forges.file import FileForge
from scripts.proposal.intent import Verdict, prepare
from scripts.proposal.merge import for_review
from scripts.report import Report
from scripts.settings import EnvironmentSettings
from tests.support.builders import World
from tests.support.gitops_repo import GitopsRepo, proposed, waybill
from tests.support.scripts.everything import everything

BRANCH = "apps/orders"
AUTO = EnvironmentSettings(merge="auto")


class Merging(FileForge):
    """Notes what it is asked, in order, and what its repo's branch had then; refuses where it is told to."""

    def __init__(self, repo: GitopsRepo, refuse: str = "") -> None:
        super().__init__(str(repo.bare))
        self.repo, self.refuse = repo, refuse
        self.asked: list[tuple[Any, ...]] = []

    def note(self, *what: Any) -> None:
        if self.refuse == what[0]:
            raise Refused("Not today.", "Come tomorrow.", fault="forge")
        self.asked.append(what)

    def merge(self, number: int, head: str) -> None:
        self.note("merge", number, head)

    def withdraw(self, number: int) -> None:
        self.note("withdraw", number, self.repo.head(BRANCH))


def run(repo: GitopsRepo, *environments: str, version: str = "1.4.2", refuse: str = "", **auto: Any) -> Merging:
    forge, report = Merging(repo, refuse), Report()
    change = repo.change(waybill(version=version), *environments, environment_tables=auto or {"staging": AUTO})
    proposed(change, forge, report=report)
    assert [error.what for error in report.left] == []
    return forge


@pytest.mark.long
def test_the_forge_is_asked_each_time_for_what_the_branch_has(repo: GitopsRepo) -> None:
    for version in ("1.4.2", "1.4.2", "1.5.0"):
        assert run(repo, version=version).asked == [("merge", 1, repo.head(BRANCH))]
    assert run(repo, version="1.6.0", staging=EnvironmentSettings()).asked == []


@pytest.mark.long
def test_another_environment_on_the_branch_is_reviewed(repo: GitopsRepo) -> None:
    """What it was asked before is taken back before the branch moves."""
    run(repo)
    before = repo.head(BRANCH)
    assert run(repo, "staging", "production").asked == [("withdraw", 1, before)]
    before = repo.head(BRANCH)
    assert run(repo, version="1.5.0").asked == [("withdraw", 1, before)]
    both = run(repo, "staging", "production", version="1.6.0", staging=AUTO, production=AUTO)
    assert both.asked == [("merge", 1, repo.head(BRANCH))]


def test_what_all_environments_have_in_common_is_reviewed_with_them(repo: GitopsRepo) -> None:
    run(repo, "staging", "production", staging=AUTO, production=AUTO)
    repo.merge(BRANCH)
    base = "apps/orders/base/helmrepository.yaml"
    repo.commit({base: repo.text(base).replace("ghcr.io", "old.example")})
    assert run(repo, version="1.5.0").asked == []


def test_commits_of_others_are_reviewed(repo: GitopsRepo) -> None:
    run(repo)
    head = repo.commit({"README.md": "Look at this.\n"}, BRANCH)
    assert run(repo, version="1.5.0").asked == [("withdraw", 1, head)]


def test_a_proposal_stands_where_the_forge_does_not_take_it(repo: GitopsRepo) -> None:
    report = Report()
    change = repo.change(waybill(), environment_tables={"staging": AUTO})
    made, _ = proposed(change, Merging(repo, "merge"), report=report)
    (left,) = report.left
    assert made.gitops
    assert left.what.startswith("orders 1.4.2 to staging is proposed, file:///")
    assert left.what.endswith("and the forge does not merge it: Not today.")
    assert left.remedy == "Come tomorrow. Or merge it there."
    head = repo.head(BRANCH)
    with pytest.raises(Refused, match="Not today"):
        run(repo, "staging", "production", refuse="withdraw")
    assert repo.head(BRANCH) == head


def test_a_forge_that_cannot_is_refused_before_anything_is_done(world: World) -> None:
    text = (world.checkout / "waybill.toml").read_text()
    world.commit({"waybill.toml": f'{text}[environment.production]\nmerge = "auto"\n'})
    image = world.image()
    before = everything(world)
    for command in (("ship", "--image", image), ("plan", "--image", image), ("promote", "--version", "0.1.0")):
        to = "--to" if command[0] == "promote" else "--environment"
        ran = world.waybill(*command, to, "production")
        assert (ran.code, ran.stdout) == (1, "")
        assert "a path has no forge that merges by its own rules" in ran.stderr
    assert everything(world) == before


def test_what_could_not_be_judged_is_reviewed(repo: GitopsRepo) -> None:
    change = repo.change(waybill(), environment_tables={"staging": AUTO})
    with opened(FileForge(str(repo.bare)), Renderer(None), change.config) as it:
        intent = prepare(change, it)
        assert for_review(change, it, intent) == ""
        unknown = structs.replace(intent, verdicts=(Verdict("staging", not_judged="kustomize is not installed"),))
        assert for_review(change, it, unknown) == "staging could not be judged"


@pytest.mark.long
def test_a_commit_of_somebody_else_is_reviewed_whatever_it_changes(repo: GitopsRepo) -> None:
    """Here it is one environment's own file, where nothing else is reviewed."""
    run(repo)
    path = "apps/orders/staging/release.yaml"
    head = repo.commit({path: repo.text(path, BRANCH) + "  suspend: true\n"}, BRANCH)
    for version in ("1.4.2", "1.5.0"):
        assert run(repo, version=version).asked == [("withdraw", 1, head)]
        head = repo.head(BRANCH) or ""
