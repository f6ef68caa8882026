"""An OCI registry: what lies there under which digest, whether one may push, and what Waybill pushes itself; charts are
pushed by `helm push`.

Repositories are `host/path`; only what the registry answers 404 for is "absent". Protocol:
https://github.com/opencontainers/distribution-spec/blob/main/spec.md.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ..document import digest_of
from ..errors import Refused
from .http import ANSWER, PAGES, PATIENCE, Answer, Client, Patience, within
from .json_keys import refuse_ambiguous
from .manifest import MANIFESTS, OCI_INDEX, Manifest, Platform
from .proxy import is_loopback
from .registry_http import BLOB, PEER, Connection
from .registry_login import HUB, find

T = TypeVar("T")
HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[A-Fa-f0-9:]+\])(?::[0-9]{1,5})?"
NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"  # of the specification
DIGEST = re.compile(r"sha256:[a-f0-9]{64}")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")


class _Tags(Struct):
    tags: list[str] | None


class _Referring(Struct):
    manifests: list[dict[str, Any]]


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

    def read(self, repository: str, reference: str) -> bytes | None:
        """The manifest as its bytes are, whose digest was compared; None where it is absent."""
        return self._call(repository, lambda connection, name: _bytes(connection, name, reference))

    def referrers(self, repository: str, digest: str) -> list[dict[str, Any]] | None:
        """The descriptors of what refers to a manifest, none of an absent one; None where the registry lists none."""

        def ask(connection: Connection, name: str) -> list[dict[str, Any]] | None:
            found: list[dict[str, Any]] = []
            path: str | None = f"/v2/{name}/referrers/{digest}"
            for _ in range(PAGES):
                answer = connection.ask_for_list(str(path), OCI_INDEX)
                if answer is None:
                    return None
                found += descriptors(connection, answer)
                path = connection.next_page(answer)
                if path is None:
                    return found
            raise connection.garbage(str(path), f"its list has more than {PAGES} pages")

        return self._call(repository, ask)

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

        self.put(repository, reference, manifest, media_type)
        found, digest = self.read(repository, reference), digest_of(manifest)
        if found != manifest:
            place = f"{repository}{'@' if ':' in reference else ':'}{reference}"
            raise Refused(
                f"{place} names {digest_of(found) if found else 'nothing'} right after {digest} was pushed there.",
                "Somebody else pushes there at the same time, or the registry changes what it is given: see which, "
                "then run the same command again.",
                fault="registry",
            )
        return digest

    def put(self, repository: str, reference: str, manifest: bytes, media_type: str) -> None:
        """Lets `reference` name the manifest, whatever it named before."""

        def put(connection: Connection, name: str) -> None:
            connection.put(f"/v2/{name}/manifests/{reference}", manifest, media_type)

        self._call(repository, put, to_push=True)

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
    body = _bytes(connection, name, reference)
    if body is None:
        return None
    path = f"/v2/{name}/manifests/{reference}"
    try:
        manifest = msgspec.json.decode(body, type=Manifest)
        refuse_ambiguous(body, Manifest)
    except (ValueError, RecursionError) as error:
        raise connection.garbage(path, error) from error
    if not (manifest.config or manifest.manifests):
        raise connection.garbage(path, "it is neither a manifest nor an index")
    return msgspec.structs.replace(manifest, digest=digest_of(body))


def _bytes(connection: Connection, name: str, reference: str) -> bytes | None:
    if not (DIGEST.fullmatch(reference) or TAG.fullmatch(reference)):
        raise Refused(f"{reference!r} is neither a digest nor a tag.", "Give sha256:<64 hex> or a tag.", fault="you")
    path = f"/v2/{name}/manifests/{reference}"
    answer = connection.get(path, accept=MANIFESTS)
    if answer.status == 404:
        return None
    digest = digest_of(answer.body)
    if answer.headers.get("docker-content-digest", digest) != digest:
        raise connection.garbage(path, f"its content has the digest {digest}, and its Docker-Content-Digest is another")
    if ":" in reference and reference != digest:
        raise connection.garbage(path, f"its content has the digest {digest}")
    return answer.body


def descriptors(connection: Connection, answer: Answer) -> list[dict[str, Any]]:
    """Those of an index, with all that they say."""
    return _decode(connection, answer, _Referring).manifests


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
