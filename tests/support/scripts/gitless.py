"""A service without a GitOps repo: its manifests lie in its own repository, and tags of the artifact are moved."""

from pathlib import Path
from typing import Any

from scripts.gitops.templates import folder
from tests.support.builders import World, git
from tools.demo.image import crane

ENVIRONMENTS = ("staging", "production")


def manifests(service: str = "orders", environments: tuple[str, ...] = ENVIRONMENTS) -> dict[str, bytes]:
    """Of gitops-templates/, as people commit them."""
    folders = {"base": "base"} | dict.fromkeys(environments, "overlay")
    return {
        f"deploy/{name}/{file}": data
        for name, template in folders.items()
        for file, data in folder(template, service).items()
    }


def gitless(place: Path, registry: str, settings: str = "", service: str = "orders", **more: Any) -> World:
    """The world of a service, with its manifests."""
    world = World(place, registry, service, **more)
    old = (world.checkout / "waybill.toml").read_text()
    new = old.replace(f'gitops = "{world.gitops}"', f'artifact = "oci://{repository(world)}"')
    world.commit({**manifests(service), "waybill.toml": new + settings})
    return world


def repository(world: World) -> str:
    return f"{world.registry}/manifests-{world.folder.name}/{world.service}"


def tagged(world: World, tag: str, environment: str = "staging") -> str:
    """The digest that a tag of the environment's artifact names."""
    return crane("digest", "--insecure", f"{repository(world)}/{environment}:{tag}").strip()


def ref(environment: str = "staging") -> str:
    return f"refs/waybill/orders/{environment}"


def log(world: World, environment: str = "staging") -> list[str]:
    """The messages of the moves, newest first, but for the beginning."""
    if not git(world.origin, "for-each-ref", ref(environment)):
        return []
    return git(world.origin, "log", "-z", "--format=%B", ref(environment)).rstrip("\0").split("\0")[:-1]


def says(world: World, environment: str = "staging") -> str:
    """The digest that the newest move names."""
    lines = log(world, environment)[0].splitlines()
    return next(line.partition(": ")[2] for line in lines if line.startswith("Waybill-Manifests: "))
