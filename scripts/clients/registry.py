"""An OCI registry: what lies there under which digest, whether one may push, and what Waybill pushes itself; charts are
pushed by `helm push`.

Repositories are `host/path`; only what the registry answers 404 for is "absent". Protocol:
https://github.com/opencontainers/distribution-spec/blob/main/spec.md.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

import msgspec
from msgspec import Struct

from ..document import Digest, digest_of
from ..errors import Refused
from .http import ANSWER, PAGES, PATIENCE, Answer, Client, Patience, within
from .json_keys import refuse_ambiguous
from .proxy import is_loopback
from .registry_http import BLOB, PEER, Connection
from .registry_login import HUB, find

T = TypeVar("T")
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
MANIFESTS = ", ".join(
    [
        OCI_INDEX,
        OCI_MANIFEST,
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
)
# https://helm.sh/docs/topics/registries/; beside the chart, `helm push` publishes its signature.
CHART_CONFIG = "application/vnd.cncf.helm.config.v1+json"
CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
PROVENANCE_LAYER = "application/vnd.cncf.helm.chart.provenance.v1.prov"
_CHART = [CHART_CONFIG, CHART_LAYER]
# https://github.com/fluxcd/pkg/blob/main/oci/client.go: what `flux push artifact` writes
FLUX_CONFIG = "application/vnd.cncf.flux.config.v1+json"
FLUX_LAYER = "application/vnd.cncf.flux.content.v1.tar+gzip"
HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[A-Fa-f0-9:]+\])(?::[0-9]{1,5})?"
NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"  # of the specification
DIGEST = re.compile(r"sha256:[a-f0-9]{64}")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")


class Platform(Struct):
    """Of an index entry or an image's config; `os` is `unknown` for what is no image (attestations)."""

    os: str = ""
    architecture: str = ""
    variant: str = ""
    os_version: str = msgspec.field(name="os.version", default="")

    def __str__(self) -> str:
        """As containerd writes it: an index may have several of Windows, each for its version."""
        version = f"({self.os_version})" if self.os_version else ""
        return "/".join(filter(None, (f"{self.os}{version}", self.architecture, self.variant)))


class Descriptor(Struct, rename="camel"):
    digest: Digest
    media_type: str = ""
    platform: Platform | None = None


class Manifest(Struct, rename="camel"):
    """A manifest or, when it has `manifests`, an index; `digest` is computed from the bytes received."""

    schema_version: int
    config: Descriptor | None = None
    layers: list[Descriptor] = []
    manifests: list[Descriptor] = []
    subject: Descriptor | None = None
    annotations: dict[str, str] | None = None
    digest: str = ""

    @property
    def chart(self) -> str | None:
        """The digest of the chart; None where there is none, or anything else that could be taken for it. In all that a
        manifest names, its subject and config too, Helm looks for media types of charts, and takes the last
        (helm.sh/helm/v4/pkg/registry/client.go, oras.land/oras-go/v2/content/graph.go); Flux takes the first layer,
        unless an OCIRepository selects one. `helm push` puts a signature after the chart."""
        named = [it.media_type for it in (self.config, *self.layers, self.subject, *self.manifests) if it]
        return self.layers[0].digest if named in (_CHART, [*_CHART, PROVENANCE_LAYER]) else None

    @property
    def flux_content(self) -> str | None:
        """The digest of the manifests in an artifact of Flux; None for what is none."""
        named = [it.media_type for it in (self.config, *self.layers, *self.manifests) if it]
        return self.layers[0].digest if named == [FLUX_CONFIG, FLUX_LAYER] else None


class _Tags(Struct):
    tags: list[str] | None


class Registry:
    """Uses HTTPS; plain HTTP for loopback hosts, and for others with `plain_http`.

    Every call ends within `patience.whole` seconds. An unclear answer is refused. `anonymous`: no login is used.
    """

    def __init__(self, plain_http: bool = False, patience: Patience = PATIENCE, *, anonymous: bool = False) -> None:
        self._plain_http = plain_http
        self._patience = patience
        self._anonymous = anonymous

    def manifests(self, repository: str, digest: str) -> dict[str, str]:
        """The digests of an index's manifests, or of the one image, by platform; an image that is absent is refused."""

        def ask(connection: Connection, name: str) -> dict[str, str]:
            manifest = _manifest(connection, name, digest)
            if manifest is None:
                raise Refused(
                    f"{repository} holds no {digest}.",
                    "Give the digest that the registry returned when the image was pushed, and push it first.",
                    fault="you",
                )
            found = [(entry.platform, entry.digest) for entry in manifest.manifests if entry.platform]
            if manifest.config:
                config = _blob(connection, name, manifest.config.digest)
                try:
                    platform = msgspec.json.decode(config, type=Platform)
                    refuse_ambiguous(config, Platform)
                except (ValueError, RecursionError):
                    platform = Platform()
                found = [(platform, digest)]
                if not (platform.os and platform.architecture):
                    raise Refused(
                        f"{repository}@{digest} is no container image: its config names no platform.",
                        "Give the digest of an image.",
                        fault="you",
                    )
            return _by_platform((str(platform), digest) for platform, digest in found if platform.os != "unknown")

        return self._call(repository, ask)

    def tags(self, repository: str) -> list[str]:
        """Every tag, none where the repository is absent."""

        def ask(connection: Connection, name: str) -> list[str]:
            tags: list[str] = []
            size, path = 0, f"/v2/{name}/tags/list?n=1000"
            for page in range(PAGES):
                answer = connection.get(path)
                if answer.status == 404 and page == 0:
                    return []
                if answer.status == 404:
                    raise connection.garbage(path, f"it is absent, and is page {page + 1} of a list that it began")
                tags += _decode(connection, answer, _Tags).tags or []
                size += len(answer.body)
                following = connection.next_page(answer)
                if following is None:
                    return tags
                if size > ANSWER:
                    break
                path = following
            raise connection.garbage(path, f"its list has more than {PAGES} pages or {ANSWER:,} bytes")

        return self._call(repository, ask)

    def manifest(self, repository: str, reference: str, *, to_push: bool = False) -> Manifest | None:
        """The manifest that a tag or digest names, None where the registry answers that it is absent.

        `to_push` asks for the right to push as well: for a repository that does not exist yet, some registries
        answer 403 to everybody who may not create it.
        """
        return self._call(repository, lambda connection, name: _manifest(connection, name, reference), to_push)

    def offer(self, repository: str) -> None:
        """Refuses unless the registry lets this login push there: an upload is begun and cancelled, since nothing else
        tells. Denied where it says so."""

        def ask(connection: Connection, name: str) -> None:
            connection.begin_upload(f"/v2/{name}/blobs/uploads/")

        self._call(repository, ask, to_push=True)

    def blob(self, repository: str, digest: str) -> bytes:
        """The blob's bytes, verified against `digest`; an absent one is refused."""
        return self._call(repository, lambda connection, name: _blob(connection, name, digest))

    def push(self, repository: str, reference: str, manifest: bytes, media_type: str, blobs: Sequence[bytes]) -> str:
        """Pushes the blobs that are not there, then the manifest under `reference`, and reads it back: its digest.

        Refused where the registry then names something else there.
        """
        for blob in blobs:
            self._call(repository, partial(_push_blob, blob=blob), to_push=True)

        def put(connection: Connection, name: str) -> str:
            path, digest = f"/v2/{name}/manifests/{reference}", digest_of(manifest)
            connection.put(path, manifest, media_type)
            found = _manifest(connection, name, reference)
            if found is None or found.digest != digest:
                raise Refused(
                    f"{repository}:{reference} names {found.digest if found else 'nothing'} right after {digest} was "
                    "pushed there.",
                    "Somebody else pushes there at the same time, or the registry changes what it is given: see which, "
                    "then run the same command again.",
                    fault="registry",
                )
            return digest

        return self._call(repository, put, to_push=True)

    def uses_plain_http(self, repository: str) -> bool:
        return self._plain_http or is_loopback(split(repository)[0])

    def _call(self, repository: str, ask: Callable[[Connection, str], T], to_push: bool = False) -> T:
        host, name = split(repository)
        scope = f"repository:{name}:{'pull,push' if to_push else 'pull'}"

        def call(client: Client) -> T:
            return ask(Connection(client, host, scope, self._plain_http, anonymous=self._anonymous), name)

        return within(PEER, host, self._patience, call)


def _by_platform(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A platform may be there several times, as with several compressions: `linux/amd64`, `linux/amd64#2`."""
    named: dict[str, str] = {}
    for platform, digest in found:
        others = sum(name.partition("#")[0] == platform for name in named)
        named[f"{platform}#{others + 1}" if others else platform] = digest
    return named


def has_login(repository: str) -> bool:
    return find(split(repository)[0]) is not None


def split(repository: str) -> tuple[str, str]:
    """Host and name, as container tools read them: without a host it is Docker Hub's."""
    host, _, name = repository.partition("/")
    if not name or not (set(".:") & set(host) or host == "localhost"):
        host, name = "docker.io", repository
    if host in ("docker.io", "index.docker.io", HUB):
        host, name = HUB, name if "/" in name else f"library/{name}"
    if not re.fullmatch(HOST, host) or not re.fullmatch(NAME, name):
        raise Refused(
            f"{repository!r} is no repository of a registry.",
            "Give host/path, in lower case, without tag and digest.",
            fault="you",
        )
    return host, name


def _manifest(connection: Connection, name: str, reference: str) -> Manifest | None:
    if not (DIGEST.fullmatch(reference) or TAG.fullmatch(reference)):
        raise Refused(f"{reference!r} is neither a digest nor a tag.", "Give sha256:<64 hex> or a tag.", fault="you")
    path = f"/v2/{name}/manifests/{reference}"
    answer = connection.get(path, accept=MANIFESTS)
    if answer.status == 404:
        return None
    manifest = _decode(connection, answer, Manifest)
    digest = digest_of(answer.body)
    said = {reference if ":" in reference else digest, answer.headers.get("docker-content-digest", digest)}
    if said != {digest}:
        raise connection.garbage(path, f"its content has the digest {digest}")
    if not (manifest.config or manifest.manifests):
        raise connection.garbage(path, "it is neither a manifest nor an index")
    return msgspec.structs.replace(manifest, digest=digest)


def _push_blob(connection: Connection, name: str, blob: bytes) -> None:
    digest = digest_of(blob)
    if not connection.has_blob(f"/v2/{name}/blobs/{digest}"):
        connection.upload(f"/v2/{name}/blobs/uploads/", blob, digest)


def _blob(connection: Connection, name: str, digest: str) -> bytes:
    path = f"/v2/{name}/blobs/{digest}"
    answer = connection.get(path, may_move=True, largest=BLOB)
    if answer.status == 404:
        raise connection.garbage(path, "a manifest names it, and it is not there")
    if digest != digest_of(answer.body):
        raise connection.garbage(path, "its content has another digest")
    return answer.body


def _decode(connection: Connection, answer: Answer, shape: type[T]) -> T:
    try:
        found = answer.decode(shape)
        refuse_ambiguous(answer.body, shape)
    except ValueError as error:
        raise connection.garbage(answer.url.path, error) from error
    return found
