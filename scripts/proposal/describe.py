"""The body of a proposal: what is proposed, and what that changes in the cluster; the whole text in a file as well."""

from pathlib import Path

from ..chart_diff.rendered import Difference, Shipped, rendered_difference
from ..chart_diff.words import markdown
from ..clients.git import Git
from ..document import chart_of
from ..gitops.files import paths, release_in
from .intent import Change, Intent
from .text import body, cut


def differences(change: Change, archive: Path | None, git: Git, intent: Intent) -> list[Difference]:
    """What the intent changes in each of its environments; `archive` is the chart where it is not published yet."""
    waybill, config = change.waybill, change.config
    shipped = Shipped(waybill.service, chart_of(waybill), archive, config.plain_http, config.kube_version)
    return rendered_difference(git, intent.heads.base_head, intent.commit, intent.environments, shipped)


def describe(change: Change, archive: Path | None, whole: Path, git: Git, intent: Intent) -> str:
    """Markdown that a forge takes; what a long one leaves out is in `whole`."""
    waybill, config = change.waybill, change.config
    files = git.files(intent.heads.base_head, *paths(waybill.service, config.environments))
    environments = {
        found.environment: (release_in(files, waybill.service, found.environment), markdown(found))
        for found in differences(change, archive, git, intent)
    }
    text = body(waybill, environments, roll_back=change.roll_back, ledger=config.ledger)
    whole.parent.mkdir(parents=True, exist_ok=True)
    whole.write_text(text, encoding="utf-8")
    return cut(text, whole.name)
