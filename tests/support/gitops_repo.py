"""A GitOps repo in a temporary folder, and releases to propose to it: no chart, no registry, real git."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from scripts.chart.renderer import Renderer
from scripts.clients.git import Git
from scripts.config import Config
from scripts.diff.repo import Repo, opened
from scripts.document import Chart, Image, Source, Waybill
from scripts.forges import Forge
from scripts.forges.file import FileForge
from scripts.gitops.layout import paths
from scripts.gitops.render import render
from scripts.proposal.body import Section, body
from scripts.proposal.intent import Change, Intent, prepare
from scripts.report import Report
from scripts.steps.propose import Describe, carry_out, with_proposal
from tests.support.builders import commit, git, make_gitops_repo, merge

COMMIT = "c0ffee" + "0" * 34


def waybill(service: str = "orders", version: str = "1.4.2", *, digest: str = "d", **more: Any) -> Waybill:
    return Waybill(
        service=service,
        images=(Image(service, f"ghcr.io/acme/{service}", f"sha256:{digest * 64}", manifests={}, checked=True),),
        source=Source(
            repository=f"https://example.org/acme/{service}", commit=COMMIT, committed_at="2026-01-02T03:04:05Z"
        ),
        chart=Chart(
            name=service,
            version=version,
            app_version=COMMIT[:12],
            repository="oci://ghcr.io/acme/charts",
            digest=f"sha256:{'b' * 64}",
        ),
        **more,
    )


def config(gitops: Path | str, service: str = "orders", **more: Any) -> Config:
    return Config(
        **{"service": service, "root": "/", "gitops": str(gitops), "environments": ("staging", "production")} | more
    )


def render_all(files: Mapping[str, bytes], release: Waybill, settings: Config, *environments: str) -> dict[str, bytes]:
    """`files` as they are after a release."""
    return {**files, **render(files, release, settings, environments or settings.environments[:1])}


@dataclass
class GitopsRepo:
    folder: Path

    def __post_init__(self) -> None:
        self.bare = self.folder / "gitops.git"
        make_gitops_repo(self.bare)

    @cached_property
    def work(self) -> Path:
        """A person's clone."""
        git(self.folder, "clone", "--quiet", "--template=", str(self.bare), "work")
        return self.folder / "work"

    def commit(self, files: Mapping[str, str | bytes | None], branch: str = "main") -> str:
        """A person's commit on `branch`, which begins at `main`; None removes a file. Its id."""
        return commit(self.bare, files, branch)

    def merge(self, branch: str, *flags: str) -> str:
        """Merges `branch` into main as a forge's button does; `--squash` and `--ff-only` too."""
        if flags:
            self._merge_with(branch, *flags)
        else:
            merge(self.bare, branch)
        self.set_state(branch, "merged")
        return self.head("main") or ""

    def _merge_with(self, branch: str, *flags: str) -> None:
        git(self.work, "fetch", "--quiet", "origin")
        git(self.work, "checkout", "--quiet", "-B", "main", "origin/main")
        git(self.work, "merge", "--quiet", *flags, f"origin/{branch}")
        if "--squash" in flags:
            git(self.work, "commit", "--quiet", "-m", f"{branch} squashed")
        git(self.work, "push", "--quiet", "origin", "main")

    def set_state(self, branch: str, state: str) -> None:
        for path in (self.bare / "waybill-proposals").glob("*.json"):
            record = msgspec.json.decode(path.read_bytes())
            if record["branch"] == branch and record["state"] == "open":
                path.write_bytes(msgspec.json.encode(record | {"state": state}))

    def proposals(self) -> list[dict[str, Any]]:
        files = sorted((self.bare / "waybill-proposals").glob("*.json"), key=lambda path: int(path.stem))
        return [msgspec.json.decode(path.read_bytes()) for path in files]

    def head(self, branch: str) -> str | None:
        return Git(self.bare).commit(f"refs/heads/{branch}")

    def files(self, branch: str = "main", service: str = "orders") -> dict[str, bytes]:
        return Git(self.bare).files(branch, *paths(service, ("staging", "production")))

    def text(self, path: str, branch: str = "main") -> str:
        return (Git(self.bare).blob(branch, path) or b"").decode()

    def change(self, release: Waybill, *environments: str, reason: str | None = None, **settings: Any) -> Change:
        return Change(
            release,
            config(self.bare, release.service, **settings),
            environments or ("staging",),
            f"apps/{release.service}",
            self.folder / f"{release.service}.md",
            kind="ship" if reason is None else "rollback",
            reason=reason,
        )

    def propose(
        self, release: Waybill | None = None, *environments: str, reason: str | None = None, **settings: Any
    ) -> tuple[Waybill, Intent]:
        change = self.change(release or waybill(), *environments, reason=reason, **settings)
        return proposed(change, FileForge(str(self.bare)))


def proposed(
    change: Change, forge: Forge, describe: Describe | None = None, report: Report | None = None
) -> tuple[Waybill, Intent]:
    """The waybill as propose returns it, and what propose did."""
    with opened(forge, Renderer(None), change.config) as repo:
        intent, proposal = carry_out(change, repo, report or Report(), describe or without_difference, unjudged)
        return with_proposal(change, repo, intent, proposal), intent


def unjudged(change: Change, repo: Repo) -> tuple[Change, Intent]:
    """There is no chart."""
    return change, prepare(change, repo)


def without_difference(change: Change, _: Repo, intent: Intent) -> str:
    """The body without what changes in the cluster: there is no chart."""
    sections = [Section(name, {}, {"image": str(change.waybill.images[0])}, "") for name in intent.environments]
    return body(change.waybill, sections, reason=change.reason, ledger=None)
