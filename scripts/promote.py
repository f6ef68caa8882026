"""promote: a release that is out, into another environment on a branch of its own; a lower version is a roll back."""

from dataclasses import replace
from functools import partial
from typing import Any

from .document import Waybill
from .errors import Refused
from .gitops.files import chosen
from .proposal.describe import describe
from .proposal.intent import Change
from .released import from_ledger, from_tag
from .running import running
from .session import Session
from .steps.propose import propose
from .steps.record import record
from .steps.render import render


def promote(
    here: Session, to: str, version: str | None, roll_back: str | None
) -> tuple[Waybill, dict[str, Any] | None]:
    """Proposes `version`, or what runs healthy in the first environment; `roll_back` is the reason to lower one."""
    environments = chosen([to], here.config.environments)
    forge = here.forge
    release = released(here, version or proven(here, to))
    here = replace(here, document=here.folder / f"{release.service}@{to}.json")
    change = Change(release, here.config, environments, f"promote/{release.service}/{to}", roll_back)
    body = partial(describe, change, None, here.folder / f"{release.service}@{to}.md")
    waybill, _ = propose(change, render, forge, body, here.report)
    here.write(waybill)
    return waybill, record(waybill, here.ledger, here.report)


def proven(here: Session, to: str) -> str:
    """The version that runs healthy in the first environment, as the ledger tells it."""
    first = here.config.environments[0]
    if to == first:
        raise Refused(
            f"{first} is the first environment: nothing comes before it that could be promoted.",
            "Name the release with --version.",
            fault="you",
        )
    if here.ledger is None:
        raise Refused(
            "What runs where is known to the ledger alone, and none is configured.",
            "Set `ledger` in waybill.toml, or name the release with --version.",
            fault="you",
        )
    version = running(here.ledger.environment(first), here.config.service, first)
    here.report.say(f"promote: {version} runs healthy in {first}")
    return version


def released(here: Session, version: str) -> Waybill:
    """The waybill of `version`, from the ledger where it is filed there, else from its tag and the registry."""
    filed = here.ledger.release(here.config.service, version) if here.ledger else None
    if filed:
        return from_ledger(filed)
    here.report.say(f"promote: {version} is read from its tag and the registry")
    return from_tag(here.config, here.git, version)
