"""The result that ends a command: a short table, or JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from .. import workflow
from ..document import PullRequest, Source, Waybill, chart_of
from ..errors import Incomplete
from ..image import by_name
from ..report import NEXT, Cell, Report

if TYPE_CHECKING:  # one command needs one of them
    from ..adopt.helm_release import Adoption
    from ..adopt.manifests import Move
    from ..connect.connection import Connected
    from ..init.outset import Outset
    from ..plan import Plan
    from ..session import Session

Receipt = Mapping[str, Any] | None


def show(here: "Session", waybill: Waybill) -> None:
    """Raises Incomplete as `show_each` does."""
    if here.report.left:
        raise Incomplete(here.report.left, [waybill])
    here.report.results([rows(waybill)], waybill)


def show_each(here: "Session", done: Sequence[tuple[Waybill, Receipt]]) -> None:
    """What was proposed and filed, a table each; with --json the waybill, of several a list. Raises Incomplete where
    something was left undone."""
    workflow.tell(workflow.outputs(waybill for waybill, _ in done), _bodies(here, done))
    if here.report.left:
        raise Incomplete(here.report.left, [waybill for waybill, _ in done])
    unfiled = {} if here.config.ledger else {"receipt": "not filed: no ledger is configured"}
    if not here.config.has_releases:
        unfiled["proposal"] = "none: no GitOps repo is configured"
    tables = [rows(waybill, receipt) | unfiled for waybill, receipt in done]
    documents = [waybill for waybill, _ in done]
    here.report.results(tables, documents[0] if len(documents) == 1 else documents)
    if here.config.ledger:
        for line in filter(None, map(_next, documents)):
            here.report.say(line)


def _next(waybill: Waybill) -> str:
    """How to see what was proposed arrive."""
    environments = waybill.gitops.environments if waybill.gitops else ()
    options = " ".join(f"--environment {name}" for name in environments)
    return f"next: waybill wait {waybill.service} {chart_of(waybill).version} {options}" if options else ""


def _bodies(here: "Session", done: Sequence[tuple[Waybill, Receipt]]) -> Iterator[str]:
    """The texts of the proposals that were made, which are whole in the waybill's folder."""
    for waybill, _ in done:
        places = waybill.gitops.environments if waybill.gitops else ()
        for name in (waybill.service, *(f"{waybill.service}@{environment}" for environment in places)):
            file = here.document.with_name(f"{name}.md")
            if places and file.is_file() and not file.is_symlink():
                yield file.read_text(encoding="utf-8")


def show_done(report: Report, error: Incomplete) -> None:
    """For people, what is done of a command that was refused in part; with --json the refusal itself has it."""
    if not report.json:
        report.results([rows(waybill) for waybill in error.done], None)


def show_adoption(here: "Session", found: "Adoption") -> None:
    """What is there, and what a release writes."""
    lines = [
        f"{it.file}, {f'line {it.line}' if it.line else 'a new line'}: {it.key}"
        + (f" (now {it.present})" if it.present else "")
        for it in found.writes
    ]
    table = {
        "environment": found.environment,
        "HelmRelease": found.helmrelease,
        "built by": found.builds,
        "place": found.place or "not known from the GitOps repo",
        "chart": f"{found.chart} {found.version}".strip(),
        "a release writes": NEXT.join(lines),
        "waybill.toml": "names it" if found.kept else "is left as it is (--dry-run)",
    }
    here.report.results([table], found)


def show_move(here: "Session", made: "Move") -> None:
    table = {
        "environment": made.environment,
        "Kustomization": made.kustomization,
        "manifests": made.manifests,
        "made of": made.made_of,
        "said": made.said,
        "proposal": made.proposal or "",
    }
    here.report.results([{label: value for label, value in table.items() if value}], made)
    here.report.patch("Patch of the GitOps repo", made.patch)


def show_connection(here: "Session", made: "Connected") -> None:
    """What is proposed; and of the key, once, what is to be done with it."""
    table = {
        "environment": made.environment,
        "cluster": made.cluster,
        "hears": ", ".join(made.hears) or "nothing yet",
        "reports to": made.address,
        "observer": f"observer.environment={made.environment},observer.namespaces={{{','.join(made.hears)}}}",
        "files": NEXT.join(made.files),
        "said": made.said,
        "proposal": made.proposal or "",
    }
    entry = f'{{"{made.environment}": ["{made.key}"]}}'
    if made.key:
        table |= {
            "key": f"{made.key}{NEXT}it is not shown again; `--new-key` makes another",
            "to the cluster": f"Secret {made.secret}, key `token`",
            "to the ledger": f"FLUX_KEYS, beside what it has: {entry}",
        }
    elif made.secrets:
        table["key"] = f"in {made.secrets}, for `kubectl create --filename {made.secrets}`"
    here.report.results([{label: value for label, value in table.items() if value}], made)
    here.report.patch("Patch of the GitOps repo", made.patch)


def show_outset(report: Report, made: "Outset", *, dry_run: bool) -> None:
    wrote = ("would   ", "write ") if dry_run else ("wrote   ", "")
    lines = [
        *([Cell("found    "), Cell(it)] for it in made.found),
        *([Cell("kept     "), Cell(f"{it}, which is there already")] for it in made.kept),
        *([Cell(f"{wrote[0]} "), Cell(f"{wrote[1]}{it}")] for it in made.wrote),
        *([Cell("unknown  ", "yellow"), Cell(it)] for it in made.unknown),
        [Cell("next: waybill doctor")],
    ]
    report.answer(lines, made)
    for path, text in made.files.items():
        report.patch(path, text)


def show_plans(here: "Session", plans: "Sequence[Plan]") -> None:
    """The table, the patch of the GitOps repo and what it changes in the clusters."""
    tables = [
        rows(planned.waybill)
        | {
            "move" if here.config.is_gitless else "propose": planned.said,
            "manifests": planned.manifests,
            "chart files": "\n".join(planned.chart_files),
            "manifest files" if here.config.is_gitless else "GitOps files": "\n".join(planned.gitops_files),
        }
        for planned in plans
    ]
    found = [{label: value for label, value in table.items() if value} for table in tables]
    here.report.results(found, plans[0] if len(plans) == 1 else plans)
    for planned in plans:
        here.report.patch(f"Patch of the {'manifests' if here.config.is_gitless else 'GitOps repo'}", planned.patch)
        here.report.patch("What changes in the cluster", planned.difference)


def rows(waybill: Waybill, receipt: Receipt = None) -> dict[str, str]:
    """Label -> value, in the order of the steps; what was not done has no row."""
    source, chart, gitops = waybill.source, waybill.chart, waybill.gitops
    all_rows = {
        "release": f"{waybill.service} {chart.version}" if chart else waybill.service,
        "image": by_name.written(by_name.of(waybill), waybill.service).replace(" ", "\n"),
        "platforms": "\n".join(
            ", ".join(image.manifests) or ("none named" if image.checked else "not checked") for image in waybill.images
        ),
        "commit": f"{source.commit} of {source.repository}",
        "changes": _changes(source),
        "tag": f"{source.tag} -> {source.release_commit}" if source.tag else "",
        "chart": f"{chart.repository}/{chart.name}@{chart.digest}" if chart and chart.digest else "",
        "archive": str(chart.archive) if chart and chart.archive else "",
        "manifests": f"{waybill.artifact.repository}@{waybill.artifact.digest}" if waybill.artifact else "",
        "branch": f"{gitops.branch} at {gitops.commit[:12]} of {gitops.repository}" if gitops else "",
        "environments": ", ".join(gitops.environments) if gitops else "",
        "proposal": _proposal(gitops.proposal) if gitops and gitops.proposal else "",
        "receipt": str(receipt["id"]) if receipt else "",
    }
    return {label: value for label, value in all_rows.items() if value}


def _changes(source: Source) -> str:
    """The newest of them, and how many more; the first release has none."""
    if source.since is UNSET:
        return ""
    if source.changes is UNSET:
        return f"not known since {source.since}"
    newest = [f"{change.commit[:12]} {change.subject}" for change in source.changes[:1]]
    more = len(source.changes) + (source.changes_left_out or 0) - 1
    newest += [f"{more:,} more"] if more > 0 else []
    return f"{' and '.join(newest) or 'none'} since {source.since}"


def _proposal(proposal: PullRequest) -> str:
    return f"{proposal.number or ''}{NEXT if proposal.number else ''}{proposal.url}"
