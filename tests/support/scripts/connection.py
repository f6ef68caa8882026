"""`waybill connect` as somebody runs it who has no checkout of a service."""

from pathlib import Path

from tests.support.builders import Ran, git, run_waybill
from tests.support.gitops_repo import GitopsRepo
from tests.support.scripts.layouts import FLUX_EXAMPLE

LEDGER = "http://waybill.waybill"
SYSTEM = "clusters/staging/flux-system"
BRANCH = "connect/staging"
SOURCE = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1m, url: "https://example.org/acme/fleet", ref: {branch: BRANCH}}
---
"""


def connect(repo: GitopsRepo, *args: str, ledger: str = LEDGER, **env: str) -> Ran:
    alone = repo.folder / "nowhere"
    alone.mkdir(exist_ok=True)
    settings = {"WAYBILL_GITOPS": str(repo.bare), "CI": "", **({"WAYBILL_LEDGER": ledger} if ledger else {})}
    return run_waybill("connect", *args, cwd=alone, env=settings | env)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def bootstrapped(repo: GitopsRepo, **more: str) -> None:
    source = SOURCE.replace("BRANCH", "main")
    sync = {f"{SYSTEM}/gotk-sync.yaml": source + FLUX_EXAMPLE[f"{SYSTEM}/gotk-sync.yaml"]}
    repo.commit({**FLUX_EXAMPLE, **sync, **more})


def changed(repo: GitopsRepo, branch: str = BRANCH) -> list[str]:
    return git(repo.bare, "diff", "--name-status", f"main...{branch}").splitlines()
