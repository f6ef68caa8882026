"""A GitOps repo on the forge, and what people do with it: set it up, review, edit, merge, close."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tools.cluster.forge import Forge
from tools.cluster.kubernetes import Kubernetes
from tools.cluster.waiting import wait_for
from tools.demo.world import run

CHECKOUT = Path(__file__).resolve().parents[3]
TEMPLATE = CHECKOUT / "gitops-templates" / "cluster" / "waybill"
GITOPS = "/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories"


@dataclass(frozen=True)
class Fleet:
    """`name` is the name of the repo and of its GitRepository; `clone` is the work tree of a reviewer who may push."""

    name: str
    forge: Forge
    cluster: Kubernetes
    clone: Path
    env: dict[str, str]

    @property
    def url(self) -> str:
        return f"{self.forge.url}/{self.forge.user}/{self.name}"

    @property
    def api(self) -> str:
        return f"/repos/{self.forge.user}/{self.name}"

    def create(self) -> None:
        """Create the repo with one commit, and clone it."""
        body: dict[str, object] = {"name": self.name, "auto_init": True, "default_branch": "main"}
        self.forge.call("POST", "/user/repos", body)
        person = f"{self.forge.user}:{self.forge.password}"
        run(["git", "clone", "--quiet", self.url.replace("://", f"://{person}@"), self.clone], self.env)

    def join(self, environment: str, namespace: str, hook: str) -> None:
        """Set up an environment as gitops-templates/cluster/README.md says. The cluster may have others."""
        folder = self.clone / "clusters" / environment / "waybill"
        shutil.copytree(TEMPLATE, folder)
        (folder / "apps").rename(folder / namespace)
        edits = {
            "gitrepository.yaml": {"https://git.example/acme/gitops.git": f"{self.url}.git", "gitops": self.name},
            "environment.yaml": {"environment": environment, "name: gitops": f"name: {self.name}"},
            "kustomization.yaml": {"- apps": f"- {namespace}"},
            f"{namespace}/kustomization.yaml": {"namespace: apps": f"namespace: {namespace}"},
            f"{namespace}/namespace.yaml": {"name: apps": f"name: {namespace}"},
            f"{namespace}/provider.yaml": {"https://waybill.example/hooks/flux/environment": hook},
        }
        for name, words in edits.items():
            text = (folder / name).read_text()
            for old, new in words.items():
                assert old in text, f"{name} has no {old!r}"
                text = text.replace(old, new)
            (folder / name).write_text(text)
        self.push(f"Set up {environment}")
        self.cluster.kubectl("apply", "--server-side", "-k", str(folder))

    def push(self, message: str, branch: str = "main") -> None:
        """Commit all changes of the work tree and push them. Flux looks at once, as after a webhook."""
        run(["git", "add", "--all"], self.env, self.clone)
        run(["git", "commit", "--quiet", "--message", message], self.env, self.clone)
        run(["git", "push", "--quiet", "origin", f"HEAD:{branch}"], self.env, self.clone)
        self.poke()

    def edit(self, path: str, change: Callable[[str], str], message: str, branch: str = "main") -> None:
        self.at(branch)
        file = self.clone / path
        file.write_text(change(file.read_text()))
        self.push(message, branch)

    def at(self, branch: str) -> Path:
        """The work tree, with the forge's newest commit of the branch checked out."""
        run(["git", "fetch", "--quiet", "origin"], self.env, self.clone)
        run(["git", "checkout", "--quiet", "--detach", f"origin/{branch}"], self.env, self.clone)
        return self.clone

    def head(self, branch: str) -> str:
        return run(["git", "ls-remote", "origin", f"refs/heads/{branch}"], self.env, self.clone).partition("\t")[0]

    def proposals(self, state: str = "open") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.forge.call("GET", f"{self.api}/pulls?state={state}").json()
        return found

    def close(self, number: int) -> None:
        self.forge.call("PATCH", f"{self.api}/pulls/{number}", {"state": "closed"})

    def merge(self, number: int) -> None:
        wait_for(f"the forge to merge {number}", lambda: self._merged(number))
        self.poke()

    def _merged(self, number: int) -> bool:
        """Whether it was merged: the forge answers 405 while it still checks whether it can be."""
        try:
            return self.forge.call("POST", f"{self.api}/pulls/{number}/merge", {"Do": "merge"}).is_success
        except httpx.HTTPStatusError as error:
            if error.response.status_code != 405:
                raise
        return False

    def poke(self) -> None:
        path = f"{GITOPS}/{self.name}"
        if self.cluster.get(path):
            asked = {"reconcile.fluxcd.io/requestedAt": self.head("main")}
            self.cluster.patch(path, {"metadata": {"annotations": asked}})
