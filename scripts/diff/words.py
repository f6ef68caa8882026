"""The rendered difference as people read it: Markdown in the proposal, plain text on the terminal."""

from collections import Counter
from collections.abc import Sequence

from .difference import Difference
from .markdown import code, fenced, prose


def markdown(difference: Difference) -> str:
    lines = [f"In the cluster: {summary(difference)}", ""]
    lines += [f"- {prose(note)}" for note in difference.notes] + [""] * bool(difference.notes)
    for change in difference.changes:
        if change.lines:
            lines += [f"**{change.what}** {code(change.name)}", *fenced(change.lines, "diff"), ""]
        elif change.what != "version labels":
            lines.append(f"- **{change.what}** {code(change.name)}")
    return "\n".join(lines).rstrip()


def plain(differences: Sequence[Difference]) -> str:
    lines = []
    for difference in differences:
        lines += [f"{difference.environment}: {summary(difference)}", *(f"  {note}" for note in difference.notes)]
        for change in difference.changes:
            if change.what != "version labels":
                lines += [f"  {change.what} {change.name}", *(f"    {line}" for line in change.lines)]
    return "\n".join(lines)


def summary(difference: Difference) -> str:
    if difference.unknown:
        return "what changes is not known."
    count = Counter(change.what for change in difference.changes)
    labels = count.pop("version labels", 0)
    if difference.first:
        added = count["added"]
        return f"the first release there, {added} object{'s' * (added != 1)}."
    said = ", ".join(f"{number} {what}" for what, number in count.items())
    return (said or "no object changes") + (f"; {labels} in their version labels alone." if labels else ".")
