"""source-controller's part, played, since its module cannot be linked here: `python -m tools.cluster.source`.

It fetches what GitRepository, HelmChart (of a HelmRepository of type oci) and OCIRepository objects name, serves it
over HTTP on loopback, and writes their status as source-controller v1.9.4 does; the API server checks that against
source-controller's own CRDs. It verifies no signatures, knows no credentials, and polls instead of watching.
"""

import http.server
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx

from .fetched import FETCHERS, Fetched, NotFetched, Object
from .kubernetes import Kubernetes
from .waiting import seconds_of

PORT = 9090
API = "/apis/source.toolkit.fluxcd.io/v1"
KINDS = {"GitRepository": "gitrepositories", "HelmChart": "helmcharts", "OCIRepository": "ocirepositories"}
RETRY = 2.0  # seconds until what failed is tried again
REQUESTED = "reconcile.fluxcd.io/requestedAt"


@dataclass
class Source:
    cluster: Kubernetes
    folder: Path
    events: str
    tried: dict[str, float] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)

    def look(self) -> None:
        """Fetch once whatever is new, asked for, or due."""
        for kind, plural in KINDS.items():
            for it in self.cluster.items(f"{API}/{plural}"):
                if not it["spec"].get("suspend") and self._due(it):
                    self._reconcile(kind, plural, it)

    def _due(self, it: Object) -> bool:
        status, meta = it.get("status", {}), it["metadata"]
        if status.get("observedGeneration") != meta["generation"] and meta["uid"] not in self.failing:
            return True
        if meta.get("annotations", {}).get(REQUESTED) != status.get("lastHandledReconcileAt"):
            return True
        wait = RETRY if meta["uid"] in self.failing else seconds_of(it["spec"]["interval"])
        return time.monotonic() - self.tried.get(meta["uid"], 0) > wait

    def _reconcile(self, kind: str, plural: str, it: Object) -> None:
        uid = it["metadata"]["uid"]
        self.tried[uid] = time.monotonic()
        try:
            fetched = FETCHERS[kind](self.cluster, it, self.folder / uid)
            status = self._status(it, fetched.reason, fetched.message, True) | self._artifact(it, fetched)
            self.failing.pop(uid, None)
        except NotFetched as error:
            status = self._status(it, error.reason, str(error), False)
            if self.failing.get(uid) != str(error):
                self._tell(it, error)
            self.failing[uid] = str(error)
        meta = it["metadata"]
        try:
            self.cluster.patch(
                f"{API}/namespaces/{meta['namespace']}/{plural}/{meta['name']}/status", {"status": status}
            )
        except httpx.HTTPStatusError as error:
            print(f"{kind} {meta['namespace']}/{meta['name']}: {error}", flush=True)

    def _artifact(self, it: Object, fetched: Fetched) -> Object:
        path = fetched.file.relative_to(self.folder)
        artifact: Object = {
            "path": str(path),
            "url": f"http://127.0.0.1:{PORT}/{path}",
            "revision": fetched.revision,
            "digest": fetched.digest,
            "size": fetched.file.stat().st_size,
            "lastUpdateTime": _now(),
        }
        old = it.get("status", {}).get("artifact", {})
        if {**old, "lastUpdateTime": ""} == {**artifact, "lastUpdateTime": ""}:
            artifact = old
        return {"artifact": artifact, "url": artifact["url"], **fetched.status}

    @staticmethod
    def _status(it: Object, reason: str, message: str, good: bool) -> Object:
        generation = it["metadata"]["generation"]
        old = {each["type"]: each for each in it.get("status", {}).get("conditions", [])}
        conditions = []
        for kind in ("Ready", "ArtifactInStorage") if good else ("Ready",):
            status = "True" if good else "False"
            same = old.get(kind, {}).get("status") == status
            condition = {"type": kind, "status": status, "reason": reason, "message": message}
            since = old[kind]["lastTransitionTime"] if same else _now()
            conditions.append({**condition, "observedGeneration": generation, "lastTransitionTime": since})
        asked = it["metadata"].get("annotations", {}).get(REQUESTED)
        handled = {"lastHandledReconcileAt": asked} if asked else {}
        return {"observedGeneration": generation, "conditions": conditions, **handled}

    def _tell(self, it: Object, error: NotFetched) -> None:
        """A failure is an event of the source, as source-controller sends it to notification-controller."""
        meta = it["metadata"]
        event = {
            "involvedObject": {
                **{key: it[key] for key in ("kind", "apiVersion")},
                **{key: meta[key] for key in ("namespace", "name", "uid", "resourceVersion")},
            },
            "severity": "error",
            "timestamp": _now(),
            "message": str(error),
            "reason": error.reason,
            "reportingController": "source-controller",
            "reportingInstance": "source-controller-stand-in",
        }
        try:
            httpx.post(f"http://{self.events}/", json=event, trust_env=False)
        except httpx.HTTPError as failure:
            print(f"notification-controller did not take an event: {failure}", flush=True)


def main(kubeconfig: str, folder: str, events: str) -> None:
    files = partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    source = Source(Kubernetes(Path(kubeconfig)), Path(folder), events)
    while True:
        source.look()
        time.sleep(0.5)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


if __name__ == "__main__":
    main(*sys.argv[1:])
