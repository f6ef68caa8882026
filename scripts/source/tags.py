"""The tags of a service: which versions are taken, by which commit, and whether one is this same release."""

import os
import re
from collections.abc import Sequence

from msgspec import Struct

from ..chart.version import Version, tag_version
from ..clients.git import IDENTITY, Git
from ..errors import Refused
from ..image import by_name
from ..image import keys as image_keys
from ..image.by_name import Images
from ..yaml.edit import read
from .checkout import Checkout


class Tagged(Struct, frozen=True):
    """A tag `<service>-<version>` of the remote and the commit (or, set by hand, another object) that it names, which
    is here."""

    tag: str
    version: Version
    commit: str


def tagged(here: Checkout) -> list[Tagged]:
    """Every tag of the service on the remote that names a version, lowest first."""
    prefix, service, remote = "refs/tags/", here.config.service, here.config.remote
    refs = here.git.refs(remote, "HEAD", f"{prefix}{service}-*")  # HEAD tells how it names its objects
    # `orders-1.2.3/x` leaves no room for `orders-1.2.3`.
    names = {ref: ref.removeprefix(prefix).partition("/")[0] for ref in refs}
    versions = {ref: version for ref, name in names.items() if (version := tag_version(service, name))}
    present = here.git.has(refs[ref] for ref in versions)
    here.git.fetch(remote, [ref for ref in versions if refs[ref] not in present])
    found = [Tagged(ref.removeprefix(prefix), version, refs[ref]) for ref, version in versions.items()]
    return sorted(found, key=lambda it: it.version)


def released_as(tags: Sequence[Tagged], commit: str, images: Images, here: Checkout) -> Tagged | None:
    """The tag that this commit and these images were released under."""
    parents = here.git.parents(tag.commit for tag in tags)
    for tag in tags:
        built_on = commit in parents.get(tag.commit, ())
        if built_on and holds(tag.commit, images, here) and names_itself(tag, here):
            return tag
    return None


def holds(commit: str, images: Images, here: Checkout) -> bool:
    """Whether values.yaml in `commit` names these images, each at its places; Chart.yaml those that Flux sets."""
    values = here.git.blob(commit, here.config.in_chart("values.yaml")) or b""
    said = images_in(commit, here)
    return all(
        image_keys.read(block, values) == (images[block.name].repository, images[block.name].digest)
        if block.paths
        else said.get(block.name) == images[block.name]
        for block in here.config.image_blocks
    )


def names_itself(tag: Tagged, here: Checkout) -> bool:
    """Whether Chart.yaml in the tagged commit has the tag's version."""
    file = here.git.blob(tag.commit, here.config.in_chart("Chart.yaml")) or b""
    return read(file, ("version",)) == str(tag.version)


def refuse_older(tags: Sequence[Tagged], head: str, here: Checkout) -> None:
    """Refuses `head` when it is an ancestor of what the highest of `tags` was made from. A tag of a file or a folder
    takes its version and is ignored here."""
    git = here.git
    commits = git.parents(tag.commit for tag in tags)
    highest = next((tag for tag in reversed(tags) if tag.commit in commits), None)
    if highest is None:
        return
    source = source_of(highest, commits[highest.commit], here)
    if source != head and git.is_ancestor(head, source):
        raise Refused(
            f"{head[:12]} is older than {source[:12]}, which is released as {highest.tag}.",
            "Ship the newer commit, or use --allow-older to give the older one a higher version.",
            fault="you",
        )


def source_of(tag: Tagged, parents: Sequence[str], here: Checkout) -> str:
    """The source commit: below the release commit, or the tagged one itself where a person tagged it."""
    return parents[0] if len(parents) == 1 and is_ours(tag.commit, here) else tag.commit


def is_ours(commit: str, here: Checkout) -> bool:
    """Whether Waybill made it: as itself, or as the author that the settings name, with its trailer and its images."""
    if here.git.committer(commit) == IDENTITY:
        return True
    return bool(here.git.trailer(commit)) and bool(images_in(commit, here))


def images_in(commit: str, here: Checkout) -> Images:
    """The images that Chart.yaml in a commit names; none in a chart that Waybill did not write."""
    file = here.git.blob(commit, here.config.in_chart("Chart.yaml")) or b""
    return by_name.read(read(file, ("annotations", "waybill/image")) or "", here.config.service)


def refuse_trial_merge(head: str, git: Git) -> None:
    """Refuses the merge that a forge makes to try a pull request: every later commit of the branch would be older.

    https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request;
    actions/checkout keeps its name.
    """
    places = ("refs/pull", "refs/remotes/pull", "refs/merge-requests", "refs/remotes/merge-requests")
    names = git.run("for-each-ref", "--points-at", head, "--format=%(refname)", *places).splitlines()
    if os.environ.get("GITHUB_SHA") == head:
        names.append(os.environ.get("GITHUB_REF", ""))
    if name := next((name for name in names if re.fullmatch(r"refs/(remotes/)?[\w-]+/[0-9]+/merge", name)), None):
        raise Refused(
            f"{head[:12]} is {name}: a merge that the forge made to try a pull request, which lies on no branch.",
            "Ship the branch's own commit after the merge. To see what a pull request would change, check out its head "
            "(in GitHub Actions: `ref: ${{ github.event.pull_request.head.sha }}`); to release it as a trial, give a "
            "pre-release with --version.",
            fault="you",
        )
