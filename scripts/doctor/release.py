"""What ship would refuse of a release of HEAD: its own checks, and its steps with an image that does not exist."""

from collections.abc import Sequence

from msgspec import structs

from ..checks import (
    Release,
    chart_has_a_registry,
    edits_are_committed,
    environments_exist,
    forge_takes_it,
    if_a_login_tells,
    settings_have_a_use,
)
from ..document import Waybill
from ..marker import markers
from ..releases.identity import refuse_other
from ..report import Report
from ..session import Session
from ..steps.bump import Choice, bump
from ..steps.package import package
from ..steps.publish import refuse_unpushable
from ..yaml.document import shown
from .diagnosis import Diagnosis, looked

UNCHECKED = "--skip-image-check"  # of the warning that the marker is in no registry


def release_of(here: Session, environments: Sequence[str]) -> tuple[list[Diagnosis], Waybill | None]:
    """What was found, and the release with the marker, None where none can be made; `here` has a folder for it."""
    release = Release(environments, changes=False)
    config, found, made = here.config, list[Diagnosis](), list[Waybill]()

    def settings(report: Report) -> str:
        there = structs.replace(here, report=report)
        for check in (chart_has_a_registry, environments_exist, settings_have_a_use, edits_are_committed):
            check(there, Release((), changes=False))
        where = f"is released to {config.environments[0]} first" if config.environments else "has no environments"
        return f"{config.service} {where}"

    def chart(report: Report) -> str:
        there = structs.replace(here, report=report)
        waybill = bump(Choice(images=markers(config, here.git), skip_image_check=True), there)
        made.append(package(waybill, there))
        refuse_other(made[0], there.ledger, report)
        places = (shown(path) for block in config.image_blocks for path in block.paths.values())
        pinned = (block.post_render for block in config.image_blocks if block.post_render)
        return f"the chart renders, with its image at {', '.join([*places, *pinned])}"

    found += looked(settings)
    found += looked(chart, without=UNCHECKED)
    waybill = made[0] if made else None
    if waybill:
        found += looked(lambda report: _tag(here, waybill))
        found += looked(lambda report: _registry(structs.replace(here, report=report), waybill))
    found += looked(lambda report: _forge(structs.replace(here, report=report), release))
    if not config.has_releases:
        found.append(Diagnosis("skip", "no GitOps repo is configured: nothing is proposed"))
    return found, waybill


def _tag(here: Session, waybill: Waybill) -> str:
    ref = f"refs/tags/{waybill.source.tag}"
    if here.git.refs(here.config.remote, ref):
        return ""
    here.git.push(here.config.remote, ref, str(waybill.source.release_commit), expect="", rehearse=True)
    return f"{here.config.remote} lets this login push; the tag would be {waybill.source.tag}"


def _registry(here: Session, waybill: Waybill) -> str:
    if here.config.registry is None:
        return ""
    if_a_login_tells(here.config.registry, lambda: refuse_unpushable(waybill, here.config), here.report)
    return f"{here.config.registry} lets this login push"


def _forge(here: Session, release: Release) -> str:
    forge_takes_it(here, release)
    return f"nothing at {here.config.gitops} stands against a proposal" if here.config.gitops else ""
