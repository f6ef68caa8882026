"""Dependabot updates every lock, and a weekly workflow looks for known vulnerabilities in each of them."""

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import audit, locks
from tools.build import CHECKOUT, GO

GITHUB = CHECKOUT / ".github"
UPDATES: list[dict[str, Any]] = yaml.safe_load((GITHUB / "dependabot.yml").read_text())["updates"]
ACTIONS = {"/" if it.parent.name == "workflows" else f"/{it.parent.relative_to(CHECKOUT)}"
           for it in [*GITHUB.glob("workflows/*.yml"), *GITHUB.glob("actions/*/action.yml")]}  # fmt: skip
LOCKS = [
    *(("gomod", file.parent) for file in sorted(CHECKOUT.glob("tools/**/go.mod"))),
    *(("pip", file.parent) for file in sorted(CHECKOUT.glob("requirements/*.txt"))),
    *(("docker", file.parent) for file in sorted(CHECKOUT.glob("*Containerfile"))),
    *(("github-actions", CHECKOUT / it[1:]) for it in sorted(ACTIONS)),
]


@pytest.mark.parametrize(("ecosystem", "folder"), LOCKS, ids=lambda it: str(it).removeprefix(str(CHECKOUT)))
def test_dependabot_updates_every_lock(ecosystem: str, folder: Path) -> None:
    where = "/".join(["", *folder.relative_to(CHECKOUT).parts]) or "/"
    patterns = [
        pattern
        for it in UPDATES
        if it["package-ecosystem"] == ecosystem
        for pattern in it.get("directories", [it.get("directory")])
    ]
    assert any(fnmatch(where, pattern) and where.count("/") == pattern.count("/") for pattern in patterns), where


def test_dependabot_looks_weekly_and_waits_a_week() -> None:
    for it in UPDATES:
        assert (it["schedule"]["interval"], it["cooldown"]["default-days"]) == ("weekly", 7)


def test_every_lock_and_every_tool_that_is_built_is_audited() -> None:
    assert set(locks.SOURCES) == {file.stem for file in (CHECKOUT / "requirements").glob("*.txt")}
    built = {file.parent.name for file in GO.glob("*/go.mod")}
    assert set(audit.tools()) == built - {"chart-crds", "flux-crds"}


def test_the_audit_runs_weekly() -> None:
    # A workflow's `on:` is the boolean of YAML 1.1 unless nothing is resolved.
    workflow = yaml.load((GITHUB / "workflows" / "audit.yml").read_text(), yaml.BaseLoader)  # noqa: S506
    minute, hour, *days = workflow["on"]["schedule"][0]["cron"].split()
    assert (minute.isdigit(), hour.isdigit(), days) == (True, True, ["*", "*", "1"])
    assert workflow["jobs"]["audit"]["steps"][-1]["run"] == "make audit"
