"""Charts as helm renders them."""

from collections.abc import Sequence
from pathlib import Path

from ..clients.helm import Helm
from ..document import digest_of
from ..once import Once
from .manifests import Rendered, read_output


class Renderer:
    """Renders for one Kubernetes version. The same chart with the same values is rendered once, whoever asks."""

    def __init__(self, kube_version: str | None) -> None:
        self._kube_version = kube_version
        self._rendered = Once[Rendered]()

    def render(
        self,
        chart: Path,
        *,
        name: str,
        namespace: str,
        values: bytes | None = None,
        values_files: Sequence[Path] = (),
    ) -> Rendered:
        """What the .tgz `chart` renders as the release `name`; `values` come after `values_files`."""

        def render() -> Rendered:
            printed = Helm().template(
                chart,
                name=name,
                namespace=namespace,
                values=values,
                values_files=values_files,
                kube_version=self._kube_version,
            )
            return read_output(printed)

        files = tuple(digest_of(file.read_bytes()) for file in values_files)
        return self._rendered((digest_of(chart.read_bytes()), name, namespace, values, files), render)
