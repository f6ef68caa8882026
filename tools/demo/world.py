"""The surroundings of the demo: repositories of its own, and none of the user's settings, credentials or proxies."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TERM", "COLUMNS", "NO_COLOR")


def environment(folder: Path) -> dict[str, str]:
    """Environment variables with which git, helm and crane write nothing outside `folder`."""
    person = {"NAME": "Reviewer", "EMAIL": "reviewer@example.org"}
    return {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        "DOCKER_CONFIG": str(folder / "docker"),
        "HELM_CACHE_HOME": str(folder / "helm" / "cache"),
        "HELM_CONFIG_HOME": str(folder / "helm" / "config"),
        "HELM_DATA_HOME": str(folder / "helm" / "data"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()},
    }


def run(command: Sequence[str | Path], env: Mapping[str, str], cwd: Path | None = None) -> str:
    """What `command` prints. Raises RuntimeError with its own words when it fails."""
    done = subprocess.run(
        command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.rstrip("\n")


def clone_of_the_checkout(folder: Path, env: Mapping[str, str]) -> Path:
    """A clone of HEAD whose `origin` is a bare repository in `folder`, so that no tag reaches this checkout."""
    origin, clone = folder / "origin.git", folder / "checkout"
    # With the user's git settings: git may need them to read this checkout (safe.directory).
    run(["git", "clone", "--quiet", "--bare", CHECKOUT, origin], {**os.environ})
    run(["git", "clone", "--quiet", origin, clone], env)
    return clone


def gitops_repository(folder: Path, env: Mapping[str, str]) -> Path:
    """A bare repository with one commit, as a team has before its first release."""
    bare, first = folder / "gitops.git", folder / "first"
    run(["git", "init", "--quiet", "--bare", "--initial-branch=main", bare], env)
    run(["git", "clone", "--quiet", bare, first], env)
    (first / "README.md").write_text("What our clusters run.\n")
    run(["git", "checkout", "--quiet", "-B", "main"], env, first)
    run(["git", "add", "README.md"], env, first)
    run(["git", "commit", "--quiet", "--message", "Begin"], env, first)
    run(["git", "push", "--quiet", "origin", "main"], env, first)
    return bare


def merge(bare: Path, branch: str, folder: Path, env: Mapping[str, str]) -> Path:
    """Merge `branch` into main, as the reviewer would; returns a work tree of the result."""
    clone = folder / "reviewer"
    run(["git", "clone", "--quiet", bare, clone], env)
    run(["git", "merge", "--quiet", "--no-ff", "--message", f"Merge {branch}", f"origin/{branch}"], env, clone)
    run(["git", "push", "--quiet", "origin", "main"], env, clone)
    return clone
