"""package: the chart of the release commit as a .tgz, the same bytes on every machine."""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import structs

from ..chart import schemas
from ..chart.build import build_dependencies
from ..chart.containers import containers_of
from ..chart.dependencies import missing
from ..chart.export import export
from ..chart.files import of_archive, of_folder
from ..chart.findings import refused
from ..chart.images import released
from ..chart.judge import judge
from ..chart.manifests import Rendered, RenderedObject
from ..chart.sources import findings as source_findings
from ..chart.sources import pointers
from ..clients.helm import Helm
from ..config import Config
from ..document import Waybill, chart_of, digest_of
from ..errors import Refused
from ..folder import write
from ..image import by_name
from ..image.pins import renderers
from ..source.checkout import Checkout
from ..source.commit import release_commit

_NO_APP_VERSION = "With the appVersion that is committed it finds none: set `app_version = false` in waybill.toml."
_POST_RENDER = (
    "With the image that is committed it finds none: let the chart take the one that Waybill writes (a digest, a tag "
    "with a digest), or leave values.yaml as it is and let Flux set the digest, by `post_render` under [image] of "
    "waybill.toml."
)


def package(waybill: Waybill, here: Checkout) -> Waybill:
    """Writes the archive; the waybill with its digest in `chart.archive`.

    Refused: a chart that git does not hold, that does not lint or render, or that would not run as proposed.
    """
    config, chart, (commit, _) = here.config, chart_of(waybill), release_commit(waybill, here.git)
    seconds = here.git.committed(commit)
    helm = Helm()
    with here.report.step("package"), tempfile.TemporaryDirectory() as temporary:
        root, out = Path(temporary) / "tree", Path(temporary) / "out"
        out.mkdir()
        source = export(here.git, commit, config.chart, config.values, root)
        values = [root / path for path in config.values]
        read = {path: file.read_bytes() for path, file in zip(config.values, values, strict=True)}
        files = of_folder(source)
        if wrong := [*source_findings(files), *schemas.findings(files), *pointers(read)]:
            raise refused(wrong)
        if lacking := missing(source):
            build_dependencies(helm, source, seconds, lacking, config)
        with ThreadPoolExecutor() as beside:  # each takes helm as long as a small chart's rendering
            packaged = beside.submit(helm.package, source, out, seconds)
            lint(source, values, waybill, here)
            archive = packaged.result()
        if archive.name != f"{chart.name}-{chart.version}.tgz":
            raise Refused(
                f"The release commit's chart is {archive.stem}, the waybill says {chart.name} {chart.version}.",
                f"Remove {config.document.name}: the next ship writes it again.",
                fault="you",
            )
        namespace = _namespace(config)
        rendered = here.renderer.post_render(
            here.renderer.render(archive, name=waybill.service, namespace=namespace, values_files=values),
            renderers(config.image_blocks, by_name.of(waybill)),
        )
        refuse_wrong(rendered, archive, namespace, waybill, here)
        here.make_folder()
        made = archive.read_bytes()
        write(here.archive(waybill), made)
    here.report.did("package", f"{archive.name}, {digest_of(made)}")
    return structs.replace(waybill, chart=structs.replace(chart, archive=digest_of(made)))


def lint(chart: Path, values: Sequence[Path], waybill: Waybill, here: Checkout) -> None:
    """Refuses what helm finds wrong. Whether something that bump wrote is the cause, a second look without it tells."""
    config = here.config
    wrote = {"Chart.yaml": _NO_APP_VERSION} if config.app_version else {}
    try:
        Helm().lint(chart, values_files=values, kube_version=config.kube_version)
    except Refused as error:
        for name, remedy in (wrote | {"values.yaml": _POST_RENDER}).items():
            file = chart / name
            after, before = file.read_bytes(), here.git.blob(waybill.source.commit, config.in_chart(name))
            file.write_bytes(before or b"")
            try:
                Helm().lint(chart, values_files=values, kube_version=config.kube_version)
            except Refused:
                file.write_bytes(after)
            else:
                raise Refused(error.what, remedy, fault="chart") from error
        raise


def refuse_wrong(rendered: Rendered, archive: Path, namespace: str, waybill: Waybill, here: Checkout) -> None:
    """Refuses what would not run as proposed, and says what cannot be known here."""
    files, images = of_archive(archive.read_bytes()), released(waybill, here.config)
    judgement = judge(rendered, files, images, namespace=namespace, known=here.renderer.known, chart=waybill.service)
    if judgement.findings:
        raise refused(judgement.findings)
    for warning in judgement.warnings:
        here.report.warn(warning)
    here.report.not_seen(judgement.unseen)
    warn_of_tags(rendered.manifests, waybill, here)


def warn_of_tags(found: Sequence[RenderedObject], waybill: Waybill, here: Checkout) -> None:
    """Charts of several images often take the tags of all from appVersion, which bump sets to the commit."""
    images, commit = (item.image for item in containers_of(found)), chart_of(waybill).app_version
    if here.config.app_version and (tagged := dict.fromkeys(name for name in images if name.endswith(f":{commit}"))):
        here.report.warn(
            f"the chart runs {' and '.join(tagged)} too, by a tag that it takes from appVersion: if there is no "
            "such image, set `app_version = false` in waybill.toml"
        )


def _namespace(config: Config) -> str:
    """That of the first environment; without one there is nothing but the chart to look at."""
    if config.environments:
        return config.namespace_of(config.environments[0])
    return config.namespace if isinstance(config.namespace, str) else "default"
