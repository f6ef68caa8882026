"""What the source stand-in fetches: a branch's tree, a chart by version, a chart by digest. Each gives one file."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .kubernetes import Kubernetes

Object = dict[str, Any]
SOURCES = "/apis/source.toolkit.fluxcd.io/v1/namespaces"


@dataclass(frozen=True)
class Fetched:
    file: Path
    revision: str
    reason: str
    message: str
    status: Object = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.file.read_bytes()).hexdigest()}"


class NotFetched(Exception):
    """`reason` as source-controller names the failure."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def branch(_: Kubernetes, it: Object, folder: Path) -> Fetched:
    name, url = it["spec"]["ref"]["branch"], it["spec"]["url"]
    failed = "GitOperationFailed"
    head = _run(failed, "git", "ls-remote", "--exit-code", url, f"refs/heads/{name}").split()[0]
    file, clone = folder / f"{head}.tar.gz", folder / "clone"
    if not file.exists():
        if not clone.exists():
            _run(failed, "git", "clone", "--quiet", "--bare", url, str(clone))
        _run(failed, "git", "-C", str(clone), "fetch", "--quiet", url, head)
        _run(failed, "git", "-C", str(clone), "archive", "--format=tar.gz", "-o", str(file), head)
    revision = f"{name}@sha1:{head}"
    return Fetched(file, revision, "Succeeded", f"stored artifact for revision '{revision}'")


def chart(cluster: Kubernetes, it: Object, folder: Path) -> Fetched:
    spec, namespace = it["spec"], it["metadata"]["namespace"]
    repository = cluster.get(f"{SOURCES}/{namespace}/helmrepositories/{spec['sourceRef']['name']}")
    if repository is None:
        raise NotFetched(
            "SourceUnavailable", f"failed to get source: HelmRepository {spec['sourceRef']['name']} not found"
        )
    folder.mkdir(parents=True, exist_ok=True)
    address = f"{repository['spec']['url']}/{spec['chart']}"
    plain = ["--plain-http"] if repository["spec"].get("insecure") else []
    where = ["--version", spec["version"], "--destination", str(folder)]
    _run("ChartPullError", "helm", "pull", address, *where, *plain)
    version = spec["version"]
    file = folder / f"{spec['chart']}-{version}.tgz"
    message = f"pulled '{spec['chart']}' chart with version '{version}'"
    return Fetched(file, version, "ChartPullSucceeded", message, {"observedChartName": spec["chart"]})


def chart_by_digest(_: Kubernetes, it: Object, folder: Path) -> Fetched:
    spec, failed = it["spec"], "OCIArtifactPullFailed"
    repository, reference = spec["url"].removeprefix("oci://"), spec["ref"]
    plain = ["--insecure"] if spec.get("insecure") else []
    tagged = f"{repository}:{reference.get('tag', 'latest')}"
    digest = reference.get("digest") or _run(failed, "crane", "digest", *plain, tagged)
    manifest = json.loads(_run(failed, "crane", "manifest", *plain, f"{repository}@{digest}"))
    wanted = spec["layerSelector"]["mediaType"]
    layer = next((each for each in manifest["layers"] if each["mediaType"] == wanted), None)
    if layer is None:
        raise NotFetched("OCILayerOperationFailed", f"no layer of {wanted} in {repository}@{digest}")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{digest.partition(':')[2]}.tgz"
    with file.open("wb") as opened:
        subprocess.run(["crane", "blob", *plain, f"{repository}@{layer['digest']}"], stdout=opened, check=True)
    revision = digest if "digest" in reference else f"{reference['tag']}@{digest}"
    status = {"observedLayerSelector": spec["layerSelector"]}
    return Fetched(file, revision, "Succeeded", f"stored artifact for digest '{revision}'", status)


FETCHERS: dict[str, Callable[[Kubernetes, Object, Path], Fetched]] = {
    "GitRepository": branch,
    "HelmChart": chart,
    "OCIRepository": chart_by_digest,
}


def _run(reason: str, *command: str) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotFetched(reason, f"{' '.join(command[:2])}: {done.stderr.strip()}")
    return done.stdout.strip()
