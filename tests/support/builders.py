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
# Who commits, at the time of `git` below, and what the commit says.
PERSON, SUBJECT = "Ada <ada@example.org> 1767323045 +0000", "A person's change"


@dataclass(frozen=True)
class Ran:
    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def git(folder: Path, *args: str, input: bytes | None = None) -> str:
    """What git prints. Author, committer and dates are fixed, so that tests do not depend on the machine."""
    who = {"NAME": "Ada", "EMAIL": "ada@example.org", "DATE": "2026-01-02T03:04:05Z"}
    env = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    command = ["git", "-c", "maintenance.auto=false", *args]  # nothing here grows old enough to be tidied up
    done = subprocess.run(command, cwd=folder, env={**os.environ, **env}, input=input, capture_output=True, check=False)
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


def commit(bare: Path, files: Mapping[str, str | bytes | None], branch: str = "main") -> str:
    """A person's commit on `branch`, which begins at `main`; None removes a file. Its id."""
    ref = bare / "refs" / "heads" / branch
    begins = branch if ref.exists() else "main"
    head = f"commit refs/heads/{branch}\ncommitter {PERSON}\ndata {len(SUBJECT)}\n{SUBJECT}"
    stream = f"{head}\nfrom refs/heads/{begins}^0\n".encode()
    for name, text in files.items():
        data = text.encode() if isinstance(text, str) else text or b""
        stream += f"D {name}\n".encode() if text is None else f"M 644 inline {name}\ndata {len(data)}\n".encode()
        stream += data + b"\n" * (text is not None)
    git(bare, "fast-import", "--quiet", input=stream)
    return ref.read_text().strip()


def merge(bare: Path, branch: str) -> None:
    """A merge commit of `branch` on `main`, as a forge's button makes it; fails where they conflict."""
    tree = git(bare, "merge-tree", "--write-tree", "main", branch)
    commit = git(bare, "commit-tree", "-p", "main", "-p", branch, "-m", f"Merge branch '{branch}'", tree)
    git(bare, "update-ref", "refs/heads/main", commit)


def make_checkout(checkout: Path, origin: Path) -> None:
    """A bare repo without a commit, and the clone of it."""
    made = Path(_made_once().name)
    shutil.copytree(made / "origin.git", origin)
    shutil.copytree(made / "checkout", checkout)
    config = checkout / ".git" / "config"
    config.write_text(config.read_text().replace(str(made / "origin.git"), str(origin)))


@cache
def _made_once() -> TemporaryDirectory[str]:
    """Copying a repo takes a tenth of the time in which git makes one."""
    folder = TemporaryDirectory()
    here, work = Path(folder.name), Path(folder.name, "work")
    for name, clone in (("gitops.git", "work"), ("origin.git", "checkout")):
        git(here, "init", "--quiet", "--bare", "--initial-branch=main", "--template=", name)
        git(here / name, "config", "receive.autogc", "false")
        git(here, "clone", "--quiet", "--template=", str(here / name), clone)
    (work / "README.md").write_text("What runs where.\n")
    git(work, "add", "-A")
    git(work, "commit", "--quiet", "-m", "The GitOps repo")
    git(work, "push", "--quiet", "origin", "HEAD:main")
    return folder


@cache
def _image(repository: str, text: str) -> str:
    return f"{repository}@{push_image(repository, text)}"


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
        make_checkout(self.checkout, self.origin)
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
        merge(self.gitops, branch)
        if "reviewed" in vars(self):
            git(self.reviewed, "fetch", "--quiet", "origin")
            git(self.reviewed, "checkout", "--quiet", "-B", "main", "origin/main")
        if delete:
            git(self.gitops, "update-ref", "-d", f"refs/heads/{branch}")
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
        commit = git(self.checkout, "rev-parse", "HEAD")
        self._push(commit)
        return commit

    def _push(self, commit: str) -> None:
        """As `git push origin HEAD:main` does it, in a tenth of the time."""
        for file in (objects := self.checkout / ".git" / "objects").glob("*/*"):
            copy = self.origin / "objects" / file.relative_to(objects)
            if not copy.exists():
                copy.parent.mkdir(exist_ok=True)
                shutil.copyfile(file, copy)
        for ref in (self.origin / "refs/heads/main", self.checkout / ".git/refs/remotes/origin/main"):
            ref.parent.mkdir(parents=True, exist_ok=True)
            ref.write_text(f"{commit}\n")

    def image(self, text: str = "hello") -> str:
        """`REPOSITORY@sha256:...` of a tiny image in the registry; another text is another digest."""
        return _image(f"{self.registry}/images-of-all-worlds", text)

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
