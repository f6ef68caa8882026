"""judge: whether a chart and what it renders would run as proposed. It needs no network."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from . import images, record, schemas, sources, workloads
from .api import rules
from .findings import Finding
from .images import Released
from .manifests import Rendered
from .unknowns import unseen


class Judgement(Struct, frozen=True):
    """Findings refuse the release: those of `images`, that what was released does not run, and `others`. `warnings` and
    `unseen` are printed and stop nothing."""

    images: Sequence[Finding]
    others: Sequence[Finding]
    warnings: Sequence[str]
    unseen: Sequence[str]

    @property
    def findings(self) -> list[Finding]:
        return [*self.images, *self.others]


def judge(
    rendered: Rendered,
    files: Mapping[str, bytes],
    released: Sequence[Released],
    *,
    namespace: str,
    config: Mapping[str, Any] | None = None,
    known: tuple[str, ...] = (),
    chart: str = "",
) -> Judgement:
    """`files` are those of the chart's archive by their path in it; it was rendered with the values `config`. `known`
    is what the settings say of the cluster.

    Refused where a template renders something that is not a Kubernetes object.
    """
    found = [*rendered.manifests, *rendered.beside]
    too_large, nearly = record.judged(files, rendered.text, config)
    return Judgement(
        list(images.findings(found, released)),
        [
            *rules.findings(found, namespace),
            *sources.pointers(files),
            *sources.out_of_step(files),
            *too_large,
        ],
        [*images.warnings(found, released), *nearly],
        [*unseen(files, chart, known=known, values=config), *schemas.unseen(files, chart), *workloads.unseen(found)],
    )
