"""The texts of a proposal: the commit's message, title and body of the pull request."""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from ..addresses import commit_page
from ..clients.git import TRAILER
from ..diff.markdown import LINK, address, code, prose
from ..document import Waybill, chart_of
from ..gitops.clone import REPLACES
from ..image import by_name

OVERRIDES = "**This environment does not run the images as they were released**, so its annotations do not claim them:"
NOT_THESE = "does not run these images as they were released."
LIMIT = 60_000  # characters; GitHub takes 65,536


def version(waybill: Waybill) -> str:
    return chart_of(waybill).version


def trailer(waybill: Waybill) -> str:
    return f"{TRAILER}: {waybill.service} {version(waybill)}"


def is_about(body: str, waybill: Waybill) -> bool:
    """Whether `body` is that of a proposal of this same release."""
    return trailer(waybill) in body.splitlines()


def title(waybill: Waybill, environments: Iterable[str], reason: str | None, shape: str) -> str:
    """`shape` is the setting `commit_title`."""
    to = " and ".join(environments)
    if reason is None:
        said = f"{waybill.service} {version(waybill)} to {to}"
    else:
        said = f"Roll {waybill.service} back to {version(waybill)} in {to}"
    return shape.replace("{title}", said)


def commit_message(
    waybill: Waybill,
    environments: Iterable[str],
    reason: str | None,
    replaces: str | None,
    overridden: Iterable[str] = (),
    *,
    shape: str,
) -> str:
    """The release, whose images those of `environments` do not run that are `overridden`."""
    trailers = [trailer(waybill), *([f"{REPLACES}: {replaces}"] if replaces else [])]
    why = f"{reason.strip()}\n\n" if reason else ""
    others = "".join(f"{name} {NOT_THESE}\n" for name in overridden)
    return (
        f"{title(waybill, environments, reason, shape)}\n\n{why}"
        f"{by_name.lines(by_name.of(waybill), waybill.service)}"
        f"from commit {waybill.source.commit} of {waybill.source.repository}\n{others}\n" + "\n".join([*trailers, ""])
    )


class Section(Struct, frozen=True):
    """One environment: the release in its release.yaml `before` and `after`, the rendered `difference`, and the list of
    `commits`. `overrides` are why the environment does not run the images of the release, `warnings` what a person
    should look at, `not_judged` is why it is not known whether it would."""

    environment: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    difference: str
    commits: Sequence[str] = ()
    overrides: Sequence[str] = ()
    warnings: Sequence[str] = ()
    not_judged: str = ""

    def lines(self, repository: str) -> list[str]:
        rows = [f"| {name} | {cell(self.before, name)} | {cell(self.after, name)} |" for name in ("version", "image")]
        old, new = (
            commit_link(said["commit"], repository) if "commit" in said else cell(said, "commit")
            for said in (self.before, self.after)
        )
        table = ["| | before | after |", "|---|---|---|", *rows, f"| commit | {old} | {new} |"]
        commits = [*self.commits, ""] if self.commits else []
        overrides = [OVERRIDES, "", *(f"- {prose(said)}" for said in self.overrides), ""] if self.overrides else []
        warnings = [*(f"- **Look at:** {prose(said)}." for said in self.warnings), ""] if self.warnings else []
        unjudged = [f"**Not judged:** {prose(self.not_judged)}", ""] if self.not_judged else []
        above = [f"### {prose(self.environment)}", "", *unjudged, *table, ""]
        return [*above, *overrides, *warnings, *commits, self.difference, ""]


def body(
    waybill: Waybill,
    sections: Iterable[Section],
    *,
    reason: str | None,
    ledger: str | None,
    unseen: Sequence[str] = (),
    manifests: str = "",
) -> str:
    """The whole text; its last line names the release. `unseen` are sentences without a full stop, `manifests` is the
    address of the artifact."""
    lines = [f"> {line}" for line in (reason or "").strip().splitlines()] + [""]
    for section in sections:
        lines += section.lines(waybill.source.repository)
    lines += [f"- Not seen here: {prose(what)}." for what in unseen] + [""] * bool(unseen)
    for image in waybill.images:
        if it := image.verified:
            lines += [f"Verified of image {code(image.name)}: {code(it.predicate)} of {code(it.by)}", ""]
    if manifests:
        lines += [f"The manifests as an artifact: {code(manifests)}", ""]
    if waybill.by and waybill.by.run:
        lines.append(f"Made by {address(waybill.by.run)}")
    if ledger:
        lines.append(f"In the ledger: {address(f'{ledger}/releases/{waybill.service}/{version(waybill)}')}")
    return "\n".join(["\n".join(lines).strip(), "", trailer(waybill), ""])


def cut(text: str, whole: str) -> str:
    """`text` cut at the end of a line to LIMIT, with how much is missing and `whole`, the place of all of it. The last
    line, which names the release, stays."""
    if len(text) <= LIMIT:
        return text
    *lines, last = text.rstrip("\n").split("\n")
    kept: list[str] = []
    size = LIMIT - len(last) - len(whole) - 200  # for the closing lines
    fence = ""
    for line in lines:
        size -= len(line) + 1
        if size < 0:
            break
        kept.append(line)
        if line == fence:
            fence = ""
        elif not fence and line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
    missing = len(text) - len("\n".join(kept))
    return "\n".join(
        [*kept, fence, "", f"Cut here: {missing:,} more characters, the whole lies in {whole}.", "", last, ""]
    )


def cell(said: Mapping[str, str], name: str) -> str:
    missing = "not known" if said else "none"
    return code(said[name]) if name in said else missing


def commit_link(commit: str, repository: str) -> str:
    if re.fullmatch(r"[0-9a-f]{12,64}", commit) and LINK.fullmatch(repository):
        return f"[`{commit[:12]}`]({commit_page(repository, commit)})"
    return code(commit)
