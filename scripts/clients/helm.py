"""Helm 4 as a program: what is linted, rendered, packaged and pushed does not depend on the machine or its user.

The user's registry logins and repositories are kept. Plugins are off, since they could change the result, except where
dependencies are fetched (a plugin may know their protocol).
"""

import os
import re
import tarfile
from collections.abc import Sequence
from pathlib import Path

from ..errors import Fault, Refused
from .helm_repositories import known
from .process import Changes, Completed, censor, run
from .proxy import for_go

ALONE: Changes = {
    "HELM_NO_PLUGINS": "1",
    "HELM_DEBUG": "false",
    "HELM_NAMESPACE": "default",
    "TZ": "UTC",
    "LC_ALL": "C",
    # Of those who install with Helm: lint begins with the store that they name.
    **dict.fromkeys(("HELM_DRIVER", "HELM_DRIVER_SQL_CONNECTION_STRING", "HELM_KUBECONTEXT")),
}

OLDEST = (4, 3)


class Helm:
    """Charts are folders or .tgz files, by absolute paths."""

    def lint(self, chart: Path, *, values_files: Sequence[Path] = (), kube_version: str | None = None) -> None:
        done = self._run("lint", "--quiet", chart, *_values(values_files), *_kube(kube_version), check=False)
        if done.code != 0:
            said = done.stdout.decode(errors="replace").strip() or done.complaint
            said = re.sub(r"==> Linting .*\n", "", said)  # a temporary folder
            raise Refused(
                f"`helm lint` finds errors: {censor(said)}",
                "Correct them in the chart and commit; if it needs values to render, name a values file in `values`.",
                fault="chart",
            )

    def template(
        self,
        chart: Path,
        *,
        name: str,
        namespace: str,
        values_files: Sequence[Path] = (),
        values: bytes | None = None,
        kube_version: str | None = None,
        api_versions: Sequence[str] = (),
    ) -> bytes:
        """What lies in crds/, then the objects as YAML documents, hooks and tests too. `values` come after
        `values_files`."""
        files = [*_values(values_files), *(["--values", "-"] if values is not None else [])]
        apis = [word for version in api_versions for word in ("--api-versions", version)]
        flags = ["--namespace", namespace, "--include-crds", *_kube(kube_version), *apis]
        done = self._run("template", name, chart, *flags, *files, input=values, check=False)
        if done.code != 0:
            raise Refused(f"`helm template` failed: {done.complaint}", _remedy(done.complaint), fault="chart")
        return done.stdout

    def package(self, folder: Path, out: Path, seconds: int) -> Path:
        """The .tgz of the chart at `folder`, as if made at `seconds` since the epoch; `out` is an empty folder."""
        self._run("package", folder, "--destination", out, env={"SOURCE_DATE_EPOCH": str(seconds)}, fault="chart")
        archive = next(out.glob("*.tgz"))
        _refuse_old(archive, seconds)
        os.utime(archive, (seconds, seconds))
        return archive

    def push(self, archive: Path, registry: str, plain_http: bool) -> None:
        """Pushes to `registry` (`oci://host/path`). The manifest's digest depends on the archive's mtime."""
        # A registry that stopped listening is waited for only as long as the upload could take.
        patience, host = 10 + archive.stat().st_size / 100_000, registry.removeprefix("oci://").partition("/")[0]
        env = for_go(f"{'http' if plain_http else 'https'}://{host}")
        done = self._run(
            "push", archive, registry, *_plain(plain_http), env=env, timeout=patience, check=False, fault="registry"
        )
        if done.code != 0:
            raise Refused(
                f"{registry} did not accept {archive.name}: {done.complaint}",
                f"Log in with `helm registry login {host}` as somebody who may push there, or look at the registry; "
                "then run the same command again.",
                fault="registry",
            )

    def dependency_build(
        self, folder: Path, seconds: int, *, repositories: Sequence[str] = (), plain_http: bool = False
    ) -> None:
        """Fills `folder`/charts from Chart.lock; charts of this repository are packaged as if made at `seconds`.

        `repositories` are the chart repositories (https://, or an alias of the user's) that the lock names;
        `plain_http` holds for the registries.
        """
        env = {"SOURCE_DATE_EPOCH": str(seconds), "HELM_NO_PLUGINS": os.environ.get("HELM_NO_PLUGINS", "0")}
        with known(repositories) as there:
            done = self._run("dependency", "build", folder, *_plain(plain_http), env=env | there, check=False)
        if done.code != 0:
            # Of a repository that does not answer helm writes on stdout; stderr only names the index that is missing.
            said = re.findall(r"(?m)^\t+(.+)", done.stdout.decode(errors="replace"))
            raise Refused(
                f"Helm cannot fetch the charts that this one needs: {censor('; '.join(said)) or done.complaint}",
                "Check that this machine reaches their repositories and that Chart.lock names charts that are there; "
                "or commit charts/ as `helm dependency build` fills it.",
                fault="chart",
            )

    def _run(
        self,
        *args: str | Path,
        env: Changes | None = None,
        input: bytes | None = None,
        timeout: float = 300,
        check: bool = True,
        fault: Fault = "chart",
    ) -> Completed:
        return run(
            ["helm", *args], env={**ALONE, **(env or {})}, input=input, timeout=timeout, check=check, fault=fault
        )


def _remedy(complaint: str) -> str:
    if "chart requires kubeVersion" in complaint:
        return (
            "Set `kube_version` in waybill.toml to the version of the clusters (without it Helm takes its own newest), "
            "or correct `kubeVersion` in Chart.yaml."
        )
    return "Correct the chart and commit; if it needs values to render, name a values file in `values`."


def _values(files: Sequence[Path]) -> list[str | Path]:
    return [word for file in files for word in ("--values", file)]


def _kube(version: str | None) -> list[str]:
    return ["--kube-version", version] if version else []


def _plain(plain_http: bool) -> list[str]:
    return ["--plain-http"] if plain_http else []


def refuse_old_helm() -> str:
    """What helm says of its version. One that cannot be read is left to the first package that is made."""
    said = _version()
    found = re.match(r"v?([0-9]+)\.([0-9]+)", said)
    if found and (int(found[1]), int(found[2])) < OLDEST:
        raise _old(said)
    return said


def _refuse_old(archive: Path, seconds: int) -> None:
    """Only since 4.3 does Helm give every file in a package one time: older ones use the hour, or each file's own."""
    with tarfile.open(archive) as tar:
        if all(member.mtime == seconds for member in tar):
            return
    raise _old(_version())


def _version() -> str:
    return run(["helm", "version", "--template", "{{.Version}}"], env=ALONE, check=False).text


def _old(said: str) -> Refused:
    return Refused(
        f"`helm` on PATH is {said or 'unknown'}, and Waybill needs Helm 4.3 or newer.",
        "Install it from https://helm.sh/docs/intro/install/: Helm 3 never packages the same bytes twice.",
        fault="machine",
    )
