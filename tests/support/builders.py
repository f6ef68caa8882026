"""A service's world in a temporary folder: its checkout and remote, a GitOps repo, a real registry, tiny images."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support import forked
from tools.demo.image import push_image

TOP = Path(__file__).resolve().parents[2]

CHART = """\
# The chart of {service}.
apiVersion: v2
name: {service}
description: A service
type: application
version: 0.1.0
appVersion: "none"
"""
VALUES = """\
# Reviewed by people: every byte but the image stays.
image:
  repository: example.org/none   # where it lies
  digest: ""
greeting: "hello"
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  labels:
    app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app.kubernetes.io/name: {{ .Release.Name }}}}
    spec:
      containers:
        - name: web
          image: "{{ .Values.image.repository }}@{{ .Values.image.digest }}"
          env: [{name: GREETING, value: {{ .Values.greeting | quote }}}]
"""


@dataclass(frozen=True)
class Ran:
    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def git(folder: Path, *args: str) -> str:
    """What git prints. Author, committer and dates are fixed, so that tests do not depend on the machine."""
    who = {"NAME": "Ada", "EMAIL": "ada@example.org", "DATE": "2026-01-02T03:04:05Z"}
    env = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    done = subprocess.run(["git", *args], cwd=folder, env={**os.environ, **env}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def program(folder: Path, name: str, script: str) -> None:
    """A shell script that can be run: a hook of git, or a stand-in on PATH."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def make_gitops_repo(bare: Path) -> None:
    """A bare repo whose `main` has a README."""
    shutil.copytree(Path(_made_once().name, "gitops.git"), bare)


@cache
def _made_once() -> TemporaryDirectory[str]:
    folder = TemporaryDirectory()
    bare, work = Path(folder.name, "gitops.git"), Path(folder.name, "work")
    git(Path(folder.name), "init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(bare))
    git(Path(folder.name), "clone", "--quiet", str(bare), str(work))
    (work / "README.md").write_text("What runs where.\n")
    git(work, "add", "-A")
    git(work, "commit", "--quiet", "-m", "The GitOps repo")
    git(work, "push", "--quiet", "origin", "HEAD:main")
    return folder


@dataclass
class World:
    """`checkout` is a clone of the bare repo `origin`; `gitops` is a bare repo; `registry` is `127.0.0.1:PORT`."""

    folder: Path
    registry: str
    service: str = "orders"
    chart: str = CHART
    values: str = VALUES
    templates: Mapping[str, str] = field(default_factory=lambda: {"deployment.yaml": DEPLOYMENT})
    settings: str = ""

    def __post_init__(self) -> None:
        self.origin, self.gitops = self.folder / "origin.git", self.folder / "gitops.git"
        self.checkout = self.folder / "checkout"
        make_gitops_repo(self.gitops)
        git(self.folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.origin))
        git(self.folder, "clone", "--quiet", str(self.origin), str(self.checkout))
        self.commit(
            {
                "chart/Chart.yaml": self.chart.format(service=self.service),
                "chart/values.yaml": self.values,
                **{f"chart/templates/{name}": text for name, text in self.templates.items()},
                ".gitignore": ".waybill/\n",
                "waybill.toml": f'registry = "oci://{self.registry}/charts-{self.folder.name}"\n'
                f'gitops = "{self.gitops}"\nenvironments = ["staging", "production"]\n'
                f'source_repository = "https://example.org/acme/{self.service}"\n{self.settings}',
            }
        )

    @cached_property
    def reviewed(self) -> Path:
        """A person's clone of the GitOps repo."""
        git(self.folder, "clone", "--quiet", str(self.gitops), "reviewed")
        return self.folder / "reviewed"

    def merge(self, branch: str, *, delete: bool = False) -> None:
        """Merges a proposal as a forge's button does it, which may delete the branch."""
        git(self.reviewed, "fetch", "--quiet", "origin")
        git(self.reviewed, "checkout", "--quiet", "-B", "main", "origin/main")
        git(self.reviewed, "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{branch}")
        git(self.reviewed, "push", "--quiet", "origin", "main", *([f":{branch}"] if delete else []))
        for file in self.gitops.glob("waybill-proposals/*.json"):
            record = json.loads(file.read_text())
            if record["branch"] == branch:
                file.write_text(json.dumps(record | {"state": "merged"}))

    def commit(self, files: Mapping[str, str | bytes], message: str = "A change") -> str:
        """Commits and pushes `files`; returns the commit's id."""
        for name, text in files.items():
            path = self.checkout / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        git(self.checkout, "add", "-A")
        git(self.checkout, "commit", "--quiet", "--allow-empty", "-m", message)
        git(self.checkout, "push", "--quiet", "origin", "HEAD:main")
        return git(self.checkout, "rev-parse", "HEAD")

    def image(self, text: str = "hello") -> str:
        """`REPOSITORY@sha256:...` of a tiny image in the registry; another text is another digest."""
        repository = f"{self.registry}/images-{self.folder.name}"
        return f"{repository}@{push_image(repository, text)}"

    def waybill(self, *args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Ran:
        """Runs the command `waybill` as a user would, in the checkout."""
        return run_waybill(*args, cwd=cwd or self.checkout, env=env)

    def ship(self, image: str, *args: str, **more: Any) -> Any:
        """`waybill ship --json`: the finished waybill. Fails the test when ship is refused."""
        ran = self.waybill("ship", "--json", "--image", image, *args, **more)
        assert ran.code == 0, ran.stderr
        return ran.json

    def tags(self) -> dict[str, str]:
        """Tag -> commit, as the remote has them."""
        lines = git(self.origin, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/tags").splitlines()
        return dict(line.split(" ") for line in lines)  # type: ignore[misc]


def run_waybill(*args: str, cwd: Path, env: Mapping[str, str] | None = None) -> Ran:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("WAYBILL_", "GITHUB_", "GIT_"))}
    whole = {**clean, "PYTHONPATH": str(TOP), **(env or {})}
    if any(key.startswith(("PYTHON", "LANG", "LC_", "TZ")) for key in env or ()):  # what Python reads at its start
        command = [sys.executable, "-P", "-m", "scripts", *args]
        done = subprocess.run(
            command, cwd=cwd, env=whole, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)
    return Ran(*forked.run("scripts", args, cwd, whole))
