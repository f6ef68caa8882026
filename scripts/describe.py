"""The body of a proposal: what is proposed, and what that changes in the cluster; the whole text in a file as well."""

from pathlib import Path

from .clients.git import Git
from .gitops.files import paths, release_in
from .proposal_text import body, cut
from .rendered_difference import Shipped, markdown, rendered_difference
from .steps.propose import Change, Intent


def describe(change: Change, archive: Path | None, whole: Path, git: Git, intent: Intent) -> str:
    """Markdown that a forge takes; the rest of a long one lies in `whole`."""
    waybill, config, base = change.waybill, change.config, intent.heads.base_head
    differences = rendered_difference(git, base, intent.commit, intent.environments, Shipped(waybill, config, archive))
    files = git.files(base, *paths(waybill.service, config.environments))
    before = {name: release_in(files, waybill.service, name) for name in intent.environments}
    text = body(waybill, before, markdown(differences), roll_back=change.roll_back, ledger=config.ledger)
    whole.parent.mkdir(parents=True, exist_ok=True)
    whole.write_text(text, encoding="utf-8")
    return cut(text, whole.name)
