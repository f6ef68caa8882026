"""An image as a container names it, in the full form that registries know: the rules of
github.com/distribution/reference (normalize.go), which container runtimes follow, and hosts that are one."""

import re

from msgspec import Struct

_HUB = "docker.io"
_HUBS = (f"index.{_HUB}", f"registry-1.{_HUB}", "registry.hub.docker.com")
_HOST = r"(?:\[[^@\s\[\]]+\]|[^@\s:/]+)(?::[0-9]+)?"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_NAME = re.compile(
    rf"(?P<repository>({_HOST}/)?[^@\s:A-Z]*[^@\s:/A-Z])(:(?P<tag>\w[\w.-]{{0,127}}))?(@(?P<digest>{_DIGEST}))?",
    re.ASCII,
)


class Name(Struct, frozen=True):
    """`repository` begins with its host: `docker.io/library/nginx` for `nginx`. `tag` and `digest` are "" where the
    image is named without."""

    repository: str
    tag: str
    digest: str


def read(image: str) -> Name | None:
    """None for what names no image."""
    found = _NAME.fullmatch(image)
    if found is None:
        return None
    return Name(full(found["repository"]), found["tag"] or "", found["digest"] or "")


def full(repository: str) -> str:
    """`repository` with the host that is meant without one, Docker Hub's, and in the one form that Hub's names have."""
    host, slash, path = repository.partition("/")
    if not slash or not (set(".:") & set(host) or host == "localhost" or host != host.lower()):
        host, path = _HUB, repository
    if set(".:") & set(host):
        host = host.lower().removesuffix(":443")
    host = _HUB if host in _HUBS else host
    return f"{host}/library/{path}" if host == _HUB and "/" not in path else f"{host}/{path}"
