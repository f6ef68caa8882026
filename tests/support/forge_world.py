"""A service's world whose GitOps repo lies on a forge: git over HTTP, and a stand-in of the forge's API."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from scripts.clients.git import Git
from tests.support.builders import Ran, World
from tests.support.forge_stand_in import StandIn, serving, stand_in_of
from tests.support.git_over_http import GitOverHttp

on_gitlab, on_gitea = (pytest.mark.parametrize("hosted", [kind], indirect=True) for kind in ("gitlab", "gitea"))
TOKEN = "planted-forge-token"  # what a leak would show


class ForgeWorld:
    """A forge on loopback with the world's GitOps repo; `ship` runs `waybill ship` against it."""

    def __init__(self, world: World, kind: str, address: str, api: StandIn, git: GitOverHttp) -> None:
        self.world, self.kind, self.address, self.api, self.git = world, kind, address, api, git

    @property
    def env(self) -> dict[str, str]:
        settings = {"WAYBILL_GITOPS": f"{self.address}/acme/fleet.git", "WAYBILL_FORGE": self.kind}
        silent = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "WAYBILL_FORGE_TOKEN": TOKEN}
        return settings | silent

    def ship(self, token: str = TOKEN, text: str = "hello", **env: str) -> Ran:
        env = self.env | {"WAYBILL_FORGE_TOKEN": token} | env
        return self.world.waybill("ship", "--json", "--image", self.world.image(text), env=env)


@contextmanager
def forge_of(world: World, kind: str) -> Iterator[ForgeWorld]:
    api, over_http = stand_in_of(kind), GitOverHttp(world.gitops, TOKEN)
    api.heads = Git(world.gitops).commit
    with serving(api, over_http) as address:
        yield ForgeWorld(world, kind, address, api, over_http)
