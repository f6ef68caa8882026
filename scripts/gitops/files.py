"""Where a service's files lie in a GitOps repo, and which release they say."""

from collections.abc import Iterable, Mapping

from ..errors import Refused
from ..yaml.edit import read

Files = Mapping[str, bytes]
Keys = tuple[str | int, ...]

CHART_VERSION: Keys = ("spec", "chart", "spec", "version")


def annotation(name: str) -> Keys:
    """Flux copies a HelmRelease's annotations of this prefix into its events, where the ledger reads them."""
    return ("metadata", "annotations", f"event.toolkit.fluxcd.io/{name}")


def paths(service: str, environments: Iterable[str]) -> list[str]:
    """The folder and the files that hold a service, whether they exist or not."""
    return [f"apps/{service}", *(f"clusters/{environment}/{service}.yaml" for environment in environments)]


def environments_in(files: Files, service: str) -> list[str]:
    folders = {path.split("/")[2] for path in files if path.startswith(f"apps/{service}/") and path.count("/") > 2}
    return sorted(folders - {"base"})


def release_in(files: Files, service: str, environment: str) -> dict[str, str]:
    """What the environment's release.yaml says: `version`, `image`, `commit`, each only where it is said."""
    path = f"apps/{service}/{environment}/release.yaml"
    if path not in files:
        return {}

    def say(keys: Keys) -> str | None:
        return read(files[path], keys, name=f"{path} in the GitOps repo", fault="gitops")

    said = {
        "version": say(CHART_VERSION) or say(annotation("release")),
        "image": say(annotation("image")),
        "commit": say(annotation("commit")),
    }
    return {name: value for name, value in said.items() if value}


def holds(files: Files, folder: str) -> bool:
    return any(path.startswith(f"{folder}/") for path in files)


def chosen(names: Iterable[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """`names` in the order of `known`, which waybill.toml lists; its first where there are none."""
    if not known:
        raise Refused(
            "No environment is configured.", 'Set `environments` in waybill.toml, e.g. ["staging"].', fault="you"
        )
    names = set(names) or set(known[:1])
    if unknown := sorted(names - set(known)):
        raise Refused(
            f"{', '.join(unknown)} is no environment of this service.",
            f"The environments are {', '.join(known)}; a new one is one more word in waybill.toml.",
            fault="you",
        )
    if "base" in names:
        raise Refused(
            'An environment cannot be called "base".',
            "Rename it in waybill.toml: apps/<service>/base is what all environments have in common.",
            fault="you",
        )
    return tuple(name for name in known if name in names)
