"""Charts as helm renders them."""

import json
from collections.abc import Sequence
from pathlib import Path

from ..clients.helm import Helm
from ..document import digest_of
from ..once import Once
from ..settings import FLUX_VERSION
from .manifests import Rendered, read_output
from .post_render import Renderers, post_rendered
from .unknowns import APIS, VERSION

_HOOKS_ARE_POST_RENDERED = (2, 9)  # helm-controller 1.6


class Renderer:
    """Renders for one version of Kubernetes and of Flux. The same chart with the same values is rendered once, whoever
    asks."""

    def __init__(
        self, kube_version: str | None, flux_version: str = FLUX_VERSION, api_versions: Sequence[str] = ()
    ) -> None:
        self._kube_version, self._api_versions = kube_version, api_versions
        self._flux_version = tuple(int(number) for number in flux_version.split("."))
        self._rendered = Once[Rendered]()

    @property
    def known(self) -> tuple[str, ...]:
        """What no render could know otherwise."""
        return (APIS,) * bool(self._api_versions) + (VERSION,) * bool(self._kube_version)

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
                api_versions=self._api_versions,
            )
            return read_output(printed)

        files = tuple(digest_of(file.read_bytes()) for file in values_files)
        return self._rendered((digest_of(chart.read_bytes()), name, namespace, values, files), render)

    def post_render(self, rendered: Rendered, renderers: Renderers, *, hooks: bool = True) -> Rendered:
        """`rendered` as Flux's post-renderers change it: hooks too, unless the HelmRelease or Flux keeps them out."""
        if not renderers:
            return rendered
        hooks = hooks and self._flux_version >= _HOOKS_ARE_POST_RENDERED
        key = digest_of(rendered.text), json.dumps(renderers, default=str), hooks
        return self._rendered(key, lambda: post_rendered(rendered, renderers, hooks=hooks))
