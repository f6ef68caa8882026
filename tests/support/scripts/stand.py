"""A world in which a release would be accepted everywhere, until a test takes something away."""

import json
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx

from tests.support.builders import Ran, World
from tests.support.forge_stand_in import serving as serving_forge
from tests.support.forge_stand_in import stand_in_of
from tests.support.git_over_http import GitOverHttp
from tests.support.registry_stand_in import Behaviour, answering, says
from tests.support.running_ledger import RunningLedger
from tests.support.running_ledger import serving as serving_ledger

TOKEN = "planted-forge-token"


class Stand:
    """A world in which everything would be accepted, until a case takes something away. `env` is what the command
    gets."""

    def __init__(self, world: World, ledger: RunningLedger, elsewhere: Path, stack: ExitStack) -> None:
        self.world, self.env, self._elsewhere, self._stack = world, dict(ledger.env), elsewhere, stack
        self.ledger, self.image = ledger, world.image()

    def own_ledger(self) -> None:
        self.ledger = self._stack.enter_context(serving_ledger(self._elsewhere / "ledger", self.world.service, []))
        self.env |= self.ledger.env

    def run(self, command: str) -> Ran:
        return self.world.waybill(command, "--json", "--image", self.image, env=self.env)

    def answering(self, behave: Behaviour) -> str:
        return self._stack.enter_context(answering(behave))

    def forge(self, kind: str, *, reads_only: bool = False, may_propose: bool = True, **repository: Any) -> None:
        api, over_http = stand_in_of(kind), GitOverHttp(self.world.gitops, TOKEN, reads_only)
        api.repository |= repository
        api.may_propose = may_propose
        address = self._stack.enter_context(serving_forge(api, over_http))
        self.env |= {
            "WAYBILL_GITOPS": f"{address}/acme/fleet.git",
            "WAYBILL_FORGE": kind,
            "WAYBILL_FORGE_TOKEN": TOKEN,
            "GIT_CONFIG_GLOBAL": "/dev/null",
        }

    def registry(self, post: Behaviour) -> None:
        """The real registry, but for POST, which begins an upload."""
        real = self.world.registry

        def behave(request: BaseHTTPRequestHandler) -> None:
            if request.command == "POST":
                post(request)
                return
            accept = {"Accept": request.headers.get("Accept", "*/*")}
            answer = httpx.request(request.command, f"http://{real}{request.path}", headers=accept)
            kept = {key: value for key, value in answer.headers.items() if key.startswith(("content-type", "docker-"))}
            says(answer.status_code, answer.content, **kept)(request)

        host = self.answering(behave)
        self.env["WAYBILL_REGISTRY"] = f"oci://{host}/charts-{self.world.folder.name}"
        (self.world.folder / "docker").mkdir()
        logins = {"auths": {host: {"auth": "YWRhOnB3"}}}
        (self.world.folder / "docker/config.json").write_text(json.dumps(logins))
        self.env["DOCKER_CONFIG"] = str(self.world.folder / "docker")

    def token(self, *scopes: str, service: str | None = None) -> None:
        """Another one of the ledger."""
        self.env["WAYBILL_LEDGER_TOKEN"] = self.ledger.grants(*scopes, service=service)

    def older_ledger(self, *accepts: int) -> None:
        """One that takes documents of these numbers alone, and has filed nothing."""
        document = {"name": "ci", "scopes": ["releases:write"], "service": None, "accepts": accepts}
        nothing = says(404, b'{"status": 404}', Content_Type="application/problem+json")

        def behave(request: BaseHTTPRequestHandler) -> None:
            (says(200, json.dumps(document).encode()) if request.path == "/caller" else nothing)(request)

        self.env["WAYBILL_LEDGER"] = f"http://{self.answering(behave)}"
