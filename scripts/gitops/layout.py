"""Where a service's files lie in a GitOps repo."""

from collections.abc import Iterable, Mapping

# The content of files by their path from the repository's top.
Files = Mapping[str, bytes]


def app(service: str) -> str:
    return f"apps/{service}"


def shipping_branch(service: str) -> str:
    """Where ship proposes."""
    return f"apps/{service}"


def adoption_branch(service: str, environment: str) -> str:
    return f"adopt/{service}/{environment}"


def promotion_branch(service: str, environment: str) -> str:
    """Where promote and rollback propose."""
    return f"promote/{service}/{environment}"


def move_ref(service: str, environment: str) -> str:
    """Where the source repository keeps, without a GitOps repo, which release an environment gets."""
    return f"refs/waybill/{service}/{environment}"


def base(service: str) -> str:
    """The folder of what all environments have in common."""
    return f"{app(service)}/base"


def overlay(service: str, environment: str) -> str:
    """The folder of one environment, which Flux applies."""
    return f"{app(service)}/{environment}"


def release_file(service: str, environment: str) -> str:
    """The file that says which release runs in an environment."""
    return f"{overlay(service, environment)}/release.yaml"


def cluster_file(service: str, environment: str) -> str:
    """The Flux Kustomization that applies the overlay."""
    return f"clusters/{environment}/{service}.yaml"


def source_file(service: str, environment: str) -> str:
    """The OCIRepository that Flux gets the manifests from, where it does not build the folder itself. No other service
    has a file of this name: theirs have no dot."""
    return f"clusters/{environment}/{service}.manifests.yaml"


def paths(service: str, environments: Iterable[str]) -> list[str]:
    """The folder and the files that hold a service, whether they exist or not."""
    return [app(service), *(of(service, name) for name in environments for of in (cluster_file, source_file))]


def environments_in(files: Files, service: str) -> list[str]:
    """The environments that have an overlay, in order of their names."""
    folders = {path.split("/")[2] for path in files if path.startswith(f"{app(service)}/") and path.count("/") > 2}
    return sorted(folders - {"base"})


def holds(files: Files, folder: str) -> bool:
    return any(path.startswith(f"{folder}/") for path in files)
