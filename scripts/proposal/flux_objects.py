"""Flux's own objects in an environment's folder, which people edit: whether the API server would take them."""

from ..chart.findings import refused
from ..diff.repo import Repo
from ..errors import Refused
from ..gitops import schema
from .intent import Change, Intent


class NotTaken(Refused):
    """The API server takes no such object."""


def unseen(environment: str, change: Change, repo: Repo, intent: Intent) -> list[str]:
    """What is not known of them, in sentences without a full stop; refused where they would not be taken."""
    folder, version = intent.sites[environment].folder, change.config.flux_version
    objects = repo.built(intent.commit, folder)
    whole = not change.config.is_gitless and repo.appliers(intent.commit, folder).leaves()
    if wrong := list(schema.findings(objects, version, whole=whole)):
        error = refused(wrong, environment)
        raise NotTaken(error.what, error.remedy, fault=error.fault)
    return list(schema.unseen(objects, version))
