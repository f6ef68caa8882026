"""What an environment's folder builds, which people edit: whether Flux could apply it. Of one object that it could not
it applies none."""

from collections.abc import Iterator, Sequence

from msgspec import structs

from ..chart.api import rules
from ..chart.findings import Finding, refused
from ..chart.manifests import RenderedObject
from ..diff.repo import Repo
from ..errors import Refused
from ..gitops import schema
from ..yaml.objects import Object
from .intent import Change, Intent

CORRECT = "Correct it in the GitOps repo: until then Flux applies nothing of that folder."


class NotTaken(Refused):
    """Flux could not apply it."""


def unseen(environment: str, change: Change, repo: Repo, intent: Intent) -> list[str]:
    """What is not known of the objects, in sentences without a full stop; refused where one would not be taken."""
    folder, version = intent.sites[environment].folder, change.config.flux_version
    objects = repo.built(intent.commit, folder)
    whole = not change.config.is_gitless and repo.appliers(intent.commit, folder).leaves()
    if wrong := [*schema.findings(objects, version, whole=whole), *_universal(objects, folder)]:
        error = refused(wrong, environment)
        raise NotTaken(error.what, error.remedy, fault=error.fault)
    return list(schema.unseen(objects, version))


def _universal(objects: Sequence[Object], folder: str) -> Iterator[Finding]:
    """By the rules of every API server. What is encrypted, or a Secret, is not looked at."""
    found = [RenderedObject(folder, it) for it in objects if it["kind"] != "Secret" and "sops" not in it]
    return (structs.replace(it, remedy=CORRECT) for it in rules.findings(found, ""))
