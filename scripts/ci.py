"""Who began this run of a CI system, and the page of the run, from the variables that the system sets.

WAYBILL_ACTOR and WAYBILL_RUN say it anywhere.
https://docs.github.com/en/actions/reference/workflows-and-actions/variables
https://docs.gitlab.com/ci/variables/predefined_variables/
"""

import os
import re
from typing import Any

import msgspec

from .document import Page, Text
from .errors import Refused


def actor() -> str | None:
    # Who runs a workflow again is the triggering actor; the actor is who ran it first.
    found = _first("WAYBILL_ACTOR", "GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN")
    return found and _checked(found, Text, "WAYBILL_ACTOR", "the name without quotation mark, backslash and line break")


def run() -> str | None:
    """Without user and password, since others see it."""
    page = _first("WAYBILL_RUN") or _of_actions() or _first("CI_PIPELINE_URL", "CI_JOB_URL")
    return page and _checked(
        re.sub("(?<=://)[^/]*@", "", page), Page, "WAYBILL_RUN", "the address as https://host/path"
    )


def commit() -> str | None:
    """That this job was started for."""
    return _first("GITHUB_SHA", "CI_COMMIT_SHA")


def _checked(value: str, shape: Any, name: str, form: str) -> str:
    """Refused where no ledger would file it, before a proposal carries it."""
    try:
        return str(msgspec.json.decode(msgspec.json.encode(value), type=shape))
    except (msgspec.ValidationError, UnicodeError) as error:
        who = "Who runs this" if shape is Text else "The page of this run"
        raise Refused(
            f"{who} is {value!r}, as the variables of CI say, and no ledger files such a text.",
            f"Set {name} to {form}, in at most 500 characters.",
            fault="you",
        ) from error


def _first(*names: str) -> str | None:
    return next((value for name in names if (value := os.environ.get(name))), None)


def _of_actions() -> str | None:
    """Gitea's and Forgejo's actions set GitHub's variables, and their pages have a run's number in place of its id."""
    number = "RUN_NUMBER" if os.environ.get("GITEA_ACTIONS") else "RUN_ID"
    parts = [os.environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", number)]
    return f"{parts[0]}/{parts[1]}/actions/runs/{parts[2]}" if all(parts) else None
