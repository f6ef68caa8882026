"""The environment's tag in the registry, which Flux follows where there is no GitOps repo: it names what the newest
move says."""

import random
import time

from ..clients.manifest import OCI_MANIFEST
from ..clients.registry import Registry
from ..config import Config
from ..diff.repo import Repo
from ..errors import Refused
from ..gitops.layout import move_ref
from ..report import Report
from ..source.moves import moves
from .manifests import place_of_artifact

TRIES = 30
SHORTEST, LONGEST = 0.1, 2.0  # seconds between two looks


def place(config: Config, environment: str) -> str:
    """`host/path:tag`; no version is called as an environment, which has no dots."""
    return f"{place_of_artifact(config, environment)}:{environment}"


def present(config: Config, environment: str) -> str | None:
    """The digest that the tag names, None where there is no such tag."""
    found = Registry(config.plain_http).manifest(place_of_artifact(config, environment), environment)
    return found.digest if found else None


def follow(config: Config, environment: str, repo: Repo, report: Report) -> None:
    """Lets the tag name what the newest move says, whoever made it and whatever a killed run or a person left.

    Registries have no compare-and-swap: a run that was overtaken may write the older digest last. So each looks at the
    ref again after it wrote, and whoever writes last has seen the newest move.
    """
    repository, registry = place_of_artifact(config, environment), Registry(config.plain_http)
    ref, wrote = move_ref(config.service, environment), ""
    for attempt in range(TRIES):
        wanted, there = moves(repo.git, config.remote, ref)[0].digest, present(config, environment)
        if there == wanted:
            if wrote:
                report.say(f"tag: {place(config, environment)} names {wanted}")
            return
        if wrote == wanted:  # it names something else still, or again
            time.sleep(min(SHORTEST * 2**attempt, LONGEST) * random.uniform(1, 1.5))  # noqa: S311
        manifest = registry.read(repository, wanted)
        if manifest is None:
            raise Refused(
                f"{repository} holds no {wanted}, which {ref} says that {environment} gets.",
                "Somebody deleted it. Ship or promote that release again, which publishes it anew.",
                fault="registry",
            )
        registry.put(repository, environment, manifest, OCI_MANIFEST)
        wrote = wanted
    raise Refused(
        f"{place(config, environment)} does not name {wrote} after it was told {TRIES} times to.",
        "Let the registry move that tag, and see who else writes it; then run the same command again.",
        fault="registry",
    )
