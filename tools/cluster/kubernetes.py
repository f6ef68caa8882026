"""A client of the Kubernetes API."""

import json
import ssl
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import yaml


@dataclass(frozen=True)
class Kubernetes:
    """The cluster of `kubeconfig`, with the rights of its user."""

    kubeconfig: Path

    def kubectl(self, *arguments: str, input: str | None = None) -> str:
        """What kubectl prints. Raises RuntimeError with its own words."""
        cache = self.kubeconfig.with_name("kubectl")  # the one in HOME may know another cluster's kinds
        command = ["kubectl", f"--kubeconfig={self.kubeconfig}", f"--cache-dir={cache}", *arguments]
        done = subprocess.run(command, input=input, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    def apply(self, *objects: dict[str, Any]) -> None:
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=text)

    def get(self, path: str) -> dict[str, Any] | None:
        """The object or list at `path` of the API (`/api/v1/namespaces/apps/pods`), or None."""
        answer = self._http.get(path)
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def items(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (self.get(path) or {}).get("items", [])
        return found

    def patch(self, path: str, change: dict[str, Any]) -> None:
        """A JSON merge patch. Raises httpx.HTTPStatusError with the API server's words."""
        headers = {"Content-Type": "application/merge-patch+json"}
        answer = self._http.patch(path, content=json.dumps(change), headers=headers)
        if answer.is_error:
            raise httpx.HTTPStatusError(answer.text, request=answer.request, response=answer)

    @cached_property
    def _http(self) -> httpx.Client:
        config = yaml.safe_load(self.kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        return httpx.Client(
            base_url=cluster["server"],
            verify=ssl.create_default_context(cafile=cluster["certificate-authority"]),
            headers={"Authorization": f"Bearer {user['token']}"},
            trust_env=False,
            timeout=30,
        )


def ready(found: dict[str, Any] | None, condition: str = "Ready") -> bool:
    """Whether the object reports the condition for its newest specification, with nothing left to reconcile."""
    if found is None:
        return False
    status, generation = found.get("status", {}), found["metadata"].get("generation")
    if status.get("observedGeneration", generation) != generation:
        return False
    holds = {it["type"] for it in status.get("conditions") or [] if it["status"] == "True"}
    return condition in holds and "Reconciling" not in holds
