"""What an artifact of an environment's manifests holds, and the file of the GitOps repo that names it by its digest."""

from collections.abc import Mapping

from ..diff.repo import Repo
from ..document import Waybill
from ..errors import Refused
from ..gitops.artifact import OciArtifact, pack
from ..gitops.files import DIGEST
from ..gitops.layout import Files
from ..gitops.render import UNPUBLISHED
from ..gitops.site import Site
from ..yaml.objects import parse


def revision(waybill: Waybill) -> str:
    """As Flux writes where manifests come from, `<branch or tag>@sha1:<commit>`: no branch has the release commit."""
    return f"{waybill.source.tag}@sha1:{waybill.source.release_commit}"


def packed(waybill: Waybill, repo: Repo, tree: str, folder: str) -> OciArtifact:
    """What kustomize makes of a folder of a commit or a tree; refused where that shows a Secret."""
    text = repo.manifests(tree, folder)
    if found := [item["metadata"].get("name") for item in parse(text) if item["kind"] == "Secret"]:
        raise Refused(
            f"{folder} in the GitOps repo builds the Secret {' and '.join(map(str, found))}, and an artifact shows it "
            "to all who may read the registry.",
            "Move it into a folder that another Flux Kustomization applies, or leave `artifact` out of waybill.toml.",
            fault="gitops",
        )
    return pack(
        {f"{waybill.service}.yaml": text},
        source=waybill.source.repository,
        revision=revision(waybill),
        created=waybill.source.committed_at,
        known=UNPUBLISHED.encode() not in text,
    )


def pointed(
    waybill: Waybill,
    repo: Repo,
    start: str,
    *,
    files: Files,
    changes: Mapping[str, bytes],
    sites: Mapping[str, Site],
) -> dict[str, bytes]:
    """`changes` of the `files` of a commit or tree `start`, so that Flux gets what they make of the folder at each of
    the `sites`, by environment: where it gets an artifact, its digest changes, too."""
    after = {**files, **changes}
    for name, site in sites.items():
        target = site.artifact(waybill.service, name)
        if target.file in after:
            tree = repo.git.write_tree(start, changes) if changes else start
            it = packed(waybill, repo, tree, site.folder)
            target.put(after, DIGEST, it.digest if it.known else UNPUBLISHED)
    return {path: data for path, data in after.items() if files.get(path) != data}
