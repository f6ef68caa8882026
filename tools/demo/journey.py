"""The demo: `waybill ship` takes an image to registry, GitOps repo and ledger, then Flux reports it as installed."""

import json
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from . import flux, world
from .image import push_image
from .ledger import Ledger, serve_ledger
from .processes import running
from .registry import serve_registry

SERVICE = "waybill"  # the chart that the demo ships is the ledger's own


@contextmanager
def travel(folder: Path, waybill: Sequence[str], service: Sequence[str]) -> Iterator[Ledger]:
    """Do every step and explain it on stdout, then yield the ledger, which still serves.

    `waybill` and `service` are the command lines of the two programs. All files go to `folder`, which is empty.
    Raises RuntimeError when a step fails, or when the ledger's answer does not name what was shipped.
    """
    env = world.environment(folder)
    clone = world.clone_of_the_checkout(folder, env)
    gitops = world.gitops_repository(folder, env)
    environments = tomllib.loads((clone / "waybill.toml").read_text())["environments"]

    with (
        serve_registry(folder) as registry,
        serve_ledger(service, folder, SERVICE, environments, env) as ledger,
    ):
        tell("A registry and a ledger start on 127.0.0.1; a GitOps repo and a clone of this checkout are folders")
        print(f"registry     {registry}\nledger       {ledger.url}\nGitOps repo  {gitops}\nclone        {clone}")

        tell("CI pushes an image")
        digest = push_image(f"{registry}/{SERVICE}")
        print(f"{registry}/{SERVICE}@{digest}")

        settings = {
            "WAYBILL_REGISTRY": f"oci://{registry}/charts",
            "WAYBILL_PLAIN_HTTP": "true",
            "WAYBILL_GITOPS": str(gitops),
            "WAYBILL_LEDGER": ledger.url,
            "WAYBILL_LEDGER_TOKEN": ledger.token,
        }
        proposed = _release(waybill, f"{registry}/{SERVICE}@{digest}", clone, env | settings)
        branch, environment = proposed["branch"], proposed["places"][0]["environment"]

        tell(f"The GitOps repo received this on its branch {branch}")
        print(world.run(["git", "show", "--stat", "--patch", "--format=fuller", branch], env, gitops))

        tell("The reviewer merges it (this program plays the reviewer)")
        merged = world.merge(gitops, branch, folder, env)
        print(world.run(["git", "log", "--graph", "--oneline", "--decorate", "-4"], env, merged))

        tell("Flux installs it (there is no cluster here: this program plays notification-controller, with one event)")
        event = flux.installed(merged / "apps" / SERVICE / environment, env)
        _report(event, f"{ledger.url}/hooks/flux/{environment}", ledger.flux_keys[environment])

        url = f"{ledger.url}/environments/{environment}"
        tell(f"What runs where: GET {url}")
        state = httpx.get(url, trust_env=False).json()
        print(json.dumps(state, indent=2))
        if f"@{digest}" not in json.dumps(state):
            raise RuntimeError(f"the ledger does not say that {digest} runs")
        yield ledger


def _release(waybill: Sequence[str], image: str, clone: Path, env: dict[str, str]) -> dict[str, Any]:
    """What `waybill ship` proposed to the GitOps repo."""
    tell(f"CI releases it: waybill ship --image {image}")
    with running([*waybill, "ship", "--image", image], env=env, cwd=clone) as process:
        if process.wait():
            raise RuntimeError(f"waybill ship ended with {process.returncode}")
    proposed: dict[str, Any] = json.loads((clone / ".waybill" / f"{SERVICE}.json").read_text())["gitops"]
    return proposed


def _report(event: dict[str, Any], hook: str, key: str) -> None:
    answer = flux.post(event, hook, key)
    print(f"POST {hook}\n{event['reason']}: {event['message']}\n{answer.status_code} {answer.text}")
    if answer.status_code != 201:
        raise RuntimeError("the ledger did not take the event")


def tell(what: str) -> None:
    print(f"\n== {what}", flush=True)
