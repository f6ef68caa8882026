"""ship: every step in order, each on what the one before it made; and each step by itself, on the waybill's file."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from msgspec import UNSET, structs

from .document import Waybill, continued
from .document import load as load_document
from .errors import Refused
from .proposal.describe import describe
from .session import Session
from .source.tags import holds
from .source.work_tree import unshipped, write
from .steps.bump import Choice
from .steps.bump import bump as bump_step
from .steps.package import package as package_step
from .steps.propose import propose as propose_step
from .steps.publish import publish as publish_step
from .steps.record import record as record_step
from .steps.render import render

TRIES = 8


def ship(here: Session, choice: Choice, environments: Sequence[str]) -> tuple[Waybill, dict[str, Any] | None]:
    """The finished waybill and the ledger's receipt. Repeating it completes what a killed run left."""
    here.check(environments)
    for path in unshipped(here.config.chart, here.git):
        here.report.warn(f"{path} is not committed as it lies here: HEAD's is shipped")
    for _ in range(TRIES):
        bump(here, choice)
        package(here)
        if publish(here):
            break
        here.report.say("another release took this version: choosing again")
    else:
        raise Refused(
            f"Other releases took the version {TRIES} times while this one was on its way.",
            "Run the same command again in a moment.",
            fault="repository",
        )
    propose(here, environments)
    return record(here)


def bump(here: Session, choice: Choice) -> Waybill:
    waybill = bump_step(choice, here.config, here.git, here.report)
    return here.write(continued(load_document(here.document), waybill))


def bump_alone(here: Session, choice: Choice) -> Waybill:
    """bump for people who commit bumps themselves: also writes the two files of the work tree."""
    waybill = bump(here, replace(choice, alone=True))
    head, release = waybill.source.commit, str(waybill.source.release_commit)
    if holds(head, choice.image, here.config, here.git):
        here.report.say("bump: HEAD holds this image already, so no file is written")
        return waybill
    files = here.git.files(release, f"{here.config.chart}/values.yaml", f"{here.config.chart}/Chart.yaml")
    write(files, head, here.git, here.folder)
    here.report.say(f"bump: wrote {' and '.join(files)}")
    return waybill


def package(here: Session) -> Waybill:
    return here.write(package_step(here.read(), here.config, here.git, here.folder, here.report))


def publish(here: Session) -> Waybill | None:
    """None when another release took the version."""
    waybill = here.read()
    published = publish_step(waybill, here.config, here.git, here.archive(waybill), here.report)
    return here.write(published) if published else None


def propose(here: Session, environments: Sequence[str]) -> Waybill:
    waybill = structs.replace(here.read(), gitops=UNSET)
    if here.config.gitops is None:
        here.report.say("propose: no GitOps repo is configured; nothing is proposed")
        return here.write(waybill)
    wanted = here.change(waybill, environments)
    whole = here.folder / f"{waybill.service}.md"
    body = partial(describe, wanted, here.archive(waybill), whole)
    proposed, _ = propose_step(wanted, render, here.proposing_forge, body, here.report)
    return here.write(proposed)


def record(here: Session) -> tuple[Waybill, dict[str, Any] | None]:
    waybill = here.read()
    return waybill, record_step(waybill, here.ledger, here.report)
