"""Whether the images of pods are those of the release that is said to run.

The pod's own spec.image, after admission, is the first witness, where it holds a digest. What a kubelet reports is the
second: containerd gives a digest of the repository that was asked for, of the index or of the platform's manifest;
others give a digest that need not belong to either, or a bare id (facts of CRI-O, OpenShift and kind). So the latter
proves a difference only where it names the repository that was asked for.
"""

from collections.abc import Iterable, Sequence

import msgspec

from .event import DIGEST
from .state import SeenImage

SAME, MISMATCHED, UNKNOWN, OTHER = "same", "mismatched", "unknown", "other"


class ReleasedImage(msgspec.Struct, frozen=True):
    """`digests`: the released one, and those of its platforms; `complete`: of all of them. A waybill that was number 1
    does not tell them."""

    repository: str
    digest: str
    digests: frozenset[str]
    complete: bool


class JudgedImage(msgspec.Struct, frozen=True):
    """`verdict`: same | mismatched | unknown; other: it is no image of the release. `found` and `released`, digests,
    are told where they differ."""

    workload: str
    container: str
    asked: str
    running: str
    verdict: str
    found: str | None = None
    released: str | None = None


def judged(seen: Iterable[SeenImage], released: Sequence[ReleasedImage]) -> list[JudgedImage]:
    return [_judged(it, released) for it in seen]


def _judged(it: SeenImage, released: Sequence[ReleasedImage]) -> JudgedImage:
    repository, asked = split(it.asked)
    known = {digest for each in released for digest in each.digests}
    named = [each for each in released if each.repository == repository]
    complete = all(each.complete for each in named)
    if asked in known:
        return _as(it, SAME)
    if asked and not named:
        return _as(it, OTHER, asked)
    if asked and complete:
        return _as(it, MISMATCHED, asked, named[0].digest)
    reported, running = split(it.running.removeprefix("docker-pullable://"))
    if not named:
        return _as(it, SAME if running in known else OTHER, running)
    if any(running in each.digests for each in named):
        return _as(it, SAME)
    if running and reported == repository and complete:
        return _as(it, MISMATCHED, running, named[0].digest)
    return _as(it, UNKNOWN)


def _as(it: SeenImage, verdict: str, found: str | None = None, released: str | None = None) -> JudgedImage:
    return JudgedImage(it.workload, it.container, it.asked, it.running, verdict, found, released)


def split(reference: str) -> tuple[str, str | None]:
    """The repository, without tag, and the digest of `repository[:tag][@digest]`."""
    name, _, digest = reference.partition("@")
    path, slash, last = name.rpartition("/")
    return f"{path}{slash}{last.partition(':')[0]}", digest if DIGEST.fullmatch(digest) else None
