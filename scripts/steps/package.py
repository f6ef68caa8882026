"""package: the chart of the release commit as a .tgz, the same bytes wherever and by whomever it is made."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import structs

from ..chart_diff.objects import Object, parse
from ..chart_source import export, lacks_dependencies
from ..clients.git import Git
from ..clients.helm import Helm
from ..config import Config
from ..document import Waybill, chart_of
from ..errors import Refused
from ..release_commit import release_commit
from ..report import Report

CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
# What `helm template` writes above every document.
SOURCE = re.compile(rb"^---\n# Source: (.+)\n", re.MULTILINE)


def package(waybill: Waybill, config: Config, git: Git, folder: Path, report: Report) -> Waybill:
    """Writes `folder`/<service>-<version>.tgz; the waybill with its digest in `chart.archive`.

    Refused: a chart that does not lint or render, or none of whose containers runs the released image.
    """
    chart, (commit, _) = chart_of(waybill), release_commit(waybill, git)
    seconds = git.committed(commit)
    helm = Helm()
    with report.step("package"), tempfile.TemporaryDirectory() as temporary:
        root, out = Path(temporary) / "tree", Path(temporary) / "out"
        out.mkdir()
        source = export(git, commit, config.chart, config.values, root)
        if lacks_dependencies(source):
            helm.dependency_build(source, seconds)
        values = [root / path for path in config.values]
        helm.lint(source, values_files=values, kube_version=config.kube_version)
        archive = helm.package(source, out, seconds)
        if archive.name != f"{chart.name}-{chart.version}.tgz":
            raise Refused(
                f"The release commit's chart is {archive.stem}, the waybill says {chart.name} {chart.version}.",
                f"Remove {config.document.name}: the next ship begins it anew.",
                fault="you",
            )
        rendered = helm.template(
            archive,
            name=waybill.service,
            namespace=_namespace(config),
            values_files=values,
            kube_version=config.kube_version,
        )
        refuse_unused(rendered, waybill, config)
        folder.mkdir(parents=True, exist_ok=True)
        made = Path(shutil.copy2(archive, folder / archive.name))
    digest = f"sha256:{hashlib.sha256(made.read_bytes()).hexdigest()}"
    report.say(f"package: {made.name}, {digest}")
    return structs.replace(waybill, chart=structs.replace(chart, archive=digest))


def refuse_unused(rendered: bytes, waybill: Waybill, config: Config) -> None:
    """A bumped key that no template uses would ship nothing."""
    found = [(template, image) for template, item in _objects(rendered) for image in _images(item)]
    if any(image.endswith(f"@{waybill.image.digest}") for _, image in found):
        return
    runs = ", ".join(f"{image} ({template})" for template, image in dict.fromkeys(found))
    keys = [_dotted(path) for path in config.image.values()]
    raise Refused(
        f"No container runs {waybill.image.repository}@{waybill.image.digest}, though {' and '.join(keys)} in "
        f"{config.chart}/values.yaml name it: the chart renders {runs or 'no container at all'}.",
        f"Use {' and '.join(f'.Values.{key}' for key in keys)} in the container's template, name the "
        "keys that it does use in [image] of waybill.toml, or give the values that turn the container on in `values`.",
        fault="chart",
    )


def _objects(rendered: bytes) -> Iterator[tuple[str, Object]]:
    """Every object with the template that made it."""
    _, *parts = SOURCE.split(rendered)
    for template, text in zip(parts[::2], parts[1::2], strict=True):
        name = template.decode(errors="replace")
        try:
            for item in parse(text):
                yield name, item
        except ValueError as error:
            raise Refused(f"{name} renders what is no object: {error}", "Mend the template.", fault="chart") from error


def _images(part: Any) -> Iterator[str]:
    """The images of all containers, however deep a kind keeps its pods."""
    if isinstance(part, list):
        for item in part:
            yield from _images(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key in CONTAINERS and isinstance(value, list):
                yield from (str(item["image"]) for item in value if isinstance(item, dict) and item.get("image"))
            yield from _images(value)


def _dotted(path: str | tuple[str | int, ...]) -> str:
    return path if isinstance(path, str) else ".".join(str(part) for part in path)


def _namespace(config: Config) -> str:
    if isinstance(config.namespace, str):
        return config.namespace
    return next(iter(config.namespace.values()), "default")
