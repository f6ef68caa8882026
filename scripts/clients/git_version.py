"""Which git runs: older ones lack what later steps need, and would fail after the first of them."""

import re

from ..errors import Refused
from .process import run

OLDEST = (2, 39)  # Debian 12 has it, and CI tries it


def refuse_old_git() -> str:
    """What git says of its version. One that cannot be read is taken for a new one."""
    said = run(["git", "version"]).text
    found = re.match(r"git version ([0-9]+)\.([0-9]+)", said)
    if found and (int(found[1]), int(found[2])) < OLDEST:
        raise Refused(
            f"{said} is on PATH, and Waybill needs {OLDEST[0]}.{OLDEST[1]} or newer.",
            "Install a newer git (on Ubuntu 22.04 from its maintainers' archive, ppa:git-core/ppa).",
            fault="machine",
        )
    return said
