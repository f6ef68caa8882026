"""What `helm template` printed: every object, with the template that made it."""

import re
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct, field, structs

from ..errors import Refused
from ..yaml.document import Path, shown
from ..yaml.objects import Duplicate, Object, items, read

# What `helm template` writes above every document.
_SOURCE = re.compile(rb"^---\n# Source: (.+)\n", re.MULTILINE)
_DEFINITION = re.compile(rb"[^/]+/(charts/[^/]+/)*crds/")
_SEPARATOR = re.compile(rb"^---(?=\s)", re.MULTILINE)
# Most that lies in crds/, much of it large.
_IS_DEFINITION = re.compile(rb"^kind: CustomResourceDefinition\s*$", re.MULTILINE)
_TESTS = {"test", "test-success", "test-failure"}
DEPLOYS = {"pre-install", "post-install", "pre-upgrade", "post-upgrade"}


class RenderedObject(Struct, frozen=True):
    """`duplicates` are the keys that stand twice in the object's document. With `once` Helm makes it as it lies in
    crds/, when the chart is first installed."""

    template: str
    object: Object
    duplicates: list[Duplicate] = field(default_factory=list)
    once: bool = False

    @property
    def kind(self) -> str:
        return str(self.object["kind"])

    @property
    def name(self) -> str:
        """`Deployment/orders`."""
        metadata = self.object["metadata"]
        return f"{self.kind}/{metadata.get('name') or metadata.get('generateName') or ''}"

    @property
    def hooks(self) -> set[str]:
        """The moments at which Helm runs it, none for an object that is there all the time."""
        annotations = self.object["metadata"].get("annotations")
        named = annotations.get("helm.sh/hook") if isinstance(annotations, dict) else None
        return {word.strip().lower() for word in str(named or "").split(",")} - {""}

    @property
    def only_for(self) -> str:
        """What alone it is there for, "" for what an installation or an upgrade runs."""
        if self.once:
            return "the first installation"
        if not self.hooks or self.hooks & DEPLOYS:
            return ""
        return "`helm test`" if self.hooks <= _TESTS else " and ".join(sorted(self.hooks))

    def at(self, path: Path) -> str:
        """Template, object and field, for a person."""
        return f"{self.template}, {self.name}, {shown(path)}"


class Rendered(Struct, frozen=True, dict=True):
    """`definitions` are the files in crds/ of the chart and of those in it, installed as they are; `text` is what the
    templates rendered."""

    definitions: bytes
    text: bytes

    @cached_property
    def manifests(self) -> list[RenderedObject]:
        """Refused where a template renders something that is not a Kubernetes object."""
        return manifests(self.text)

    @cached_property
    def beside(self) -> list[RenderedObject]:
        """What lies in crds/ and is no definition: Helm asks for no kind. Refused as `manifests` are."""
        parts = ((file, part) for file, text in _documents(self.definitions) for part in _SEPARATOR.split(text))
        others = ((file, part) for file, part in parts if not _IS_DEFINITION.search(part))
        return [structs.replace(it, once=True) for file, part in others for it in _read(file, part)]

    @property
    def objects(self) -> list[Object]:
        return [manifest.object for manifest in self.manifests]


def read_output(printed: bytes) -> Rendered:
    """What `helm template --include-crds` printed: the definitions first, so that no template can pass for one."""
    first = next((it for it in _SOURCE.finditer(printed) if not _DEFINITION.match(it[1])), None)
    start = first.start() if first else len(printed)
    return Rendered(printed[:start], printed[start:])


def manifests(rendered: bytes) -> list[RenderedObject]:
    """Refused where a template renders something that is not a Kubernetes object."""
    return [manifest for template, text in _documents(rendered) for manifest in _read(template, text)]


def _documents(rendered: bytes) -> Iterator[tuple[str, bytes]]:
    """The template and the text of each."""
    _, *parts = _SOURCE.split(rendered)
    for template, text in zip(parts[::2], parts[1::2], strict=True):
        yield template.decode(errors="replace"), text


def _read(template: str, text: bytes) -> list[RenderedObject]:
    try:
        found = [
            RenderedObject(template, item, document.duplicates)
            for document in read(text)
            if document.value
            for item in items(document.value)
        ]
    except ValueError as error:
        raise Refused(
            f"{template} renders text that is not YAML: {error}", "Correct the template.", fault="chart"
        ) from error
    for manifest in found:
        item = manifest.object
        if not isinstance(item, dict) or not isinstance(item.get("kind"), str):
            raise Refused(f"{template} renders an object without a kind.", "Correct the template.", fault="chart")
        if not isinstance(item.get("metadata"), dict):
            raise Refused(
                f"{template} renders a {item['kind']} without metadata.", "Correct the template.", fault="chart"
            )
    return found
