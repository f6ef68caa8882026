"""The programs that a release needs."""

import re

from msgspec.structs import replace

from ..clients.git_version import refuse_old_git
from ..clients.helm import refuse_old_helm
from ..clients.kustomize import command
from ..clients.process import run
from ..report import Report
from .diagnosis import Diagnosis, looked

NUMBER = re.compile(r"[0-9]+(\.[0-9]+)+")


def programs() -> list[Diagnosis]:
    """Without kustomize a release is not judged in its environments, which stops none."""
    found = [*looked(_git), *looked(_helm)]
    return found + [replace(it, state="warn" if it.state == "fail" else it.state) for it in looked(_kustomize)]


def _git(_: Report) -> str:
    return f"git {_number(refuse_old_git())}"


def _helm(_: Report) -> str:
    return f"helm {_number(refuse_old_helm())}"


def _kustomize(_: Report) -> str:
    program, *_rest = command()
    said = run([program, "version", *["--client"] * (program == "kubectl")], check=False).text
    return f"{program} {_number(said)}"


def _number(said: str) -> str:
    found = NUMBER.search(said)
    return found[0] if found else "of a version that it does not tell"
