"""Who began this run of a CI system, and the page of the run, from the variables that the system sets.

WAYBILL_ACTOR and WAYBILL_RUN say it anywhere.
https://docs.github.com/en/actions/reference/workflows-and-actions/variables
https://docs.gitlab.com/ci/variables/predefined_variables/
"""

import os
import re


def actor() -> str | None:
    # Who runs a workflow again is the triggering actor; the actor is who ran it first.
    return _first("WAYBILL_ACTOR", "GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN")


def run() -> str | None:
    """Without user and password, since others see it."""
    page = _first("WAYBILL_RUN") or _of_actions() or _first("CI_PIPELINE_URL", "CI_JOB_URL")
    return page and re.sub("(?<=://)[^/]*@", "", page)


def _first(*names: str) -> str | None:
    return next((value for name in names if (value := os.environ.get(name))), None)


def _of_actions() -> str | None:
    """Gitea's and Forgejo's actions set GitHub's variables, and their pages have a run's number in place of its id."""
    number = "RUN_NUMBER" if os.environ.get("GITEA_ACTIONS") else "RUN_ID"
    parts = [os.environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", number)]
    return f"{parts[0]}/{parts[1]}/actions/runs/{parts[2]}" if all(parts) else None
