"""All that a command could change in a service's world."""

import httpx

from scripts.clients.manifest import MANIFESTS
from tests.support.builders import World


def everything(world: World) -> dict[str, bytes]:
    """Each file of the world's repositories, and what the registry's tags name; git's store of the checkout may
    grow."""
    files = [path for path in world.folder.rglob("*") if path.is_file()]
    found = {str(path): path.read_bytes() for path in files if "checkout/.git/objects" not in str(path)}
    for name in httpx.get(f"http://{world.registry}/v2/_catalog?n=1000").json()["repositories"]:
        if world.folder.name in name:
            base = f"http://{world.registry}/v2/{name}"
            for tag in httpx.get(f"{base}/tags/list").json()["tags"] or []:
                answer = httpx.head(f"{base}/manifests/{tag}", headers={"Accept": MANIFESTS})
                found[f"{name}:{tag}"] = answer.headers["docker-content-digest"].encode()
    return found
