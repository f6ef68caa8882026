"""promote: proposes a published release for the environments that come next, each on a branch of its own."""

from collections.abc import Sequence

from msgspec import structs

from .chart.version import strict
from .checks import Release, refuse_early
from .config import Config
from .errors import Refused
from .keys import verified
from .proposal.intent import Change
from .proposals import change_for, released
from .releases.current import running
from .session import Session
from .stages import Stage


def promote(
    here: Session, to: Sequence[str], version: str | None, source: str | None, *, dry_run: bool
) -> list[Change]:
    """What is to be proposed for the environments and groups `to`: `version`, or what runs healthy in `source`, which
    is by itself the stage before the first of them."""
    refuse_early(here, Release(to, changes=not dry_run, begins=False))
    environments = here.config.chosen(to)
    wanted = str(strict(version, "--version", fault="you")) if version else None
    if wanted is None:
        wanted = current(here, stage_before(here.config, environments, source))
    release = released(here, wanted)
    release = structs.replace(release, images=verified(release.images, here.config))
    return [change_for(here, release, name, kind="promote", named=version is not None) for name in environments]


def stage_before(config: Config, environments: Sequence[str], source: str | None) -> Stage:
    """Where what `environments` get is taken from: `source`, an environment or a group, else the stage before."""
    stages = config.stages
    if source:
        names = config.chosen([source])
        if both := sorted({*names} & {*environments}):
            raise Refused(
                f"{' and '.join(both)} is both where it comes from and where it goes to.",
                "Give --from another environment, or name the release with --version.",
                fault="you",
            )
        return Stage(source, names)
    at = [number for number, stage in enumerate(stages) if {*stage.environments} & {*environments}]
    if at[0] == 0:
        raise Refused(
            f"{stages[0].name} comes first: nothing comes before it that could be promoted.",
            "Name the release with --version, or where it runs with --from.",
            fault="you",
        )
    if skipped := [stages[number].name for number in range(at[0], at[-1]) if number not in at]:
        raise Refused(
            f"{' and '.join(skipped)} would be skipped on the way to {stages[at[-1]].name}.",
            "Add it with --to, or say with --from or --version what is to be promoted past it.",
            fault="you",
        )
    return stages[at[0] - 1]


def current(here: Session, stage: Stage) -> str:
    """The version that runs healthy in every environment of `stage`, from the ledger."""
    if here.ledger is None:
        raise Refused(
            "Only a ledger knows what runs in an environment, and none is configured.",
            "Set `ledger` in waybill.toml, or name the release with --version.",
            fault="you",
        )
    try:
        answers = {name: here.ledger.environment(name) for name in stage.environments}
    except Refused as error:
        remedy = f"{error.remedy} With --version a release is promoted without it."
        raise Refused(error.what, remedy, fault=error.fault) from error
    versions = {name: running(answer, here.config.service, name) for name, answer in answers.items()}
    if len({*versions.values()}) > 1:
        differ = " and ".join(f"{version} in {name}" for name, version in versions.items())
        raise Refused(
            f"What to promote of {here.config.service} is not clear from {stage.name}: its environments differ, "
            f"{differ}.",
            "Promote one of them with --from, or name the release with --version.",
            fault="you",
        )
    version = versions[stage.environments[0]]
    here.report.did("promote", f"{version} runs healthy in {' and '.join(stage.environments)}")
    return version
