"""What would stop a later step of a release is refused before the first one changes anything.

plan, ship and promote ask here, so that they refuse the same. What cannot be known from here is said and stops nothing:
a ledger that does not answer, a forge that does not tell rights, and in plan a credential that is not here.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct, structs

from .clients.http_failure import Denied, NoAnswer
from .clients.ledger import WRITE, Caller, older_ledger
from .clients.registry import has_login
from .document import Waybill
from .errors import Refused
from .gitops.layout import promotion_branch, shipping_branch
from .keys import signer_of, why_unknown
from .proposal.attributes import attributes, wants
from .report import Report
from .session import Session
from .source.work_tree import unshipped

DOCUMENT: int = next(field.default for field in structs.fields(Waybill) if field.name == "waybill")


class Release(Struct, frozen=True):
    """What is about to be done: `changes` is not so for plan; `begins` is not so for promote, which takes what was
    published before."""

    environments: Sequence[str]
    changes: bool = True
    begins: bool = True


def refuse_early(here: Session, release: Release) -> None:
    for one in CHECKS:
        one(here, release)


def chart_has_a_registry(here: Session, release: Release) -> None:
    config = here.config
    if release.begins and config.registry is None and (config.has_releases or config.ledger):
        raise Refused(
            "No registry is configured, so there is no chart that could be proposed or filed.",
            "Set `registry` in waybill.toml.",
            fault="you",
        )


def environments_exist(here: Session, release: Release) -> None:
    if release.begins:
        here.config.shipped_to(release.environments)
    elif here.config.has_releases:
        here.config.chosen(release.environments)


def settings_have_a_use(here: Session, release: Release) -> None:
    """Refuses what waybill.toml wants of pull requests or files of a GitOps repo, where there is none."""
    config = here.config
    if not config.is_gitless:
        return
    wanted: dict[str, object] = {
        "gitops_branch": config.gitops_branch,
        "labels": config.labels,
        "reviewers": config.reviewers,
        "draft": config.draft,
        'merge = "auto"': any(map(config.merges, config.environments)),
        "helmrelease": any(map(config.helmrelease, config.environments)),
    }
    if vain := [name for name, said in wanted.items() if said]:
        raise Refused(
            f"waybill.toml says {' and '.join(vain)}, which are of a GitOps repo, and none is configured.",
            "Set `gitops`; or take these out: with `artifact` alone a release moves the environment's tag.",
            fault="you",
        )


def edits_are_committed(here: Session, release: Release) -> None:
    for path in unshipped(here.git, here.config.chart, *here.config.values) if release.begins else ():
        here.report.warn(f"{path} has changes that are not committed: they are not shipped")


def forge_takes_it(here: Session, release: Release) -> None:
    if here.config.gitops is None:
        return
    if release.changes:
        _ = here.proposing_forge  # needs the token
    elif here.config.forge != "file" and not here.config.forge_token:
        here.report.warn("whether it may be proposed is not known: ship needs WAYBILL_FORGE_TOKEN, and none is given")
    names = here.config.chosen(release.environments)
    service = here.config.service
    branches = [shipping_branch(service)] if release.begins else [promotion_branch(service, name) for name in names]
    here.forge.check(branches)
    if wants(here.config) and (here.config.forge_token or here.config.forge == "file"):
        here.forge.check_attributes(attributes(here.config))
    if any(map(here.config.merges, names)):
        if here.config.draft:
            raise Refused(
                'A draft is not merged: `draft = true` and `merge = "auto"` of waybill.toml exclude each other.',
                "Take one of them out.",
                fault="you",
            )
        here.forge.check_merge()


def ledger_takes_it(here: Session, release: Release) -> None:
    """Old ledgers do not tell; one that is down stops no release."""
    if (ledger := here.ledger) is None:
        return
    unknown = "whether the ledger takes this release is not known"
    if not here.config.ledger_token:
        if release.changes:
            raise Refused(
                "A release is filed with a token of the ledger, and none is given.",
                "Set WAYBILL_LEDGER_TOKEN, or WAYBILL_LEDGER_TOKEN_FILE to the file that holds it.",
                fault="you",
            )
        here.report.warn(f"{unknown}: ship needs WAYBILL_LEDGER_TOKEN, and none is given")
        return
    try:
        caller = ledger.caller()
    except NoAnswer as error:
        here.report.warn(f"{unknown}: {error.what}")
        return
    if caller is None:
        raise older_ledger(f"it takes no waybill of number {DOCUMENT}")
    refuse_caller(caller, here.config.service)


def refuse_caller(caller: Caller, service: str) -> None:
    """Refuses a token that may not file releases of `service`, and a ledger that is older than our documents."""
    if DOCUMENT not in caller.accepts:
        raise Refused(
            f"The ledger takes documents of number {' and '.join(map(str, caller.accepts))}, and this Waybill writes "
            f"number {DOCUMENT}.",
            "Deploy the newer ledger first: it takes older documents too.",
            fault="ledger",
        )
    if WRITE not in caller.scopes:
        lacks = f"has only the scope {', '.join(caller.scopes)}"
    elif caller.service not in (None, service):
        lacks = f"is for {caller.service} alone"
    else:
        return
    raise Refused(
        f"The token in WAYBILL_LEDGER_TOKEN {lacks}: it cannot file releases of {service}.",
        f"Give WAYBILL_LEDGER_TOKEN one of `waybill-service token create --scope {WRITE} --service {service}`.",
        fault="you",
    )


def if_a_login_tells(registry: str | None, refuse: Callable[[], None], report: Report) -> None:
    """Refuses what may not be pushed to `oci://host/path`; without a login there nothing is known of one."""
    try:
        refuse()
    except Denied as denied:
        if has_login(f"{str(registry).removeprefix('oci://')}/any"):
            raise
        report.warn(f"whether it may be pushed is not known without a login: {denied.what}")


def key_can_sign(here: Session, release: Release) -> None:
    """promote and rollback sign no chart."""
    if here.config.sign is None or not (release.begins or here.config.artifact):
        return
    unknown = None if release.changes else why_unknown(here.config)
    if unknown:
        here.report.warn(f"whether it can be signed is not known: {unknown}")
    else:
        signer_of(here.config)


# The cheap ones first, then those that ask others.
CHECKS: tuple[Callable[[Session, Release], None], ...] = (
    chart_has_a_registry,
    environments_exist,
    settings_have_a_use,
    edits_are_committed,
    key_can_sign,
    forge_takes_it,
    ledger_takes_it,
)
