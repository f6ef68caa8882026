"""What a proposal says to those who review it: the commit's message, title and body of the pull request."""

from collections.abc import Iterable, Mapping

from ..document import Waybill, chart_of
from ..gitops.clone import TRAILER

LIMIT = 60_000  # characters; GitHub takes 65,536


def version(waybill: Waybill) -> str:
    return chart_of(waybill).version


def trailer(waybill: Waybill) -> str:
    return f"{TRAILER}: {waybill.service} {version(waybill)}"


def is_about(body: str, waybill: Waybill) -> bool:
    """Whether `body` is that of a proposal of this very release."""
    return trailer(waybill) in body.splitlines()


def title(waybill: Waybill, environments: Iterable[str], roll_back: str | None) -> str:
    to = " and ".join(environments)
    if roll_back is None:
        return f"{waybill.service} {version(waybill)} to {to}"
    return f"Roll {waybill.service} back to {version(waybill)} in {to}"


def commit_message(waybill: Waybill, environments: Iterable[str], roll_back: str | None) -> str:
    reason = f"{roll_back.strip()}\n\n" if roll_back else ""
    return (
        f"{title(waybill, environments, roll_back)}\n\n{reason}"
        f"Image {image(waybill)}\n"
        f"from commit {waybill.source.commit} of {waybill.source.repository}\n\n{trailer(waybill)}\n"
    )


def body(
    waybill: Waybill,
    environments: Mapping[str, tuple[Mapping[str, str], str]],
    *,
    roll_back: str | None,
    ledger: str | None,
) -> str:
    """The whole text. For each environment: what its release.yaml said before, and the rendered difference."""
    source = waybill.source
    after = {"version": version(waybill), "image": image(waybill), "commit": source.commit}
    lines = [f"> {line}" for line in (roll_back or "").strip().splitlines()] + [""]
    for environment, (before, difference) in environments.items():
        lines += [f"### {environment}", "", "| | before | after |", "|---|---|---|"]
        for name, new in after.items():
            texts = (before.get(name), new)
            cells = [commit_link(text, source.repository) if name == "commit" else code(text) for text in texts]
            lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
        lines += ["", difference, ""]
    if source.run:
        lines.append(f"Made by {source.run}")
    if ledger:
        lines.append(f"In the ledger: {ledger}/releases/{waybill.service}/{version(waybill)}")
    return "\n".join(["\n".join(lines).strip(), "", trailer(waybill), ""])


def cut(text: str, whole: str) -> str:
    """`text` for a forge: shortened at the end of a line to LIMIT, saying by how much; the last line, which names the
    release, stays. `whole` says where the rest lies."""
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
        if line.startswith("```"):
            fence = "" if fence else line[: len(line) - len(line.lstrip("`"))]
    missing = len(text) - len("\n".join(kept))
    return "\n".join(
        [*kept, fence, "", f"Cut here: {missing:,} more characters, the whole lies in {whole}.", "", last, ""]
    )


def image(waybill: Waybill) -> str:
    return f"{waybill.image.repository}@{waybill.image.digest}"


def code(text: str | None) -> str:
    """One cell of a table; what people wrote into the file cannot break out of it."""
    return f"`{text.replace('`', '').replace('|', '')}`" if text else "none"


def commit_link(commit: str | None, repository: str) -> str:
    if commit and repository.startswith("http") and commit.isalnum():
        return f"[`{commit[:12]}`]({repository}/commit/{commit})"
    return code(commit)
