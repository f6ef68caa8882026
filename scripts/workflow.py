"""What a GitHub workflow gets of a command that runs in it: outputs, a job summary, and an error on the run's page.

The files and the commands are those of
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import os
import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import UNSET

from .document import Waybill, chart_of

SUMMARY = 900_000  # bytes: GitHub drops a summary over 1 MiB


def outputs(done: Iterable[Waybill]) -> dict[str, str]:
    """Of releases that were shipped or proposed; of several of one kind a line each."""
    found: dict[str, dict[str, None]] = {}
    for it in done:
        chart = chart_of(it)
        told = {
            "version": chart.version,
            "tag": it.source.tag,
            "chart": f"{chart.repository}/{chart.name}" if chart.repository else UNSET,
            "chart-digest": chart.digest,
            "proposal": it.gitops.proposal.url if it.gitops and it.gitops.proposal else UNSET,
        }
        for name, value in told.items():
            if value:
                found.setdefault(name, {})[str(value)] = None
    return {name: "\n".join(values) for name, values in found.items()}


def tell(told: Mapping[str, str], texts: Iterable[str]) -> None:
    """Adds outputs and Markdown to the files that the workflow's step has for them, if it is one."""
    if file := os.environ.get("GITHUB_OUTPUT"):
        _add(file, "".join(map(_output, told.items())))
    if file := os.environ.get("GITHUB_STEP_SUMMARY"):
        _add(file, "\n\n".join(texts).encode()[:SUMMARY].decode(errors="ignore") + "\n")


@contextmanager
def group(title: str) -> Iterator[None]:
    """What is printed meanwhile is folded on the run's page, below `title`."""
    sys.stdout.write(f"::group::{title}\n" if _runs_here() else "")
    yield
    sys.stdout.write("::endgroup::\n" if _runs_here() else "")


def annotation(text: str) -> str:
    """The line that shows `text` as an error on the run's page; empty outside of a workflow."""
    if not _runs_here():
        return ""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::error title=waybill::{escaped}\n"


def _runs_here() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _output(item: tuple[str, str]) -> str:
    """With a delimiter that no value can have."""
    name, value = item
    end = secrets.token_hex(16)
    return f"{name}<<{end}\n{value}\n{end}\n"


def _add(file: str, text: str) -> None:
    with Path(file).open("a", encoding="utf-8") as opened:
        opened.write(text)
