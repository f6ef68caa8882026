"""package: the chart of the release commit as a .tgz, the same bytes wherever and by whomever it is made."""

import shutil
import tempfile
from pathlib import Path

from msgspec import structs

from ..chart.containers import containers
from ..chart.dependencies import Dependency, missing
from ..chart.export import export
from ..clients.helm import Helm
from ..clients.registry import Registry
from ..config import Config
from ..document import Waybill, chart_of, digest_of
from ..errors import Refused
from ..image import keys as image_keys
from ..source.checkout import Checkout
from ..source.commit import release_commit
from ..yaml.document import shown


def package(waybill: Waybill, here: Checkout) -> Waybill:
    """Writes the archive; the waybill with its digest in `chart.archive`.

    Refused: a chart that does not lint or render, or none of whose containers runs the released image.
    """
    config, chart, (commit, _) = here.config, chart_of(waybill), release_commit(waybill, here.git)
    seconds = here.git.committed(commit)
    helm = Helm()
    with here.report.step("package"), tempfile.TemporaryDirectory() as temporary:
        root, out = Path(temporary) / "tree", Path(temporary) / "out"
        out.mkdir()
        source = export(here.git, commit, config.chart, config.values, root)
        if lacking := missing(source):
            build_dependencies(helm, source, seconds, lacking, config)
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
        refuse_unused(rendered, waybill, here)
        here.make_folder()
        made = Path(shutil.copy2(archive, here.archive(waybill)))
    digest = digest_of(made.read_bytes())
    here.report.say(f"package: {made.name}, {digest}")
    return structs.replace(waybill, chart=structs.replace(chart, archive=digest))


def build_dependencies(helm: Helm, chart: Path, seconds: int, lacking: list[Dependency], config: Config) -> None:
    places = {item.repository for item in lacking if item.repository and not item.folder}
    registries = sorted(place.removeprefix("oci://") for place in places if place.startswith("oci://"))
    registry = Registry(config.plain_http)
    helm.dependency_build(
        chart,
        seconds,
        repositories=sorted(place for place in places if not place.startswith("oci://")),
        plain_http=any(registry.speaks_plain_http(place) for place in registries),
    )


def refuse_unused(rendered: bytes, waybill: Waybill, here: Checkout) -> None:
    """A bumped key that no template uses would ship nothing. The digest from another repository is told: it can be a
    mirror, or a key like `image.registry` that went before the repository."""
    found, image = containers(rendered), waybill.image
    running = [name for _, name in found if name.endswith(f"@{image.digest}")]
    if running and not any(name.startswith((f"{image.repository}@", f"{image.repository}:")) for name in running):
        here.report.warn(
            f"the chart runs {running[0]}, while the image is {image.repository}: is that where it can be pulled? "
            "(A key that goes before the repository is `registry` in [image].)"
        )
    if running:
        warn_of_tags(found, waybill, here)
        return
    runs = ", ".join(f"{name} ({template})" for template, name in found)
    paths = image_keys.parse(here.config.image_keys).paths
    remedy = (
        f"Use {' and '.join(image_keys.in_template(path) for path in paths.values())} in the container's template, "
        "name the keys that it does use in [image] of waybill.toml, or give the values that turn the container on in "
        "`values`."
    )
    if "digest" in paths and any(name.startswith(f"{image.repository}:") for _, name in found):
        remedy = (
            "The template joins the repository and a tag, as charts of `helm create` do: under [image] in waybill.toml "
            f'say `repository = "{shown(paths["repository"])}"` and `tag = "..."` with the key of that tag.'
        )
    raise Refused(
        f"No container runs {image.repository}@{image.digest}, though {' and '.join(map(shown, paths.values()))} in "
        f"{here.config.chart}/values.yaml name it: the chart renders {runs or 'no container at all'}.",
        remedy,
        fault="chart",
    )


def warn_of_tags(found: list[tuple[str, str]], waybill: Waybill, here: Checkout) -> None:
    """Charts of several images often take the tags of all from appVersion, which bump sets to the commit."""
    commit = chart_of(waybill).app_version
    if here.config.app_version and (tagged := dict.fromkeys(name for _, name in found if name.endswith(f":{commit}"))):
        here.report.warn(
            f"the chart runs {' and '.join(tagged)} too, by a tag that it takes from appVersion: where there is no "
            "such image, say `app_version = false` in waybill.toml"
        )


def _namespace(config: Config) -> str:
    if isinstance(config.namespace, str):
        return config.namespace
    return next(iter(config.namespace.values()), "default")
